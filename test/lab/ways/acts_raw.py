# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that build packets themselves, which requires CAP_NET_RAW, and ping, which does not."""

import socket
import struct

from ..addresses import HOST, SERVICE_PORT, V4
from ..packets import packet, udp
from .acts import UDP, answered
from .talking import SENT, finish

ICMP_ECHO, ICMPV6_ECHO = 8, 128
ETH_P = {4: 0x0800, 6: 0x86DD}
_BROADCAST_MAC = b"\xff" * 6


def udp_packet(task, data, destination):
    """A whole IP packet from the host's address with a datagram to the server's port."""
    source = HOST[task.family]
    datagram = udp(task.family, (source, task.port), (destination, SERVICE_PORT), data)
    return packet(task.family, source, destination, socket.IPPROTO_UDP, datagram)


def raw(*tweaks):
    """A raw socket for headers of one's own; the answer comes to a plain one at the same port."""
    def act(task):
        plain, sock = task.socket(UDP), task.socket(socket.SOCK_RAW, socket.IPPROTO_RAW)
        task.bind(plain)
        for tweak in tweaks:
            tweak(task, sock)
        data = task.token() + b"\n"
        sock.sendto(udp_packet(task, data, task.address()), (task.address(), 0))
        return answered([finish(plain, data, task.patience)])
    return act


def packet_socket(task):
    """A packet socket sends behind all of netfilter's hooks."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sock:
        sock.sendto(udp_packet(task, b"packet\n", task.address()),
                    (task.net["device"], ETH_P[task.family], 0, 1, _BROADCAST_MAC))
    return SENT


def ping(*tweaks):
    """One ICMP echo; the kernel fills in checksum and identifier."""
    def act(task):
        v4 = task.family == V4
        sock = task.socket(socket.SOCK_DGRAM, socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6)
        for tweak in tweaks:
            tweak(task, sock)
        sock.sendto(struct.pack("!BBHHH", ICMP_ECHO if v4 else ICMPV6_ECHO, 0, 0, 0, 1), (task.address(), 0))
        sock.settimeout(task.patience)
        sock.recvfrom(4096)
        return answered(["outside"])
    return act
