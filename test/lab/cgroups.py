# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own cgroups, below a top directory that names this process, all removed at the end."""

import itertools
import os
import re
import time
from pathlib import Path

from .waiting import wait_until

# Seconds after which a cgroup without processes and creator is considered abandoned.
_OLD = 600
# Where all current distributions have it.
USUAL_MOUNT = Path("/sys/fs/cgroup")
_numbers = itertools.count(1)
_TOP_NAME = re.compile(r"cgtproxy-(?:test|demo|bench|pictures)-(\d+)(?:-\d+)?\.slice")


def cgroup2_mount():
    """Where cgroup2 is mounted and not covered: /sys/fs/cgroup, or on hybrid hosts /sys/fs/cgroup/unified."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    directories = [Path(directory) for directory, kind in mounts if kind == "cgroup2"]
    for directory in sorted(directories, key=lambda directory: directory != USUAL_MOUNT):
        if is_cgroup2(directory):
            return directory
    raise RuntimeError("no cgroup2 mount on this machine")


def is_cgroup2(directory):
    """Whether cgroup2 is visible there; version 1 has no such file."""
    return (directory / "cgroup.controllers").exists()


def _is_empty(directory):
    """Whether nothing runs in the cgroup and below."""
    return "populated 0" in (directory / "cgroup.events").read_text(encoding="ascii")


def _remove_tree(directory):
    """Kill everything in the cgroup, await its end, and remove it, deepest first."""
    (directory / "cgroup.kill").write_text("1", encoding="ascii")
    wait_until(lambda: _is_empty(directory), f"{directory} is empty of processes")
    for path, _, _ in os.walk(directory, topdown=False):
        os.rmdir(path)


def _is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def remove_leftovers():
    """Remove the cgroups of killed earlier runs.

    Only empty and old ones: their creator may run in another PID namespace, where we can't check its id.
    """
    for directory in cgroup2_mount().iterdir():
        name = _TOP_NAME.fullmatch(directory.name)
        try:
            if (name and not _is_running(int(name.group(1))) and _is_empty(directory)
                    and time.time() - directory.stat().st_mtime > _OLD):
                _remove_tree(directory)
        except OSError:
            pass  # another run was faster, or it is still in use; leave it alone


class CgroupTree:
    """The cgroups below one top cgroup. Paths are as the daemon sees them: below the mount, beginning with a slash."""

    def __init__(self, purpose="test"):
        self.mount = cgroup2_mount()
        self.top = self._make_top(purpose)

    def _make_top(self, purpose):
        while True:
            top = f"/cgtproxy-{purpose}-{os.getpid()}-{next(_numbers)}.slice"
            try:
                self.directory(top).mkdir()
                return top
            except FileExistsError:
                pass  # of an earlier run, or of one in another process namespace

    def directory(self, path):
        """The directory of the cgroup with this path."""
        return self.mount / path.lstrip("/")

    def path(self, below):
        """The path of the cgroup `below` the top."""
        return f"{self.top}/{below}"

    def make(self, below):
        """Create the cgroup `below` the top, with missing parents; return its path."""
        self.directory(self.path(below)).mkdir(parents=True, exist_ok=True)
        return self.path(below)

    def id(self, path):
        """The cgroup's id, as used by netfilter."""
        return self.directory(path).stat().st_ino

    def paths(self):
        """The paths of all our cgroups, the top's included."""
        top = self.directory(self.top)
        return ["/" + os.path.relpath(directory, self.mount) for directory, _, _ in os.walk(top)]

    def remove(self, path):
        """Remove a cgroup with its descendants, killing all processes in them."""
        _remove_tree(self.directory(path))

    def close(self):
        """Remove everything that is left."""
        if self.directory(self.top).exists():
            self.remove(self.top)
