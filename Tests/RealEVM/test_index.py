"""Holdfast against a real EVM. `python test_index.py [chain] [simple] [follow]`, all three by default.

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. HOLDFAST_RUN_OPTIONS is added to `run`.
The last line is `N passed, N failed`; the exit code is 0 only if nothing failed.
"""

import argparse
import collections
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import check_chain
from compare import Reader, differences, unseen_damages
from fold import TRANSFER, Fold
from rpc import Server
from scenario import CONFORMING, Scenario

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HOLDFAST_BIN", str(ROOT / ".build" / "debug" / "holdfast"))
RUN_OPTIONS = shlex.split(os.environ.get("HOLDFAST_RUN_OPTIONS", "--port 0"))
COMMAND_SECONDS = 60
CATCH_UP_SECONDS = 60
STOP_SECONDS = 5


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, name, good, detail=None):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok  ' if good else 'FAIL'}  {name}", flush=True)
        if not good and detail not in (None, [], ""):
            for line in detail if isinstance(detail, list) else [detail]:
                print(f"      {line}", flush=True)
        return good


def note(text):
    print(f"      {text}", flush=True)


class Program:
    """The binary with one database."""

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.database = f"sqlite:{self.directory / name}"

    def __call__(self, *arguments):
        command = [PROGRAM, *arguments, "--database", self.database]
        try:
            return subprocess.run(command, cwd=self.directory, capture_output=True, text=True, timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired as late:
            text = late.stderr.decode("utf-8", "replace") if late.stderr else ""
            return subprocess.CompletedProcess(command, -1, "", f"{text}\nno end after {COMMAND_SECONDS} s")

    def json(self, *arguments):
        done = self(*arguments, "--json")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return None

    def export(self):
        done = self("export", "holdings", "--format", "jsonl")
        return done, (
            [json.loads(line) for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []
        )

    def chain_status(self):
        answer = self.json("status") or {}
        return (answer.get("chains") or [{}])[0]

    def checkpoint(self):
        """(number, hash) or None."""
        found = self.chain_status().get("checkpoint")
        return (found["number"], found["hash"]) if found else None

    def wait_for(self, block, seconds):
        """Seconds until the checkpoint is this very block, or None."""
        started = time.monotonic()
        wanted = (block.number, "0x" + block.hash.hex())
        while time.monotonic() - started < seconds:
            if self.checkpoint() == wanted:
                return time.monotonic() - started
            time.sleep(0.05)
        return None


def tail(text, lines=12):
    return [line for line in str(text).splitlines() if line.strip()][-lines:]


def find_key(value, name):
    """The first number under a key of this name, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, int):
                return inner
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            found = find_key(inner, name)
            if found is not None:
                return found
    return None


def summary(lines):
    kinds = collections.Counter(line["standard"] for line in lines)
    runs = sum("tokenIdTo" in line for line in lines)
    return f"{len(lines)} lines ({', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))}, {runs} of them runs)"


def compare(check, name, program, scenario, thin=False):
    """Exports, and compares with the EVM at the canonical head; answers (the text, lines, fold, reader)."""
    chain = scenario.chain
    block = chain.head
    done, lines = program.export()
    check(f"{name}: export ends with 0", done.returncode == 0, tail(done.stderr))
    fold = Fold().add(chain.logs(0, block.number))
    reader = Reader(scenario, block, thin)
    found = differences(lines, scenario, reader, fold)
    check(
        f"{name}: {summary(lines)} against {reader.calls} answers of the EVM at block {block.number}: "
        f"{len(found)} differences",
        not found and lines,
        found[:10],
    )
    return done.stdout, lines, fold, reader


def check_verify(check, program, scenario, server):
    """`verify` against the real contracts; this chain has no Multicall3, so batches are what answers."""
    kinds = scenario.kinds()
    for contract in sorted(c for c, k in kinds.items() if k in CONFORMING):
        done = program("verify", "--all", "--contract", "0x" + contract.hex(), "--rpc", server.url, "--json")
        report = json.loads(done.stdout) if done.stdout.strip() else {}
        check(
            f"verify --all of {kinds[contract]}: {report.get('equal')} holdings equal, none different",
            done.returncode == 0
            and report.get("verdict") == "passed"
            and report["equal"] > 0
            and (report["different"], report["unanswered"]) == (0, 0),
            [*tail(done.stderr), json.dumps(report)[:600]],
        )
    for kind in ("liar", "hostile"):
        for contract in sorted(c for c, k in kinds.items() if k == kind):
            name = "0x" + contract.hex()
            done = program("verify", "--all", "--contract", name, "--rpc", server.url, "--json")
            report = json.loads(done.stdout) if done.stdout.strip() else {}
            found = {d["finding"] for d in report.get("differences", ())}
            check(
                f"verify --all of {kind}: {report.get('different')} of {report.get('checked')} differ, all of them conflicts",
                done.returncode == 1 and report.get("verdict") == "failed" and found == {"conflict"},
                [*tail(done.stderr), json.dumps(report)[:600]],
            )
            if not report.get("differences"):
                continue
            one = report["differences"][0]
            answer = program.json("owner", name, one["tokenId"]) or {}
            good = answer.get("ownership") == "conflict" and answer.get("observedOwner") == one.get("observedOwner")
            check(f"owner of {one['tokenId']} says that there is a conflict", good, f"{one}, answered {answer}")
    whole = program("verify", "--all", "--rpc", server.url, "--json")
    report = json.loads(whole.stdout) if whole.stdout.strip() else {}
    honest = {"0x" + c.hex() for c, k in kinds.items() if k in CONFORMING}
    wrong = [d for d in report.get("differences", ()) if d["contract"].lower() in honest]
    check(
        f"verify --all of the chain: {report.get('equal')} equal, {report.get('different')} conflicts, "
        "none in a conforming contract",
        whole.returncode == 1 and report.get("different", 0) > 0 and not wrong and report.get("unanswered") == 0,
        [*tail(whole.stderr), json.dumps(wrong)[:600]],
    )
    at = report.get("block", {})
    check("at the checkpoint, by number and hash", (at.get("number"), at.get("hash")) == program.checkpoint(), at)


def check_repair(check, directory, scenario, server, contract, text):
    """A node that withholds a token's newest transfer: unseen at L1, found and put in by `verify`."""
    newest = {}
    for log in scenario.chain.logs(0, scenario.chain.head.number):
        if log.address == contract and len(log.topics) == 4 and log.topics[0] == TRANSFER:
            newest[log.topics[3]] = log
    nobody = bytes(32)
    moved = [log for log in newest.values() if nobody not in log.topics[1:3] and log.topics[1] != log.topics[2]]
    program = Program(directory, "repair.db")
    server.methods.withheld = {(moved[0].block.number, moved[0].index)}
    try:
        done = program("sync", "--rpc", server.url, "--to-block", "latest", "--evidence", "L1")
        wrong, _ = program.export()
        check("a withheld log is missed at L1", done.returncode == 0 and wrong.stdout != text, tail(done.stderr))
        strict = ("--all", "--threshold", "1", "--contract", "0x" + contract.hex())
        done = program("verify", *strict, "--rpc", server.url, "--json")
        report = json.loads(done.stdout) if done.stdout.strip() else {}
        found = [(d["finding"], d.get("fromBlock"), d.get("toBlock")) for d in report.get("differences", ())]
        check(
            f"verify finds it and puts it in: {found}",
            done.returncode == 1
            and found == [("missed", moved[0].block.number, moved[0].block.number)]
            and report.get("repaired") == 1,
            [*tail(done.stderr), json.dumps(report)[:600]],
        )
    finally:
        server.methods.withheld = set()
    right, _ = program.export()
    done = program("verify", "--all", "--threshold", "1", "--rpc", server.url)
    check(
        "then the export is the same, byte for byte, and verify passes",
        right.stdout == text and done.returncode == 0,
        tail(done.stdout + done.stderr),
    )


def check_audit(check, program):
    """What the audit of `run` has found by itself: honest contracts agree, liars are conflicts, nothing was missing."""
    deadline = time.monotonic() + 15
    while True:
        audit = program.chain_status().get("audit") or {}
        if (audit.get("agreed", 0) >= 50 and audit.get("conflicts", 0) > 0) or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    check(
        f"the audit of run: {audit.get('agreed')} agree, {audit.get('different')} differ, "
        f"{audit.get('conflicts')} conflicts on record",
        audit.get("agreed", 0) >= 50
        and audit.get("conflicts", 0) > 0
        and audit["checked"] == audit["agreed"] + audit["different"] + audit["unanswered"]
        and 0.5 < audit["rate"] < 1,
        json.dumps(audit),
    )


def check_damages(check, lines, scenario, reader, fold):
    """Only for an export without a difference; a wrong one has failed already."""
    if differences(lines, scenario, reader, fold):
        return
    tried, blind = unseen_damages([], lines, scenario, reader, fold)
    check(f"the comparison would have seen each of {tried} damages", tried and not blind, blind)


def note_requests(server):
    note("requests: " + ", ".join(f"{n} {m}" for m, n in sorted(server.methods.counts.items())))
    if server.methods.errors:
        note("answered with an error: " + ", ".join(f"{n} × {e}" for e, n in server.methods.errors.most_common(8)))


def case_simple(check, seed, directory):
    """A finished chain with one ERC-721 and one ERC-1155 is read once."""
    scenario = Scenario(seed, blocks=60, simple=True)
    scenario.play()
    chain = scenario.chain
    note(
        f"{chain.head.number} blocks, {scenario.transactions} transactions, {len(chain.logs(0, chain.head.number))} logs"
    )
    server = Server(chain).start()
    program = Program(directory, "simple.db")
    started = time.monotonic()
    done = program("sync", "--rpc", server.url, "--to-block", "latest")
    seconds = time.monotonic() - started
    if not check(f"sync ends with 0 ({seconds:.1f} s)", done.returncode == 0, tail(done.stderr)):
        note_requests(server)
        server.stop()
        return
    text, lines, fold, reader = compare(check, "after sync", program, scenario)
    if lines:
        check_damages(check, lines, scenario, reader, fold)
    done = program("verify", "--rpc", server.url)
    check("verify passes on a sample", done.returncode == 0 and "passed" in done.stdout, tail(done.stdout + done.stderr))
    found = program.checkpoint()
    check("the checkpoint is the head", found == (chain.head.number, "0x" + chain.head.hash.hex()), found)

    kinds = scenario.kinds()
    unique = next(c for c, k in kinds.items() if k == "erc721")
    tokens = sorted(scenario.touched_ids[unique])
    living = [t for t in tokens if reader.owner(unique, t)][:: max(1, len(tokens) // 6)]
    burned = [t for t in tokens if not reader.owner(unique, t)][:2]
    for token in [*living, *burned]:
        answer = program.json("owner", "0x" + unique.hex(), str(token))
        real = reader.owner(unique, token)
        said = answer.get("owner") if isinstance(answer, dict) else None
        if real:
            good = isinstance(said, str) and said.lower() == "0x" + real.hex()
        else:
            good = said in (None, "0x" + "00" * 20)
        check(
            f"owner of {token}" + ("" if real else " (burned)"), good, f"EVM {real and real.hex()}, answered {answer}"
        )

    done = program("sync", "--rpc", server.url, "--to-block", "latest")
    again, _ = program.export()
    check(
        "synced once more: the same export, byte for byte",
        done.returncode == 0 and again.stdout == text,
        tail(done.stderr),
    )
    other = Program(directory, "half.db")
    ends = [other("sync", "--rpc", server.url, "--to-block", at).returncode for at in ("30", "latest")]
    halves, _ = other.export()
    check("synced as two halves: the same export", ends == [0, 0] and halves.stdout == text, ends)
    single = Program(directory, "contract.db")
    done = single("sync", "--rpc", server.url, "--contract", "0x" + unique.hex(), "--to-block", "latest")
    _, part = single.export()
    mine = [line for line in lines if line["contract"] == "0x" + unique.hex()]
    check(f"synced with --contract: its {len(mine)} lines and no others", mine and part == mine, tail(done.stderr))
    check_repair(check, directory, scenario, server, unique, text)
    note_requests(server)
    server.stop()


def case_follow(check, seed, directory, interval, blocks):
    """`run` follows while the scenario plays, reorgs included."""
    scenario = Scenario(seed, blocks)
    chain = scenario.chain
    server = Server(chain, log_timestamps=seed % 2 == 0).start()
    program = Program(directory, "follow.db")
    log = open(pathlib.Path(directory) / "run.log", "w+")
    # A hundred holdings a second, so that a short run has audited something.
    command = [PROGRAM, "run", "--rpc", server.url, "--database", program.database, "--audit", "6000", *RUN_OPTIONS]
    running = subprocess.Popen(command, cwd=directory, stdout=log, stderr=subprocess.STDOUT)
    seen_old, seen_new = [], []

    def alive():
        return running.poll() is None

    def patience():
        """Long enough for any machine; short once it has been in vain."""
        return 2 if False in seen_old + seen_new else 20

    def before(scenario):
        waited = program.wait_for(chain.head, patience()) if alive() else None
        seen_old.append(waited is not None)
        note(
            f"block {chain.head.number}, then a reorg: "
            + (f"run was there after {waited:.2f} s" if waited else "run is not there")
        )

    def after(scenario):
        done = scenario.reorgs_done[-1]
        waited = program.wait_for(chain.head, patience()) if alive() else None
        seen_new.append(waited is not None)
        name = f"reorg of {done['depth']} blocks, head {done['head']} → {done['new_head']}"
        if check(
            f"{name}: run is on the new branch" + (f" after {waited:.2f} s" if waited else ""), waited is not None
        ):
            compare(check, name, program, scenario, thin=True)

    try:
        started = time.monotonic()
        scenario.play(interval, before, after)
        note(
            f"{scenario.blocks_mined} blocks and {scenario.transactions} transactions mined in "
            f"{time.monotonic() - started:.0f} s, {len(chain.reorgs)} reorgs, {chain.head.number} blocks and "
            f"{len(chain.logs(0, chain.head.number))} logs are canonical"
        )
        check(
            "at least 300 blocks, 2,000 transactions, 3 reorgs",
            scenario.blocks_mined >= 300 and scenario.transactions >= 2000 and len(chain.reorgs) == 3,
        )
        check("run is alive", alive(), f"ended with {running.poll()}")
        check("run had taken up every branch before it was orphaned", seen_old == [True] * 3, seen_old)
        waited = program.wait_for(chain.head, CATCH_UP_SECONDS) if alive() else None
        status = program.chain_status()
        check(
            "run reaches the head" + (f" after {waited:.2f} s" if waited is not None else ""),
            waited is not None,
            json.dumps(status)[:600],
        )
        rewinds = find_key(status, "rewinds")
        check(
            "status counts at least 3 rewinds",
            rewinds is not None and rewinds >= 3,
            f"rewinds: {rewinds}; {json.dumps(status)[:600]}",
        )
        text, lines, fold, reader = compare(check, "at the end, with run running", program, scenario)
        note(f"logs applied: {dict(fold.applied)}; malformed by the fold: {dict(fold.malformed)}")
        if lines:
            check_damages(check, lines, scenario, reader, fold)
        check_audit(check, program)
        check_verify(check, program, scenario, server)
        twenty = ["0x" + c.hex() for c, k in scenario.kinds().items() if k == "erc20"]
        transfers = [x for x in chain.logs(0, chain.head.number) if "0x" + x.address.hex() in twenty]
        check(
            f"nothing of the ERC-20 is there ({len(transfers)} Transfers)",
            transfers and not [x for x in lines if x["contract"] in twenty],
        )
    finally:
        started = time.monotonic()
        was_alive = alive()
        if was_alive:
            running.send_signal(signal.SIGTERM)
        try:
            code = running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            code = f"killed after {STOP_SECONDS} s"
        good = check(
            f"SIGTERM ends run with 0 ({time.monotonic() - started:.1f} s)",
            was_alive and code == 0,
            f"ended with {code}",
        )
        log.flush()
        log.seek(0)
        output = log.read()
        log.close()
        if check.failed:
            note("the last lines of run:")
            for line in tail(output, 25):
                note("  " + line)
        note_requests(server)
    if good:
        after_stop, _ = program.export()
        check("the same export after the end", after_stop.returncode == 0 and after_stop.stdout == text)
        clean = Program(directory, "clean.db")
        done = clean("sync", "--rpc", server.url, "--to-block", "latest")
        fresh, _ = clean.export()
        check(
            "a clean sync of the same chain gives the same export",
            done.returncode == 0 and fresh.stdout == text,
            tail(done.stderr),
        )
    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=["chain", "simple", "follow"], help="chain, simple, follow")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=320, help="canonical blocks of the follow case")
    parser.add_argument("--interval", type=float, default=0.04, help="seconds from block to block while run follows")
    parser.add_argument("--keep", help="a directory to leave databases and logs in")
    options = parser.parse_args()
    check = Checks()
    if not set(options.cases) <= {"chain", "simple", "follow"}:
        parser.error("cases are chain, simple and follow")
    with tempfile.TemporaryDirectory(prefix="holdfast-real-evm-") as temporary:
        directory = options.keep or temporary
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        for case in options.cases:
            started = time.monotonic()
            print(f"== {case} (seed {options.seed})", flush=True)
            if case != "chain" and not os.access(PROGRAM, os.X_OK):
                check("the program is there", False, f"{PROGRAM}: build it, or set HOLDFAST_BIN")
            elif case == "chain":
                check_chain.run(check, options.seed, 320)
            elif case == "simple":
                case_simple(check, options.seed, directory)
            else:
                case_follow(check, options.seed, directory, options.interval, options.blocks)
            note(f"{time.monotonic() - started:.0f} s")
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
