# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device sends that wants out: packets that no socket sends, and such as others would be taken for.

Each function of an Attack gets an Attempt, and returns packets in the order in which they are sent.
"""

import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from .addresses import BYPASSED, GATEWAY, HOST, LOOPBACK, OUTSIDE, SERVICE_PORT, V4, V6, family_of
from .packets import ACK, ECHO, FIN, ICMP, PSH, RST, SYN, TOO_BIG, UNREACHABLE, URG, icmp, packet, tcp, udp

BOTH = (V4, V6)
GRE, ESP, AH, IGMP, SCTP, DCCP, UDPLITE = 47, 50, 51, 2, 132, 33, 136
_IN_IP, _UNKNOWN = {V4: 4, V6: 41}, 253
_PORT = 40007
# An address that is in no network of the host's, one of the outside's that nobody has used, and a group.
_NOWHERE = {V4: "100.99.0.1", V6: "2001:db8:99::1"}
_ELSEWHERE = {V4: "203.0.113.99", V6: "2001:db8::99"}
_GROUP = {V4: "239.9.9.9", V6: "ff0e::99"}


@dataclass(frozen=True)
class Attempt:
    """One device's: its own address, the bytes by which its packets are known, and what it knows of others by name.

    Those are addresses by family ("device", "gateway", "container"), or the two ends of a flow, each an address with a port:
    that of another device and that of the outside ("flow", "connection"; from outside: "served", and "hosted" by the host).
    """

    family: int
    own: str
    token: bytes  # two letters and a number, 8 bytes
    others: dict

    def address(self, where):
        """The one of its family."""
        return where[self.family]

    @property
    def port(self):
        """One that others' attempts don't use, so that what begins here is a flow of its own."""
        return 20000 + int(self.token[2:]) % 10000

    def udp(self, source=None, destination=None, more=b"", **options):
        """A datagram with the token."""
        source, destination = self._ends(source, destination)
        return packet(self.family, source[0], destination[0], socket.IPPROTO_UDP,
                      udp(self.family, source, destination, self.token + more), **options)

    def tcp(self, flags, data=b"", source=None, destination=None):
        """A segment whose numbers are the token."""
        source, destination = self._ends(source, destination)
        return packet(self.family, source[0], destination[0], socket.IPPROTO_TCP,
                      tcp(self.family, source, destination, flags, data, self.token))

    def other(self, number, body=None, **options):
        """A packet of another protocol, to the server."""
        return packet(self.family, self.own, OUTSIDE[self.family], number, self.token * 3 if body is None else body, **options)

    def error(self, quoted, destination, kind=UNREACHABLE):
        """An ICMP error about a packet."""
        message = icmp(self.family, self.own, destination, *kind[self.family], struct.pack("!HH", 0, 1280), quoted)
        return packet(self.family, self.own, destination, ICMP[self.family], message)

    def _ends(self, source, destination):
        return source or (self.own, _PORT), destination or (OUTSIDE[self.family], SERVICE_PORT)


@dataclass(frozen=True)
class Attack:
    """What is sent, over which families, over which a direct device gets it out, and whether that needs a false source."""

    name: str
    packets: Callable
    families: tuple = BOTH
    gets_out: tuple = BOTH
    is_spoofed: bool = False


def _spoofed(name, source, gets_out=BOTH, **options):
    """Datagrams and connections from an address that is not the device's."""
    return [Attack(f"datagram from {name}", lambda a: [a.udp((source(a), _PORT))], gets_out=gets_out, is_spoofed=True, **options),
            Attack(f"SYN from {name}", lambda a: [a.tcp(SYN, source=(source(a), _PORT))], gets_out=gets_out, is_spoofed=True,
                   **options)]


SPOOFED = [
    *_spoofed("another device", lambda a: a.address(a.others["device"])),
    *_spoofed("the host", lambda a: a.address(HOST), (V6,)),
    *_spoofed("the host's address in another network", lambda a: a.address(a.others["gateway"]), (V6,)),
    *_spoofed("the loopback address", lambda a: a.address(LOOPBACK), ()),
    *_spoofed("no network", lambda a: a.address(_NOWHERE)),
    *_spoofed("the outside", lambda a: a.address(_ELSEWHERE)),
    *_spoofed("the server itself", lambda a: a.address(OUTSIDE)),
    *_spoofed("a bypassed address", lambda a: a.address(BYPASSED)),
    *_spoofed("the next router", lambda a: a.address(GATEWAY)),
    *_spoofed("no address", lambda a: a.address({V4: "0.0.0.0", V6: "::"}), ()),
    *_spoofed("a group", lambda a: a.address(_GROUP), ()),
    *_spoofed("everybody", lambda a: "255.255.255.255", (), families=(V4,)),
]


def _pieces(attempt, *parts):
    """Fragments of a datagram (offset, end, whether more follow); from 8 on, any 8 bytes of it are the token."""
    flow = zlib.crc32(attempt.token) & 0xFFFF
    whole = udp(attempt.family, (attempt.own, _PORT), (OUTSIDE[attempt.family], SERVICE_PORT), attempt.token * 12)
    return [packet(attempt.family, attempt.own, OUTSIDE[attempt.family], socket.IPPROTO_UDP, whole[begin:end],
                   fragment=(begin, more, flow)) for begin, end, more in parts]


def _late_ports(attempt):
    """The first fragment has nothing but an extension header; what ports there are is in the second (RFC 7112)."""
    whole = udp(attempt.family, (attempt.own, _PORT), (OUTSIDE[attempt.family], SERVICE_PORT), attempt.token * 2)
    first = struct.pack("!BB", socket.IPPROTO_UDP, 0) + bytes([1, 4, 0, 0, 0, 0])
    return [packet(V6, attempt.own, OUTSIDE[V6], socket.IPPROTO_DSTOPTS, first, fragment=(0, True, 8)),
            packet(V6, attempt.own, OUTSIDE[V6], socket.IPPROTO_DSTOPTS, whole, fragment=(8, False, 8))]


def _segments_in_pieces(attempt):
    """A SYN whose flags are in the second fragment."""
    ends = (attempt.own, _PORT), (OUTSIDE[attempt.family], SERVICE_PORT)
    whole = tcp(attempt.family, *ends, SYN, attempt.token * 2, attempt.token)
    return [packet(attempt.family, ends[0][0], ends[1][0], socket.IPPROTO_TCP, whole[begin:end], fragment=(begin, more, 9))
            for begin, end, more in ((0, 8, True), (8, len(whole), False))]


FRAGMENTS = [
    Attack("fragments", lambda a: _pieces(a, (0, 40, True), (40, 104, False))),
    Attack("the last fragment first", lambda a: _pieces(a, (40, 104, False), (0, 40, True))),
    Attack("a tiny first fragment", lambda a: _pieces(a, (0, 8, True), (8, 104, False))),
    Attack("a SYN in pieces", _segments_in_pieces, gets_out=(V4,)),
    Attack("the same fragment twice", lambda a: _pieces(a, (0, 40, True), (0, 40, True), (40, 104, False))),
    Attack("overlapping fragments", lambda a: _pieces(a, (0, 48, True), (40, 104, False)), gets_out=()),
    Attack("a fragment within another", lambda a: _pieces(a, (0, 72, True), (16, 40, True), (72, 104, False))),
    Attack("a first fragment only", lambda a: _pieces(a, (0, 40, True)), gets_out=()),
    Attack("a later fragment only", lambda a: _pieces(a, (40, 104, False)), gets_out=()),
    Attack("one fragment that is all", lambda a: _pieces(a, (0, 104, False)), (V6,)),
    Attack("a first fragment without ports", _late_ports, (V6,), gets_out=()),
]

SEGMENTS = [
    Attack("ACK", lambda a: [a.tcp(ACK)]),
    Attack("data", lambda a: [a.tcp(ACK | PSH, a.token)]),
    Attack("FIN", lambda a: [a.tcp(FIN)]),
    Attack("FIN and ACK", lambda a: [a.tcp(FIN | ACK)]),
    Attack("RST", lambda a: [a.tcp(RST)]),
    Attack("RST and ACK", lambda a: [a.tcp(RST | ACK)]),
    Attack("SYN and ACK", lambda a: [a.tcp(SYN | ACK)]),
    Attack("SYN and FIN", lambda a: [a.tcp(SYN | FIN)]),
    Attack("no flags", lambda a: [a.tcp(0)]),
    Attack("all flags", lambda a: [a.tcp(FIN | SYN | RST | PSH | ACK | URG)]),
    Attack("SYN with data", lambda a: [a.tcp(SYN, a.token * 4)]),
    Attack("SYN, then data at once", lambda a: [a.tcp(SYN), a.tcp(ACK | PSH, a.token)]),
    Attack("a header that is too short", lambda a: [a.other(socket.IPPROTO_TCP, a.token + bytes([0, 0, 0, 1, 0x10, 2, 4, 0]))]),
    Attack("a wrong checksum", lambda a: [a.udp(more=b"x")[:-1] + b"?"]),
    Attack("a datagram longer than its packet",
           lambda a: [a.other(socket.IPPROTO_UDP, struct.pack("!HHHH", 7, 7, 999, 0) + a.token)]),
]


def _echo(attempt, destination=None):
    destination = destination or attempt.address(OUTSIDE)
    message = icmp(attempt.family, attempt.own, destination, ECHO[attempt.family], 0, bytes(4), attempt.token)
    return packet(attempt.family, attempt.own, destination, ICMP[attempt.family], message)


def _quote(attempt, source, destination):
    """A datagram from one end to another, which the device claims to have seen."""
    return attempt.udp(source, destination)


def _about(name):
    """An error to the server outside, about what it sends in another device's flow."""
    def build(attempt):
        inside, outside = attempt.others[name]
        return [attempt.error(_quote(attempt, outside, inside), outside[0], kind) for kind in (UNREACHABLE, TOO_BIG)]
    return build


def _about_nothing(attempt):
    quoted = _quote(attempt, (OUTSIDE[attempt.family], SERVICE_PORT), (attempt.own, _PORT + 1))
    return [attempt.error(quoted, OUTSIDE[attempt.family], kind) for kind in (UNREACHABLE, TOO_BIG)]


def _about_own(attempt):
    """About a flow that it begins itself, in the name of somebody outside, to the host."""
    outside, host = (OUTSIDE[attempt.family], attempt.port), (HOST[attempt.family], 9)
    begun = packet(attempt.family, outside[0], host[0], socket.IPPROTO_UDP, udp(attempt.family, outside, host, b"begin"))
    return [begun, attempt.error(_quote(attempt, outside, host), outside[0])]


MESSAGES = [
    Attack("echo", lambda a: [_echo(a)]),
    Attack("an error about nothing", _about_nothing),
    Attack("an error about another device's flow", _about("flow")),
    Attack("an error about a flow from outside", _about("served")),
    Attack("an error about a flow it begins for others", _about_own, is_spoofed=True),
]

PROTOCOLS = [
    Attack("GRE", lambda a: [a.other(GRE)]),
    Attack("GRE of PPTP", lambda a: [a.other(GRE, b"\x30\x81\x88\x0b" + a.token * 2)]),
    Attack("SCTP", lambda a: [a.other(SCTP, struct.pack("!HHII", _PORT, SERVICE_PORT, 0, 0) + b"\x01\0\0\x14" + a.token * 2)]),
    Attack("DCCP", lambda a: [a.other(DCCP)]),
    Attack("UDP-Lite", lambda a: [a.other(UDPLITE, struct.pack("!HHHH", _PORT, SERVICE_PORT, 8, 0) + a.token)]),
    Attack("ESP", lambda a: [a.other(ESP)]),
    Attack("AH with a datagram", lambda a: [a.other(AH, bytes([17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]) +
                                                    udp(a.family, (a.own, _PORT), (OUTSIDE[a.family], SERVICE_PORT), a.token))]),
    Attack("IGMP", lambda a: [a.other(IGMP)], (V4,)),
    Attack("a packet in a packet", lambda a: [a.other(_IN_IP[a.family], a.udp())]),
    Attack("an unknown protocol", lambda a: [a.other(_UNKNOWN)]),
    Attack("no next header", lambda a: [a.other(socket.IPPROTO_NONE)], (V6,)),
]

GROUPS = [
    Attack(f"to {name}", lambda a, to=to: [a.udp(destination=(to, SERVICE_PORT))], (family_of(to),), ())
    for name, to in (("all nodes", "ff02::1"), ("a group of the site", "ff05::2"), ("a group", _GROUP[V6]), ("all hosts", "224.0.0.1"),
                     ("mDNS", "224.0.0.251"), ("a group", _GROUP[V4]), ("everybody", "255.255.255.255"),
                     ("everybody outside", "192.0.2.255"), ("any router outside", "2001:db8:1::"), ("a neighbour of the link", "fe80::9"),
                     ("everybody in another network", "198.19.1.255"))
]


def _routed(kind, through=None):
    """IPv4's source routes (RFC 791, 3.1): through somebody, or with an end that lists itself."""
    def build(attempt):
        first, then = (HOST[V4], OUTSIDE[V4]) if through else (OUTSIDE[V4], _ELSEWHERE[V4])
        options = bytes([kind, 7, 4]) + socket.inet_aton(then) + b"\x01"
        return [attempt.udp(destination=(first, SERVICE_PORT), options=options)]
    return build


def _extended(number, header, destination=None):
    """A datagram behind an extension header, without its first byte."""
    def build(attempt):
        to = (destination or OUTSIDE[V6], SERVICE_PORT)
        body = bytes([socket.IPPROTO_UDP]) + header + udp(V6, (attempt.own, _PORT), (OUTSIDE[V6], SERVICE_PORT), attempt.token)
        return [packet(V6, attempt.own, to[0], number, body)]
    return build


def _routing_header(kind, then):
    return bytes([2, kind, 1, 0, 0, 0, 0]) + socket.inet_pton(socket.AF_INET6, then)


OPTIONS = [
    Attack("a loose source route", _routed(131), (V4,), gets_out=()),
    Attack("a strict source route", _routed(137), (V4,), gets_out=()),
    Attack("a loose source route through the host", _routed(131, "host"), (V4,), gets_out=()),
    Attack("a strict source route through the host", _routed(137, "host"), (V4,), gets_out=()),
    Attack("a record of the route", lambda a: [a.udp(options=bytes([7, 7, 4, 0, 0, 0, 0, 1]))], (V4,)),
    Attack("a router alert", lambda a: [a.udp(options=bytes([148, 4, 0, 0]))], (V4,)),
    Attack("hop-by-hop options", _extended(socket.IPPROTO_HOPOPTS, bytes([0, 1, 4, 0, 0, 0, 0])), (V6,)),
    Attack("a router alert in hop-by-hop options", _extended(socket.IPPROTO_HOPOPTS, bytes([0, 5, 2, 0, 0, 1, 0])), (V6,)),
    Attack("an unknown hop-by-hop option", _extended(socket.IPPROTO_HOPOPTS, bytes([0, 0x1E, 4, 0, 0, 0, 0])), (V6,)),
    Attack("destination options", _extended(socket.IPPROTO_DSTOPTS, bytes([0, 1, 4, 0, 0, 0, 0])), (V6,)),
    *(Attack(f"a routing header of type {kind}", _extended(socket.IPPROTO_ROUTING, _routing_header(kind, _ELSEWHERE[V6])), (V6,))
      for kind in (0, 2, 4)),
    *(Attack(f"a routing header of type {kind} through the host",
             _extended(socket.IPPROTO_ROUTING, _routing_header(kind, OUTSIDE[V6]), HOST[V6]), (V6,), gets_out=())
      for kind in (0, 2, 4)),
]


def _answer_to_own(via):
    """Begins a flow in the name of the server outside, to somebody whom it may send to, and answers in their name."""
    def build(attempt):
        outside, inside = (OUTSIDE[attempt.family], attempt.port), (via(attempt), 9)
        begun = packet(attempt.family, outside[0], inside[0], socket.IPPROTO_UDP, udp(attempt.family, outside, inside, b"begin"))
        return [begun, attempt.udp(inside, outside)]
    return build


FLOWS = [
    Attack("in another device's flow", lambda a: [a.udp(*a.others["flow"])], is_spoofed=True),
    Attack("in another device's connection", lambda a: [a.tcp(ACK | PSH, a.token, *a.others["connection"])], is_spoofed=True),
    Attack("an answer for the host", lambda a: [a.udp(*a.others["hosted"])], gets_out=(V6,), is_spoofed=True),
    Attack("an answer for the host to a flow of its own", _answer_to_own(lambda a: HOST[a.family]), gets_out=(V6,), is_spoofed=True),
    Attack("an answer for a bypassed address to a flow of its own", _answer_to_own(lambda a: BYPASSED[a.family]), is_spoofed=True),
    Attack("an answer for a container to a flow of its own", _answer_to_own(lambda a: a.address(a.others["container"])),
           is_spoofed=True),
]
# In a flow that was really begun from outside, to whoever began it.
ANSWERS = [Attack("an answer for another device", lambda a: [a.udp(*a.others["served"])], is_spoofed=True)]
ATTACKS = {"spoofed": SPOOFED, "fragments": FRAGMENTS, "segments": SEGMENTS, "messages": MESSAGES, "protocols": PROTOCOLS,
           "groups": GROUPS, "options": OPTIONS, "flows": FLOWS}
