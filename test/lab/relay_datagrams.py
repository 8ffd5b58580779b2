# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SOCKS5 server with UDP whose every association is the test's: what arrives there, and what it answers."""

import queue
import select
import socket
import struct

from .addresses import ADDRESS_FAMILY, ANY, LOOPBACK, V4, V6, family_of
from .relays import Upstream, receive, take_methods
from .waiting import PATIENCE

UDP_ASSOCIATE = 3


def header(source, fragment=0):
    """What is in front of a datagram from this address and port."""
    family = family_of(source[0])
    return struct.pack("!HBB", 0, fragment, 1 if family == V4 else 4) + socket.inet_pton(ADDRESS_FAMILY[family], source[0]) + \
        struct.pack("!H", source[1])


def split(datagram):
    """The destination, and what is for it."""
    reserved, fragment, kind = struct.unpack_from("!HBB", datagram)
    assert (reserved, fragment) == (0, 0)
    if kind == 3:
        end = 5 + datagram[4]
        return (datagram[5:end].decode(), struct.unpack_from("!H", datagram, end)[0]), datagram[end + 2:]
    family, size = {1: (V4, 4), 4: (V6, 16)}[kind]
    address = socket.inet_ntop(ADDRESS_FAMILY[family], datagram[4:4 + size])
    return (address, struct.unpack_from("!H", datagram, 4 + size)[0]), datagram[6 + size:]


class Association:
    """One of a server's: a port of UDP, and the connection that keeps it."""

    def __init__(self, control, datagrams):
        self.control = control
        self.datagrams = datagrams
        self.client = None
        datagrams.settimeout(PATIENCE)

    def receive(self):
        """The next datagram of the client: its destination, and what it has."""
        data, self.client = self.datagrams.recvfrom(65536)
        return split(data)

    def is_quiet(self, seconds=0.3):
        """Whether nothing arrives."""
        return not select.select([self.datagrams], [], [], seconds)[0]

    def send(self, source, data, fragment=0):
        """Send this to the client as the answer of a host."""
        self.send_raw(header(source, fragment) + data)

    def send_raw(self, data):
        """Send it any bytes."""
        self.datagrams.sendto(data, self.client)

    def is_over(self):
        """Await the end of the connection."""
        try:
            return self.control.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        """End it as a server does."""
        self.control.close()
        self.datagrams.close()


class UdpUpstream(Upstream):
    """A SOCKS5 server that opens a port for everybody who asks; next() gets those that it has."""

    def __init__(self, world, bound=None, **options):
        """bound: the address that it says, if not the one that it has."""
        self._world = world
        self._bound = bound
        self._ready = queue.Queue()
        self._all = []
        super().__init__(world, self._associate, **options)

    def _associate(self, connection):
        assert 0 in take_methods(connection)
        connection.sendall(b"\5\0")
        head = receive(connection, 4)
        assert (head[:3], receive(connection, {1: 4, 4: 16}[head[3]] + 2).strip(b"\0")) == (bytes([5, UDP_ASSOCIATE, 0]), b"")
        self.keep(connection)
        self._world.host.call(self._open_port, connection)

    def _open_port(self, connection):
        family = V6 if connection.family == socket.AF_INET6 else V4
        datagrams = socket.socket(ADDRESS_FAMILY[family], socket.SOCK_DGRAM)
        datagrams.bind((ANY[family] if self._bound else LOOPBACK[family], 0))
        address, port = datagrams.getsockname()[:2]
        self._all.append(Association(connection, datagrams))
        connection.sendall(b"\5\0" + header((self._bound or address, port))[2:])
        self._ready.put(self._all[-1])

    def next(self):
        """The next association."""
        return self._ready.get(timeout=PATIENCE)

    def open(self):
        """Those whose connection is open."""
        return [one for one in self._all if one.control.fileno() >= 0 and
                not (select.select([one.control], [], [], 0)[0] and one.is_over())]

    def close(self):
        """Close all of it."""
        super().close()
        for one in self._all:
            one.close()
