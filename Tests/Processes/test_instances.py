"""Several real processes on one database: started at once, killed, stopped inside and outside a transaction.

`python test_instances.py [concurrent] [killed] [paused] [inside] [clocks] [nowait]`; the last line is `N passed, N failed`.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

import test_processes as base
from chain import Chain, Server
from test_processes import PROGRAM, check, counters_equal_counts, digests, export, is_complete, rows, run

TTL = 15


class Instance:
    """`holdfast run` in the background."""

    def __init__(self, server, path, *arguments, environment=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = tempfile.TemporaryFile(mode="w+")
        command = [PROGRAM, "run", "--rpc", server.url, "--database", f"sqlite:{path}", "--port", str(self.port)]
        command += ["--poll-interval", "0.2", "--confirmations", "5", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log, text=True, env=environment)

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def status(self):
        """What it says of its chain; of a process that does not answer, its end and its last words."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/status", timeout=5) as answer:
                return json.load(answer)["chains"][0]
        except OSError as error:
            return {"state": None, "checkpoint": None, "reason": f"{error}; exit {self.process.poll()}; {self.said()[-500:]}"}

    def send(self, number):
        os.kill(self.pid, number)

    def end(self, seconds=20):
        """The exit code after SIGTERM."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "did not end"


def until(is_true, seconds=60, every=0.1):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_true():
                return True
        except (OSError, sqlite3.Error, ValueError, LookupError):
            pass
        time.sleep(every)
    return False


def holder(path):
    return rows(path, "SELECT lease_process, epoch FROM chain")[0]


def clean(server, directory):
    path = directory / "clean.db"
    run("sync", "--rpc", server.url, "--database", f"sqlite:{path}")
    return export(f"sqlite:{path}"), digests(path)


def equals(name, path, wanted):
    check(f"{name}: the same export as a clean sync", export(f"sqlite:{path}") == wanted[0])
    check(f"{name}: the same digest", digests(path) == wanted[1])
    check(f"{name}: counters equal counts", *counters_equal_counts(path))
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        check(f"{name}: SQLite finds nothing wrong", db.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def concurrent(directory):
    """concurrent execution: two and five instances at once on one file; S-07: exactly one writes."""
    chain = Chain(1_500)
    server = Server(chain, seconds=0.01)
    wanted = clean(Server(chain), directory)
    for count in (2, 5):
        path = directory / f"{count}.db"
        instances = [Instance(server, path) for _ in range(count)]
        epochs = set()
        done = until(lambda: epochs.add(holder(path)) or is_complete(path, chain.head), 90)
        time.sleep(1)
        epochs.add(holder(path))
        check(f"concurrent execution: {count} instances at once reach the head", done, instances[0].said()[-300:])
        writers = {process for process, _ in epochs if process}
        check(f"one of {count} writes, under one epoch: {sorted(epochs)}", len(writers) == 1 and len({e for _, e in epochs}) == 1)
        states = [instance.status() for instance in instances]
        waiting = [s for s in states if "holds this chain" in (s["reason"] or "")]
        check(f"the other {count - 1} say who holds the chain", len(waiting) == count - 1, str(states)[:400])
        check("and answer all the same", all((s["checkpoint"] or {}).get("number") == chain.head for s in states))
        codes = [instance.end() for instance in instances]
        check(f"all end with 0: {codes}", codes == [0] * count)
        equals(f"{count} instances", path, wanted)


def killed(directory):
    """failure recovery: the holder is killed in mid-process; another goes on at once, because the dead need no lease."""
    chain = Chain(3_000)
    server = Server(chain, seconds=0.02)
    wanted = clean(Server(chain), directory)
    path = directory / "killed.db"
    instances = [Instance(server, path), Instance(server, path)]
    kills, waits = 0, []
    for _ in range(5):
        if not until(lambda: holder(path)[0] in [i.pid for i in instances] and rows(path, "SELECT count(*) FROM transfer")[0][0] > 200 * kills, 30, 0.02):
            break
        if is_complete(path, chain.head):
            break
        victim = next(i for i in instances if i.pid == holder(path)[0])
        victim.send(signal.SIGKILL)
        victim.process.wait()
        started = time.monotonic()
        taken = until(lambda: holder(path)[0] != victim.pid, TTL + 5, 0.02)
        waits.append(time.monotonic() - started)
        kills += 1
        instances.remove(victim)
        instances.append(Instance(server, path))
        if not taken:
            break
    check(f"failure recovery: {kills} holders killed before they were done, each replaced within {max(waits, default=99):.1f} s", kills >= 2 and max(waits) < 5)
    check("the head is reached", until(lambda: is_complete(path, chain.head), 90))
    for instance in instances:
        instance.end()
    equals("after the kills", path, wanted)


def inside(path, process):
    """Whether the process holds the file's writer lock just now, as the kernel sees it."""
    inode = os.stat(f"{path}-shm").st_ino
    for line in pathlib.Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if "WRITE" in fields and "->" not in fields and fields[-3].endswith(f":{inode}") and fields[-4] == str(process):
            if int(fields[-2]) <= 120 <= (1 << 60 if fields[-1] == "EOF" else int(fields[-1])):
                return True
    return False


def stop(instance):
    """Stops it and waits until it stands: the signal returns before the threads on other cores have seen it."""
    instance.send(signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{instance.pid}/task")
    stands = lambda: all(task.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks.iterdir())
    if not until(stands, 5, 0.001):
        raise RuntimeError(f"process {instance.pid} does not stop")


def stop_where(path, instance, is_inside, seconds=30, is_over=lambda: False):
    """Stops it inside a transaction, or outside of any; whether that was managed before the time was up or it was over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not is_over():
        stop(instance)
        if inside(path, instance.pid) == is_inside:
            return True
        instance.send(signal.SIGCONT)
        time.sleep(0.001 if is_inside else 0.01)
    return False


def paused(directory):
    """S-08: the holder is stopped outside a transaction for three terms, another takes over, the late one is refused."""
    chain = Chain(2_500)
    server = Server(chain, seconds=0.05)
    wanted = clean(Server(chain), directory)
    path = directory / "paused.db"
    first = Instance(server, path)
    check("the first holds the chain", until(lambda: holder(path)[0] == first.pid and rows(path, "SELECT count(*) FROM transfer")[0][0] > 100, 30, 0.02))
    second = Instance(server, path)
    until(lambda: "holds this chain" in (second.status()["reason"] or ""), 20)
    stopped = stop_where(path, first, is_inside=False)
    check("it is stopped outside a transaction, before it was done", stopped and not is_complete(path, chain.head))
    started = time.monotonic()
    taken = until(lambda: holder(path)[0] == second.pid, TTL + 5, 0.1)
    waited = time.monotonic() - started
    check(f"another takes over after {waited:.1f} s, at most {TTL + 5}", taken)
    check("it comes to the head", until(lambda: is_complete(path, chain.head), 90))
    time.sleep(max(0, 3 * TTL - (time.monotonic() - started)))
    first.send(signal.SIGCONT)
    check("the late one stands by", until(lambda: "holds this chain" in (first.status()["reason"] or ""), 30), first.said()[-400:])
    check("the holder is still the other", holder(path)[0] == second.pid)
    codes = [first.end(), second.end()]
    check(f"both end with 0: {codes}", codes == [0, 0])
    equals("after the pause", path, wanted)


def stopped_inside(directory):
    """The holder is stopped inside a transaction: the others say so, reads go on, nothing differs afterwards."""
    chain = Chain(3_000)
    server = Server(chain, seconds=0.02)
    wanted = clean(Server(chain), directory)
    path = directory / "inside.db"
    first = Instance(server, path)
    until(lambda: rows(path, "SELECT count(*) FROM transfer")[0][0] > 50, 30, 0.02)
    caught = stop_where(path, first, is_inside=True, is_over=lambda: is_complete(path, chain.head))
    check("the holder is stopped inside a transaction", caught)
    second = Instance(server, path)
    reason = lambda: second.status()["reason"] or ""
    said = until(lambda: f"process {first.pid}" in reason() and second.status()["state"] == "blocked", 60, 0.5)
    check("the other says blocked, and by whom", said, second.said()[-400:])
    done = run("status", "--json", "--database", f"sqlite:{path}")
    check("reads go on", done.returncode == 0 and json.loads(done.stdout)["chains"][0]["counters"]["transfersProcessed"] > 0, done.stderr)
    first.send(signal.SIGCONT)
    check("then both go on to the head", until(lambda: is_complete(path, chain.head), 90))
    codes = [first.end(), second.end()]
    check(f"both end with 0: {codes}", codes == [0, 0])
    equals("after the stop inside", path, wanted)


def clocks(directory):
    """S-09: wall clocks an hour ahead, an hour behind and jumping between the two say nothing about a lease."""
    shim = directory / "wall_clock.so"
    source = pathlib.Path(__file__).with_name("wall_clock.c")
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"]).returncode:
        return print("SKIPPED  S-09 with real processes: no C compiler here", flush=True)

    def wrong(offset, **more):
        return {**os.environ, "LD_PRELOAD": str(shim), "HOLDFAST_CLOCK_OFFSET": str(offset), **more}

    told = [
        int(subprocess.run(["date", "+%s"], capture_output=True, text=True, env=wrong(offset)).stdout) - int(time.time())
        for offset in (3_600, -3_600)
    ]
    check(f"the clocks are wrong: {told}", abs(told[0] - 3_600) < 5 and abs(told[1] + 3_600) < 5)
    chain = Chain(1_200)
    server = Server(chain, seconds=0.03)
    wanted = clean(Server(chain), directory)
    path = directory / "clocks.db"
    environments = [wrong(-3_600), wrong(3_600), wrong(3_600, HOLDFAST_CLOCK_JUMPS="1")]
    instances = [Instance(server, path, environment=environments[0])]
    check("the first holds the chain", until(lambda: holder(path)[0] == instances[0].pid, 30, 0.02))
    instances += [Instance(server, path, environment=environment) for environment in environments[1:]]
    seen, deadline = set(), time.monotonic() + 2 * TTL
    while time.monotonic() < deadline:
        seen.add(holder(path))
        time.sleep(0.1)
    check(f"for two terms nobody takes over from a holder that lives: {sorted(seen)}", len(seen) == 1)
    check("it comes to the head", until(lambda: is_complete(path, chain.head), 60))
    # A holder whose own clock jumps keeps its lease as well, and loses it in its term when it is stopped.
    instances[0].end()
    check("another takes over", until(lambda: holder(path)[0] in [i.pid for i in instances[1:]], TTL + 5))
    second = next(i for i in instances if i.pid == holder(path)[0])
    # Outside a transaction: one that is stopped inside keeps the file's lock, and nobody can replace it (stopped_inside).
    check("it is stopped outside a transaction", stop_where(path, second, is_inside=False))
    started = time.monotonic()
    taken = until(lambda: holder(path)[0] not in (0, second.pid), TTL + 5)
    waited = time.monotonic() - started
    check(f"one that is stopped is replaced after {waited:.1f} s, not at once and not in an hour", taken and waited > TTL / 2)
    codes = [instance.end() for instance in instances[1:]]
    check(f"all end with 0: {codes}", codes == [0, 0])
    equals("with wrong clocks", path, wanted)


def nowait(directory):
    """--no-wait: 75 at once; without it a second sync waits and then finds everything read."""
    chain = Chain(800)
    slow = Server(chain, seconds=0.05)
    path = directory / "nowait.db"
    first = Instance(slow, path)
    until(lambda: holder(path)[0] == first.pid, 20)
    done = run("sync", "--rpc", slow.url, "--no-wait", "--database", f"sqlite:{path}")
    good = done.returncode == 75 and done.stderr.count("\n") == 1 and str(first.pid) in done.stderr
    check("sync --no-wait ends with 75 and one line", good, f"{done.returncode} {done.stderr}")
    done = run("run", "--rpc", slow.url, "--no-wait", "--port", "0", "--database", f"sqlite:{path}")
    check("so does run --no-wait", done.returncode == 75, f"{done.returncode} {done.stderr[-300:]}")
    status = run("status", "--json", "--database", f"sqlite:{path}")
    check("status shows the holder", json.loads(status.stdout)["chains"][0]["holder"]["process"] == first.pid, status.stdout)
    second = subprocess.Popen([PROGRAM, "sync", "--rpc", slow.url, "--database", f"sqlite:{path}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    check("a sync that may wait waits", second.poll() is None)
    until(lambda: is_complete(path, chain.head), 60)
    code = first.end()
    out, err = second.communicate(timeout=60)
    check(f"and ends with 0 once the first has ended ({code})", second.returncode == 0 and "complete to block" in out, out + err)


TESTS = {"concurrent": concurrent, "killed": killed, "paused": paused, "inside": stopped_inside, "clocks": clocks, "nowait": nowait}


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
