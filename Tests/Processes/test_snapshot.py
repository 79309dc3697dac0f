"""Snapshots of contracts by the real program: killed before their end, doubled. `python test_snapshot.py [killed] [doubled]`.

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. The last line is `N passed, N failed`.
"""

import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from chain import TRANSFER, Chain, Server, address, topic, word

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HOLDFAST_BIN", str(ROOT / ".build" / "debug" / "holdfast"))
KILLS = 20
ART = address(6_000)
TOKENS = 4_000
BLOCKS = 120
# What the chain calls final: ten behind its head.
FINAL = BLOCKS - 10
ZERO = "0x" + "0" * 40
INTERFACES = ("01ffc9a7", "80ac58cd", "780e9d63")
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


class Enumerable(Chain):
    """A chain with one enumerable contract: its tokens move before the final block and after it."""

    def __init__(self):
        super().__init__(BLOCKS)
        self.calls = 0
        for token in range(TOKENS):
            self.move(1 + token % 90, token, ZERO, address(1_000 + token % 50))
        for token in range(0, TOKENS, 7):
            self.move(100, token, address(1_000 + token % 50), address(2_000 + token % 9))
        for token in range(0, TOKENS, 11):
            self.move(FINAL + 3, token, address(3), address(4_000 + token % 5))
        self.move(FINAL + 4, 1, address(1_001), ZERO)
        self.move(FINAL + 5, TOKENS, ZERO, address(1_000))
        self.owners = {}
        for number in range(FINAL + 1):
            for log in self.logs.get(number, []):
                if log["address"] == ART and log["topics"][0] == TRANSFER:
                    self.owners[int(log["topics"][3], 16)] = "0x" + log["topics"][2][26:]
        self.ids = sorted(self.owners)

    def move(self, number, token, sender, recipient):
        self.add(number, ART, [TRANSFER, topic(sender), topic(recipient), word(token)], "0x")

    def answer(self, method, params):
        if method == "eth_call":
            self.calls += 1
            return self.called(params[0]["to"].lower(), params[0].get("data") or params[0]["input"])
        return super().answer(method, params)

    def called(self, contract, data):
        if contract != ART:
            return "0x"
        selector, argument = data[2:10], data[10:74]
        if selector == "01ffc9a7":
            return word(int(argument[:8] in INTERFACES))
        if selector == "18160ddd":
            return word(len(self.ids))
        if selector == "4f6ccce7" and int(argument, 16) < len(self.ids):
            return word(self.ids[int(argument, 16)])
        if selector == "6352211e" and int(argument, 16) in self.owners:
            return topic(self.owners[int(argument, 16)])
        raise LookupError("execution reverted")


def started(directory):
    chain = Enumerable()
    server = Server(chain)
    path = directory / "a.db"
    arguments = ["snapshot", ART, "--rpc", server.url, "--database", f"sqlite:{path}", "--json"]
    return chain, server, path, arguments


def seen(path):
    """How many tokens have an owner, as a reader sees them at this moment."""
    try:
        return rows(path, "SELECT count(*) FROM owner")[0][0]
    except sqlite3.OperationalError:
        return 0  # No table yet.


def begun(path):
    """Whether a snapshot is neither published nor failed."""
    try:
        return rows(path, "SELECT count(*) FROM snapshot WHERE phase = 0")[0][0]
    except sqlite3.OperationalError:
        return 0


def staged(path):
    try:
        return rows(path, "SELECT count(*) FROM opening")[0][0]
    except sqlite3.OperationalError:
        return 0


def exported(path, *more):
    done = run("export", "holdings", "--database", f"sqlite:{path}", *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def facts(text):
    """Lines of the contract, without who said so."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [{key: value for key, value in line.items() if key != "source"} for line in lines if line["contract"] == ART]


def killed(directory):
    """kill -9 in a snapshot, 20 times at counted points before its end: it goes on, and no reader sees a part."""
    chain, server, path, arguments = started(directory)
    parts, over = [], threading.Event()

    def watch():
        while not over.is_set():
            count = seen(path)
            if count not in (0, TOKENS):
                parts.append(count)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    counted, kept, lost = 0, 0, []
    for point in range(1, KILLS + 1):
        # The nth kill comes when n/22 of the tokens are staged, somewhere within the batch after it.
        process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline and staged(path) < TOKENS * point // (KILLS + 2):
            time.sleep(0.002)
        process.kill()
        process.wait()
        counted += begun(path)
        if staged(path) < kept:
            lost.append((kept, staged(path)))
        kept = staged(path)
    check(f"killed {counted} times before its end", counted == KILLS, str(counted))
    check("what was staged is never read again", not lost, str(lost))
    done = run(*arguments)
    over.set()
    watcher.join()
    job = json.loads(done.stdout or "{}")
    good = done.returncode == 0 and job["state"] == "published" and (job["read"], job["failed"]) == (TOKENS, 0)
    check("it ends, with everything read once", good, done.stdout[-600:] + done.stderr[-600:])
    check("no reader saw a part", not parts, str(parts[:5]))
    clean, whole = directory / "clean.db", directory / "whole.db"
    run(*[f"sqlite:{clean}" if part == f"sqlite:{path}" else part for part in arguments])
    check("the export equals that of a snapshot that nobody killed", exported(path) == exported(clean) != "")
    run("sync", "--rpc", server.url, "--evidence", "L1", "--database", f"sqlite:{whole}")
    good = facts(exported(path)) == facts(exported(whole, "--at-block", str(FINAL)))
    check("and what history says at its block", good)
    done = run("sync", "--rpc", server.url, "--evidence", "L1", "--database", f"sqlite:{path}")
    check("the tail goes on from there", done.returncode == 0, done.stderr[-600:])
    check("and ends where history ends", facts(exported(path)) == facts(exported(whole)))
    oldest = rows(path, "SELECT min(block) FROM transfer")[0][0]
    check("without a block of the history before", oldest > FINAL, str(oldest))
    done = run(*arguments)
    check("once more it is refused, with the reason", done.returncode == 1 and "published" in done.stderr, done.stderr)


def doubled(directory):
    """Two snapshots of one contract at once are one, and each token is asked for once."""
    chain, server, path, arguments = started(directory)
    pair = [
        subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    answers = [process.communicate(timeout=120) for process in pair]
    good = [process.returncode for process in pair] == [0, 0] and answers[0][0] == answers[1][0]
    check("both say the same and end with 0", good, str(answers)[-900:])
    check("each token was asked for once", chain.calls < 2 * TOKENS + 50, str(chain.calls))
    check("all tokens are there", seen(path) == TOKENS, str(seen(path)))


TESTS = {"killed": killed, "doubled": doubled}


def main():
    wanted = sys.argv[1:] or list(TESTS)
    began = time.monotonic()
    for name in wanted:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            TESTS[name](pathlib.Path(directory))
    print(f"      {time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
