"""Metadata by the real program: found by itself, killed, told by events. `python test_enrichment.py [killed] [told] [asked] [apart] [hostile]`.

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. The last line is `N passed, N failed`.
"""

import contextlib
import gzip
import hashlib
import http.server
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
ART = address(6_000)
OTHER = address(6_001)
TOKENS = 1_500
BLOCKS = 60
METADATA_UPDATE = "0xf8e1a15aba9398e019f0b49df1a4fde98ee17ae345cb5f6b5e2c27f5033e8ce7"
BATCH_UPDATE = "0x6bd5c950a8d8df17f772f5af37cb3655737899cbf903264b9795592da439661c"
passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'}  {name}" + (f"\n      {detail}" if not good and detail else ""), flush=True)


def run(*arguments, timeout=180):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout)


def rows(path, sql, *arguments):
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as db:
        return db.execute(sql, arguments).fetchall()


def eventually(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


class Pages(http.server.ThreadingHTTPServer):
    """A metadata server: counts who asks for what, and takes its time where it is told to."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        outer = self
        self.asked = []
        self.seconds = 0.0
        self.version = 1

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.asked.append(self.path)
                time.sleep(outer.seconds)
                body = json.dumps({"name": f"Token {self.path} v{outer.version}", "image": "ipfs://x"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        # A client that was killed leaves broken pipes behind.
        pass


class Gallery(Chain):
    """A chain whose two collections say where their documents are."""

    def __init__(self, pages, tokens=TOKENS):
        super().__init__(BLOCKS)
        self.pages = pages
        zero = "0x" + "0" * 40
        self.logs = {number: logs[:1] for number, logs in self.logs.items()}
        for token in range(tokens):
            self.add(1 + token % 50, ART, [TRANSFER, topic(zero), topic(address(token % 7)), word(token)], "0x")
        for token in range(5):
            self.add(51, OTHER, [TRANSFER, topic(zero), topic(address(1)), word(token)], "0x")

    def answer(self, method, params):
        if method == "eth_call":
            return self.called(params[0]["to"].lower(), params[0].get("data") or params[0]["input"])
        return super().answer(method, params)

    def called(self, contract, data):
        if not data.startswith("0xc87b56dd") or contract not in (ART, OTHER):
            return "0x"
        uri = f"{self.pages.url}/{contract[2:6]}/{int(data[10:74], 16)}".encode()
        padded = uri + b"\0" * (-len(uri) % 32)
        return word(32) + word(len(uri))[2:] + padded.hex()

    def grow(self, logs=()):
        """One more block, with logs of one contract."""
        number = self.head + 1
        first = self.logs[1][0]
        place = {"blockNumber": hex(number), "blockHash": self.hash(number), "transactionHash": digest(number)}
        made = []
        for contract, topics, data in logs:
            made.append({**first, **place, "address": contract, "topics": topics, "data": data, "logIndex": hex(len(made))})
        self.logs[number] = made
        self.head = number


def digest(number):
    return "0x" + hashlib.sha256(b"tx%d" % number).hexdigest()


def world(directory, tokens=TOKENS):
    pages = Pages()
    chain = Gallery(pages, tokens)
    return pages, chain, Server(chain), directory / "a.db"


def documents(path):
    return rows(path, "SELECT count(*) FROM token_metadata WHERE version > 0")[0][0]


def versions(path):
    """Every row of what is known, without the moments at which it was looked at."""
    return rows(path, "SELECT contract, token, version FROM token_metadata ORDER BY contract, token")


def killed(directory):
    """kill -9 in an enrichment, 20 times before it is done: it goes on, nothing is lost, nothing is written twice."""
    pages, chain, server, path = world(directory)
    assert run("sync", "--rpc", server.url, "--evidence", "L1", "--database", f"sqlite:{path}").returncode == 0
    held = run("export", "holdings", "--database", f"sqlite:{path}").stdout
    arguments = ["enrich", "--contract", ART, "--database", f"sqlite:{path}", "--allow-private-metadata", "--json"]
    pages.seconds = 0.02
    counted, tries, fewer = 0, 0, []
    before = 0
    while counted < KILLS and tries < 200:
        tries += 1
        process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=random.uniform(0.2, 0.9))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        found = documents(path) if rows(path, "SELECT 1 FROM sqlite_master WHERE name = 'token_metadata'") else 0
        if found < before:
            fewer.append((before, found))
        before = found
        counted += process.returncode == -signal.SIGKILL and found < TOKENS
    check(f"killed {counted} times before its end, in {tries} starts", counted >= KILLS, str((counted, found)))
    check("nothing that was found is lost", not fewer, str(fewer))
    pages.seconds = 0
    # What a killed one had claimed comes back when its claim is over.
    done = run(*arguments)
    ended = eventually(180, lambda: documents(path) == TOKENS or run(*arguments).returncode != 0)
    check("it goes on and ends", done.returncode == 0 and ended and documents(path) == TOKENS, done.stderr[-600:])
    clean = directory / "clean.db"
    run("sync", "--rpc", server.url, "--evidence", "L1", "--database", f"sqlite:{clean}")
    run(*[argument.replace(str(path), str(clean)) for argument in arguments])
    exports = [run("export", "tokens", "--database", f"sqlite:{name}").stdout for name in (path, clean)]
    same = exports[0] == exports[1] and exports[0].count("\n") >= TOKENS
    check("the same state as one that was never killed", same, f"{len(exports[0])} {len(exports[1])}")
    check("every document is its first version", {row[2] for row in versions(path) if row[2]} == {1})
    again = run("enrich", "--contract", ART, "--all", *arguments[3:])
    changed = [row for row in versions(path) if row[2] > 1]
    check("looking again writes no version where nothing changed", again.returncode == 0 and not changed, str(changed[:3]))
    check("no holding changed", run("export", "holdings", "--database", f"sqlite:{path}").stdout == held)


def started(path, server, *more):
    process = subprocess.Popen(
        [
            *(PROGRAM, "run", "--rpc", server.url, "--evidence", "L1", "--port", "0", "--poll-interval", "0.2"),
            *("--database", f"sqlite:{path}", "--allow-private-metadata", *more),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    line = next(line for line in process.stderr if "http://" in line)
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, "http://" + line.split("http://")[1].split("/")[0]


def ask(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def told(directory):
    """`run` finds out by itself: what is held, what is minted, what its contract says has changed."""
    pages, chain, server, path = world(directory, tokens=200)
    process, base = started(path, server, "--enrich", "listed", "--contract", ART)
    try:
        url = f"{base}/v1/chains/777/contracts/{ART}/tokens"
        check("the tokens of a contract that is followed by name are found out", eventually(60, lambda: documents(path) == 200))
        zero = "0x" + "0" * 40
        chain.grow([(ART, [TRANSFER, topic(zero), topic(address(3)), word(9_000)], "0x")])
        minted = lambda: ask(f"{url}/9000/metadata")[1].get("metadataState") == "ok"
        check("so is one that is minted", eventually(60, minted), str(ask(f"{url}/9000/metadata")))
        asked = len(pages.asked)
        pages.version = 2
        chain.grow([(ART, [METADATA_UPDATE], word(5))])
        name = lambda token: ask(f"{url}/{token}/metadata")[1].get("name")
        check("and one whose contract says that it changed", eventually(60, lambda: (name(5) or "").endswith("v2")), name(5))
        check("alone", len(pages.asked) == asked + 1 and name(6).endswith("v1"), str(pages.asked[asked:]))
        chain.grow([(ART, [BATCH_UPDATE], word(0) + "f" * 64)])
        revealed = lambda: len(rows(path, "SELECT 1 FROM token_metadata WHERE version >= 2")) == 201
        check("and all of them when it says so", eventually(60, revealed))
        once = len(pages.asked) - asked
        check("each of them once", once <= 203, str(once))
        status, answer = ask(f"{url}/7/metadata/refresh", "POST")
        count = len(pages.asked)
        good = status == 202 and eventually(60, lambda: len(pages.asked) > count)
        check("and one that somebody asks for", good, f"{status} {answer}")
        check("nobody was asked for a change of nothing", versions(path)[7][2] == 2, str(versions(path)[7]))
        process.send_signal(signal.SIGTERM)
        check("SIGTERM ends it with 0", process.wait(timeout=20) == 0)
    finally:
        process.kill()


def asked(directory):
    """What is asked for over HTTP is looked up, and nothing else, where that is what was wanted."""
    pages, chain, server, path = world(directory, tokens=20)
    process, base = started(path, server)
    try:
        url = f"{base}/v1/chains/777/contracts/{OTHER}/tokens/3/metadata"
        eventually(60, lambda: ask(url)[0] == 200)
        check("a token that somebody looks at is looked up", eventually(60, lambda: ask(url)[1].get("metadataState") == "ok"))
        check("the others of a chain that is followed whole are not", len(pages.asked) == 1, str(pages.asked))
        process.send_signal(signal.SIGTERM)
        check("SIGTERM ends it with 0", process.wait(timeout=20) == 0)
    finally:
        process.kill()
    process, base = started(path, server, "--enrich", "none")
    try:
        url = f"{base}/v1/chains/777/contracts/{OTHER}/tokens/4/metadata"
        eventually(60, lambda: ask(url)[0] == 200)
        time.sleep(3)
        check("with none nothing is asked for", len(pages.asked) == 1 and ask(url)[1]["metadataState"] == "pending")
        check("and nothing can be", ask(url + "/refresh", "POST")[0] in (404, 405))
    finally:
        process.kill()
    process, base = started(path, server, "--enrich", "all")
    try:
        check("with all every token is", eventually(60, lambda: documents(path) == 25), str(documents(path)))
    finally:
        process.kill()


def apart(directory):
    """One process follows, another finds out, a third answers: on one database, each ended and begun again by itself."""
    pages, chain, server, path = world(directory, tokens=60)
    following, _ = started(path, server, "--roles", "sync")
    others = []
    try:
        eventually(60, lambda: rows(path, "SELECT 1 FROM chain WHERE checkpoint >= 50"))
        time.sleep(2)
        check("who only follows asks no server", not pages.asked, str(pages.asked))
        answering, base = started(path, server, "--roles", "api")
        others.append(answering)
        url = f"{base}/v1/chains/777/contracts/{ART}/tokens/1/metadata"
        check("who only answers has no route to ask", ask(url + "/refresh", "POST")[0] in (404, 405))
        finding, _ = started(path, server, "--roles", "enrich", "--enrich", "all")
        others.append(finding)
        check("who finds out does so beside the other", eventually(60, lambda: documents(path) == 65), str(documents(path)))
        check("and the third shows it", ask(url)[1]["metadataState"] == "ok")
        finding.kill()
        finding.wait()
        zero = "0x" + "0" * 40
        chain.grow([(ART, [TRANSFER, topic(zero), topic(address(3)), word(9_000)], "0x")])
        finding, _ = started(path, server, "--roles", "enrich", "--enrich", "all")
        others.append(finding)
        check("killed and begun again it goes on", eventually(60, lambda: documents(path) == 66), str(documents(path)))
        for process in [following, answering, finding]:
            process.send_signal(signal.SIGTERM)
        check("SIGTERM ends each with 0", [p.wait(timeout=20) for p in (following, answering, finding)] == [0, 0, 0])
        missing = run("run", "--roles", "enrich", "--rpc", server.url, "--port", "0", "--database", f"sqlite:{path}2")
        good = missing.returncode == 1 and "sync" in missing.stderr
        check("without a database who only finds out says who makes it", good, missing.stderr[-300:])
    finally:
        for process in [following, *others]:
            process.kill()


class Hostile(http.server.ThreadingHTTPServer):
    """Answers without end or measure, on every address of this machine, so that each is a host of its own."""

    daemon_threads = True
    kinds = ("bomb", "deep", "endless", "huge", "slow", "redirect")

    def __init__(self):
        outer = self
        self.asked = []
        bomb = gzip.compress(b"x" * (64 << 20), 9)
        deep = b"[" * 100_000 + b"]" * 100_000

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def head(self, *headers):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()

            def do_GET(self):
                kind = self.path.split("/")[1]
                outer.asked.append(kind)
                if kind == "bomb":
                    # A thousand times as large as it comes, again and again.
                    self.head(("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"))
                    while True:
                        self.wfile.write(b"%x\r\n" % len(bomb) + bomb + b"\r\n")
                if kind == "deep":
                    self.head(("Content-Length", str(len(deep))))
                    self.wfile.write(deep)
                if kind == "endless":
                    self.head(("Transfer-Encoding", "chunked"))
                    while True:
                        self.wfile.write(b"1\r\n \r\n")
                        time.sleep(0.001)
                if kind == "huge":
                    self.head(("Content-Length", str(1 << 34)))
                    while True:
                        self.wfile.write(b" " * 65_536)
                if kind == "slow":
                    time.sleep(120)
                if kind == "redirect":
                    self.send_response(302)
                    self.send_header("Location", f"/redirect/{len(outer.asked)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

        super().__init__(("0.0.0.0", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


class Cursed(Gallery):
    """Beside honest tokens, some whose documents nobody should swallow whole."""

    def __init__(self, pages, hostile, tokens):
        super().__init__(pages, tokens)
        self.hostile = hostile

    def called(self, contract, data):
        token = int(data[10:74], 16) if data.startswith("0xc87b56dd") else 0
        if contract != ART or token < 10_000:
            return super().called(contract, data)
        kind = token - 10_000
        if kind < len(Hostile.kinds):
            uri = f"http://127.0.1.{kind + 1}:{self.hostile.server_port}/{Hostile.kinds[kind]}/1".encode()
        else:
            uri = b"data:application/json;base64," + b"QUFB" * (50 << 18)
        padded = uri + b"\0" * (-len(uri) % 32)
        return word(32) + word(len(uri))[2:] + padded.hex()


def resident(process):
    """MiB that a process has in memory."""
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def hostile(directory):
    """S-38: bombs, depth, answers without end, a URI of 50 MB: each is refused in time and in memory, and no block is late."""
    pages, enemy = Pages(), Hostile()
    chain = Cursed(pages, enemy, 300)
    server, path = Server(chain), directory / "a.db"
    process, base = started(path, server, "--enrich", "all", "--audit", "0")
    over, lags, most = threading.Event(), [], [0.0]
    try:
        check("honest tokens are found out first", eventually(90, lambda: documents(path) >= 300))
        time.sleep(2)
        before = resident(process)
        zero = "0x" + "0" * 40

        def watch():
            while not over.is_set():
                most[0] = max(most[0], resident(process))
                time.sleep(0.02)

        def mine():
            while not over.is_set():
                head, seen = chain.head, time.monotonic()
                while not over.is_set():
                    tip = ask(f"{base}/v1/status")[1]["chains"][0]["tip"]
                    if tip["number"] >= head:
                        break
                    time.sleep(0.02)
                lags.append(time.monotonic() - seen)
                time.sleep(0.3)
                chain.grow()

        count = len(Hostile.kinds) + 1
        cursed = [(ART, [TRANSFER, topic(zero), topic(address(1)), word(10_000 + kind)], "0x") for kind in range(count)]
        chain.grow(cursed)
        threads = [threading.Thread(target=work, daemon=True) for work in (watch, mine)]
        for thread in threads:
            thread.start()
        states = lambda: [
            ask(f"{base}/v1/chains/777/contracts/{ART}/tokens/{10_000 + kind}/metadata")[1] for kind in range(count)
        ]
        # A URI that no call can bring says nothing about its token, and is tried a few times in two days.
        last = (10_000 + count - 1).to_bytes(2, "big")
        tried = lambda: rows(path, "SELECT 1 FROM metadata_job WHERE attempts > 0 AND substr(token, 2) = ?", last)
        settled = lambda: all(one["metadataState"] in ("failed", "refused") for one in states()[:-1]) and tried()
        begun = time.monotonic()
        good = eventually(60, settled)
        seconds = time.monotonic() - begun
        check(f"each is given up, after {seconds:.0f} s", good and seconds < 40, [one["metadataState"] + " " + str(one["detail"]) for one in states()])
        check("each was asked for", set(enemy.asked) == set(Hostile.kinds), str(set(enemy.asked)))
        time.sleep(1)
        over.set()
        for thread in threads:
            thread.join(timeout=20)
        check(f"memory grew by {most[0] - before:.0f} MiB, of {before:.0f}", most[0] - before < 64)
        check(f"{len(lags)} blocks were there after {max(lags):.1f} s at most", len(lags) > 10 and max(lags) < 3)
        check("honest tokens are as they were", documents(path) >= 300)
    finally:
        over.set()
        process.kill()


TESTS = {"killed": killed, "told": told, "asked": asked, "apart": apart, "hostile": hostile}


def main():
    wanted = sys.argv[1:] or list(TESTS)
    begun = time.monotonic()
    for name in wanted:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            TESTS[name](pathlib.Path(directory))
    print(f"      {time.monotonic() - begun:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
