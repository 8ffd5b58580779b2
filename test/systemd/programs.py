# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that systemd starts on the machine: the lab's clients, as units of the system's or of a user's manager."""

import itertools
import subprocess
from dataclasses import dataclass

from lab.client import Client

# Where the machine has a copy of the lab (conftest.py puts it there).
LAB = "/usr/local/lib/cgtproxy-test"
PYTHON = "/usr/bin/python3"
PROXY_PORT = 7893

_SEARCH_LAB = f"import sys; sys.path.insert(0, {LAB!r})"
_AGENT = "from lab.agent import main; main()"
# A proxy that can also send requests, to show where a proxy's own traffic goes.
_PROXY = f"from lab.servers import Server; server = Server('proxy mihomo', [{PROXY_PORT}], transparent=True)"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class User:
    """An ordinary user of the machine."""

    name: str
    uid: int


def add_user(machine, user):
    """Add an ordinary user, and start their manager; return the user."""
    machine.run("useradd", "--create-home", "--uid", user.uid, user.name)
    machine.run("loginctl", "enable-linger", user.name)
    machine.run("systemctl", "start", f"user@{user.uid}.service")
    return user


def _python(*statements):
    """The argument list of a Python that runs these statements. "" tells the agent to stay in its cgroup."""
    return [PYTHON, "-I", "-S", "-c", "; ".join([_SEARCH_LAB, *statements]), ""]


def agent():
    """The argument list of a client on the machine that nobody moves to a cgroup."""
    return _python(_AGENT)


class Program(Client):
    """A client that systemd-run starts: in a slice, as a unit with a name of its own or a given one.

    With a user it is a unit of the user's manager. With scope=True it is what the README advises, `systemd-run --user
    --scope`: a child of what called it, moved into a cgroup of its own; here another unit of the same user calls.
    """

    def __init__(self, machine, slice_name=None, user=None, unit=None, scope=False, statements=()):
        self._unit = unit or f"program-{next(_numbers)}.{'scope' if scope else 'service'}"
        where = ["systemd-run", "--quiet", "--collect", *(["--user"] if user else [])]
        what = [f"--unit={self._unit}", *([f"--slice={slice_name}"] if slice_name else []), "--"]
        argv = _python(*statements, _AGENT)
        if scope:
            argv = [*where, "--pipe", "--wait", "--", *where, "--scope", *what, *argv]
        else:
            argv = [*where, "--pipe", "--wait", *what, *argv]
        self._process = machine.popen(*argv, user=user, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      start_new_session=True)
        self._read_reply()

    @property
    def unit(self):
        """The name of its unit."""
        return self._unit

    def close(self):
        """End it; systemd-run ends when the unit has."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def start_proxy(machine):
    """The TPROXY server of the README's example config, as a system service; it answers as "proxy mihomo"."""
    return Program(machine, unit="mihomo.service", statements=[_PROXY])
