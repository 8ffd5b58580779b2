# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many cgroups at once, created and removed as fast as the kernel can."""

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path


class Storm:
    """Cgroups `NAME-0`, `NAME-1`, ... spread over some parents, below one cgroup that is removed with them."""

    def __init__(self, world, below, count, name, parents=20):
        self._directory = world.cgroups.directory(world.cgroups.make(below))
        self._parents = [str(self._directory / str(number)) for number in range(parents)]
        for parent in self._parents:
            os.mkdir(parent)
        self.names = [f"{below}/{number % parents}/{name}-{number}" for number in range(count)]
        self._paths = [f"{self._parents[number % parents]}/{name}-{number}" for number in range(count)]
        self._made = 0

    def make(self, count=None):
        """Make all of them, or some more."""
        more = self._paths[self._made:None if count is None else self._made + count]
        for path in more:
            os.mkdir(path)
        self._made += len(more)
        return self

    def ids(self):
        """Their ids, as used by netfilter."""
        return [os.stat(path).st_ino for path in self._paths[:self._made]]

    def remove(self):
        """Remove them all, and their parents."""
        for path in (*self._paths[:self._made], *self._parents, self._directory):
            os.rmdir(path)


class Churn:
    """Creates and removes cgroups without a pause, in batches, at changing depths, until closed."""

    def __init__(self, directory, names, batch=50):
        self._directory, self._names, self._batch = directory, names, batch
        self._over = threading.Event()
        self.made = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            depth = self.made // self._batch % 4
            top = self._directory / f"churn-{self.made}"
            parent = top.joinpath(*map(str, range(depth)))
            parent.mkdir(parents=True)
            paths = [parent / f"{self._names[n % len(self._names)]}-{n}" for n in range(self._batch)]
            for path in paths:
                os.mkdir(path)
                self.made += 1
            for path in paths:
                os.rmdir(path)
            for path in (parent, *parent.parents)[:depth + 1]:
                os.rmdir(path)

    def close(self):
        """Stop and remove everything."""
        self._over.set()
        self._thread.join()
        assert self.made % self._batch == 0, "the thread ended in the middle of its work"


@contextmanager
def inotify_limit(name, value):
    """Temporarily set /proc/sys/fs/inotify/NAME, which affects the whole machine, so keep it short."""
    assert "PYTEST_XDIST_WORKER" not in os.environ, "other tests run: mark this one with pytest.mark.alone"
    path = Path("/proc/sys/fs/inotify") / name
    before = path.read_text(encoding="ascii")
    path.write_text(str(value), encoding="ascii")
    try:
        yield
    finally:
        path.write_text(before, encoding="ascii")


@contextmanager
def pausing(process, run, rest):
    """Let a process run and rest in turn, in seconds each, as on a busy machine; at the end it rests."""
    is_over = threading.Event()

    def pause():
        while not is_over.wait(run):
            process.send_signal(signal.SIGSTOP)
            if not is_over.wait(rest):
                process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=pause)
    thread.start()
    try:
        yield
    finally:
        process.send_signal(signal.SIGSTOP)
        is_over.set()
        thread.join()
        process.send_signal(signal.SIGSTOP)


def anonymous_memory(pid):
    """The anonymous memory of a process, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))
