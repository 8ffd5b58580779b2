# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: its output, and that it leaves nothing behind, whenever it is interrupted."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lab.cgroups import cgroup2_mount
from lab.daemon import binary, environment
from lab.waiting import PATIENCE, wait_until

TOP = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^(?:cgtproxy-\w+\.slice|  +) +(?:TCP|UDP) v[46]  +(.*?)  +example\.yaml:\d+$", re.M)
# Number of Ctrl-C, at equal intervals from the start to a little after the end.
MOMENTS, AT_ONCE = 16, 4


class Demo:
    """A run of the demo in a process group of its own, as a shell would start it."""

    def __init__(self, top=TOP):
        self.directory = tempfile.TemporaryDirectory(prefix="cgtproxy-test-demo-")
        self.process = subprocess.Popen([top / "demo/demo.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True,
                                        env=environment(CGTPROXY=str(binary()), TMPDIR=self.directory.name))

    def interrupt(self):
        """Press Ctrl-C."""
        try:
            os.killpg(self.process.pid, signal.SIGINT)
        except ProcessLookupError:
            pass

    def has_daemon(self):
        """Whether the daemon was started, or is about to be."""
        for path in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for pid in path.read_text(encoding="ascii").split():
                try:
                    if b"/cgtproxy\0-c\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        return True
                except OSError:
                    pass  # it is over
        return False

    def wait(self):
        """Its exit code and output, once it is over; fails if anything is left."""
        try:
            output, errors = self.process.communicate(timeout=2 * PATIENCE)
        finally:
            self.process.kill()
        assert "Traceback" not in errors, errors
        assert not list(cgroup2_mount().glob(f"cgtproxy-demo-{self.process.pid}-*")), errors
        assert not os.listdir(self.directory.name), errors
        self.directory.cleanup()
        return self.process.returncode, output, errors


@pytest.fixture(name="clone")
def _clone(world):
    """What the demo needs of the repository, without what tests leave there."""
    directory = world.scratch.path(".clone")
    for part in ("demo", "data", "test/lab"):
        shutil.copytree(TOP / part, directory / part, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def test_all_of_it(clone):
    before = sorted(clone.rglob("*"))
    code, output, errors = Demo(clone).wait()
    assert (code, errors) == (0, "")
    assert ROW.findall(output) == [*4 * ["outside answered"], *2 * ["dropped (silently: connect times out)"],
                                   *2 * ["dropped (refused: EPERM)"],
                                   *2 * ["TPROXY saw 203.0.113.10:7000", "TPROXY saw [2001:db8::10]:7000"],
                                   "SOCKS5 saw 203.0.113.10:7000", "SOCKS5 saw [2001:db8::10]:7000", *2 * ["refused (EPERM)"]]
    assert "no host on the internet" in output
    assert sorted(clone.rglob("*")) == before


def test_interrupted_while_the_daemon_starts():
    demo = Demo()
    wait_until(demo.has_daemon, "the demo starts the daemon")
    demo.interrupt()
    code, _, errors = demo.wait()
    assert code == 128 + signal.SIGINT
    assert errors == "\nInterrupted; everything is cleaned up.\n"


def test_interrupted_at_any_moment():
    def run(seconds):
        demo = Demo()
        time.sleep(seconds)  # this tests the moment itself; there is nothing to wait for
        demo.interrupt()
        code, _, errors = demo.wait()
        if code == 128 + signal.SIGINT:
            assert errors == "\nInterrupted; everything is cleaned up.\n"
        else:
            assert code in (0, -signal.SIGINT) and errors == ""  # it was over, or not yet begun
        return code

    began = time.monotonic()
    assert Demo().wait()[0] == 0
    step = (time.monotonic() - began) * 1.2 / MOMENTS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = list(pool.map(run, [number * step for number in range(MOMENTS)]))
    assert 128 + signal.SIGINT in codes
