# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain programs of the table: one socket, one or more requests, and their outcome.

Each of these makes an act: a function of a Task that returns "answered by NAME" or SENT, or raises what the kernel says.
"""

import socket

from . import sockets
from .assistant import OWN, PASSED
from .talking import SENT, begin, finish
from .task import DISTURBED, ENDING, RUNNING

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
MSG_FASTOPEN = 0x20000000
ANY_MAPPED = "::"
# Between the datagrams of a stream, in seconds.
_PAUSE = 0.005
# Larger than one packet of the cable, and than what a TCP segment holds.
BIG_DATAGRAM, BIG_WRITE = 3000, 200_000


def answered(names):
    """The outcome of questions that these answered."""
    return "answered by " + " and ".join(sorted(set(names)))


def _tweak(task, sock, tweaks):
    ancillary = []
    for tweak in tweaks:
        ancillary += tweak(task, sock) or []
    if sock.getsockname()[1] == 0:
        task.bind(sock)
    return ancillary


def ask(kind, *tweaks, to=sockets.outside, protocol=0, connected=False, times=1, padding=0, family=None):
    """Ask a server: over TCP on one connection, over UDP on one socket."""
    def act(task):
        sock = task.socket(kind, protocol, family)
        ancillary = _tweak(task, sock, tweaks)
        destination = to(task)
        if connected:
            sock.connect(destination)
            destination = None
        names = []
        for number in range(times):
            data = task.token() + b"\n" + b" " * padding
            if kind == TCP and number > 0:
                destination = None
            names.append(task.ask(sock, destination, data, ancillary))
        return answered(names)
    return act


def fast_open(task):
    """TCP with the question in the first packet."""
    sock = task.socket(TCP)
    task.bind(sock)
    data = task.token() + b"\n"
    sock.setblocking(False)
    try:
        sock.sendto(data, MSG_FASTOPEN, sockets.outside(task))
    except BlockingIOError:
        return answered([task.ask(sock, None, data)])
    return answered([task.ask(sock, None)])


def segmented(*tweaks):
    """Several datagrams in one call, which one skb carries as far as it can."""
    def act(task):
        sock = task.socket(UDP)
        _tweak(task, sock, (*tweaks, sockets.segments))
        data = task.token().ljust(sockets.SEGMENT)
        begin(sock, sockets.outside(task), data * 3)
        return answered([finish(sock, data, task.patience)])
    return act


def send(kind, *tweaks, to, protocol=0):
    """Send once; there is nothing to answer."""
    def act(task):
        sock = task.socket(kind, protocol)
        _tweak(task, sock, tweaks)
        sock.sendto(task.token(), to(task))
        return SENT
    return act


def flow(kind, *tweaks, begins=RUNNING):
    """A flow that begins at an earlier stage and goes on after the disturbance.

    How it began is not looked at: who could not begin does the same that it would have done later.
    """
    def act(task):
        task.reach(begins)
        sock = task.socket(kind)
        _tweak(task, sock, tweaks)
        try:
            task.ask(sock, sockets.outside(task))
        except OSError:
            if kind == TCP:
                sock.close()
                sock = task.socket(kind)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                _tweak(task, sock, tweaks)
        task.reach(DISTURBED)
        goes_on = kind == TCP and is_connected(sock)
        return answered([task.ask(sock, None if goes_on else sockets.outside(task))])
    return act


def is_connected(sock):
    """Whether a connection stands."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def closed_early(task):
    """TCP that the client closes before the server does; what follows is sent by the kernel, for no socket."""
    sock = task.socket(TCP)
    task.bind(sock)
    name = task.ask(sock, sockets.outside(task))
    sock.close()
    return answered([name])


def stream(*tweaks):
    """Datagrams all the time, from before the disturbance until the end."""
    def act(task):
        sock = task.socket(UDP)
        _tweak(task, sock, tweaks)
        task.in_background(ENDING)
        destination = sockets.outside(task)
        while not task.reached(ENDING, within=_PAUSE):
            try:
                sock.sendto(task.token(), destination)
            except OSError:
                pass  # refused: the next one may get out
        return SENT
    return act


def passed_from_direct(kind):
    """A socket that a direct program made: it has that program's cgroup, wherever it is used."""
    def act(task):
        sock = task.keep(task.assistant.open(OWN, kind, task.family, port=task.port))
        return answered([task.ask(sock, sockets.outside(task))])
    return act


def passed_to_direct(task):
    """A socket of this cgroup that a direct program uses."""
    sock = task.socket(UDP)
    task.bind(sock)
    data = task.token() + b"\n"
    used = task.assistant.open(PASSED, UDP, task.family, passed=sock, destination=sockets.outside(task), data=data)
    return answered([finish(task.keep(used), data, task.patience)])


def by_another(how, kind):
    """A socket that was made by a process in this cgroup, and by which a direct program sends first (see assistant)."""
    def act(task):
        data = task.token() + b"\n"
        sock = task.keep(task.assistant.open(how, kind, task.family, port=task.port,
                                             destination=sockets.outside(task), data=data))
        return answered([finish(sock, data, task.patience)])
    return act
