# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other hosts that send through the host of a World."""

from .addresses import HOST, V4, V6
from .client import Client
from .namespaces import Namespace

LAN = {V4: "192.168.50.1", V6: "fd00:50::1"}
SENDER = {V4: "192.168.50.7", V6: "fd00:50::7"}
PREFIX = {V4: "192.168.50.0/24", V6: "fd00:50::/64"}


def attach(world, name="lan0", forwarding=True):
    """Another host behind an interface of the host; a client on it."""
    sender = world.keep(Namespace())
    sender.sysctl("ipv6/conf/default/accept_dad", 0)
    sender.sysctl("ipv4/ping_group_range", "0 0")
    world.host.ip(f"link add {name} type veth peer name uplink netns {sender.path}", f"link set {name} up",
                  *(f"addr add {LAN[f]}/{PREFIX[f].split('/')[1]} dev {name}" for f in (V4, V6)))
    sender.ip("link set lo up", "link set uplink up",
              *(f"addr add {SENDER[f]}/{PREFIX[f].split('/')[1]} dev uplink" for f in (V4, V6)),
              *(f"route add default via {LAN[f]}" for f in (V4, V6)))
    world.outside.ip(*(f"route add {PREFIX[f]} via {HOST[f]}" for f in (V4, V6)))
    world.host.sysctl("ipv4/ip_forward", int(forwarding))
    world.host.sysctl("ipv6/conf/all/forwarding", int(forwarding))
    return world.keep(Client(sender))
