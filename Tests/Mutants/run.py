"""Shows that the tests can fail: builds the program with its mutants and runs the tests against each of them.

usage: python3 Tests/Mutants/run.py [MUTANT]...     all of Sources/Ethereum/Mutant.swift where none is named

A mutant passes when a test notices it, that is, when an assertion fails; a test that merely hangs or crashes notices
nothing. The suites that Mutant.swift names for it run first, all others only if it survives these; `selftest` there stands
for the program's own crash sweep, which alone has to notice. The program without a mutant passes when all tests do. Ends with `N passed, N failed`.

The build is made in place (HOLDFAST_MUTANTS=1); the next ordinary build makes an ordinary one again.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "Sources/Ethereum/Mutant.swift"
# What can notice a mutant, in the order in which it is tried; the seeds take longest.
OTHERS = ["^(TokensTests|StoreTests|ChainSyncTests|ChainClientTests|StoreSQLiteTests)[.]", "PureTests|DeterministicTests"]
# Real sockets with real deadlines: no mutant is near them, and two runs side by side would make them late.
SKIPPED = "[.]HTTPTransportTests/"
# Seeds of the simulator for each run; a mutant that needs more of them deserves a test of its own.
SEEDS = "60"
# Crashes of one selftest: some of every sort of point, and as many as test_crashes has where these notice nothing.
CRASHES = ("60", "300", "900")
# Several times what the slowest run takes on two busy cores.
SECONDS_MAX = 300


def mutants():
    """The mutants with the suites named in the comment before them."""
    found = {}
    for suites, names in re.findall(r"// ([\w, ]+)\n\s+case ([\w, ]+)\n", MUTANTS.read_text()):
        for name in names.split(", "):
            found[name] = suites.split(", ")
    return found


def without_site(names):
    """The mutants that break nothing, because nothing in the sources asks for them."""
    sources = [path.read_text() for path in (ROOT / "Sources").rglob("*.swift") if path != MUTANTS]
    switched = "\n".join(block for text in sources for block in re.findall(r"#if MUTANTS.*?#endif", text, re.DOTALL))
    return [name for name in names if not re.search(rf"[.]{name}\b", switched)]


def build():
    """The tests with mutants in them; None where the build fails."""
    environment = {**os.environ, "HOLDFAST_MUTANTS": "1"}
    done = subprocess.run(["swift", "build", "--build-tests"], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:])
        return None
    path = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return pathlib.Path(path.stdout.strip()) / "holdfastPackageTests.xctest"


def run(tests, mutant, suites):
    """The first test that failed, or None; and what else went wrong, or None."""
    environment = {**os.environ, "HOLDFAST_SEEDS": SEEDS, "NO_COLOR": "1", "SWIFT_BACKTRACE": "enable=no"}
    if mutant:
        environment["HOLDFAST_MUTANT"] = mutant
    process = subprocess.Popen(
        [tests, "--testing-library", "swift-testing", "--filter", suites, "--skip", SKIPPED],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    is_late = threading.Event()

    def stop():
        is_late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(SECONDS_MAX, stop)
    timer.start()
    noticed, count, last = None, 0, []
    for line in process.stdout:
        last = [*last[-9:], line]
        if found := re.search(r'✘ Test (?:"(.+?)"|(\S+)) (?:with .*?)?recorded an issue', line):
            noticed = found[1] or found[2]
            break
        if found := re.search(r"Test run with (\d+) tests?", line):
            count = int(found[1])
    timer.cancel()
    if noticed:
        # One is enough.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return noticed, None
    code = process.wait()
    if is_late.is_set():
        return None, f"no end within {SECONDS_MAX} s"
    if code < 0 or last[-1:] and "passed after" not in last[-1]:
        return None, f"exit {code}: {''.join(last)}"
    return None, None if count else f"no test matches {suites}"


def selftest(tests, mutant):
    """The first failure of a crash sweep, or None; and what else went wrong, or None."""
    for crashes in CRASHES if mutant else CRASHES[:1]:
        noticed, wrong = sweep(tests, mutant, crashes)
        if noticed or wrong:
            return noticed, wrong
    return None, None


def sweep(tests, mutant, crashes):
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    if mutant:
        environment["HOLDFAST_MUTANT"] = mutant
    arguments = ["selftest", "--json", "--seeds", "0", "--crashes", crashes, "--kill-seconds", "0"]
    try:
        done = subprocess.run(
            [tests.parent / "holdfast", *arguments], env=environment, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        report = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return None, f"no end within {SECONDS_MAX} s"
    except json.JSONDecodeError:
        return None, f"exit {done.returncode}: {done.stderr[-500:]}"
    if "leftovers" in report:
        shutil.rmtree(report["leftovers"], ignore_errors=True)
    failed = len(report["failures"])
    return f"{report['failures'][0]}, and {failed - 1} more of {report['crashRuns']}" if failed else None, None


def judge(tests, mutant, suites):
    """Whether all is as it has to be, and a sentence."""
    started = time.monotonic()
    if suites == ["selftest"]:
        noticed, wrong = selftest(tests, mutant)
        what = f"noticed by “{noticed}”" if noticed else wrong or "SURVIVED"
        return noticed is not None, f"{mutant}: {what} ({time.monotonic() - started:.0f} s)"
    tried = OTHERS if mutant is None else [f"[.]({'|'.join(suites)})/", *OTHERS]
    noticed = wrong = None
    for filter in tried:
        noticed, wrong = run(tests, mutant, filter)
        if noticed or wrong:
            break
    if mutant is None and not noticed and not wrong:
        noticed, wrong = selftest(tests, None)
    seconds = time.monotonic() - started
    if mutant is None:
        what = f"but “{noticed}” fails" if noticed else wrong or "all tests pass"
        return not noticed and not wrong, f"no mutant: {what} ({seconds:.0f} s)"
    what = f"noticed by “{noticed}”" if noticed else wrong or "SURVIVED"
    late = "" if not noticed or filter == tried[0] else f"; {', '.join(suites)} let it pass"
    return noticed is not None, f"{mutant}: {what}{late} ({seconds:.0f} s)"


def main():
    known = mutants()
    chosen = {name: known[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else known
    for name in without_site(chosen):
        print(f"FAIL  {name}: nothing in Sources asks for it")
        return 1
    started = time.monotonic()
    tests = build()
    if tests is None:
        return 1
    print(f"built with {len(known)} mutants ({time.monotonic() - started:.0f} s)", flush=True)
    passed = failed = 0

    def report(outcome):
        nonlocal passed, failed
        fine, what = outcome
        passed, failed = passed + fine, failed + (not fine)
        print(f"{'ok  ' if fine else 'FAIL'}  {what}", flush=True)

    # Alone, because it is the one that must not be disturbed.
    report(judge(tests, None, []))
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        runs = [workers.submit(judge, tests, name, suites) for name, suites in chosen.items()]
        for done in concurrent.futures.as_completed(runs):
            report(done.result())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
