# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces that vanish with the process that created them."""

import ctypes
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
# Where in_cgroup_namespace() mounts cgroup2.
CGROUP_MOUNT = "/mnt/cgroups"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(returned, what):
    if returned != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare_mounts():
    """Move the calling thread into a private mount namespace."""
    _check(_libc.unshare(CLONE_NEWNS), "unshare a mount namespace")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def counts_levels_from_cgroup_namespaces():
    """Whether this kernel counts cgroups' levels from the namespace's root, as it does since Linux 6.11."""
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (6, 11)


def in_cgroup_namespace(directory, argv, own_mount=True):
    """The argument list that runs argv in a cgroup namespace that begins at a cgroup, with a mount for it or without."""
    mounts = f"mount -t tmpfs tmpfs /mnt; mkdir {CGROUP_MOUNT}; mount -t cgroup2 cgroup2 {CGROUP_MOUNT}; " if own_mount else ""
    return ["sh", "-ec", f"echo 0 >{shlex.quote(str(directory))}/cgroup.procs; exec unshare --cgroup --mount "
            f"--propagation private -- sh -ec {shlex.quote(f'{mounts}exec {shlex.join(map(str, argv))}')}"]


class Namespace:
    """A network namespace without a name: only this process's file descriptor (and what runs inside) keeps it.

    Nothing is left behind even when this process is killed, unlike with names below /run/netns.
    """

    def __init__(self):
        # A separate thread enters it: setns() and unshare() move single threads, and sockets stay where they are
        # created.
        self._inside = ThreadPoolExecutor(max_workers=1)
        self._fd = self._inside.submit(self._unshare).result()
        self.path = f"/proc/{os.getpid()}/fd/{self._fd}"

    @staticmethod
    def _unshare():
        _check(_libc.unshare(CLONE_NEWNET), "unshare a network namespace")
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def enter(self):
        """Move the calling thread (which should be a short-lived one) into the namespace."""
        _check(_libc.setns(self._fd, CLONE_NEWNET), "enter a network namespace")

    def call(self, function, *arguments):
        """Call the function inside, return its result; its sockets stay there, /proc/sys/net is the namespace's."""
        return self._inside.submit(function, *arguments).result()

    def command(self, *argv):
        """The argument list that runs argv inside (not `ip netns exec`, which hides the cgroups)."""
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def run(self, *argv, text_in=None, check=True):
        """Run a program inside to its end; return its standard output, or with check=False the whole result."""
        # surrogates, since nft's listings hold the names of cgroups, which are any bytes
        done = subprocess.run(self.command(*argv), input=text_in, text=True, errors="surrogateescape",
                              capture_output=True, check=False)
        if not check:
            return done
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def ip(self, *lines):
        """Run lines of `ip` (without the word) inside, all in one go."""
        return self.run("ip", "-batch", "-", text_in="\n".join(lines) + "\n")

    def sysctl(self, name, value):
        """Set /proc/sys/net/NAME of the namespace."""
        def write():
            with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
                file.write(str(value))
        self.call(write)

    def try_sysctl(self, name, value):
        """The same if there is such a file."""
        try:
            self.sysctl(name, value)
        except FileNotFoundError:
            pass

    def listens(self, protocol, port):
        """Whether a socket inside is bound to this port (a server's, once it listens)."""
        def ports():
            for table in (protocol, protocol + "6"):
                with open(f"/proc/thread-self/net/{table}", encoding="ascii") as file:
                    yield from (int(line.split()[1].rpartition(":")[2], 16) for line in file.readlines()[1:])
        return self.call(lambda: port in ports())

    def close(self):
        """Let go; the kernel removes the namespace once nothing runs inside."""
        self._inside.shutdown()
        os.close(self._fd)
