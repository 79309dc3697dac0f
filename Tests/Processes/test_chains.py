"""Several chains in one process, and one that is silent and then makes a leap: the real program over real sockets.

`python test_chains.py [blocked] [silent]`; the last line is `N passed, N failed`.
"""

import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import test_processes as base
from chain import Chain, Server, digest
from test_instances import until
from test_processes import PROGRAM, check, digests, export, run


class GrowingChain(Chain):
    """A chain of which only the first blocks are there, until more are shown."""

    def __init__(self, blocks, shown, chain_id, **options):
        super().__init__(blocks, chain_id, **options)
        self.head = shown
        # Blocks above this are others than they were.
        self.forked_above = None

    def hash(self, number):
        above = getattr(self, "forked_above", None)
        return digest("fork", self.id, number) if above is not None and number > above else super().hash(number)

    def fork(self, above):
        self.forked_above = above
        for number, logs in self.logs.items():
            if number > above:
                for log in logs:
                    log["blockHash"] = self.hash(number)


class Program:
    """`holdfast run` with a configuration in the background."""

    def __init__(self, directory, configuration):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        path = directory / "holdfast.yaml"
        path.write_text(configuration)
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen([PROGRAM, "run", "--config", str(path), "--port", str(self.port)], stdout=subprocess.DEVNULL, stderr=self.log, text=True)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def chains(self, path="v1/status"):
        return {chain["chainId"]: chain for chain in self.get(path)[1]["chains"]}

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        self.process.terminate()
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "did not end"


def configuration(database, servers):
    chains = "".join(
        f"  c{identity}:\n    chain: {identity}\n    confirmations: 5\n    poll-interval: 0.3\n    endpoints: {{a: '{server.url}'}}\n"
        for identity, server in servers.items()
    )
    return f"database: sqlite:{database}\nchains:\n{chains}"


def blocked(directory):
    """One chain of three changes below what it called final: it is blocked and says why; the others stay at lag zero."""
    identities = (801, 802, 803)
    chains = {identity: GrowingChain(400, 200, identity) for identity in identities}
    servers = {identity: Server(chain) for identity, chain in chains.items()}
    program = Program(directory, configuration(directory / "three.db", servers))
    settled = lambda: all(program.chains()[i]["lagBlocks"] == 0 and program.chains()[i]["state"] == "tail" for i in identities)
    check("three chains come to their heads", until(settled, 60), program.said()[-500:])
    held = program.chains()[802]["checkpoint"]
    chains[802].fork(above=150)
    lags = []
    for step in range(40):
        for chain in chains.values():
            chain.head += 5
        time.sleep(0.5)
        now = program.chains()
        lags += [now[i]["lagBlocks"] for i in (801, 803)]
    check("the one is blocked", now[802]["state"] == "blocked" and "too deep" in (now[802]["reason"] or ""), str(now[802])[:500])
    check("and nothing of it was deleted", now[802]["checkpoint"] == held, str(now[802]["checkpoint"]))
    check(f"the others were never more than one step behind: {max(lags)} blocks", max(lags) <= 10)
    check("and stay at lag zero", until(lambda: all(program.chains()[i]["lagBlocks"] == 0 for i in (801, 803)), 20))
    code, ready = program.get("readyz")
    by_id = {chain["chainId"]: chain for chain in ready["chains"]}
    good = code == 503 and not by_id[802]["ready"] and by_id[801]["ready"] and by_id[803]["ready"]
    check("readiness names the one", good and "blocked" in by_id[802]["why"], str(ready)[:500])
    check("and it ends with 0 on SIGTERM", program.end() == 0, program.said()[-300:])
    for identity in (801, 803):
        clean = directory / f"clean-{identity}.db"
        run("sync", "--rpc", servers[identity].url, "--confirmations", "5", "--database", f"sqlite:{clean}")
        exported = run("export", "holdings", "--chain", str(identity), "--database", f"sqlite:{directory / 'three.db'}").stdout
        check(f"chain {identity}: the same export as a clean sync", exported == export(f"sqlite:{clean}") and exported.count("\n") > 100)


def silent(directory):
    """S-40: a chain that makes no blocks is followed and ready; fifty thousand blocks at once are caught up with."""
    chain = GrowingChain(50_300, 300, 804, every=40)
    server = Server(chain, range_max=2_000)
    path = directory / "silent.db"
    program = Program(directory, configuration(path, {804: server}))
    lag = lambda: program.chains()[804]["lagBlocks"]
    check("it comes to the head", until(lambda: lag() == 0 and program.chains()[804]["state"] == "tail", 60), program.said()[-500:])
    before = server.requests
    time.sleep(5)
    code, ready = program.get("readyz")
    check("silent, it is ready", code == 200 and ready["chains"][0]["why"] is None, str(ready))
    check("and goes on looking", server.requests > before + 5)
    chain.head = 50_300
    started = time.monotonic()
    done = until(lambda: lag() == 0 and program.chains()[804]["checkpoint"]["number"] == 50_300, 120)
    check(f"50,000 blocks at once are caught up with in {time.monotonic() - started:.0f} s", done, program.said()[-500:])
    check("ready again", until(lambda: program.get("readyz")[0] == 200, 20))
    check("and it ends with 0", program.end() == 0)
    clean = directory / "clean.db"
    run("sync", "--rpc", server.url, "--confirmations", "5", "--database", f"sqlite:{clean}")
    check("the same export as a clean sync", export(f"sqlite:{path}") == export(f"sqlite:{clean}"))
    check("the same digest", digests(path) == digests(clean))


TESTS = {"blocked": blocked, "silent": silent}


def main():
    started = time.monotonic()
    for name in sys.argv[1:] or list(TESTS):
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            TESTS[name](pathlib.Path(directory))
    print(f"      {time.monotonic() - started:.0f} s")
    print(f"{base.passed} passed, {base.failed} failed")
    return 1 if base.failed or not base.passed else 0


if __name__ == "__main__":
    sys.exit(main())
