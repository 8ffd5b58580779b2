# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh machine for one test: a minimal Debian in its own namespaces, where commands are typed.

Its cgroup2 is alone at /sys/fs/cgroup and begins at its own cgroup, its network is empty but for apt's way out, and its
root is the unpacked archive of roots.py, entered with pivot_root (test/systemd/boot.sh).
"""

import shutil
import subprocess
from pathlib import Path

import roots
from forwarder import APT_CONFIGURATION, Forwarder
from lab.world import World
from machine import Machine

TESTS = Path(__file__).resolve().parents[1]
TOP = TESTS.parent
USER = "tester"
# Reaps orphaned processes, like any PID 1.
_INIT = ("sh", "-c", "touch /run/booted; sleep infinity & wait")
_FILES = {
    "etc/hosts": "127.0.0.1 localhost box\n::1 localhost\n",
    "etc/resolv.conf": "",  # nobody is asked: apt has the forwarder look up names
    # What a person answers apt, and the packages that were downloaded are kept for the next room.
    "etc/apt/apt.conf.d/99zz-room": APT_CONFIGURATION + 'APT::Get::Assume-Yes "true";\n'
                                    'Binary::apt::APT::Keep-Downloaded-Packages "true";\n',
    "etc/dpkg/dpkg.cfg.d/room": "force-unsafe-io\n",  # the root does not outlive the room
}


class _Plain(Machine):
    """Without a systemd."""

    program = _INIT

    def __init__(self, world, root, archives):
        self._files = (root, archives)
        super().__init__(world, None)

    def _root_maker(self, place):
        root, archives = self._files
        script = ('mkdir "$3/root"; mount --bind "$1" "$3/root"; mount --bind "$2" "$3/root/var/cache/apt/archives"; '
                  "echo ready; cat >/dev/null")
        return ["sh", "-euc", script, "sh", str(root), str(archives), str(place)]

    def _has_booted(self):
        return self.try_run("test", "-e", "/run/booted").returncode == 0


class _Systemd(_Plain):
    """With the systemd that is installed in its root."""

    program = ()
    _has_booted = Machine._has_booted

    def __init__(self, world, root, archives):
        subprocess.run(["sh", TESTS / "systemd/settle.sh", root], check=True)
        super().__init__(world, root, archives)


class Room:
    """A root of its own below `directory`, where the suite's archive is, and a machine in it. To be closed."""

    def __init__(self, directory, log):
        self._archive = directory / "root.tar"
        self._root = directory / "root"
        self._packages = directory / "archives"
        self._log = log
        self._world = None
        self._machine = None

    def open(self, user, clone):
        """Unpack the root and boot it, for root or for a user with sudo; with a clone of this repository or without."""
        shutil.rmtree(self._root, ignore_errors=True)
        roots.unpack(self._archive, self._root)
        self._packages.mkdir(exist_ok=True)
        for name, text in _FILES.items():
            (self._root / name).write_text(text, encoding="ascii")
        self._boot(_Plain)
        if user != "root":
            self._add_user(user)
        if clone:
            # By the user, who would find a tree dirty that changed hands since its index was written.
            subprocess.run(["git", "clone", "--quiet", "--bare", TOP, self.home(user) / "cgtproxy.git"],
                           stdout=self._log, stderr=self._log, check=True)
            self.give_to(user)
            self.type("git clone --quiet cgtproxy.git cgtproxy", user)

    def _boot(self, kind):
        self._world = World().__enter__()
        self._world.keep(Forwarder(self._world.host))
        self._machine = self._world.keep(kind(self._world, self._root, self._packages)).boot()

    def _switch_off(self):
        if self._world is not None:
            self._world.__exit__(None, None, None)
            self._world = None

    def close(self):
        """Shut it down and remove the root."""
        self._switch_off()
        shutil.rmtree(self._root, ignore_errors=True)

    def reboot_with_systemd(self):
        """Boot again with systemd, which must be installed by now, as process 1."""
        self._switch_off()
        self._boot(_Systemd)

    def home(self, user):
        """A user's home directory, for this process."""
        return self._root / ("root" if user == "root" else f"home/{user}")

    def type(self, command, user="root", directory="."):
        """Have a user type a command in a directory of theirs; fails if it does. Returns its last line."""
        self._log.write(f"\n{user}:{directory}$ {command}\n".encode())
        # Below the machine's own cgroup, too, which no namespace puts a process in.
        cgroup = self._world.cgroups.directory(self._world.cgroups.top)
        argv = ["sh", "-euc", 'echo 0 >"$0/cgroup.procs"; exec "$@"', str(cgroup),
                *self._machine.command("su", "-", user, "-c", f"cd {directory} && {{ {command}\n}}")]
        begin = self._log.tell()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
                              env={"LANG": "C.UTF-8"}, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode}")
        self._log.seek(begin)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def has(self, path):
        """Whether there is such a file in the root."""
        return (self._root / path.lstrip("/")).exists()

    def give_to(self, user):
        """Make the user the owner of all that is in their home directory."""
        self.type(f"chown -R {user}: ~{user}")

    def _add_user(self, user):
        """Add an ordinary user who may use sudo."""
        self.type(f"apt-get update && apt-get install sudo && useradd --create-home --shell /bin/bash {user} && "
                  f"echo '{user} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{user}")
