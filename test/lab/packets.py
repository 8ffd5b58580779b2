# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IP packets byte by byte, as no socket sends them. The layouts are those of RFC 791, 792, 793, 768, 8200 and 4443."""

import socket
import struct

from .addresses import ADDRESS_FAMILY, V4

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ICMP = {V4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
ECHO = {V4: 8, 6: 128}
UNREACHABLE, TOO_BIG = {V4: (3, 3), 6: (1, 4)}, {V4: (3, 4), 6: (2, 0)}
_ETHERTYPE = {V4: 0x0800, 6: 0x86DD}


def packed(family, address):
    """An address as bytes."""
    return socket.inet_pton(ADDRESS_FAMILY[family], address)


def checksum(data):
    """That of RFC 1071."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _summed(family, source, destination, number, message, at):
    """A message with its checksum, over the pseudo-header too, at an offset."""
    pseudo = packed(family, source) + packed(family, destination) + struct.pack("!II", len(message), number)
    return message[:at] + struct.pack("!H", checksum(pseudo + message) or 0xFFFF) + message[at + 2:]


def udp(family, source, destination, data):
    """A datagram; its ends are addresses with ports."""
    header = struct.pack("!HHHH", source[1], destination[1], 8 + len(data), 0)
    return _summed(family, source[0], destination[0], socket.IPPROTO_UDP, header + data, 6)


def tcp(family, source, destination, flags, data=b"", numbers=bytes(8)):
    """A segment; numbers are the 8 bytes of its sequence and acknowledgement numbers."""
    header = struct.pack("!HH", source[1], destination[1]) + numbers + struct.pack("!BBHHH", 5 << 4, flags, 1024, 0, 0)
    return _summed(family, source[0], destination[0], socket.IPPROTO_TCP, header + data, 16)


def icmp(family, source, destination, kind, code, rest, data):
    """An ICMP message; rest are the 4 bytes behind the checksum, of which the kind decides."""
    message = struct.pack("!BBH", kind, code, 0) + rest + data
    if family == V4:
        return message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return _summed(family, source, destination, ICMP[family], message, 2)


def packet(family, source, destination, number, body, options=b"", fragment=None):
    """A packet from one address to another; a fragment is its offset in bytes, whether more follow, and its identification.

    Options are those of IPv4, padded to 4 bytes; IPv6's extension headers are parts of the body.
    """
    ends = packed(family, source) + packed(family, destination)
    offset, more, identification = fragment or (0, False, 0)
    if family == V4:
        start = struct.pack("!BBHHHBB", 0x45 + len(options) // 4, 0, 20 + len(options) + len(body), identification,
                            offset >> 3 | more << 13, 64, number)
        return start + struct.pack("!H", checksum(start + ends + options)) + ends + options + body
    if fragment is not None:
        body, number = struct.pack("!BBHI", number, 0, offset | more, identification) + body, socket.IPPROTO_FRAGMENT
    return struct.pack("!IHBB", 6 << 28, len(body), number, 64) + ends + body


def frame(family, source, destination, data):
    """The Ethernet frame of a packet, from one MAC address to another."""
    macs = (bytes.fromhex(mac.replace(":", "")) for mac in (destination, source))
    return b"".join(macs) + struct.pack("!H", _ETHERTYPE[family]) + data
