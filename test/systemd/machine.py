# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with a real systemd as PID 1, in its own namespaces and below its own cgroup.

Its root is this system's /, read-only, with an overlay in memory (root.sh). It is the host of a lab World: the network
namespace with the cable, beyond which the outside answers. Whatever happens, the kernel removes all of it once the
tests' process is gone.
"""

import json
import logging
import os
import subprocess
from pathlib import Path

from lab.waiting import wait_until

_logger = logging.getLogger(__name__)
_HERE = Path(__file__).resolve().parent
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
# Booting takes seconds on an idle machine; this only guards against waiting for ever.
_BOOT_PATIENCE = 180.0


class Machine:
    """Boots in the world's host namespace. `additions` is a directory that is copied over its root."""

    # The command to run as PID 1; systemd if empty.
    program = ()

    def __init__(self, world, additions):
        self._world = world
        self._additions = additions
        self._process = None
        self._console = world.scratch.path(".console")
        place = world.scratch.path(".machine")
        place.mkdir()
        self._root = place / "root"
        self._mounts = self._make_root(place)

    def _root_maker(self, place):
        """The argument list that mounts the root at PLACE/root, says "ready", and ends when its input does."""
        return ["sh", str(_HERE / "root.sh"), str(place), str(self._additions)]

    def _make_root(self, place):
        """Have the root made; return the file descriptor that keeps its mount namespace."""
        argv = ["unshare", "--mount", "--propagation", "private", "--", *self._root_maker(place)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as maker:
            if maker.stdout.readline() != "ready\n":
                raise RuntimeError(f"{argv[5]} failed; its last words are on standard error")
            return os.open(f"/proc/{maker.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    def boot(self):
        """Start process 1, and await the end of its start."""
        argv = ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--mount=/proc/{os.getpid()}/fd/{self._mounts}", "--",
                "unshare", "--pid", "--fork", "--kill-child=KILL", "--", "sh", str(_HERE / "boot.sh"), str(self._root),
                str(self._world.cgroups.directory(self._world.cgroups.top)), *self.program]
        with open(self._console, "ab") as console:
            self._process = subprocess.Popen(self._world.host.command(*argv), stdin=subprocess.DEVNULL, stdout=console,
                                             stderr=console, start_new_session=True)
        wait_until(self._is_up, lambda: f"the machine is up; it said:\n{self.console}", timeout=_BOOT_PATIENCE)
        return self

    def _is_up(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"the machine ended with {self._process.returncode} and said:\n{self.console}")
        return bool(self._children()) and self._has_booted()

    def _has_booted(self):
        state = self.try_run("systemctl", "is-system-running", "--wait").stdout.strip()
        return state in ("running", "degraded")

    def reboot(self):
        """Shut it down cleanly and boot it again, keeping its files."""
        self.try_run("systemctl", "reboot")
        self._process.wait(_BOOT_PATIENCE)
        return self.boot()

    @property
    def console(self):
        """The console output of PID 1."""
        return self._console.read_text(encoding="utf-8", errors="replace")

    def _children(self):
        pid = self._process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()

    def command(self, *argv, user=None):
        """The argument list that runs argv inside, as root or as a user who has a manager of their own."""
        (init,) = self._children()
        if user is not None:
            argv = ["runuser", "-u", user.name, "--", "env", f"XDG_RUNTIME_DIR=/run/user/{user.uid}", *argv]
        return ["nsenter", f"--target={init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--wdns=/",
                "--", *map(str, argv)]

    def try_run(self, *argv, user=None, text_in=None):
        """Run a program inside to its end; the result has returncode, stdout, stderr."""
        return subprocess.run(self.command(*argv, user=user), input=text_in, text=True, capture_output=True,
                              env=_ENVIRONMENT, timeout=_BOOT_PATIENCE, check=False)

    def run(self, *argv, **options):
        """Run a program inside that must succeed; return its standard output."""
        done = self.try_run(*argv, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def popen(self, *argv, user=None, **options):
        """Start a program inside; options as for Popen."""
        return subprocess.Popen(self.command(*argv, user=user), env=_ENVIRONMENT, **options)

    def write(self, path, text):
        """Write a world-readable file inside."""
        self.run("sh", "-euc", 'mkdir -p "${1%/*}"; cat >"$1"; chmod 644 "$1"', "sh", path, text_in=text)

    def read(self, path):
        """The content of a file inside."""
        return self.run("cat", path)

    def show(self, unit, name):
        """A property of a unit, as shown by `systemctl show`."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).rstrip("\n")

    def journal(self, *matches, after=None):
        """The entries that journalctl selects by these matches, as dictionaries; with a cursor: the later ones."""
        self.run("journalctl", "--sync")
        arguments = ["--after-cursor", after] if after else []
        lines = self.run("journalctl", "--output", "json", "--all", *arguments, *matches)
        return [json.loads(line) for line in lines.splitlines()]

    def cursor(self):
        """The cursor of the journal's current end."""
        self.run("journalctl", "--sync")
        (entry,) = self.run("journalctl", "--lines", "1", "--output", "json").splitlines()
        return json.loads(entry)["__CURSOR"]

    def close(self):
        """Switch it off: the end of process 1 is the end of all others."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            _logger.info("the machine's console:\n%s", self.console)
        os.close(self._mounts)
