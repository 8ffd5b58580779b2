# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What really passed a network interface, whatever the servers report."""

import socket
import struct
from dataclasses import dataclass

from .addresses import ADDRESS_FAMILY, TCP, UDP, V4, V6

ETH_P_ALL = 0x0003
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
IPPROTO_UDPLITE = 136
_PROTOCOLS = {socket.IPPROTO_TCP: TCP, socket.IPPROTO_UDP: UDP, socket.IPPROTO_ICMP: "icmp",
              socket.IPPROTO_ICMPV6: "icmp6", IPPROTO_UDPLITE: "udplite", socket.IPPROTO_IGMP: "igmp"}
_WITH_PORTS = (socket.IPPROTO_TCP, socket.IPPROTO_UDP, IPPROTO_UDPLITE)
_ICMPS = (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6)
_V6_EXTENSIONS = (socket.IPPROTO_HOPOPTS, socket.IPPROTO_ROUTING, socket.IPPROTO_DSTOPTS)
_PACKET_OUTGOING = 4
_SYN = 0x02
# The receive buffer, and what the kernel charges for the smallest frame (a low estimate).
_BUFFER_SIZE, _LEAST_FRAME_SIZE = 64 << 20, 256
# From linux/if_packet.h.
SOL_PACKET, PACKET_STATISTICS = 263, 6


@dataclass(frozen=True)
class Packet:
    """When a packet passed, from where to where; ports are None where the protocol (or a later fragment) has none.

    The length is that of the IP packet, in bytes: of all its segments, where the sender left it whole.
    """

    time: float
    family: int
    protocol: str
    source: tuple
    destination: tuple
    length: int = 0
    icmp_type: int | None = None
    is_bare: bool = False  # TCP without SYN and data, as the kernel sends without a socket


def timestamp(ancillary):
    """When the kernel got what was received (struct timespec, CLOCK_REALTIME), from a socket with SO_TIMESTAMPNS."""
    seconds, nanoseconds = next(struct.unpack("=qq", data) for _, kind, data in ancillary if kind == SO_TIMESTAMPNS)
    return seconds + nanoseconds / 1e9


def _split_v4(packet):
    """Protocol, addresses, offset as a fragment, and what is behind the header."""
    (fragment,) = struct.unpack_from("!H", packet, 6)
    return packet[9], packet[12:20], fragment & 0x1FFF, packet[(packet[0] & 15) * 4:]


def _split_v6(packet):
    """The same behind all extension headers (RFC 8200, 4)."""
    number, body, offset = packet[6], packet[40:], 0
    while number in (*_V6_EXTENSIONS, socket.IPPROTO_FRAGMENT) and offset == 0 and len(body) >= 8:
        if number == socket.IPPROTO_FRAGMENT:
            offset, length = struct.unpack_from("!H", body, 2)[0] >> 3, 8
        else:
            length = 8 + body[1] * 8
        number, body = body[0], body[length:]
    return number, packet[8:40], offset, body


def _is_bare(segment):
    """Whether a TCP segment has neither SYN nor data."""
    return len(segment) == (segment[12] >> 4) * 4 and not segment[13] & _SYN


def _parse(frame, time):
    """The Packet in an Ethernet frame, or None if it is no IP packet."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    packet = frame[14:]
    if kind not in (0x0800, 0x86DD):
        return None
    family, split = (V4, _split_v4) if kind == 0x0800 else (V6, _split_v6)
    number, addresses, offset, body = split(packet)
    half = len(addresses) // 2
    ends = [socket.inet_ntop(ADDRESS_FAMILY[family], part) for part in (addresses[:half], addresses[half:])]
    ports = struct.unpack_from("!HH", body) if number in _WITH_PORTS and offset == 0 else (None, None)
    icmp_type = body[0] if number in _ICMPS and offset == 0 and body else None
    return Packet(time, family, _PROTOCOLS.get(number, str(number)), (ends[0], ports[0]), (ends[1], ports[1]),
                  len(packet), icmp_type, number == socket.IPPROTO_TCP and offset == 0 and _is_bare(body))


def _open(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, _BUFFER_SIZE)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind((interface, ETH_P_ALL))
    sock.setblocking(False)
    return sock


class Tap:
    """Records whole frames that come in at an interface of a namespace, whatever is in them."""

    def __init__(self, namespace, interface):
        self._frames = []
        self._socket = namespace.call(_open, interface)

    def frames(self, text):
        """Those so far that have these bytes anywhere in them."""
        while True:
            try:
                data, address = self._socket.recvfrom(65536)
            except BlockingIOError:
                break
            if address[2] != _PACKET_OUTGOING:
                self._frames.append(data)
        return [data for data in self._frames if text in data]

    def forget(self):
        """Discard the recorded frames."""
        self.frames(b"")
        self._frames.clear()

    def close(self):
        """Stop recording."""
        self._socket.close()


class Wire:
    """Records what comes in at an interface of a namespace (at "lo": what this host sends to itself)."""

    def __init__(self, namespace, interface):
        self._packets = []
        self._socket = namespace.call(_open, interface)

    @property
    def packets(self):
        """All packets so far; during a flood, at least those that passed before the call."""
        for _ in range(_BUFFER_SIZE // _LEAST_FRAME_SIZE):
            try:
                frame, ancillary, _, address = self._socket.recvmsg(65536, 64)
            except BlockingIOError:
                break
            packet = _parse(frame, timestamp(ancillary))
            if packet and address[2] != _PACKET_OUTGOING:
                self._packets.append(packet)
        return list(self._packets)

    def forget(self):
        """Discard the recorded packets."""
        _ = self.packets
        self._packets.clear()

    def saw(self, result):
        """Whether any packet of a client's result passed, a mere SYN too: one of its port since it began."""
        return self.count(result, result.began) > 0

    def count(self, result, since):
        """How many packets of a client's socket have passed since a time."""
        return sum(p.protocol == result.protocol and p.source[1] == result.port and p.time >= since
                   for p in self.packets)

    def saw_to(self, protocol, address):
        """Whether any packet of this protocol passed to this address."""
        return any(p.protocol == protocol and p.destination[0] == address for p in self.packets)

    def lost(self):
        """How many packets since the last call passed unrecorded for lack of buffer space."""
        _, drops = struct.unpack("=II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return drops

    def close(self):
        """Stop recording."""
        self._socket.close()
