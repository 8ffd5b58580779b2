# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks behind the host, which is the router of the devices in them; in a cgroup, a device is a container."""

from .addresses import HOST, V4, V6, family_of
from .client import Client
from .namespaces import Namespace
from .waiting import wait_until

# The host has the first address of each network. 198.18.0.0/15 is for tests (RFC 2544).
_PREFIX = {V4: "198.19.{}.", V6: "2001:db8:19:{:x}::"}
_LENGTH = {V4: 24, V6: 64}
_WHOLE = {V4: "198.19.0.0/16", V6: "2001:db8:19::/48"}
_MAC = "52:54:00:19:{:02x}:{:02x}"


class Device(Client):
    """A device in a network, with a client on it; addresses by family, and the interface's name on the host."""

    def __init__(self, namespace, address, mac, host_end, directory=None):
        self.namespace = namespace
        self.address = address
        self.mac = mac
        self.host_end = host_end
        namespace.sysctl("ipv4/ping_group_range", "0 0")
        super().__init__(namespace, directory)

    def add_address(self, address):
        """Give it another address, beside those of its network, which can be used at once."""
        self.namespace.run("ip", "addr", "add", f"{address}/{_LENGTH[family_of(address)]}", "dev", "eth0")
        wait_until(lambda: not self.namespace.run("ip", "addr", "show", "dev", "eth0", "tentative"), "the address can be used")

    def join(self, world, cgroup):
        """Another client in the same network, in a cgroup of its own."""
        directory = world.cgroups.directory(world.cgroups.make(cgroup))
        return world.keep(Device(self.namespace, self.address, self.mac, self.host_end, directory))

    def remove_address(self, address):
        """Take one away."""
        self.namespace.run("ip", "addr", "del", f"{address}/{_LENGTH[family_of(address)]}", "dev", "eth0")


class Lan:
    """A network behind the host: a cable to one device, or a bridge with a cable to each."""

    def __init__(self, world, name, number, bridge=False):
        """Name is that of the host's interface."""
        self.name = name
        self.network = {family: f"{prefix.format(number)}{'0' if family == V4 else ''}/{_LENGTH[family]}"
                        for family, prefix in _PREFIX.items()}
        self.host_address = self._address(number, 1)
        self._world = world
        self._number = number
        self._bridge = bridge
        self._count = 1
        if bridge:
            world.host.ip(f"link add {name} type bridge", f"link set {name} up")
            self._give_host_addresses()

    @staticmethod
    def _address(number, host):
        return {family: f"{prefix.format(number)}{host}" for family, prefix in _PREFIX.items()}

    def _give_host_addresses(self):
        self._world.host.ip(*(f"addr add {self.host_address[f]}/{_LENGTH[f]} dev {self.name}" for f in self._world.families))

    def device(self, cgroup=None, number=None):
        """A new device, which has the host as its router; with a cgroup (a path below the World's top), it runs there.

        A number is for one that takes the place of an earlier one, with its addresses.
        """
        namespace = self._world.keep(Namespace())
        address, mac, host_end = self.connect(namespace, number)
        directory = cgroup and self._world.cgroups.directory(self._world.cgroups.make(cgroup))
        return self._world.keep(Device(namespace, address, mac, host_end, directory))

    def connect(self, namespace, number=None):
        """Lay a device's cable; its addresses, its MAC address, and the interface's name on the host."""
        self._count += number is None
        number = number or self._count
        assert self._bridge or number == 2, "a cable has two ends"
        address, mac = self._address(self._number, number), _MAC.format(self._number, number)
        host_end = f"{self.name}p{number}" if self._bridge else self.name
        namespace.sysctl("ipv6/conf/default/accept_dad", 0)
        self._world.host.ip(f"link add {host_end} type veth peer name eth0 address {mac} netns {namespace.path}",
                            *([f"link set {host_end} master {self.name}"] if self._bridge else []),
                            f"link set {host_end} up")
        if not self._bridge:
            self._give_host_addresses()
        namespace.ip("link set lo up", "link set eth0 up",
                     *(f"addr add {address[f]}/{_LENGTH[f]} dev eth0" for f in self._world.families),
                     *(f"route add default via {self.host_address[f]}" for f in self._world.families))
        return address, mac, host_end


def behind(world, router, mtu):
    """A device in a network of its own behind another device, which sends it packets of this size at most."""
    address = {family: f"{prefix.format(99)}2" for family, prefix in _PREFIX.items()}
    gateway = {family: f"{prefix.format(99)}1" for family, prefix in _PREFIX.items()}
    namespace = world.keep(Namespace())
    namespace.sysctl("ipv6/conf/default/accept_dad", 0)
    router.namespace.sysctl("ipv4/ip_forward", 1)
    router.namespace.sysctl("ipv6/conf/all/forwarding", 1)
    router.namespace.ip(f"link add eth1 type veth peer name eth0 netns {namespace.path}",
                        f"link set eth1 mtu {mtu}", "link set eth1 up",
                        *(f"addr add {gateway[f]}/{_LENGTH[f]} dev eth1" for f in (V4, V6)))
    namespace.ip("link set lo up", "link set eth0 up",
                 *(f"addr add {address[f]}/{_LENGTH[f]} dev eth0" for f in (V4, V6)),
                 *(f"route add default via {gateway[f]}" for f in (V4, V6)))
    world.host.ip(*(f"route add {address[f]} via {router.address[f]}" for f in (V4, V6)))
    return world.keep(Device(namespace, address, None, router.host_end))


def become_router(world):
    """Have the host forward, and the outside know the way back to all networks behind it."""
    world.host.sysctl("ipv4/ip_forward", 1)
    world.host.sysctl("ipv6/conf/all/forwarding", 1)
    for name in ("iptables", "ip6tables"):
        world.host.try_sysctl(f"bridge/bridge-nf-call-{name}", 0)  # they exist if the module br_netfilter is loaded
    world.outside.ip(*(f"route add {_WHOLE[f]} via {HOST[f]}" for f in world.families))
