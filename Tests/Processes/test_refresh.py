"""Refreshes of wallets by the real program: killed, doubled, asked for over HTTP. `python test_refresh.py [killed] [doubled] [asked]`.

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. The last line is `N passed, N failed`.
"""

import contextlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from chain import TRANSFER, Chain, Server, address, topic, word

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HOLDFAST_BIN", str(ROOT / ".build" / "debug" / "holdfast"))
KILLS = 20
WALLET = address(5_000)
ART = address(6_000)
TOKENS = 4_000
BLOCKS = 120
passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'}  {name}" + (f"\n      {detail}" if not good and detail else ""), flush=True)


def run(*arguments, timeout=120):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout)


def rows(path, sql, *arguments):
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as db:
        return db.execute(sql, arguments).fetchall()


class Callable(Chain):
    """A chain whose contracts answer by their events: one wallet has thousands of tokens of one of them."""

    def __init__(self):
        super().__init__(BLOCKS)
        self.withheld = set()
        self.calls = 0
        self.seconds = 0.0
        zero = "0x" + "0" * 40
        for token in range(TOKENS):
            self.add(1 + token % 100, ART, [TRANSFER, topic(zero), topic(WALLET), word(token)], "0x")
        self.owners = {}
        for number in range(BLOCKS + 1):
            for log in self.logs.get(number, []):
                if len(log["topics"]) == 4 and log["topics"][0] == TRANSFER:
                    self.owners[log["address"], int(log["topics"][3], 16)] = "0x" + log["topics"][2][26:]

    def answer(self, method, params):
        if method == "eth_call":
            self.calls += 1
            return self.called(params[0]["to"].lower(), params[0].get("data") or params[0]["input"])
        found = super().answer(method, params)
        if method == "eth_getLogs":
            found = [log for log in found if (log["blockNumber"], log["logIndex"]) not in self.withheld]
        return found

    def called(self, contract, data):
        if data.startswith("0x6352211e"):
            owner = self.owners.get((contract, int(data[10:74], 16)))
            if owner is None:
                raise LookupError("execution reverted")
            return topic(owner)
        if data.startswith("0x70a08231"):
            holder = "0x" + data[34:74]
            return word(sum(1 for (of, _), owner in self.owners.items() if of == contract and owner == holder))
        return "0x"


def synced(directory, chain=None):
    chain = chain or Callable()
    server = Server(chain)
    path = directory / "a.db"
    done = run("sync", "--rpc", server.url, "--evidence", "L1", "--database", f"sqlite:{path}")
    assert done.returncode == 0, done.stderr
    return chain, server, path


def held(path):
    """The wallet's tokens as a reader sees them at this moment."""
    return rows(
        path,
        "SELECT count(*) FROM owner JOIN address ON id = owner.owner WHERE bytes = ?",
        bytes.fromhex(WALLET[2:]),
    )[0][0]


def unfinished(path):
    return rows(path, "SELECT count(*) FROM wallet_refresh WHERE finished_at IS NULL")[0][0]


def killed(directory):
    """kill -9 in a refresh, 20 times before it is done: it goes on, nothing is lost, no reader sees a hole."""
    chain = Callable()
    late = chain.logs[50][7]
    chain.withheld = {(late["blockNumber"], late["logIndex"])}
    chain, server, path = synced(directory, chain)
    check("one log was withheld", held(path) == TOKENS - 1, str(held(path)))
    chain.withheld = set()
    arguments = ["refresh", WALLET, "--database", f"sqlite:{path}", "--json"]
    honest = server.one

    def slow(chain, call, range_max):
        if call["method"] == "eth_call":
            time.sleep(0.0004)
        return honest(chain, call, range_max)

    server.one = slow
    holes, over = [], threading.Event()

    def watch():
        while not over.is_set():
            seen = held(path)
            if seen not in (TOKENS - 1, TOKENS):
                holes.append(seen)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    counted, added, tries = 0, 0, 0
    while counted < KILLS and tries < 200:
        tries += 1
        process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, _ = process.communicate(timeout=random.uniform(0.2, 1.6))
            added += json.loads(out)["added"]
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            counted += unfinished(path)
    done = run(*arguments)
    added += json.loads(done.stdout)["added"]
    over.set()
    watcher.join()
    job = json.loads(done.stdout)
    check(f"killed {counted} times before its end, in {tries} starts", counted >= KILLS, str(counted))
    good = done.returncode == 0 and job["state"] == "done" and job["checked"] >= TOKENS - 1 and job["failedCount"] == 0
    check("it ends, with everything checked", good, done.stdout[-600:] + done.stderr[-600:])
    finished = rows(path, "SELECT sum(added), sum(removed), sum(conflicts), sum(failed) FROM wallet_refresh")[0]
    check("the log that was missed is counted once, and nothing else", finished == (1, 0, 0, 0), str(finished))
    check("no reader saw a hole", not holes, str(holes[:5]))
    check("the wallet has all its tokens", held(path) == TOKENS)
    clean = directory / "clean.db"
    run("sync", "--rpc", server.url, "--database", f"sqlite:{clean}")
    exports = [run("export", "holdings", "--database", f"sqlite:{name}").stdout for name in (path, clean)]
    check("the export equals that of an index that missed nothing", exports[0] == exports[1] and len(exports[0]) > 1_000)
    kept = rows(path, "SELECT count(*) FROM wallet_refresh_item")[0][0]
    check("nothing staged is left behind", kept == 0, str(kept))


def doubled(directory):
    """Two refreshes of one wallet at once are one job with one result; each token is asked for once."""
    chain, server, path = synced(directory)
    arguments = [PROGRAM, "refresh", WALLET, "--database", f"sqlite:{path}", "--json"]
    chain.calls = 0
    pair = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in pair]
    jobs = [json.loads(out) for out, _ in answers]
    check("both say the same job", jobs[0] == jobs[1] and jobs[0]["state"] == "done", str(answers)[-600:])
    check("both end with 0", [process.returncode for process in pair] == [0, 0])
    good = jobs[0]["checked"] == jobs[0]["matched"] == TOKENS
    check("everything was checked once", good and chain.calls < TOKENS + 50, f"{jobs[0]} {chain.calls}")


def ask(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


def asked(directory):
    """Over HTTP, while `run` follows the chain."""
    chain, server, path = synced(directory)
    process = subprocess.Popen(
        [PROGRAM, "run", "--rpc", server.url, "--evidence", "L1", "--port", "0", "--database", f"sqlite:{path}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = next(line for line in process.stderr if "http://" in line)
        base = "http://" + line.split("http://")[1].split("/")[0]
        url = f"{base}/v1/chains/777/wallets/{WALLET}/refresh"
        status, problem, _ = ask(url, "POST")
        good = status == 400 and problem["type"].endswith("idempotency-key-missing")
        check("a request without a key is refused", good, f"{status} {problem}")
        status, problem, _ = ask(url, "POST", Idempotency_Key="no spaces")
        check("a key with spaces is refused", status == 400, f"{status} {problem}")
        status, job, headers = ask(url, "POST", Idempotency_Key='"first"')
        good = status == 202 and headers["Location"] == f"/v1/jobs/{job['id']}"
        check("a request is accepted, and says where its job is", good, f"{status} {job}")
        status, again, _ = ask(url, "POST", Idempotency_Key="first")
        check("repeated with its key it gives the same job", (status, again["id"]) == (202, job["id"]), f"{status} {again}")
        status, problem, _ = ask(url.replace(WALLET, address(3)), "POST", Idempotency_Key="first")
        good = status == 422 and problem["type"].endswith("idempotency-key-reused")
        check("the key is refused for another wallet", good, f"{status} {problem}")
        deadline = time.monotonic() + 60
        while job["state"] not in ("done", "failed") and time.monotonic() < deadline:
            time.sleep(0.1)
            _, job, _ = ask(f"{base}/v1/jobs/{job['id']}")
        good = job["state"] == "done" and job["checked"] == job["matched"] == TOKENS and job["failed"] == []
        check("the running instance works on it", good, str(job))
        status, problem, headers = ask(url, "POST", Idempotency_Key="second")
        good = status == 429 and 0 < int(headers["Retry-After"]) <= 30
        check("another at once has to wait", good, f"{status} {problem}")
        status, problem, _ = ask(f"{base}/v1/jobs/{'0' * 32}")
        check("an unknown job is not found", status == 404, f"{status} {problem}")
        status, problem, _ = ask(f"{base}/v1/jobs/first")
        check("what is no id is refused", status == 400, f"{status} {problem}")
        status, problem, headers = ask(f"{base}/v1/status", "POST", Idempotency_Key="x")
        check("nothing else can be posted", status == 405 and "GET" in headers["Allow"], f"{status} {problem}")
        process.send_signal(signal.SIGTERM)
        check("SIGTERM ends it with 0", process.wait(timeout=20) == 0)
    finally:
        process.kill()


TESTS = {"killed": killed, "doubled": doubled, "asked": asked}


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
