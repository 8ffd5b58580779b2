# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What really passed a network interface, whatever the servers say they saw."""

import socket
import struct
from dataclasses import dataclass

from .addresses import ADDRESS_FAMILY, TCP, UDP, V4, V6

ETH_P_ALL = 0x0003
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
_PROTOCOLS = {socket.IPPROTO_TCP: TCP, socket.IPPROTO_UDP: UDP, socket.IPPROTO_ICMP: "icmp",
              socket.IPPROTO_ICMPV6: "icmp6"}
_PACKET_OUTGOING = 4
# What the kernel may keep for us, and what it charges for the smallest frame (much less than the truth).
_BUFFER_SIZE, _LEAST_FRAME_SIZE = 16 << 20, 256


@dataclass(frozen=True)
class Packet:
    """When a packet passed, from where to where; ports are None where the protocol has none."""

    time: float
    family: int
    protocol: str
    source: tuple
    destination: tuple


def timestamp(ancillary):
    """When the kernel got what was received (struct timespec, CLOCK_REALTIME), from a socket with SO_TIMESTAMPNS."""
    seconds, nanoseconds = next(struct.unpack("=qq", data) for _, kind, data in ancillary if kind == SO_TIMESTAMPNS)
    return seconds + nanoseconds / 1e9


def _parse(frame, time):
    """The Packet in an Ethernet frame, or None if it is no IP packet."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    packet = frame[14:]
    if kind == 0x0800:
        family, number, addresses, body = V4, packet[9], packet[12:20], packet[(packet[0] & 15) * 4:]
    elif kind == 0x86DD:
        family, number, addresses, body = V6, packet[6], packet[8:40], packet[40:]
    else:
        return None
    half = len(addresses) // 2
    ends = [socket.inet_ntop(ADDRESS_FAMILY[family], part) for part in (addresses[:half], addresses[half:])]
    protocol = _PROTOCOLS.get(number, str(number))
    ports = struct.unpack_from("!HH", body) if protocol in (TCP, UDP) else (None, None)
    return Packet(time, family, protocol, (ends[0], ports[0]), (ends[1], ports[1]))


class Wire:
    """Records what comes in at an interface of a namespace (at "lo": what this host sends to itself)."""

    def __init__(self, namespace, interface):
        self._packets = []
        self._socket = namespace.call(self._open, interface)

    @staticmethod
    def _open(interface):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, _BUFFER_SIZE)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind((interface, ETH_P_ALL))
        sock.setblocking(False)
        return sock

    @property
    def packets(self):
        """All packets so far; for a flood that goes on, at least those that passed before the call."""
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
        """Begin anew."""
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

    def close(self):
        """Stop recording."""
        self._socket.close()
