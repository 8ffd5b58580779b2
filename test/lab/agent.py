# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far end of a Client: a process in one cgroup that sends what it is told to.

It enters its cgroup before it creates a socket, like a program started by systemd. It reads one JSON object per line
and answers each with one.
"""

import errno
import json
import os
import socket
import struct
import sys
import threading

from .addresses import ADDRESS_FAMILY, V4

# From linux/in.h and linux/in6.h: report ICMP errors on unconnected sockets, too.
IP_RECVERR, IPV6_RECVERR = 11, 25
ICMP_ECHO, ICMPV6_ECHO = 8, 128

_held = []
_servers = []
_floods = []


def _outcome(error):
    """The word for what an OSError says."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return errno.errorcode.get(error.errno, str(error))


def _open(order, kind, protocol=0):
    sock = socket.socket(ADDRESS_FAMILY[order["family"]], kind, protocol)
    sock.settimeout(order["timeout"])
    if order.get("mark"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, struct.pack("=I", order["mark"]))
    if order.get("device"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, order["device"].encode())
    if order.get("bind") or order.get("bind_port"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((order.get("bind", ""), order.get("bind_port", 0)))
    return sock


def _receive_own(sock, token):
    """The next answer to this token and the address that it came from; late answers to earlier ones don't count."""
    while True:
        data, source = sock.recvfrom(4096)
        answer = json.loads(data)
        if answer["token"] == token:
            return dict(answer, source=source[:2])


def _exchange_datagrams(sock, order, answers):
    family, destination = order["family"], (order["address"], order["port"])
    level, option = (socket.IPPROTO_IP, IP_RECVERR) if family == V4 else (socket.IPPROTO_IPV6, IPV6_RECVERR)
    sock.setsockopt(level, option, 1)
    if order.get("connect"):
        sock.connect(destination)
    for token in order["tokens"]:
        if order.get("connect"):
            sock.send(token.encode())
        else:
            sock.sendto(token.encode(), destination)
        answers.append(_receive_own(sock, token))


def _exchange_lines(sock, order, answers):
    if not order.get("resume"):
        sock.connect((order["address"], order["port"]))
    with sock.makefile("r", encoding="utf-8") as lines:
        for token in order["tokens"]:
            sock.sendall(token.encode() + b"\n")
            line = lines.readline()
            if not line:
                raise ConnectionResetError(errno.ECONNRESET, "closed without an answer")
            answers.append(dict(json.loads(line), source=sock.getpeername()[:2]))
        if order.get("await_end"):
            sock.shutdown(socket.SHUT_WR)
            lines.read()


def _exchange(order, kind, exchange):
    answers, outcome = [], "answered"
    sock = _held.pop() if order.get("resume") else _open(order, kind)
    try:
        sock.settimeout(order["timeout"])
        exchange(sock, order, answers)
    except OSError as error:
        outcome = _outcome(error)
    port = sock.getsockname()[1]
    if order.get("hold"):
        _held.append(sock)
    else:
        sock.close()
    return {"outcome": outcome, "answers": answers, "port": port}


def _ping(order):
    """One ICMP echo; a ping socket needs no privilege, and the kernel fills in checksum and identifier."""
    v4 = order["family"] == V4
    protocol = socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6
    echo = struct.pack("!BBHHH", ICMP_ECHO if v4 else ICMPV6_ECHO, 0, 0, 0, 1)
    outcome = "answered"
    with _open(order, socket.SOCK_DGRAM, protocol) as sock:
        try:
            sock.sendto(echo, (order["address"], 0))
            sock.recvfrom(4096)
        except OSError as error:
            outcome = _outcome(error)
    return {"outcome": outcome, "answers": [], "port": 0}


def _serve(order):
    """Be a server in this cgroup until the process ends."""
    from .servers import Server  # imported here because it takes a third of an agent's start time
    _servers.append(Server(order["name"], order["ports"], **order["options"]))
    return {}


def _rename(order):
    """Be called this, as far as the kernel keeps it."""
    with open("/proc/self/comm", "w", encoding="utf-8", errors="surrogateescape") as comm:
        comm.write(order["name"])
    return {}


class _Flood(threading.Thread):
    """Sends datagrams on one socket without a pause, and counts those that the kernel accepted and refused."""

    def __init__(self, order):
        super().__init__(daemon=True)
        self._order = order
        self._over = threading.Event()
        self._sent = self._refused = 0
        self._socket = _open(order, socket.SOCK_DGRAM)
        self._socket.bind(("", 0))
        self.start()

    def run(self):
        """Send until it is over."""
        destination = self._order["address"], self._order["port"]
        while not self._over.is_set():
            try:
                self._socket.sendto(b"flood", destination)
                self._sent += 1
            except OSError:
                self._refused += 1

    def counts(self):
        """The numbers so far, and the socket's port."""
        return {"sent": self._sent, "refused": self._refused, "port": self._socket.getsockname()[1]}

    def end(self):
        """Stop sending; the last numbers."""
        self._over.set()
        self.join()
        return self.counts()


def _begin_flood(order):
    _floods.append(_Flood(order))
    return {}


_ORDERS = {
    "tcp": lambda order: _exchange(order, socket.SOCK_STREAM, _exchange_lines),
    "udp": lambda order: _exchange(order, socket.SOCK_DGRAM, _exchange_datagrams),
    "ping": _ping,
    "serve": _serve,
    "rename": _rename,
    "begin flood": _begin_flood,
    "watch flood": lambda _: _floods[-1].counts(),
    "end flood": lambda _: _floods.pop().end(),
}


def main():
    """Enter the cgroup whose directory is the first argument (empty: stay), say so, and execute all orders."""
    if sys.argv[1]:
        with open(os.path.join(sys.argv[1], "cgroup.procs"), "w", encoding="ascii") as procs:
            procs.write("0")
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_ORDERS[order["do"]](order)), flush=True)
