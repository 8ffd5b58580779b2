# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Socket options that a program can set before it sends, and destinations it can send to.

A tweak is a function of the task and a socket; it may return ancillary data for the first message.
"""

import socket
import struct

from ..addresses import DNS_PORT, GATEWAY, HOST, LOOPBACK, SERVICE_PORT, V4, V6
from ..servers import IP_TRANSPARENT, IPV6_TRANSPARENT
from . import cells
from .talking import level

# From linux/in.h, linux/in6.h, linux/udp.h and linux/tcp.h; Python's socket module does not name them.
IP_OPTIONS, IP_PKTINFO, IP_FREEBIND, IP_UNICAST_IF = 4, 8, 15, 50
IPV6_UNICAST_IF, IPV6_FREEBIND = 76, 78
SO_BINDTOIFINDEX, SO_DONTROUTE = 62, 5
SOL_UDP, UDP_SEGMENT = 17, 103
IPPROTO_MPTCP = 262
LOOSE_SOURCE_ROUTE = 131
OTHER_MARK = 0x42
SEGMENT = 64


def bound_to_device(task, sock):
    """SO_BINDTODEVICE needs no privilege where nothing was bound before."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, task.net["device"].encode())


def bound_to_index(task, sock):
    """The same by number."""
    sock.setsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX, task.net["ifindex"])


def unicast_interface(task, sock):
    """Requests an interface and leaves the socket unbound."""
    option = IP_UNICAST_IF if task.family == V4 else IPV6_UNICAST_IF
    sock.setsockopt(level(task.family), option, struct.pack("!I", task.net["ifindex"]))


def from_own_address(task, sock):
    """Bound to the address that it would have anyhow."""
    task.bind(sock, HOST[task.family])


def from_foreign_address(task, sock):
    """Bound to an address that is not the host's, which takes no privilege (over IPv4 it does not get as far)."""
    free_bind(task.family, sock)
    task.bind(sock, task.address(cells.FOREIGN))


def from_foreign_address_as_proxy(task, sock):
    """The same by the option that transparent proxies use."""
    transparent(task.family, sock)
    task.bind(sock, task.address(cells.FOREIGN))


def free_bind(family, sock):
    """Let a socket be bound to any address."""
    sock.setsockopt(level(family), IP_FREEBIND if family == V4 else IPV6_FREEBIND, 1)


def transparent(family, sock):
    """Let a socket be bound to any address, the way a TPROXY server does it."""
    sock.setsockopt(level(family), IP_TRANSPARENT if family == V4 else IPV6_TRANSPARENT, 1)


def packet_info(task, _sock, ifindex=0):
    """The source address by way of ancillary data."""
    address = socket.inet_pton(socket.AF_INET if task.family == V4 else socket.AF_INET6, HOST[task.family])
    if task.family == V4:  # struct in_pktinfo
        return [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I4s4s", ifindex, address, bytes(4)))]
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, address + struct.pack("=I", ifindex))]


def packet_info_and_interface(task, sock):
    """The source address and the interface by way of ancillary data."""
    return packet_info(task, sock, task.net["ifindex"])


def other_mark(_task, sock):
    """An unused mark."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, OTHER_MARK)


def proxy_mark(task, sock):
    """The mark that the config gives the proxy."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, task.net["mark"])


def segments(_task, sock):
    """One large datagram that the kernel or the device fragments."""
    sock.setsockopt(SOL_UDP, UDP_SEGMENT, SEGMENT)


def source_route(task, sock):
    """By way of the cell's own address; where it ends is another one."""
    via = socket.inet_aton(task.address())
    sock.setsockopt(socket.IPPROTO_IP, IP_OPTIONS, struct.pack("=BBB4sB", LOOSE_SOURCE_ROUTE, 7, 4, via, 0))


def destination_options(_task, sock):
    """An extension header between IPv6's and UDP's, with nothing in it but padding (RFC 8200, 4.6)."""
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes((0, 0, 1, 4, 0, 0, 0, 0)))


def no_route(_task, sock):
    """Send without a router."""
    sock.setsockopt(socket.SOL_SOCKET, SO_DONTROUTE, 1)


def broadcasting(_task, sock):
    """Allow broadcast."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)


def outside(task):
    """A server outside, at an address that is this cell's alone."""
    return task.address(), SERVICE_PORT


def outside_mapped(task):
    """The same IPv4 address, mapped to IPv6."""
    return f"::ffff:{task.address()}", SERVICE_PORT


def bypassed(task):
    """A server outside that the config lets pass."""
    return task.address(cells.BYPASSED), SERVICE_PORT


def foreign(task):
    """An address that also serves as a foreign source."""
    return task.address(cells.FOREIGN), SERVICE_PORT


def resolver(task):
    """A name server outside."""
    return task.address(), DNS_PORT


def own_address(task):
    """The host's own address."""
    return HOST[task.family], SERVICE_PORT


def loopback(task):
    """The loopback address."""
    return LOOPBACK[task.family], SERVICE_PORT


def published(task):
    """A port of the host's own address that a container engine redirects, where there is one."""
    return HOST[task.family], task.net["published_port"]


def neighbour(task):
    """The gateway itself: no router in between."""
    return GATEWAY[task.family], task.port


def link_local(task):
    """The same by an address that holds on the cable only."""
    if task.family == V4:
        return task.net["link_local"]["4"], task.port
    return task.net["link_local"]["6"], task.port, 0, task.net["ifindex"]


def multicast(task):
    """A multicast group."""
    if task.family == V4:
        return cells.group(V4, task.number), task.port
    return cells.group(V6, task.number), task.port, 0, task.net["ifindex"]


def broadcast(task):
    """All on the cable."""
    return task.net["broadcast"], task.port


def all_ones(task):
    """All on whatever cable."""
    return "255.255.255.255", task.port
