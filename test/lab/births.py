# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that start in a new cgroup and send at once, as fast as possible: clone3(CLONE_INTO_CGROUP).

The near end is a Nursery, in the test's process; the far end, main(), is a small process of its own in a namespace.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .addresses import ADDRESS_FAMILY, OUTSIDE, TCP, UDP, V4, V6

CLONE3 = 435
CLONE_INTO_CGROUP = 0x200000000
# Birth number N sends to this port plus N, which identifies its packets; nothing listens there.
FIRST_PORT = 20000
# What a new process does, in turns: the first packet is sent soonest.
_TURNS = [[V4, V6], [V6, V4]]

_LAB_IS_IN = str(Path(__file__).parent.parent)
_BOOTSTRAP = f"import sys; sys.path.insert(0, {_LAB_IS_IN!r}); from lab.births import main; main()"


@dataclass(frozen=True)
class Birth:
    """What became of the datagrams of one birth: by IPv4 and IPv6, 0 or the errno."""

    number: int
    outcomes: dict


class Nursery:
    """Creates cgroups and processes in them."""

    def __init__(self, world):
        self._world = world
        self._process = subprocess.Popen(world.host.command(sys.executable, "-I", "-S", "-c", _BOOTSTRAP),
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._born = 0

    def begin(self, parent, name, count):
        """Begin to make this many cgroups `name`-N below another, with a process each that sends at once."""
        self._world.cgroups.make(parent)
        directory = self._world.cgroups.directory(self._world.cgroups.path(parent))
        self._tell(parent=str(directory), name=name, first=self._born, count=count)
        self._born += count

    def begin_in(self, cgroup, count):
        """The same in one cgroup that exists."""
        directory = self._world.cgroups.directory(self._world.cgroups.path(cgroup))
        self._tell(parent=str(directory), name=None, first=self._born, count=count)
        self._born += count

    def finish(self, meanwhile=lambda: None):
        """The Births since begin(). Calls `meanwhile` again and again until they are over."""
        while not select.select([self._process.stdout], [], [], 0.01)[0]:
            meanwhile()
        replies = json.loads(self._process.stdout.readline())
        return [Birth(number, dict(zip((V4, V6), outcomes))) for number, *outcomes in replies]

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _tell(self, **order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()


def seen_on(wire):
    """The births of which a packet passed the wire, TCP or UDP, as pairs of number and protocol."""
    return {(packet.destination[1] - FIRST_PORT, packet.protocol) for packet in wire.packets
            if packet.protocol in (TCP, UDP) and packet.destination[0] in OUTSIDE.values()
            and packet.destination[1] >= FIRST_PORT}


def _send(kind, family, number):
    """Make a socket and send one packet (of TCP: begin a connection); 0 or the errno."""
    destination = OUTSIDE[family], FIRST_PORT + number
    sock = socket.socket(ADDRESS_FAMILY[family], kind | socket.SOCK_NONBLOCK)
    try:
        if kind == socket.SOCK_DGRAM:
            sock.sendto(str(number).encode(), destination)
        else:
            sock.connect(destination)
    except OSError as error:
        return error.errno
    return 0


def _live(number, report):
    """What a new process does before it exits."""
    outcomes = {}
    for family in _TURNS[number % 2]:
        outcomes[family] = _send(socket.SOCK_DGRAM, family, number)
        _send(socket.SOCK_STREAM, family, number)
    os.write(report, struct.pack("=iii", number, outcomes[V4], outcomes[V6]))
    os._exit(0)


def cloner():
    """The system call that clone_into() takes."""
    clone3 = ctypes.PyDLL(None, use_errno=True).syscall  # PyDLL keeps the GIL, which the child needs
    clone3.restype = ctypes.c_long
    return clone3


def clone_into(clone3, directory_fd):
    """Start a process in a cgroup; return its process id, and 0 in the process itself."""
    # struct clone_args, linux/sched.h: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls,
    # set_tid, set_tid_size, cgroup
    arguments = struct.pack("=11Q", CLONE_INTO_CGROUP, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, directory_fd)
    child = clone3(CLONE3, arguments, len(arguments))
    if child < 0:
        raise OSError(ctypes.get_errno(), "clone3")
    return child


def _carry_out(clone3, order):
    reader, report = os.pipe()
    outcomes = []
    for number in range(order["first"], order["first"] + order["count"]):
        directory = order["parent"]
        if order["name"] is not None:
            directory = os.path.join(directory, f"{order['name']}-{number}")
            os.mkdir(directory)
        directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        child = clone_into(clone3, directory_fd)
        if child == 0:
            _live(number, report)
        os.waitpid(child, 0)
        os.close(directory_fd)
        outcomes.append(struct.unpack("=iii", os.read(reader, 12)))
    os.close(reader)
    os.close(report)
    return outcomes


def main():
    """Execute orders until the end of standard input."""
    gc.disable()
    clone3 = cloner()
    for line in sys.stdin:
        print(json.dumps(_carry_out(clone3, json.loads(line))), flush=True)
