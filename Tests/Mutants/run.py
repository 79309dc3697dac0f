"""Shows that the tests can fail: builds the program with its mutants and runs the tests once for each.

A mutant that survives is a failure, and so is a run without one that does not pass. Ends with `N passed, N failed`.
The build is made in place (HOLDFAST_MUTANTS=1); the next ordinary build makes an ordinary one again.
"""

import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITES = "PureTests|StoreTests|TokensTests|ChainSyncTests"
SEEDED = "DeterministicTests"


def swift(*arguments, **environment):
    return subprocess.run(
        ["swift", *arguments],
        cwd=ROOT,
        env={**os.environ, "HOLDFAST_MUTANTS": "1", "HOLDFAST_SEEDS": "60", **environment},
        capture_output=True,
        text=True,
    )


def run(mutant, suites):
    environment = {"HOLDFAST_MUTANT": mutant} if mutant else {}
    try:
        done = subprocess.run(
            ["swift", "test", "--disable-xctest", "--skip-build", "--filter", suites],
            cwd=ROOT,
            env={**os.environ, "HOLDFAST_MUTANTS": "1", "HOLDFAST_SEEDS": "60", **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        return False, "did not end"
    # The first test that noticed.
    noticed = re.search(r'✘ Test "([^"]+)"', done.stdout)
    return done.returncode == 0, noticed[1] if noticed else f"exit {done.returncode}"


def main():
    source = (ROOT / "Sources/Tokens/Mutant.swift").read_text()
    mutants = [name.strip() for line in re.findall(r"case (\w+(?:, \w+)*)\n", source) for name in line.split(",")]
    built = swift("build", "--build-tests")
    if built.returncode:
        print(built.stdout[-2000:])
        return 1
    passed = failed = 0
    for mutant in [None, *mutants]:
        started = time.monotonic()
        good, noticed = run(mutant, SUITES)
        if good:
            good, noticed = run(mutant, SEEDED)
        fine = good if mutant is None else not good
        passed, failed = passed + fine, failed + (not fine)
        what = "no mutant: the tests pass" if mutant is None else f"{mutant}: " + (
            f"noticed by “{noticed}”" if fine else "SURVIVED"
        )
        print(f"{'ok  ' if fine else 'FAIL'}  {what} ({time.monotonic() - started:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
