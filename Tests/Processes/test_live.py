"""Live reads by the real program: fail-over, hanging and lying nodes, last known values, and voiding across processes.

`python test_live.py [owners] [failing] [voided] [wallets]`. The program is .build/debug/holdfast of this repository, or
HOLDFAST_BIN. The last line is `N passed, N failed`.
"""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from chain import SINGLE, TRANSFER, Chain, Server, address, digest, topic, word

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HOLDFAST_BIN", str(ROOT / ".build" / "debug" / "holdfast"))
ZERO = "0x" + "0" * 40
ART, MULTI, HOSTILE, PLAIN = address(6_000), address(6_001), address(6_002), address(6_003)
# Counts its tokens, but no event of it was ever seen.
SILENT = address(6_004)
ALICE, BOB = address(5_000), address(5_001)
BLOCKS = 40
passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'}  {name}" + (f"\n      {detail}" if not good and detail else ""), flush=True)


def text(value):
    raw = value.encode()
    return word(32) + word(len(raw))[2:] + raw.hex().ljust(-(-len(raw) // 32) * 64, "0")


class Living(Chain):
    """Contracts that answer by their events up to the block that is asked for; faults as told."""

    # The first block of another branch; those below stay.
    fork = None

    def __init__(self):
        super().__init__(BLOCKS, every=1)
        for token in range(20):
            self.add(1 + token % 10, ART, [TRANSFER, topic(ZERO), topic(ALICE), word(token)], "0x")
        self.add(5, MULTI, [SINGLE, topic(ZERO), topic(ZERO), topic(ALICE)], word(9) + word(7)[2:])
        self.calls = 0
        # None, or what every request meets: "down", "hang".
        self.fault = None
        # Tokens whose call ends in an error that is no answer.
        self.broken = set()

    def hash(self, number):
        return super().hash(number) if self.fork is None or number < self.fork else digest("other", number)

    def reorg(self, token, sender, receiver):
        """The newest block is replaced by two others, the first with one transfer in it."""
        self.fork = self.head
        self.put(self.head, token, sender, receiver)
        self.head += 1

    def transfer(self, token, sender, receiver):
        """One more block, with one transfer in it."""
        self.put(self.head + 1, token, sender, receiver)
        self.head += 1

    def put(self, number, token, sender, receiver):
        self.logs[number] = [
            {
                "address": ART,
                "topics": [TRANSFER, topic(sender), topic(receiver), word(token)],
                "data": "0x",
                "blockNumber": hex(number),
                "blockHash": self.hash(number),
                "transactionHash": digest("tx", number),
                "transactionIndex": "0x0",
                "logIndex": "0x0",
                "removed": False,
            }
        ]

    def answer(self, method, params):
        if method == "eth_getCode":
            if self.number(params[1]["blockHash"]) is None:
                raise ValueError("header not found")
            return "0x"
        if method == "eth_call":
            self.calls += 1
            pin = params[1]
            if not isinstance(pin, dict) or "blockHash" not in pin:
                raise ValueError("only calls by block hash are served here")
            number = self.number(pin["blockHash"])
            if number is None:
                raise ValueError("header not found")
            return self.called(params[0]["to"].lower(), params[0].get("data") or params[0]["input"], number)
        return super().answer(method, params)

    def owners(self, contract, upto):
        found = {}
        for number in range(upto + 1):
            for log in self.logs.get(number, []):
                if log["address"] == contract and log["topics"][0] == TRANSFER and len(log["topics"]) == 4:
                    found[int(log["topics"][3], 16)] = "0x" + log["topics"][2][26:]
        return found

    def called(self, contract, data, number):
        if contract == PLAIN:
            return "0x"
        if contract == HOSTILE:
            if data.startswith("0x6352211e") and int(data[10:74], 16) == 1:
                raise ValueError("out of gas")
            return "0x" + "ab" * 1_000_000
        if contract == SILENT and data.startswith("0x01ffc9a7d9b67a26"):
            return word(1)
        if data.startswith("0x6352211e") and contract not in (MULTI, SILENT):
            token = int(data[10:74], 16)
            if token in self.broken:
                raise ValueError("internal error")
            owner = self.owners(contract, number).get(token, ZERO)
            if owner == ZERO:
                raise LookupError("execution reverted: ERC721: invalid token ID")
            return topic(owner)
        if data.startswith("0x70a08231"):
            return word(sum(1 for owner in self.owners(contract, number).values() if owner == "0x" + data[34:74]))
        if data.startswith("0x00fdd58e") and contract == MULTI:
            held = "0x" + data[34:74] == ALICE and int(data[74:138], 16) == 9
            return word(7 if held else 0)
        if data.startswith("0x06fdde03") and contract == ART:
            return text("Art & <b>Craft</b>")
        if data.startswith("0x95d89b41") and contract == ART:
            return text("ART")
        if data.startswith("0x18160ddd") and contract == ART:
            return word(20)
        raise LookupError("execution reverted")


class Faulty(Server):
    """A server of the chain that can be told to fail, while others of the same chain go on."""

    def __init__(self, chain):
        super().__init__(chain, range_max=1_000)
        self.fault = None
        honest = self.one

        def one(chain, call, range_max):
            if self.fault == "hang":
                time.sleep(30)
            if self.fault == "down":
                return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32603, "message": "internal error"}}
            return honest(chain, call, range_max)

        self.one = one


def run(*arguments, timeout=120):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout)


class Program:
    """`holdfast run` in the background; `base` is where live reads are."""

    def __init__(self, path, servers, *arguments, word="reads live"):
        rpc = [part for server in servers for part in ("--rpc", server.url)]
        command = [PROGRAM, "run", *rpc, "--evidence", "L1", "--host", "127.0.0.1", "--database", f"sqlite:{path}", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.lines = []
        line = ""
        while word not in line:
            line = self.process.stderr.readline()
            assert line, "".join(self.lines)
            self.lines.append(line)
        self.base = "http://" + line.split("http://")[1].split("/")[0]
        threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True).start()

    def get(self, path, body=None):
        url = f"{self.base}/{path}" if path in ("health", "ready", "metrics") else f"{self.base}/v1/live/chains/777/{path}"
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=30) as answer:
                raw = answer.read()
                return answer.status, raw.decode() if path == "metrics" else json.loads(raw)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def owner(self, token, contract=ART):
        return self.get(f"contracts/{contract}/tokens/{token}/owner")

    def until(self, good, seconds=30):
        deadline = time.monotonic() + seconds
        while not good() and time.monotonic() < deadline:
            time.sleep(0.1)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@contextlib.contextmanager
def living(path, servers, *arguments, chain="777", **options):
    named = ["--chain", chain] if chain else []
    program = Program(path, servers, "--roles", "live", "--live-port", "0", *named, *arguments, **options)
    try:
        program.until(lambda: program.get("ready")[0] == 200, 10)
        yield program
    finally:
        program.process.kill()


def synced(directory, chain):
    server, path = Faulty(chain), directory / "a.db"
    done = run("sync", "--rpc", server.url, "--evidence", "L1", "--database", f"sqlite:{path}")
    assert done.returncode == 0, done.stderr
    return server, path


def same(found, wanted):
    return found is not None and found.lower() == wanted.lower()


def owners(directory):
    """What is asked, and what comes back, of a node that is well."""
    chain = Living()
    server, path = synced(directory, chain)
    with living(path, [server]) as program:
        status, answer = program.owner(3)
        good = status == 200 and answer["state"] == "owned" and same(answer["owner"], ALICE) and not answer["stale"]
        good = good and answer["source"] == "live" and answer["asOf"]["blockNumber"] == BLOCKS
        check("an owner is read, pinned at a block", good and answer["asOf"]["blockHash"] == chain.hash(BLOCKS), str(answer))
        calls = chain.calls
        status, answer = program.owner(3)
        good = answer["source"] == "cache" and same(answer["owner"], ALICE) and chain.calls == calls
        check("asked again it comes from the cache, without a call", good, str(answer))
        status, answer = program.owner(99)
        good = status == 200 and (answer["state"], answer["owner"], answer["reason"]) == ("absent", None, "reverted")
        check("a token that the contract refuses is absent", good, f"{status} {answer}")
        chain.broken = {4}
        ids = ["5", "99", "4", 6, "0x7"]
        status, answer = program.get(f"contracts/{HOSTILE}/owners", {"tokenIds": ["1", "2"]})
        good = status == 502 and answer["type"].endswith("chain-unreadable")
        check("a contract that burns all gas or returns a megabyte is unreadable, never 'nobody'", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{ART}/owners", {"tokenIds": ids})
        states = [(line["tokenId"], line["state"]) for line in answer.get("owners", [])]
        # The ledger knows the owner of the one that cannot be read.
        good = states == [("5", "owned"), ("99", "absent"), ("4", "owned"), ("6", "owned"), ("7", "owned")]
        stale = [line["tokenId"] for line in answer.get("owners", []) if line.get("stale")]
        check("one call that fails leaves the others, and gives the last known owner as stale", status == 200 and good and stale == ["4"], str(answer))
        chain.broken = {500}
        status, answer = program.get(f"contracts/{ART}/owners", {"tokenIds": ["5", "500"]})
        last = answer["owners"][1] if status == 200 else {}
        good = last.get("state") == "failed" and "owner" not in last and answer["failed"] == 1 and last["reason"]
        check("a token that cannot be read and is not known is failed, with the reason", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{PLAIN}/tokens/1/owner")
        check("an address without code has no answer", status == 422 and answer["type"].endswith("no-answer"), f"{status} {answer}")
        status, answer = program.get(f"contracts/{MULTI}/tokens/9/owner")
        check("a counted token has no single owner", status == 422 and "balance" in answer["detail"], f"{status} {answer}")
        status, answer = program.owner(9, SILENT)
        check("nor one whose events were never seen, if it says that it counts", status == 422 and "balance" in answer["detail"], f"{status} {answer}")
        status, answer = program.get(f"contracts/{ART}/owners", {"tokenIds": [str(n) for n in range(101)]})
        check("101 ids are refused", status == 400 and "100" in answer["detail"], f"{status} {answer}")
        status, answer = program.get(f"contracts/{ART}/owners", {"tokenIds": [2**60]})
        check("a number above 2^53 is refused, because readers cut it", status == 400, f"{status} {answer}")
        status, answer = program.get(f"contracts/{ART}/owners", b'{"tokenIds": ["' + b"1" * 70_000 + b'"]}')
        check("a body above 64 KiB is refused", status == 400, f"{status} {answer}")
        status, answer = program.get("contracts/0x12/tokens/1/owner")
        check("what is no address is refused", status == 400, f"{status} {answer}")
        health = program.get("health")[1]
        breakers = {line["class"]: line["state"] for line in health["chains"][0]["endpoints"][0]["breakers"]}
        check("health shows the breakers", health["status"] == "ok" and breakers["call"] == "closed", str(health))
        metrics = program.get("metrics")[1]
        counts = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if line.startswith("holdfast_live_"))
        results = {name: int(counts[f'holdfast_live_answers_total{{chain="777",result="{name}"}}']) for name in ("live", "cached", "stale", "failed")}
        # Owners 3, 99, 5, 6, 7 were read; 3, 99 and 5 kept; 4 stale; two hostile, 500, one without code and two counted ones failed.
        good = results == {"live": 5, "cached": 3, "stale": 1, "failed": 6}
        good = good and int(counts['holdfast_live_failures_total{chain="777",reason="out-of-resource"}']) == 2
        check("metrics count what came of the questions", good, str(counts))
        check("SIGTERM ends it with 0", program.end() == 0)
    with contextlib.closing(sqlite3.connect(path)) as db:
        count = db.execute("SELECT epoch FROM chain").fetchone()[0]
        check("a process that only reads live takes nobody's lease", count == 1, str(count))


def failing(directory):
    """Nodes that hang, fail and come back; a failed read is never 'not owned' (F6, F9)."""
    chain = Living()
    first, path = synced(directory, chain)
    second = Faulty(chain)
    with living(path, [first, second]) as program:
        first.fault = "hang"
        started = time.monotonic()
        status, answer = program.owner(3)
        took = time.monotonic() - started
        good = status == 200 and same(answer["owner"], ALICE) and answer["source"] == "live" and took < 10
        check(f"one endpoint hangs: another answers, within the deadline ({took:.1f} s)", good, f"{status} {answer}")
        first.fault = second.fault = "down"
        time.sleep(2.1)
        status, answer = program.owner(4)
        good = status == 200 and answer["stale"] and answer["source"] == "store" and same(answer["owner"], ALICE)
        good = good and answer["ageSeconds"] is not None and answer["staleReason"] and answer["asOf"]["blockNumber"] == BLOCKS
        check("all are down: the ledger's word is given, marked stale, with its age and why", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{PLAIN}/tokens/1/owner")
        good = status in (502, 504) and "owner" not in answer and "/health" in answer["detail"]
        check("what nobody knows is an error, not nobody", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{ART}/owners", {"tokenIds": ["3", "777"]})
        good = status == 200 and same(answer["owners"][0]["owner"], ALICE) and answer["owners"][1]["state"] == "failed"
        check("of many, those that are known are given", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{PLAIN}/owners", {"tokenIds": ["1", "2"]})
        check("many of which nothing is known are an error", status in (502, 504), f"{status} {answer}")
        status, answer = program.get(f"wallets/{ALICE}/tokens?limit=5")
        checks = [token["check"] for token in answer["tokens"]]
        # Token 3 was read a moment ago and nothing moved since.
        good = status == 200 and len(checks) == 5 and set(checks) <= {"unchecked", "confirmed"} and answer["unchecked"] >= 4
        check("a wallet loses nothing in an outage: its tokens are listed as unchecked", good, f"{status} {answer}")
        first.fault = second.fault = "hang"
        started = time.monotonic()
        status, answer = program.owner(1, PLAIN)
        took = time.monotonic() - started
        check(f"all hang: an error comes within the deadline ({took:.1f} s)", status in (502, 504) and took < 11.5, f"{status} {answer}")
        first.fault = second.fault = None

        def well():
            status, answer = program.owner(5)
            return status == 200 and answer["source"] in ("live", "cache") and not answer["stale"]

        program.until(well, 60)
        check("they come back: it reads live again by itself", well(), str(program.owner(5)))
    first.fault = "down"
    with living(path, [first]) as program:
        status, answer = program.owner(3)
        good = status == 200 and answer["stale"] and same(answer["owner"], ALICE)
        check("started in an outage it gives last known values", good, f"{status} {answer}")
        status, health = program.get("ready")
        check("and says that it is not ready", status == 503 and health["chains"][0]["reason"], f"{status} {health}")


def voided(directory):
    """Two processes: one takes a transfer in, the other's kept answer is void at once."""
    chain = Living()
    server, path = synced(directory, chain)
    writer = Program(path, [server], "--port", "0", "--poll-interval", "0.2", word="holdfast serves")
    try:
        with living(path, [server]) as program:
            program.owner(3)
            _, answer = program.owner(3)
            check("an answer is kept", answer["source"] == "cache" and same(answer["owner"], ALICE), str(answer))
            _, other = program.owner(4)
            chain.transfer(3, ALICE, BOB)
            started = time.monotonic()
            program.until(lambda: same(program.owner(3)[1]["owner"], BOB), 20)
            _, answer = program.owner(3)
            took = time.monotonic() - started
            check(f"a transfer that another process took in voids it ({took:.1f} s, not 300)", same(answer["owner"], BOB), str(answer))
            calls = chain.calls
            _, answer = program.owner(4)
            check("other tokens' answers stay", answer["source"] == "cache" and chain.calls == calls, str(answer))
            chain.transfer(3, BOB, ZERO)
            program.until(lambda: program.owner(3)[1]["state"] == "absent", 20)
            check("a burned token becomes absent", program.owner(3)[1]["state"] == "absent", str(program.owner(3)))
            program.owner(5)
            _, kept = program.owner(5)
            chain.reorg(5, ALICE, BOB)
            started = time.monotonic()
            program.until(lambda: same(program.owner(5)[1]["owner"], BOB), 20)
            _, answer = program.owner(5)
            took = time.monotonic() - started
            good = kept["source"] == "cache" and same(answer["owner"], BOB) and answer["asOf"]["blockHash"] != kept["asOf"]["blockHash"]
            check(f"a reorg that another process took in voids it too ({took:.1f} s)", good, f"{kept} {answer}")
            check("the voided answers are counted", program.get("health")[1]["chains"][0]["reads"]["voided"] >= 2)
    finally:
        writer.process.kill()
    both = Program(path, [server], "--port", "0", "--live-port", "0")
    try:
        status, answer = both.owner(5)
        both.until(lambda: both.owner(5)[0] == 200, 10)
        check("one process does both: --live-port adds the role", both.owner(5)[0] == 200, str(both.owner(5)))
    finally:
        both.process.kill()
    done = run("run", "--roles", "live,cook", "--database", f"sqlite:{path}")
    check("an unknown role is refused with 64", done.returncode == 64 and "sync, enrich, api, live" in done.stderr, done.stderr)
    done = run("run", "--roles", "api", "--live-port", "0", "--database", f"sqlite:{path}")
    check("a live port without the role is refused with 64", done.returncode == 64, done.stderr)
    done = run("run", "--roles", "live", "--port", "0", "--database", f"sqlite:{path}")
    check("a port of the API without the API is refused with 64", done.returncode == 64 and "--port" in done.stderr, done.stderr)
    done = run("run", "--roles", "live", "--rpc", server.url, "--database", f"sqlite:{directory}/none.db")
    check("a database that is not there is said", done.returncode == 1 and "does not exist" in done.stderr, done.stderr)


def wallets(directory):
    """A wallet's balance and tokens, a token's transactions, a collection's own words."""
    chain = Living()
    server, path = synced(directory, chain)
    with living(path, [server]) as program:
        status, answer = program.get(f"wallets/{ALICE}/balance?contract={ART}")
        check("a balance of ERC-721", status == 200 and answer["balance"] == "20" and answer["source"] == "live", f"{status} {answer}")
        status, answer = program.get(f"wallets/{ALICE}/balance?contract={MULTI}&id=9")
        check("a balance of ERC-1155", status == 200 and answer["balance"] == "7", f"{status} {answer}")
        status, answer = program.get(f"wallets/{ALICE}/balance")
        check("a balance needs its contract", status == 400, f"{status} {answer}")
        chain.transfer(2, ALICE, BOB)
        time.sleep(2.1)
        status, answer = program.get(f"wallets/{ALICE}/tokens?limit=100")
        moved = next(token for token in answer["tokens"] if token["contract"].lower() == ART and token["tokenId"] == "2")
        good = len(answer["tokens"]) == 21 and answer["confirmed"] == 20 and answer["differing"] == 1
        good = good and moved["check"] == "differs" and same(moved["observed"], BOB) and moved["checkedAtBlock"] == BLOCKS + 1
        check("a wallet's tokens are each held against their contract", status == 200 and good, str(answer)[:1500])
        status, answer = program.get(f"contracts/{ART}/tokens/2/transactions")
        good = status == 200 and [line["type"] for line in answer["transactions"]] == ["mint"] and answer["source"] == "store"
        check("a token's transactions come from the ledger, with its block", good and answer["asOf"]["blockNumber"] == BLOCKS, f"{status} {answer}")
        status, answer = program.get(f"contracts/{PLAIN}/tokens/2/transactions")
        good = status == 404 and "contracts add" in answer["detail"]
        check("of a contract that nobody reads it says so instead of none", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{ART}/stats")
        words = [answer[name]["value"] for name in ("name", "symbol", "totalSupply")]
        good = words == ["Art & <b>Craft</b>", "ART", "20"] and answer["events"]["tokens"] == 20 and answer["events"]["holders"] == 1
        check("a collection's own words, and its events'", status == 200 and good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{MULTI}/stats")
        good = status == 200 and answer["name"]["value"] is None and answer["name"]["reason"] == "reverted" and answer["events"]["holders"] == 1
        check("words that a contract does not have are null with the reason", good, f"{status} {answer}")
        status, answer = program.get(f"contracts/{HOSTILE}/stats")
        check("a name of a megabyte is not taken", status == 502, f"{status} {answer}")


TESTS = {"owners": owners, "failing": failing, "voided": voided, "wallets": wallets}


def main():
    wanted = sys.argv[1:] or list(TESTS)
    started = time.monotonic()
    for name in wanted:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            TESTS[name](pathlib.Path(directory))
    print(f"      {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
