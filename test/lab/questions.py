# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS messages, and a name server that answers what a test wants."""

import socket
import struct
from typing import NamedTuple

from .relays import receive

A, NS, PTR, TXT, AAAA, HTTPS = 1, 2, 12, 16, 28, 65
NOERROR, FORMERR, SERVFAIL, NXDOMAIN = 0, 1, 2, 3
_DESIRED = 0x0100  # recursion
_ANSWER = 0x8180


class Answer(NamedTuple):
    """What a message says; records are (type, TTL, data)."""

    number: int
    code: int
    truncated: bool
    records: list

    @property
    def addresses(self):
        """Those of its A and AAAA records, as text."""
        families = {A: socket.AF_INET, AAAA: socket.AF_INET6}
        return [socket.inet_ntop(families[kind], data) for kind, _, data in self.records if kind in families]


def encode(name):
    """A name as messages have it."""
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name, kind=A, number=1, edns=None):
    """A query; with EDNS for answers of so many bytes."""
    more = b"\0" + struct.pack("!HHIH", 41, edns, 0, 0) if edns else b""
    return struct.pack("!6H", number, _DESIRED, 1, 0, 0, 1 if edns else 0) + encode(name) + struct.pack("!2H", kind, 1) + more


def _skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def asked(query):
    """The name and the type that a query is about."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from("!H", query, at + 1)[0]


def answer(query, records=(), code=NOERROR):
    """The answer to a query; records are (type, data)."""
    end = _skip_name(query, 12) + 4
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(data)) + data for kind, data in records)
    return query[:2] + struct.pack("!5H", _ANSWER | code, 1, len(records), 0, 0) + query[12:end] + body


def read(message):
    """What an answer says."""
    number, flags, questions, count = struct.unpack_from("!4H", message)
    assert flags & 0x8000, "this is no answer"
    at, records = 12, []
    for _ in range(questions):
        at = _skip_name(message, at) + 4
    for _ in range(count):
        at = _skip_name(message, at)
        kind, _, ttl, length = struct.unpack_from("!HHIH", message, at)
        records.append((kind, ttl, message[at + 10:at + 10 + length]))
        at += 10 + length
    return Answer(number, flags & 15, bool(flags & 0x0200), records)


def frame(message):
    """A message as TCP has it."""
    return struct.pack("!H", len(message)) + message


def receive_frame(connection):
    """The next message of a TCP connection."""
    return receive(connection, struct.unpack("!H", receive(connection, 2))[0])


def ask(connection, name, kind=A, number=1):
    """Ask over a TCP connection, and wait for the answer."""
    connection.sendall(frame(question(name, kind, number)))
    return read(receive_frame(connection))


def be_name_server(connection, make_answer):
    """Answer all queries of a TCP connection with what a function makes of each; None for those that it doesn't."""
    while True:
        try:
            query = receive_frame(connection)
        except AssertionError:
            return
        message = make_answer(query)
        if message is not None:
            connection.sendall(frame(message))


def ask_by_udp(sock, server, name, kind=A, number=1, edns=None):
    """Ask a server over UDP, and wait for its answer, which has to come from there."""
    sock.sendto(question(name, kind, number, edns), server)
    message, source = sock.recvfrom(65536)
    assert source[:2] == server
    return read(message)
