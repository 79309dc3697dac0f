"""What each token is, by a real contract on a real EVM and a real HTTP server. `python test_tokens.py`

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. The last line is `N passed, N failed`; the exit
code is 0 only if nothing failed.
"""

import base64
import gzip
import http.server
import json
import random
import subprocess
import sys
import tempfile
import threading
import time

import rlp
from eth_hash.auto import keccak

from chain import Account, Chain
from compiler import compile_all
from rpc import Server
from scenario import abi, word
from test_index import PROGRAM, Checks, Program, tail


class Pages(http.server.ThreadingHTTPServer):
    """A metadata server that counts who comes."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), PagesHandler)
        self.port = self.server_address[1]
        self.connections = 0
        self.paths = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def get_request(self):
        self.connections += 1
        return super().get_request()

    def handle_error(self, request, client_address):
        # Whoever asks may be killed, or have enough.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def stop(self):
        self.shutdown()
        self.server_close()


class PagesHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.paths.append(self.path)
        name = self.path.strip("/")
        if name == "redirect":
            self.send_response(302)
            self.send_header("Location", "/plain")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if name == "loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if name.startswith("n"):
            time.sleep(0.02)
        status, body, kind, encoding = 200, json.dumps({"name": name}).encode(), "application/json", None
        if name == "missing":
            status = 404
        if name == "array":
            body = b"[1, 2]"
        if name == "page":
            body, kind = b"<html>Sorry</html>", "text/html"
        if name == "bomb":
            body, encoding = gzip.compress(b'{"name":"' + b"x" * 50_000_000 + b'"}'), "gzip"
        if name == "zipped":
            body, encoding = gzip.compress(body), "gzip"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)


def tokens(port):
    """id → (URI, uriState, metadataState with private addresses refused, the same with them allowed, name)."""
    inline = base64.b64encode(b'{"name":"in base64"}').decode().rstrip("=")
    ok, failed, refused = "ok", "failed", "refused"
    web = f"http://127.0.0.1:{port}"
    return {
        1: (f"data:application/json;base64,{inline}".encode(), ok, ok, ok, "in base64"),
        2: (b'data:application/json;utf8,{"name":"commas, and # too"}', ok, ok, ok, "commas, and # too"),
        3: (b'{"name":"no scheme"}', ok, ok, ok, "no scheme"),
        4: (b"data:image/svg+xml,<svg/>", ok, ok, ok, None),
        5: (b"\x00reverts", "reverted", failed, failed, None),
        6: (b"", "empty", failed, failed, None),
        7: (b"https://\xff\xfe/1", "invalid", failed, failed, None),
        8: (b"gopher://example.com/1", "invalid", failed, failed, None),
        9: (b"ipfs://example.com/x", "invalid", failed, failed, None),
        10: (b"https://h/" + b"x" * 9000, "invalid", failed, failed, None),
        11: (f"{web}/plain".encode(), ok, refused, ok, "plain"),
        12: (f"{web}/zipped".encode(), ok, refused, ok, "zipped"),
        13: (f"{web}/redirect".encode(), ok, refused, ok, "plain"),
        14: (f"{web}/loop".encode(), ok, refused, refused, None),
        15: (f"{web}/missing".encode(), ok, refused, failed, None),
        16: (f"{web}/array".encode(), ok, refused, failed, None),
        17: (f"{web}/page".encode(), ok, refused, failed, None),
        18: (f"{web}/bomb".encode(), ok, refused, failed, None),
        19: (f"http://169.254.169.254:{port}/latest/meta-data".encode(), ok, refused, failed, None),
        20: (f"http://[::ffff:127.0.0.1]:{port}/plain".encode(), ok, refused, None, None),
        21: (b"data:application/json,not json at all", ok, failed, failed, None),
        22: (b'data:application/json,{"name":"{id}"}', ok, ok, ok, "0" * 62 + "16"),
    }


def with_bytes(signature, *values):
    """A call's data whose last argument is bytes of any length."""
    *words, data = values
    head = b"".join(map(word, words)) + word(32 * len(values))
    return keccak(signature.encode())[:4] + head + word(len(data)) + data + b"\x00" * (-len(data) % 32)


KILLS = 20


def killed(check, chain, contract, send, owner, pages, program, server):
    """Enrichment killed by -9 twenty times before it was done: it goes on, and ends as one that nobody disturbed."""
    dice = random.Random(7)
    idle = program.json("enrich", "--rpc", server.url, "--allow-private-metadata") or {}
    for first in range(1000, 1600, 50):
        chain.mine([send(contract, with_bytes("mint(address,uint256,bytes)", owner.address, token,
                                              f"http://127.0.0.1:{pages.port}/n{token}".encode()))
                    for token in range(first, first + 50)])
    program("sync", "--rpc", server.url, "--to-block", "latest")
    command = [PROGRAM, "enrich", "--rpc", server.url, "--allow-private-metadata", "--database", program.database]
    kills, tries, holes = 0, 0, []
    while kills < KILLS and tries < 60:
        tries += 1
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            running.wait(dice.uniform(0.15, 0.45))
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        lines = [json.loads(line) for line in program("export", "tokens").stdout.splitlines()]
        # Only those count that came before the end.
        if any(line["metadataState"] == "pending" for line in lines):
            kills += 1
        holes += [line for line in lines if line["metadataState"] == "ok" and int(line["tokenId"]) >= 1000
                  and line["name"] != f"n{line['tokenId']}"]
    check(f"{kills} kills before the end in {tries} tries", kills == KILLS)
    check("readers never saw half of a document", not holes, holes[:3])
    # Pages that were asked for by a dead process may be asked for again, never by two at once.
    done = program("enrich", "--rpc", server.url, "--allow-private-metadata", "--json")
    lines = [json.loads(line) for line in program("export", "tokens").stdout.splitlines()]
    wrong = [line for line in lines if int(line["tokenId"]) >= 1000 and line["name"] != f"n{line['tokenId']}"]
    check("after the kills one run ends it, with every document", done.returncode == 0 and not wrong, wrong[:3])
    again = program.json("enrich", "--rpc", server.url, "--allow-private-metadata") or {}
    check("and leaves no job of a dead process behind", again.get("left") == idle.get("left") and again.get("changed") == 0, str(again))


def main():
    check = Checks()
    owner = Account(b"minter")
    chain = Chain(31337, [owner.address])
    code = compile_all(["uris"])["uris"]
    contract = keccak(rlp.encode([owner.address, 0]))[12:]
    pages = Pages()
    table = tokens(pages.port)
    nonce = 0

    def send(to, data):
        nonlocal nonce
        nonce += 1
        return chain.sign(owner, nonce - 1, to, data, gas=15_000_000)

    chain.mine([send(b"", code)])
    for token, row in table.items():
        block = chain.mine([send(contract, with_bytes("mint(address,uint256,bytes)", owner.address, token, row[0]))])
        assert block.receipts[0].logs, f"token {token} was not minted"
    server = Server(chain).start()
    with tempfile.TemporaryDirectory() as directory:
        program = Program(directory, "tokens.db")
        done = program("sync", "--rpc", server.url, "--to-block", "latest")
        check("sync ends with 0", done.returncode == 0, tail(done.stderr))

        def export():
            done = program("export", "tokens")
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            return done, {int(line["tokenId"]): line for line in lines}

        done, lines = export()
        check("before anything was asked every token is there, pending", len(lines) == len(table)
              and all(line["uriState"] == "pending" and line["metadataState"] == "pending" for line in lines.values()))

        done = program("enrich", "--rpc", server.url, "--json")
        check("enrich ends with 0", done.returncode == 0, tail(done.stderr))
        _, lines = export()
        wrong = [f"{t}: {lines[t]['uriState']} {lines[t]['metadataState']}" for t, row in table.items()
                 if (lines[t]["uriState"], lines[t]["metadataState"]) != (row[1], row[2])]
        check(f"{len(table)} tokens are classified; private addresses are refused", not wrong, wrong)
        check("no connection to the server behind a private address", pages.connections == 0, pages.paths)
        wrong = []
        for token, row in table.items():
            answer = chain.call(chain.head, contract, abi("tokenURI(uint256)", token)) if row[1] != "reverted" else None
            said = row[0].decode("utf-8", "replace") if answer is not None else None
            if lines[token]["tokenUri"] != said:
                wrong.append(f"{token}: {lines[token]['tokenUri']!r:.80} is not {said!r:.80}")
        check("the URI of every token is as the contract says", not wrong, wrong)

        done = program("enrich", "--rpc", server.url, "--all", "--allow-private-metadata", "--json")
        check("for local development private addresses may be allowed, and that is said",
              done.returncode == 0 and "private" in done.stderr, tail(done.stderr))
        _, lines = export()
        wrong = [f"{t}: {lines[t]['metadataState']}" for t, row in table.items()
                 if row[3] and lines[t]["metadataState"] != row[3]]
        check("then what the server says decides: slow, huge, odd answers are failures", not wrong, wrong)
        wrong = [f"{t}: {lines[t]['name']!r}" for t, row in table.items()
                 if row[3] == "ok" and lines[t]["name"] != row[4]]
        check("names are as the documents say", not wrong, wrong)

        before = program("export", "tokens").stdout
        answer = program.json("enrich", "--rpc", server.url, "--all", "--allow-private-metadata") or {}
        check("enriching again writes nothing", answer.get("changed") == 0 and answer.get("unchanged", 0) > 10, str(answer))
        check("and changes no line", program("export", "tokens").stdout == before)

        chain.mine([send(contract, with_bytes("set_uri(uint256,bytes)", 1, b'{"name":"revealed"}'))])
        program("sync", "--rpc", server.url, "--to-block", "latest")
        answer = program.json("enrich", "--rpc", server.url, "--all", "--allow-private-metadata") or {}
        _, lines = export()
        check("a URI that changed is one change", answer.get("changed") == 1 and lines[1]["name"] == "revealed", str(answer))

        killed(check, chain, contract, send, owner, pages, program, server)

        before = program("export", "tokens").stdout
        server.stop()
        done = program("enrich", "--rpc", server.url, "--all", "--allow-private-metadata", "--json")
        check("with the node away nothing is written down", done.returncode != 0
              and program("export", "tokens").stdout.count('"metadataState":"ok"') == before.count('"metadataState":"ok"'))
        counters = program.chain_status().get("counters") or {}
        held = program("export", "tokens").stdout.count('"metadataState":"ok"')
        check("the counter of enriched tokens equals the lines", counters.get("tokensEnriched") == held, str(counters))
    pages.stop()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
