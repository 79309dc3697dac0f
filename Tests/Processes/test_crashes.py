"""The crash scenarios by their ids, as `holdfast selftest` plays them with real processes. `python test_crashes.py`.

At most CRASHES_MAX runs of the sweep, evenly chosen, and a minute of random kills. The last line is `N passed, N failed`.
"""

import json
import subprocess
import sys

from test_processes import PROGRAM, check
import test_processes as base

# `holdfast selftest --full` tries all of them.
CRASHES_MAX = 900
KILL_SECONDS = 60
# Far above what two busy cores need.
SECONDS_MAX = 1_200

SCENARIOS = {
    "S-01": "kill -9 at each network and database call of a sync: the digest of a clean sync, no manual step",
    "S-02": "kill -9 between COMMIT and its answer: no duplicate, no gap, and the next start names the commit",
    "S-03": "kill -9 in the middle of a roll-back of five blocks: the old branch or the new one, never half",
    "S-04": "kill -9 at random moments for a minute: it reaches the head with the digest of a clean sync",
    "S-05": "kill -9 at each statement and write of a migration: the next start finishes, the data is intact",
    "power": "power lost at writes, syncs and commits: what was durable is there, the rest is read again",
}
# What must have been injected at least once; of each, all were survived.
INJECTED = [
    "killed before a request", "killed after an answer", "killed before BEGIN", "killed before a statement",
    "killed before COMMIT", "killed after COMMIT", "killed at a write", "killed in the middle: at a write",
    "killed at a sync", "killed at a truncation", "killed at a deletion", "power lost after COMMIT",
    "power lost at a write", "power lost at a sync", "power lost, some unsynced writes kept, at a write",
    "power lost, some unsynced writes kept, at a sync", "power lost, some unsynced writes kept, after COMMIT",
    "writes lost with the power", "commits of a first back-fill lost with the power", "commits named by the next start",
    "live commits on the disk before they were told", "random kills inside a back-fill",
    "reorgs of five blocks between kills",
]


def main():
    done = subprocess.run(
        [PROGRAM, "selftest", "--json", "--seeds", "0", "--crashes", str(CRASHES_MAX), "--kill-seconds", str(KILL_SECONDS)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS_MAX,
    )
    report = json.loads(done.stdout)
    print(f"      {report['crashRuns']} of {report['crashPoints']} crash points, {report['seconds']} s")
    for failure in report["failures"]:
        print(f"      {failure}")
    played = {scenario["id"]: scenario for scenario in report["scenarios"]}
    for name, sentence in SCENARIOS.items():
        scenario = played.get(name, {"runs": 0, "survived": 0})
        good = 0 < scenario["runs"] == scenario["survived"]
        check(f"{name} {sentence} ({scenario['survived']} of {scenario['runs']})", good)
    injected = {each["name"]: each for each in report["injected"]}
    for name in INJECTED:
        each = injected.get(name, {"count": 0})
        good = each["count"] > 0 and each.get("survived", each["count"]) == each["count"]
        check(f"{each['count']} {name}", good)
    check("nothing else went wrong", report["passed"] and done.returncode == 0, f"exit {done.returncode}")
    print(f"{base.passed} passed, {base.failed} failed")
    return 1 if base.failed or not base.passed else 0


if __name__ == "__main__":
    sys.exit(main())
