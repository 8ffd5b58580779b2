# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The short form of the benchmark, for CI: counts only, no times.

No cgroup is missed, nothing leaks with strict, the daemon is idle when there is nothing to do, and the work for one new
cgroup does not grow with the number of cgroups. Usage: check.py [BUILD_DIRECTORY]
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))

from apart import is_apart, run_apart  # noqa: E402  (after the path to what it imports)
from lab.addresses import OUTSIDE, V4  # noqa: E402
from lab.waiting import wait_until  # noqa: E402
from stage import STRICT, Stage, column, driver  # noqa: E402

STORM = 2_000
BIRTHS = 200
EVENTS = 50
FEW, MANY = 10, 2_000
IDLE_SECONDS = 3
# Two events are sometimes read at once, sometimes separately.
SLACK = 1.25

_CALL = re.compile(r"^(?:\d+ +)?(\w+)\(.*\) += (-?\d+)", re.M)
_failures = []


def expect(condition, what):
    """Record whether something is as expected."""
    print(f"  {'ok' if condition else 'FAILED'}: {what}", flush=True)
    if not condition:
        _failures.append(what)


def check_storm(stage):
    """Many cgroups at once."""
    directory = stage.directory()
    with stage.daemon():
        ((_, _, missed),) = driver("storm", directory, "proxied", STORM, "wait", namespace=stage.host)
    stage.remove(directory)
    expect(missed == 0, f"of {STORM} cgroups made at once, {missed:.0f} got no rule")


def check_births(stage):
    """Processes that are as new as their cgroups."""
    with stage.daemon(STRICT):
        sent = column(driver("births", stage.directory(), "dropped", BIRTHS, OUTSIDE[V4], "until-refused",
                             namespace=stage.host))
    expect(sum(sent) == 0, f"with strict, {BIRTHS} processes born in dropped cgroups got {sum(sent):.0f} packets out")


def check_idle(stage):
    """Nothing to do."""
    directory = stage.populate(FEW)
    with stage.daemon() as observed:
        time.sleep(1)
        before = observed.usage().switches
        time.sleep(IDLE_SECONDS)
        wakeups = observed.usage().switches - before
    stage.remove(directory)
    expect(wakeups == 0, f"{wakeups} wake-ups in {IDLE_SECONDS} idle seconds")


def trace(stage, observed):
    """The daemon's system calls and bytes sent to nftables while cgroups are created and removed one by one."""
    path = stage.world.scratch.path(".strace")
    strace = subprocess.Popen(["strace", "-qq", "-p", str(observed.daemon.pid), "-o", str(path)])
    status = Path(f"/proc/{observed.daemon.pid}/status")
    wait_until(lambda: f"TracerPid:\t{strace.pid}\n" in status.read_text(encoding="ascii"), "the daemon is traced")
    times = column(driver("latency", stage.directory(), "proxied", EVENTS, namespace=stage.host))
    strace.send_signal(signal.SIGINT)
    strace.wait()
    expect(None not in times, f"of {EVENTS} cgroups made one by one, {times.count(None)} got no rule")
    calls = _CALL.findall(path.read_text(encoding="utf-8", errors="replace"))
    sent = sum(int(result) for name, result in calls if name in ("sendto", "sendmsg"))
    return Counter(name for name, _ in calls), sent


def check_work(stage):
    """The work for one event, with few and with many other cgroups."""
    found = {}
    for count in (FEW, MANY):
        directory = stage.populate(count)
        with stage.daemon() as observed:
            found[count] = trace(stage, observed)
        stage.remove(directory)
    (few, few_sent), (many, many_sent) = found[FEW], found[MANY]
    for name in sorted(few | many):
        print(f"    {name:<20} {few[name] / EVENTS:6.2f} with {FEW} others, {many[name] / EVENTS:6.2f} with {MANY}")
    expect(0 < many.total() <= few.total() * SLACK,
           f"{few.total() / EVENTS:.1f} system calls for a cgroup's life with {FEW} others, "
           f"{many.total() / EVENTS:.1f} with {MANY}")
    expect(0 < many_sent <= few_sent * SLACK,
           f"{few_sent / EVENTS:.0f} bytes to nftables with {FEW} others, {many_sent / EVENTS:.0f} with {MANY}")


def main():
    """Check everything; return the exit code."""
    build = Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    os.environ.setdefault("CGTPROXY", str(build / "cgtproxy"))
    if not is_apart():
        return run_apart()
    for check in (check_storm, check_births, check_idle, check_work):
        print(check.__doc__, flush=True)
        stage = Stage()
        try:
            check(stage)
        finally:
            stage.close()
    print(f"benchmark, short form: {len(_failures)} failed")
    return 1 if _failures else 0


if __name__ == "__main__":
    sys.exit(main())
