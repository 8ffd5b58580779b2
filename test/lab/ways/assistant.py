# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of a direct cgroup that helps a subject: it makes sockets, here or elsewhere, and passes them (SCM_RIGHTS).

It may do with a socket what shows whether the socket's cgroup or the process's counts. It has one thread and few
modules, so that what it forks is a whole process.
"""

import json
import os
import socket

from ..addresses import ADDRESS_FAMILY, ANY
from ..births import clone_into, cloner
from .talking import begin, report_errors

# Where the socket was made, and how it came into the hands of a process of the direct cgroup that sends first.
BORN, MOVED, INHERITED, OUTLIVED, OWN, PASSED = "born", "moved", "inherited", "outlived", "own", "passed"


class Assistant:
    """The near end, in the subject. One request at a time."""

    def __init__(self, direct_cgroup, target_cgroup):
        self._channel, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if self._pid == 0:
            self._channel.close()
            _assist(far, direct_cgroup, target_cgroup)
            os._exit(0)
        far.close()

    def open(self, how, kind, family, protocol=0, port=0, passed=None, destination=None, data=b""):
        """A socket that came to be as `how` says, bound to the port; it has sent the data to the destination, if any."""
        order = {"how": how, "kind": kind, "family": family, "protocol": protocol, "port": port,
                 "destination": destination, "data": data.decode()}
        socket.send_fds(self._channel, [json.dumps(order).encode()], [passed.fileno()] if passed else [])
        reply, fds, _, _ = socket.recv_fds(self._channel, 4096, 1)
        number = json.loads(reply)
        sock = socket.socket(fileno=fds[0]) if fds else None
        if number:
            raise OSError(number, f"a socket, {how}")
        return sock


def enter(cgroup):
    """Move this process into a cgroup."""
    with open(os.path.join(cgroup, "cgroup.procs"), "w", encoding="ascii") as procs:
        procs.write("0")


def _make(order):
    sock = socket.socket(ADDRESS_FAMILY[order["family"]], order["kind"], order["protocol"])
    if order["kind"] == socket.SOCK_DGRAM:
        report_errors(sock, order["family"])
    if order["port"]:
        sock.bind((ANY[order["family"]], order["port"]))
    return sock


class _Hands:
    """What the process and those that it forks do."""

    def __init__(self, channel, direct, target):
        self._channel, self._direct, self._target = channel, direct, target
        self._clone3 = cloner()

    def give(self, order, make):
        """Make a socket, let it send, and pass it, or the errno."""
        try:
            sock = make()
            if order["destination"]:
                begin(sock, tuple(order["destination"]), order["data"].encode())
            socket.send_fds(self._channel, [b"0"], [sock.fileno()])
        except OSError as error:
            self._channel.send(json.dumps(error.errno).encode())

    def elsewhere(self, order):
        """The same by a process that is born in the target cgroup, or in one below that does not live long."""
        cgroup = self._target
        if order["how"] == OUTLIVED:
            cgroup = os.path.join(cgroup, f"brief-{order['port']}")
            os.mkdir(cgroup)
        directory = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
        child = clone_into(self._clone3, directory)
        if child == 0:
            self.give(order, lambda: self._far_socket(order, cgroup))
            os._exit(0)
        os.close(directory)
        os.waitpid(child, 0)

    def _far_socket(self, order, cgroup):
        sock = _make(order)
        if order["how"] == INHERITED and (child := os.fork()) != 0:
            os.waitpid(child, 0)
            os._exit(0)
        if order["how"] != BORN:
            enter(self._direct)
        if order["how"] == OUTLIVED:
            os.rmdir(cgroup)
        return sock


def _assist(channel, direct, target):
    enter(direct)
    hands = _Hands(channel, direct, target)
    while True:
        text, fds, _, _ = socket.recv_fds(channel, 4096, 1)
        if not text:
            return
        order = json.loads(text)
        if order["how"] == PASSED:
            hands.give(order, lambda: socket.socket(fileno=fds[0]))  # noqa: B023
        elif order["how"] == OWN:
            hands.give(order, lambda: _make(order))  # noqa: B023
        else:
            hands.elsewhere(order)
