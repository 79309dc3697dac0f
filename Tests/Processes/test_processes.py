"""The real program as a process: killed, stopped, misused. `python test_processes.py [restarts] [inputs] [lists] [disks] [stops] [answers] [traits] [endpoints] [demo]`.

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. The last line is `N passed, N failed`.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from chain import TRANSFER, Chain, Server, address, topic, word

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HOLDFAST_BIN", str(ROOT / ".build" / "debug" / "holdfast"))
KILLS = 20
ASSIGN = "0x8a0e37b73a0d9c82e205d4d1a3ff3d0b57ce5f4d7bccf6bac03336dc101cb7ba"
PUNK_BOUGHT = "0x58e5d5a525e3b40bc15abaa38b5882678db1ee68befd2f60bafe3a7fd06db9e3"
passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'}  {name}" + (f"\n      {detail}" if not good and detail else ""), flush=True)


def run(*arguments, timeout=120, **options):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout, **options)


def export(database):
    done = run("export", "holdings", "--database", database)
    return done.stdout if done.returncode == 0 else f"failed: {done.stderr}"


def rows(path, sql):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def digests(path):
    return rows(
        path,
        "SELECT hex(bytes), rows, digest_high, digest_low FROM contract JOIN address ON id = contract ORDER BY bytes",
    )


def counters_equal_counts(path):
    told = rows(path, "SELECT transfers_processed, tokens_discovered, error_count FROM chain")[0]
    counted = rows(
        path,
        "SELECT (SELECT count(*) FROM transfer) + (SELECT count(*) FROM token_range),"
        " (SELECT count(*) FROM owner) + (SELECT count(*) FROM supply), (SELECT count(*) FROM malformed_log)",
    )[0]
    return told == counted, f"told {told}, counted {counted}"


def is_complete(path, head):
    try:
        return rows(path, "SELECT checkpoint FROM chain") == [(head,)]
    except sqlite3.Error:
        return False


def restarts(directory):
    """Synced twice, as halves, by shuffled ranges and through kills: the same bytes, the same digest."""
    chain = Chain(4_000)
    server = Server(chain, seconds=0.004)
    clean = directory / "clean.db"

    def sync(path, *arguments):
        return run("sync", "--rpc", server.url, "--database", f"sqlite:{path}", *arguments)

    done = sync(clean)
    check("a clean sync ends with 0", done.returncode == 0, done.stderr[-500:])
    wanted, digest = export(f"sqlite:{clean}"), digests(clean)
    check(f"it holds something: {wanted.count(chr(10))} holdings", wanted.count("\n") > 500)

    def same(name, path):
        check(f"{name}: the same export, byte for byte", export(f"sqlite:{path}") == wanted)
        check(f"{name}: the same digest", digests(path) == digest)
        good, detail = counters_equal_counts(path)
        check(f"{name}: counters equal counts", good, detail)

    sync(clean)
    same("idempotency: synced twice", clean)

    halves = directory / "halves.db"
    for block in ("2000", "latest"):
        sync(halves, "--to-block", block)
    same("synced as two halves", halves)

    shuffled = directory / "shuffled.db"
    # From the back to the front: each run opens the range below the last one.
    for first in ("3100", "900", "2000", "0"):
        sync(shuffled, "--from-block", first)
    same("synced by shuffled ranges", shuffled)

    killed = directory / "killed.db"
    dice, counted, tries = random.Random(1), 0, 0
    while counted < KILLS and tries < 200:
        tries += 1
        process = subprocess.Popen(
            [PROGRAM, "sync", "--rpc", server.url, "--database", f"sqlite:{killed}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0.03, 0.25))
        process.kill()
        process.wait()
        if is_complete(killed, chain.head):
            for suffix in ("", "-wal", "-shm"):
                pathlib.Path(f"{killed}{suffix}").unlink(missing_ok=True)
        elif killed.exists():
            counted += 1
    check(f"{counted} kills by -9 in {tries} tries, each with coverage incomplete", counted >= KILLS)
    done = sync(killed)
    check("the sync after the kills ends with 0", done.returncode == 0, done.stderr[-500:])
    same("failure recovery: through the kills", killed)


def inputs(directory):
    """Bad input: one clear line that says what to do, the documented exit code, nothing half written."""
    server = Server(Chain(30))
    good = f"sqlite:{directory / 'good.db'}"
    run("sync", "--rpc", server.url, "--database", good)
    before = export(good)

    def refused(name, code, *arguments, says="", **options):
        done = run(*arguments, timeout=60, **options)
        lines = [line for line in done.stderr.splitlines() if line.startswith(("holdfast: ", "Error: "))]
        good = done.returncode == code and len(lines) == 1 and says in lines[0]
        check(f"{name}: exit {code}, one line", good, f"exit {done.returncode}: {done.stderr[-400:]}")

    fresh = f"sqlite:{directory / 'fresh.db'}"
    refused("an URL that is none", 64, "sync", "--rpc", "ftp://x", "--database", fresh, says="http")
    refused("nobody listens", 69, "sync", "--rpc", "http://127.0.0.1:9", "--database", fresh)
    refused("another chain than named", 78, "sync", "--rpc", server.url, "--chain", "kcc", "--database", fresh, says="777")
    other = Server(Chain(30, chain_id=778))
    twin = Chain(30)
    twin.hash = lambda number: "0x" + f"{number + 1:064x}"
    forged = Server(twin)
    refused("another chain's database", 78, "sync", "--rpc", forged.url, "--database", good, says="another")
    refused("not an address", 64, "owner", "0x12", "1", "--database", good, says="address")
    refused("a wrong checksum", 64, "owner", "0x5FbDB2315678afecb367f032d93F642f64180aA3", "1", "--database", good)
    refused("an id above 2^256-1", 64, "owner", "0x" + "11" * 20, str(2**256), "--database", good, says="2^256-1")
    refused("a directory", 78, "status", "--database", f"sqlite:{directory}", says="directory")
    refused("no database yet", 1, "status", "--database", f"sqlite:{directory / 'none.db'}", says="does not exist")
    noise = directory / "noise.db"
    noise.write_bytes(b"this is not a database at all, " * 200)
    refused("not a database", 78, "status", "--database", f"sqlite:{noise}", says="not an SQLite database")
    newer = directory / "newer.db"
    run("sync", "--rpc", server.url, "--database", f"sqlite:{newer}")
    with sqlite3.connect(newer) as db:
        db.execute("INSERT INTO grdb_migrations VALUES('999 from the future')")
    refused("a newer version", 78, "status", "--database", f"sqlite:{newer}", says="newer")
    refused("a block beyond the head", 64, "sync", "--rpc", server.url, "--to-block", "99999", "--database", fresh, says="head")
    options = directory / "options.yaml"
    options.write_text("chains:\n  mine:\n    chain: 777\n    endpoints: {a: 'http://localhost:1'}\n")
    for name, value in (("from-block", "5"), ("confirmations", "3"), ("poll-interval", "2"), ("rpc", "http://localhost:1")):
        refused(f"--{name} beside --config", 64, "run", "--config", str(options), f"--{name}", value, says=f"--{name}")
    refused("a block beyond 2^53", 64, "sync", "--rpc", server.url, "--from-block", str(2**53), "--database", fresh, says="block number")
    secret = directory / "secret.yaml"
    secret.write_text("chains:\n  kcc:\n    endpoints: {a: \"http://localhost:1/s3cr3tk3y}\n")
    refused("YAML that is none", 78, "run", "--config", str(secret), says="line")
    check("shows nothing of the line", "s3cr3t" not in run("run", "--config", str(secret)).stderr)
    typo = directory / "typo.yaml"
    typo.write_text("chains:\n  kcc:\n    endpoint: {a: 'http://localhost:1'}\n")
    refused("a YAML typo", 78, "run", "--config", str(typo), says='did you mean "endpoints"')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused("a port in use", 1, "run", "--rpc", server.url, "--port", port, "--database", fresh, says="--port")
    check("the good database is as it was", export(good) == before)
    done = run("sync", "--rpc", other.url, "--database", good)
    check("a second chain in the same file is welcome", done.returncode == 0, done.stderr[-300:])


def replayed(chain, last):
    """What the chain's logs up to a block give a wallet: {wallet: {(contract, standard, id): amount}}."""
    zero, owners, sums = "0x" + "0" * 40, {}, {}
    for number in range(1, last + 1):
        for log in chain.logs[number]:
            topics, contract = log["topics"], log["address"]
            if len(log["data"]) == 2:
                owners[contract, int(topics[3], 16)] = "0x" + topics[2][26:]
            else:
                token, amount = int(log["data"][2:66], 16), int(log["data"][66:], 16)
                for wallet, change in (("0x" + topics[2][26:], -amount), ("0x" + topics[3][26:], amount)):
                    sums[wallet, contract, token] = sums.get((wallet, contract, token), 0) + change
    wallets = {}
    for (contract, token), owner in owners.items():
        wallets.setdefault(owner, {})[contract, "erc721", str(token)] = "1"
    for (wallet, contract, token), amount in sums.items():
        if amount:
            wallets.setdefault(wallet, {})[contract, "erc1155", str(token)] = str(max(0, amount))
    wallets.pop(zero, None)
    return wallets


def movement(log):
    topics, single = log["topics"], len(log["data"]) > 2
    token, amount = (int(log["data"][2:66], 16), int(log["data"][66:], 16)) if single else (int(topics[3], 16), 1)
    ends = ["0x" + topic[26:] for topic in (topics[2:4] if single else topics[1:3])]
    place = (log["blockHash"], int(log["logIndex"], 16), log["transactionHash"], log["address"])
    return (*place, str(token), *ends, str(amount))


def lists(directory):
    """Lists of wallets and of past blocks: refused without their indexes, built when asked for, and exact."""
    chain = Chain(300)
    server = Server(chain)
    path = directory / "lists.db"
    database = f"sqlite:{path}"
    run("sync", "--rpc", server.url, "--database", database)
    wallet = max(replayed(chain, 150).items(), key=lambda item: len(item[1]))[0]
    for arguments in (("tokens", wallet, "--at-block", "150"), ("transfers", "--wallet", wallet)):
        done = run(*arguments, "--database", database)
        good = done.returncode == 1 and done.stderr.count("\n") == 1 and "--index wallets" in done.stderr
        check(f"{arguments[0]} without the indexes: exit 1, one line that says what to do", good, done.stderr[-300:])
    typo = run("sync", "--rpc", server.url, "--index", "wallet", "--database", database)
    check("an index that there is not: exit 64", typo.returncode == 64 and "wallets" in typo.stderr, typo.stderr[-300:])
    done = run("sync", "--rpc", server.url, "--index", "wallets", "--database", database)
    names = {name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'index'")}
    check("asked for later they are built", {"transfer_by_sender", "transfer_by_recipient"} <= names, done.stderr[-300:])

    for block in (1, 37, 150, 300):
        wrong = []
        for owner, held in replayed(chain, block).items():
            told = run("tokens", owner, "--at-block", str(block), "--json", "--database", database).stdout
            lines = json.loads(told)["tokens"]
            if {(l["contract"].lower(), l["standard"], l["tokenId"]): l["amount"] for l in lines} != held:
                wrong.append(owner)
        check(f"at block {block} every wallet's list is what the logs add up to", not wrong, str(wrong[:3]))
    beyond = run("tokens", wallet, "--at-block", "301", "--database", database)
    check("a block above the checkpoint: exit 1", beyond.returncode == 1 and "reach to block 300" in beyond.stderr)

    logs = [log for number in range(1, 301) for log in chain.logs[number]]
    mine = [log["transactionHash"] for log in reversed(logs) if any(wallet[2:] in topic for topic in log["topics"])]
    told = run("transfers", "--wallet", wallet, "--limit", "1000", "--json", "--database", database).stdout
    check("a wallet's transfers, newest first", [l["transactionHash"] for l in json.loads(told)["transfers"]] == mine)

    for block in (37, None):
        arguments = ("--at-block", str(block)) if block else ()
        wanted = [log for log in logs if int(log["blockNumber"], 16) <= (block or 300)]
        told = run("export", "transfers", *arguments, "--database", database)
        lines = [json.loads(line) for line in told.stdout.splitlines()]
        keys = ("blockHash", "logIndex", "transactionHash", "contract", "tokenId", "from", "to", "amount")
        check(
            f"export transfers to {block or 'the end'}: {len(lines)} lines as the logs",
            [tuple(line[key] for key in keys) for line in lines] == [movement(log) for log in wanted],
            told.stderr[-300:],
        )
        csv = run("export", "transfers", "--format", "csv", *arguments, "--database", database).stdout.splitlines()
        check("as CSV too", len(csv) == len(wanted) + 1 and csv[0].startswith("chainId,blockNumber"))


def stops(directory):
    """SIGTERM at any moment ends `sync` with 0, and what it prints never claims more than was read."""

    def stopped(server, seconds, *arguments):
        command = [PROGRAM, "sync", "--rpc", server.url, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(seconds)
        process.terminate()
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    chain = Chain(4_000)
    slow = Server(chain, seconds=0.5)
    path = directory / "stopped.db"
    code, out, err = stopped(slow, 2, "--database", f"sqlite:{path}")
    check("a stopped sync ends with 0 and says that it is not complete", code == 0 and "not complete" in out, f"{code}: {out}{err}")
    check("it does not say that it came to the end", "complete to block" not in out, out)
    code, out, err = stopped(slow, 2, "--database", f"sqlite:{path}", "--json")
    said = json.loads(out) if out else {}
    told = said.get("complete") is False and (said.get("block") or 0) < chain.head
    check("so does its JSON", code == 0 and told, f"{code}: {out}{err}")
    done = run("sync", "--rpc", Server(chain).url, "--database", f"sqlite:{path}", "--json")
    said = json.loads(done.stdout)
    check("started again it comes to the end", said["complete"] is True and said["block"] == chain.head, done.stdout)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = type("Silent", (), {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        started = time.monotonic()
        code, out, err = stopped(server, 2, "--database", f"sqlite:{directory / 'silent.db'}")
        quick = time.monotonic() - started < 8
        check("SIGTERM while the endpoint says nothing: 0 at once", code == 0 and quick and "not complete" in out, f"{code}: {out}{err}")


def answers(directory):
    """Lists say as of which block, and whether that is complete; owners come from the API's look-up."""
    chain = Chain(300)
    database = f"sqlite:{directory / 'answers.db'}"
    server = Server(chain)
    run("sync", "--rpc", server.url, "--to-block", "250", "--database", database)
    lines = [json.loads(line) for line in export(database).splitlines()]
    unique = next(line for line in lines if line["standard"] == "erc721")
    counted = next(line for line in lines if line["standard"] == "erc1155")

    done = run("tokens", unique["owner"], "--database", database, "--json")
    said = json.loads(done.stdout)
    held = sum(line["owner"] == unique["owner"] and line["standard"] == "erc721" for line in lines)
    listed = sum(token["standard"] == "erc721" for token in said["tokens"])
    good = said["complete"] is True and said["asOf"]["blockNumber"] == 250 and listed == held
    check("tokens --json: one object with asOf and complete", good and said["all"] is True, done.stdout[-300:])
    done = run("tokens", unique["owner"], "--database", database)
    check("tokens: asOf on stderr, one line a token", "as of block 250, complete" in done.stderr and done.stdout.count("erc721") == held, done.stderr)
    done = run("tokens", "0x" + "00" * 19 + "99", "--database", database, "--json")
    check("a wallet with nothing is an empty list, complete", json.loads(done.stdout)["tokens"] == [] and json.loads(done.stdout)["complete"], done.stdout)
    done = run("transfers", unique["contract"], unique["tokenId"], "--database", database, "--json")
    said = json.loads(done.stdout)
    check("transfers --json: one object with asOf and complete", said["complete"] is True and len(said["transfers"]) > 0, done.stdout[-300:])
    latest = said["transfers"][0]
    done = run("transfers", "--limit", "150", "--database", database, "--json", env={**os.environ, "HOLDFAST_CHAIN": "777"})
    said = json.loads(done.stdout)
    check("a list that is cut says so", len(said["transfers"]) == 150 and said["all"] is False, done.stdout[-200:])
    done = run("transfers", "--limit", "1", "--database", database, env={**os.environ, "HOLDFAST_JSON": "1"})
    check("HOLDFAST_JSON is read", json.loads(done.stdout)["all"] is False, done.stdout[-200:])
    done = run("tokens", unique["owner"], "--chain", "5", "--database", database)
    check("an unknown chain is said in words", done.returncode == 1 and "holds no chain 5" in done.stderr, done.stderr)

    done = run("owner", unique["contract"], unique["tokenId"], "--database", database, "--json", "--why")
    said = json.loads(done.stdout)
    good = said["owner"].lower() == unique["owner"] and said["why"]["transactionHash"] == latest["transactionHash"]
    check("owner: who, and by which transaction", good and said["asOf"]["blockNumber"] == 250, done.stdout)
    done = run("owner", counted["contract"], counted["tokenId"], "--database", database, "--json")
    holders = {(line["owner"], line["amount"]) for line in lines if line["contract"] == counted["contract"] and line["tokenId"] == counted["tokenId"]}
    said = json.loads(done.stdout)
    check("owner: every holder of a counted token", {(o["owner"].lower(), o["amount"]) for o in said["owners"] if o["amount"] != "0"} == holders, done.stdout)
    done = run("owner", unique["contract"], unique["tokenId"], "--database", database, "--at-block", "100")
    check("owner at a past block names that block", "as of block 100, complete" in done.stdout, done.stdout + done.stderr)
    done = run("owner", unique["contract"], unique["tokenId"], "--database", database, "--at-block", "251")
    check("a block that is not read is refused in words", done.returncode == 1 and "not completely read" in done.stderr, done.stderr)
    done = run("contracts", "add", unique["contract"], "--from-block", "7", "--database", database)
    again = run("contracts", "add", unique["contract"], "--from-block", "50", "--database", database)
    check("contracts add tells the first block that counts", "from block 7" in done.stdout and "from block 7" in again.stdout, again.stdout)

    path = directory / "dry.db"
    dry = run("sync", "--rpc", server.url, "--dry-run", "--database", f"sqlite:{path}")
    check("a dry run makes no database", dry.returncode == 0 and not path.exists(), dry.stderr)
    before = (directory / "answers.db").read_bytes()
    dry = run("sync", "--dry-run", "--json", "--database", database)
    good = dry.returncode == 0 and json.loads(dry.stdout)["blocks"] > 0
    check("a dry run uses the kept endpoints", good, dry.stdout + dry.stderr)
    check("a dry run writes nothing", (directory / "answers.db").read_bytes() == before)


def traits(directory):
    """A database from before traits were kept: the command fills them in, counts and ranks."""
    chain = Chain(300)
    path = directory / "traits.db"
    server = Server(chain)
    run("sync", "--rpc", server.url, "--to-block", "250", "--database", f"sqlite:{path}")
    contract, address, count = rows(
        path,
        "SELECT contract, hex(bytes), count(*) FROM owner JOIN address ON id = contract WHERE owner <> 0 GROUP BY contract ORDER BY 3 DESC",
    )[0]
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        held = db.execute("SELECT token FROM owner WHERE contract = ? AND owner <> 0 ORDER BY token", (contract,)).fetchall()
        db.execute("INSERT INTO metadata_document(id, hash, raw) VALUES(1, x'01', x'7b7d')")
        for number, (token,) in enumerate(held[:-1]):
            hat = "Gold\x1b" if number == 0 else "Red"
            attributes = json.dumps([{"trait_type": "Hat", "value": hat}, {"trait_type": "Level", "value": 5}])
            db.execute(
                "INSERT INTO token_metadata SELECT chain, contract, token, 1, x'61', 'a', 1, x'00', 1, NULL, 1, 1,"
                " 'Name', NULL, NULL, NULL, NULL, ?, 0 FROM owner WHERE contract = ? AND token = ?",
                (attributes, contract, token),
            )
        for table in ["trait_type", "trait", "token_name", "token_trait", "trait_revision"]:
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM grdb_migrations WHERE identifier = '13 traits'")
    arguments = [f"0x{address.lower()}", "--database", f"sqlite:{path}"]
    done = run("traits", *arguments, "--json")
    said = json.loads(done.stdout)
    told = {(trait["traitType"], trait["value"]): trait["count"] for trait in said["traits"]}
    expected = {("Hat", "Gold\x1b"): 1, ("Hat", "Red"): count - 2, ("Level", 5): count - 1}
    good = told == expected and said["tokens"] == count - 1 and said["unknownTokens"] == 1 and said["asOf"]["blockNumber"] == 250
    check("traits --json: counts, of how many, as of which block", good, done.stdout + done.stderr)
    done = run("traits", *arguments)
    good = "Hat, 2 values" in done.stdout and "█" in done.stdout and "\x1b" not in done.stdout
    check("traits: a table with bars, without what moves the cursor", good, done.stdout + done.stderr)
    check("traits: how many and as of which block on stderr", f"{count - 1} tokens counted" in done.stderr and "as of block 250" in done.stderr, done.stderr)
    done = run("traits", *arguments, "--rarity", "--json", "--limit", "2")
    said = json.loads(done.stdout)
    first, second = said["ranking"]
    good = (first["rank"], second["rank"]) == (1, 2) and first["score"] > second["score"] and said["all"] is (count <= 3)
    check("traits --rarity: the one with the rare hat first", good, done.stdout + done.stderr)
    done = run("traits", "0x" + "00" * 19 + "99", "--database", f"sqlite:{path}")
    check("traits of a contract that nobody knows: said in words", done.returncode == 1 and "no NFT event" in done.stderr, done.stderr)


def endpoints(directory):
    """Which endpoints are asked, and what of them is shown."""
    server = Server(Chain(30, chain_id=31_337))
    database = f"sqlite:{directory / 'kept.db'}"
    run("sync", "--rpc", server.url, "--database", database)
    done = run("sync", "--chain", "local", "--database", database)
    check("the endpoint kept in the database wins over the preset's localhost", done.returncode == 0, done.stderr[-400:])
    kept = rows(directory / "kept.db", "SELECT url FROM endpoint")
    check("and stays kept", kept == [(server.url,)], str(kept))

    secret = "s3cr3tk3yk3y"
    echo = Server(Chain(30))
    echo.one = lambda chain, call, _: {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": f"apikey {secret} is on another chain\n\x1b[31m"}}
    for arguments in (["doctor"], ["doctor", "--json"], ["sync", "--database", f"sqlite:{directory / 'no.db'}"]):
        done = run(*arguments, "--rpc", f"{echo.url}/v2/{secret}")
        shown = done.stdout + done.stderr
        check(f"{' '.join(arguments[:2])} shows no key", secret not in shown and "\x1b" not in shown, shown[-300:])
    done = run("doctor", "--rpc", f"{echo.url}/v2/{secret}")
    check("doctor says the class and the text", "not known: E" in done.stdout and "on another chain" in done.stdout, done.stdout)
    done = run("status", "--database", "postgresql://user:passw0rd@h/db")
    check("a database URL is not repeated", done.returncode == 64 and "passw0rd" not in done.stderr, done.stderr)

    slow = Server(Chain(30))
    honest, asked = slow.one, []

    def late(chain, call, range_max):
        asked.append(call["method"])
        if call["method"] == "eth_chainId" and asked.count("eth_chainId") < 3:
            return {"jsonrpc": "2.0", "id": call["id"], "result": "soon"}
        return honest(chain, call, range_max)

    slow.one = late
    path = directory / "late.db"
    command = [PROGRAM, "run", "--rpc", slow.url, "--port", "0", "--database", f"sqlite:{path}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None and not is_complete(path, 30):
        time.sleep(0.2)
    check("run waits for an endpoint that talks nonsense at first", is_complete(path, 30), str(asked[:9]))
    process.terminate()
    code = process.wait(timeout=20)
    check("and ends with 0", code == 0, process.stderr.read()[-400:])


def disks(directory):
    """A full disk and a read-only one, each a small tmpfs; needs the right to mount, else SKIPPED."""
    mount = directory / "mount"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", mount], capture_output=True).returncode:
        return print("SKIPPED  full and read-only disks: no right to mount a tmpfs here", flush=True)
    chain = Chain(2_000)
    server = Server(chain)
    try:
        database = f"sqlite:{mount / 'full.db'}"
        arguments = ("sync", "--rpc", server.url, "--database", database)
        done = run(*arguments)
        line = [line for line in done.stderr.splitlines() if line.startswith("holdfast: ")]
        good = done.returncode == 1 and len(line) == 1 and "is full; free space" in line[0]
        check("a full disk: exit 1, one line that says what to do", good, done.stderr[-600:])
        subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
        again = run(*arguments)
        check("with room again it goes on to the end", again.returncode == 0, again.stderr[-400:])
        clean = directory / "clean.db"
        run("sync", "--rpc", server.url, "--database", f"sqlite:{clean}")
        check("nothing was lost or half written", export(database) == export(f"sqlite:{clean}"))
        good, detail = counters_equal_counts(mount / "full.db")
        check("counters equal counts", good, detail)
        before = export(database)
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        refused = run(*arguments, timeout=60)
        line = [line for line in refused.stderr.splitlines() if line.startswith("holdfast: ")]
        check("a read-only disk: exit 78, one line", refused.returncode == 78 and len(line) == 1, refused.stderr[-400:])
        subprocess.run(["mount", "-o", "remount,rw", mount], check=True)
        check("and it is as it was", export(database) == before)
    finally:
        subprocess.run(["umount", "-l", mount])


def demo(_):
    """The demo prints an address, indexes, answers, shows its page, and ends within five seconds of SIGTERM."""
    process = subprocess.Popen([PROGRAM, "demo", "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        url = next((word for line in process.stderr for word in line.split() if word.startswith("http://")), None)
        check("the demo prints its address", url)
        wallet = next((word for line in process.stderr for word in line.split() if "/wallets/" in word), None)
        check("and that of a wallet", wallet)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        chain, deadline = {}, time.monotonic() + 60
        while time.monotonic() < deadline and not (chain.get("checkpoint") and chain.get("lagBlocks") == 0):
            time.sleep(0.2)
            chains = json.loads(get(url + "v1/status"))["chains"]
            chain = chains[0] if chains else {}
        check("it reaches the head", chain.get("lagBlocks") == 0, str(chain))
        listed = json.loads(get(f"{url}v1/chains/{chain['chainId']}/contracts"))["contracts"]
        check(f"its API lists {len(listed)} contracts", len(listed) >= 3)
        token = json.loads(get(f"{url}v1/chains/{chain['chainId']}/transfers?limit=1"))["transfers"][0]
        path = f"v1/chains/{chain['chainId']}/contracts/{token['contract']}/tokens/{token['tokenId']}"
        check("its API answers for a token", json.loads(get(url + path))["complete"] is True)
        page = get(url)
        check("its page opens", "<html" in page and "Holdfast" in page)
        shown, deadline = "", time.monotonic() + 60
        while time.monotonic() < deadline and shown.count("<img") < 12:
            time.sleep(0.5)
            shown = get(wallet)
        check(f"the wallet's page has {shown.count('<img')} pictures", shown.count('src="data:image/svg+xml;base64,') >= 12)
        words = re.sub("base64,[^\"]*", "", shown)
        check("and neither a script nor anything from elsewhere", "<script" not in words and "http" not in words)
        started = time.monotonic()
        process.terminate()
        code = process.wait(timeout=20)
        seconds = time.monotonic() - started
        check(f"SIGTERM ends it with 0 after {seconds:.1f} s", code == 0 and seconds < 5, f"exit {code}")
    finally:
        process.kill()


def specials(directory):
    """The whole of chain 1 has the punks, which emit none of the standards' events; others by a rule that is chosen."""
    punks, art = "0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb", address(3000)
    seller, buyer, zero = topic(address(1)), topic(address(2)), word(0)
    chain = Chain(60, chain_id=1)
    chain.add(20, punks, [ASSIGN, seller], word(7))
    chain.add(40, punks, [TRANSFER, seller, buyer], word(1))
    chain.add(40, punks, [PUNK_BOUGHT, word(7), seller, zero], zero)
    chain.add(41, art, [TRANSFER, zero, buyer], word(9))
    server = Server(chain)
    database = f"sqlite:{directory / 'specials.db'}"
    done = run("sync", "--rpc", server.url, "--database", database)
    check("chain 1 is synced", done.returncode == 0, done.stderr)
    done = run("owner", punks, "7", "--database", database, "--json")
    good = done.returncode == 0 and json.loads(done.stdout)["owner"].lower() == address(2)
    check("the buyer of a punk whose sale names nobody owns it", good, done.stdout + done.stderr)
    done = run("contracts", "add", art, "--read-as", "nft", "--database", database)
    check("an unknown rule is refused with those there are", done.returncode == 64 and "id-in-data" in done.stderr, done.stderr)
    run("contracts", "add", art, "--read-as", "id-in-data", "--database", database)
    listed = run("contracts", "list", "--database", database).stdout
    good = listed.count("as cryptopunks") == 1 and listed.count("as id-in-data") == 1
    check("contracts list says by which rule each is read", good, listed)
    asked = server.requests
    done = run("sync", "--rpc", server.url, "--database", database)
    check(f"its history is read in {server.requests - asked} requests", done.returncode == 0, done.stderr)
    done = run("owner", art, "9", "--database", database, "--json")
    good = done.returncode == 0 and json.loads(done.stdout)["owner"].lower() == address(2)
    check("a token whose id is in the data has its owner", good, done.stdout + done.stderr)


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


TESTS = {
    "restarts": restarts,
    "inputs": inputs,
    "lists": lists,
    "disks": disks,
    "stops": stops,
    "answers": answers,
    "traits": traits,
    "endpoints": endpoints,
    "specials": specials,
    "demo": demo,
}


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
