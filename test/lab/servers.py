# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer every request with who they are, what they were asked, and by whom.

A plain server stands for the outside or a DNS resolver. A transparent one is a TPROXY server: it gets packets for any
address, learns the one that was meant, and answers from there. It never forwards, so an answer tells who gave it.
"""

import json
import selectors
import socket
import struct
import threading
from dataclasses import dataclass

from .addresses import ADDRESS_FAMILY, ANY, TCP, UDP, V4, V6, family_of

# From linux/in.h and linux/in6.h; Python's socket module does not name them all.
IP_PKTINFO = 8
SO_RCVBUFFORCE = 33
IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75
IP_ORIGDSTADDR, IPV6_ORIGDSTADDR = 20, 74

# So that no datagram is lost on a busy machine.
_BUFFER_SIZE = 16 << 20

_LEVEL = {V4: socket.IPPROTO_IP, V6: socket.IPPROTO_IPV6}
_TRANSPARENT = {V4: IP_TRANSPARENT, V6: IPV6_TRANSPARENT}
_ORIGINAL_DESTINATION = {V4: IP_ORIGDSTADDR, V6: IPV6_ORIGDSTADDR}
_RECEIVE_PACKET_INFO = {V4: IP_PKTINFO, V6: socket.IPV6_RECVPKTINFO}
_PACKET_INFO = {V4: IP_PKTINFO, V6: socket.IPV6_PKTINFO}


@dataclass(frozen=True)
class Request:
    """A request to a server: the client's token, over which protocol, by whom, at which address."""

    token: str
    protocol: str
    peer: tuple
    asked: tuple


def make_socket(protocol, family, transparent=False):
    """A socket with the options that all sockets of a server share."""
    kind = socket.SOCK_STREAM if protocol == TCP else socket.SOCK_DGRAM
    sock = socket.socket(ADDRESS_FAMILY[family], kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == V6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if transparent:
        sock.setsockopt(_LEVEL[family], _TRANSPARENT[family], 1)
    return sock


def _unpack_sockaddr(family, data):
    """Address and port of a struct sockaddr_in or sockaddr_in6."""
    (port,) = struct.unpack_from("!H", data, 2)
    start, length = (4, 4) if family == V4 else (8, 16)
    return socket.inet_ntop(ADDRESS_FAMILY[family], data[start:start + length]), port


def _dns_answer(query):
    """The answer that there is nothing by this name: the query with the bit that makes it one, and NXDOMAIN."""
    return query[:2] + b"\x81\x83" + query[4:]


class Sink:
    """Receives UDP datagrams silently: for clients that send too fast for answers."""

    def __init__(self, port, namespace):
        self._sockets = [namespace.call(make_socket, UDP, family) for family in (V4, V6)]
        for sock, family in zip(self._sockets, (V4, V6)):
            sock.bind((ANY[family], port))

    def close(self):
        """Close the sockets."""
        for sock in self._sockets:
            sock.close()


class Server:
    """Serves TCP and UDP on ports at addresses, in a thread, inside a namespace (or where the caller is)."""

    def __init__(self, name, ports, namespace=None, addresses=(ANY[V4], ANY[V6]), protocols=(TCP, UDP),
                 transparent=False, hangs_up=True, dns=False):
        """With hangs_up=False it leaves a connection open that its client has closed, until hang_up().

        With dns=True it also answers DNS queries, without an address; with dns="echo" it sends them back.
        """
        self.name = name
        self._hangs_up = hangs_up
        self._dns = dns
        self._finished = []
        self._ports = ports
        self._namespace = namespace
        self._addresses = addresses
        self._protocols = protocols
        self._transparent = transparent
        self._requests = []
        self._selector = selectors.DefaultSelector()
        self._stop_reader, self._stop_writer = socket.socketpair()
        if namespace:
            namespace.call(self._open)
        else:
            self._open()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def requests(self):
        """All that was asked so far."""
        return list(self._requests)

    def saw(self, result):
        """Whether any packet of this client's result came here."""
        return any(request.token in result.tokens for request in self._requests)

    def hang_up(self):
        """Close the connections known to be closed by their clients."""
        while self._finished:
            self._finished.pop().close()

    def close(self):
        """Stop serving, and close all sockets."""
        self._stop_writer.close()
        self._thread.join()
        self.hang_up()

    def _open(self):
        for address in self._addresses:
            for port in self._ports:
                for protocol in self._protocols:
                    self._open_one(protocol, address, port)
        self._selector.register(self._stop_reader, selectors.EVENT_READ, None)

    def _open_one(self, protocol, address, port):
        family = family_of(address)
        sock = make_socket(protocol, family, self._transparent)
        sock.bind((address, port))
        if protocol == TCP:
            sock.listen(128)
            self._selector.register(sock, selectors.EVENT_READ, self._accept)
            return
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, _BUFFER_SIZE)
        except PermissionError:
            pass  # in a container, where it will not get that much
        option = _ORIGINAL_DESTINATION if self._transparent else _RECEIVE_PACKET_INFO
        sock.setsockopt(_LEVEL[family], option[family], 1)
        self._selector.register(sock, selectors.EVENT_READ, self._answer_datagram)

    def _serve(self):
        if self._namespace:
            self._namespace.enter()  # for the sockets that answer from foreign addresses
        stopping = False
        while not stopping:
            for key, _ in self._selector.select():
                if key.data is None:
                    stopping = True
                else:
                    key.data(key.fileobj)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _reply(self, request):
        """Note the request, and say what it was."""
        self._requests.append(request)
        answer = {"who": self.name, "token": request.token, "asked": request.asked, "peer": request.peer}
        return json.dumps(answer).encode() + b"\n"

    def _accept(self, listener):
        connection, _ = listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, self._answer_stream)

    def _answer_stream(self, connection):
        try:
            data = connection.recv(4096)  # a token is far shorter than a segment, so it comes whole
            for line in data.split():
                peer, asked = connection.getpeername()[:2], connection.getsockname()[:2]
                connection.sendall(self._reply(Request(line.decode(), TCP, peer, asked)))
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(connection)
            self._finished.append(connection)
            if self._hangs_up:
                self.hang_up()

    def _answer_datagram(self, sock):
        data, ancillary, _, sender = sock.recvmsg(4096, 512)
        family = family_of(sender[0])
        asked, control = self._destination(sock, family, ancillary)
        if not data.isascii():
            if self._dns:
                self._send(data if self._dns == "echo" else _dns_answer(data), sock, control, family, asked, sender)
            return
        reply = self._reply(Request(data.decode(), UDP, sender[:2], asked))
        try:
            self._send(reply, sock, control, family, asked, sender)
        except OSError:
            pass  # no route back, or an address in use: skip this client and serve the next

    def _send(self, reply, sock, control, family, asked, sender):
        if not self._transparent:
            sock.sendmsg([reply], control, 0, sender)
            return
        with make_socket(UDP, family, transparent=True) as answering:
            answering.bind(asked)
            answering.sendto(reply, sender)

    def _destination(self, sock, family, ancillary):
        """The requested address, and the ancillary data with which a plain socket answers from there."""
        wanted = (_ORIGINAL_DESTINATION if self._transparent else _PACKET_INFO)[family]
        data = next(data for level, kind, data in ancillary if (level, kind) == (_LEVEL[family], wanted))
        if self._transparent:
            return _unpack_sockaddr(family, data), []
        if family == V4:  # struct in_pktinfo: interface, local address, destination; answers leave from the second
            address = data[8:12]
            control = struct.pack("=I4s4s", 0, address, bytes(4))
        else:  # struct in6_pktinfo: destination, interface
            address = data[:16]
            control = address + bytes(4)
        asked = socket.inet_ntop(ADDRESS_FAMILY[family], address), sock.getsockname()[1]
        return asked, [(_LEVEL[family], wanted, control)]
