# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device that uses a World's host as its router."""

from .addresses import HOST, V4, V6
from .client import Client
from .namespaces import Namespace

# The two ends of its cable: the host's and its own.
ROUTER = {V4: "10.7.0.1", V6: "2001:db8:7::1"}
DEVICE = {V4: "10.7.0.2", V6: "2001:db8:7::2"}
PREFIX = {V4: "10.7.0.0/24", V6: "2001:db8:7::/64"}


class Lan:
    """A network namespace at an interface of the host, which forwards for it; the outside has a route back."""

    def __init__(self, world, interface="lan0", families=(V4, V6)):
        self.interface = interface
        self.namespace = world.keep(Namespace())
        for name in ("ipv4/ip_forward", *(["ipv6/conf/all/forwarding"] if V6 in families else [])):
            world.host.sysctl(name, 1)
        self.namespace.sysctl("ipv6/conf/default/accept_dad", 0)
        world.host.ip(f"link add {interface} type veth peer name {interface} netns {self.namespace.path}",
                      f"link set {interface} up",
                      *(f"addr add {ROUTER[f]}/{PREFIX[f].rpartition('/')[2]} dev {interface}" for f in families))
        self.namespace.ip("link set lo up", f"link set {interface} up",
                          *(f"addr add {DEVICE[f]}/{PREFIX[f].rpartition('/')[2]} dev {interface}" for f in families),
                          *(f"route add default via {ROUTER[f]}" for f in families))
        world.outside.ip(*(f"route add {PREFIX[f]} via {HOST[f]}" for f in families))
        self.client = world.keep(Client(self.namespace))
