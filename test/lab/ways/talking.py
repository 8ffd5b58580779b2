# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the lab's servers in two steps, send and await the answer, even if the socket has changed hands in between."""

import errno
import json
import select
import socket
import time

from ..addresses import V4

# From linux/in.h and linux/in6.h: report ICMP errors on sockets that are not connected, too.
IP_RECVERR, IPV6_RECVERR = 11, 25
SILENT, REFUSED, SENT = "silent", "refused", "sent"
_BUFFER_SIZE = 1 << 16


def outcome_of(error):
    """The word for what an OSError says: SILENT, REFUSED or the name of the errno."""
    if isinstance(error, TimeoutError):
        return SILENT
    if isinstance(error, ConnectionRefusedError):
        return REFUSED
    return errno.errorcode.get(error.errno, str(error))


def level(family):
    """The level of a family's socket options."""
    return socket.IPPROTO_IP if family == V4 else socket.IPPROTO_IPV6


def report_errors(sock, family):
    """Enable reporting of ICMP errors on a datagram socket."""
    sock.setsockopt(level(family), IP_RECVERR if family == V4 else IPV6_RECVERR, 1)


def begin(sock, destination, data, ancillary=()):
    """Send a datagram, or begin a connection; destination None: to where the socket is connected."""
    sock.setblocking(False)
    if sock.type == socket.SOCK_STREAM:
        number = sock.connect_ex(destination)
        if number not in (0, errno.EINPROGRESS):
            raise OSError(number, "connect")
    elif destination is None:
        sock.send(data)
    else:
        sock.sendmsg([data], ancillary, 0, destination)


def finish(sock, data, patience):
    """Await who answers what begin() sent, or (on a connection) is sent now; raises TimeoutError where nobody does."""
    deadline = time.monotonic() + patience
    if sock.type == socket.SOCK_STREAM:
        _await(sock, select.POLLOUT, deadline)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, "connect")
        sock.send(data)
    token, received = data.split()[0].decode(), b""
    while True:
        _await(sock, select.POLLIN, deadline)
        more = sock.recv(_BUFFER_SIZE)
        if sock.type != socket.SOCK_STREAM:
            received = b""  # a late answer to an earlier question
        elif not more:
            raise ConnectionResetError(errno.ECONNRESET, "closed without an answer")
        received += more
        for line in received.splitlines(keepends=True):
            if line.endswith(b"\n") and json.loads(line)["token"].split()[0] == token:
                return json.loads(line)["who"]


def _await(sock, event, deadline):
    poll = select.poll()
    poll.register(sock, event)
    if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
        raise TimeoutError
