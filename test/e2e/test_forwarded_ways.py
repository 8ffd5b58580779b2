# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No way around for what is forwarded: other devices and containers under the disturbances of lab/ways/disturbances.py.

Each test is a disturbance. Under it, devices of each target send without a pause, and ask with new sockets; nothing of
those that are proxied, dropped or refused may come out of the host by any interface.
"""

from contextlib import ExitStack

import pytest
from lab.addresses import ALL_TRAFFIC, GATEWAY, TCP, UDP, V4, V6
from lab.reloading import Reloadable
from lab.ways.cells import DIRECT, DROPPED, PROXIED, REFUSED
from lab.ways.column import MARK, config
from lab.ways.disturbances import DISTURBANCES, NOTHING, as_it_is, nothing
from lab.ways.neighbours import VPN, VPN_GATEWAY, VPN_HOST
from lab.wire import Wire
from lab.world import PROXY_PORT, World

TARGETS = {DIRECT: "direct: true", PROXIED: "tproxy: main", DROPPED: "drop: true", REFUSED: "refuse: true"}
GATEWAY_MARK = 3100
_HALF = {V4: "128.0.0.0/1", V6: "2000::/3"}
_LENGTH = {V4: 24, V6: 64}
_PROTOCOLS = (TCP, UDP)
# Where on-stop: clear lets all pass between a stop and the next start.
HAS_GAP = {"restart"}
# Where what is proxied is answered all the same. For the rest, that nothing gets out is what counts: a firewall's input
# policy refuses what goes to the proxy's socket (check system says so), and a VPN's routes lead answers astray.
ANSWERED = {"nothing", "strict", "mark with a mask", "rules in front", "rules in front from the start", "wg-quick's marks",
            "wg-quick's marks from the start", "connections forgotten", "reload", "restart", "restart that keeps",
            "stopped, rules kept", "killed", "killed and started again"}
# Cgroups that are made while the daemon runs, and other daemons than the usual one, are no matter of forwarding.
QUICK = {"nothing", "rules in front", "wg-quick's marks", "firewalld", "connections forgotten", "reload",
         "stopped, rules kept", "killed and started again"}
CHOSEN = [disturbance for disturbance in DISTURBANCES
          if disturbance.cgroups is None and disturbance.wrap is as_it_is and not disturbance.is_alone]


class Forwarding:
    """What a disturbance works on, in place of a Column: a host with devices behind it, of each kind and target."""

    def __init__(self, world, disturbance):
        self.world = world
        self.disturbance = disturbance
        self.mark = MARK
        self.daemon = self.proxy = self.loop = None
        self.targets = tuple(TARGETS)
        world.host.ip(f"link add {VPN} type veth peer name {VPN} netns {world.outside.path}", f"link set {VPN} up",
                      *(f"addr add {VPN_HOST[family]}/{_LENGTH[family]} dev {VPN}" for family in (V4, V6)))
        world.outside.ip(f"link set {VPN} up",
                         *(f"addr add {VPN_GATEWAY[family]}/{_LENGTH[family]} dev {VPN}" for family in (V4, V6)))
        self.wires = [world.wire, world.keep(Wire(world.outside, VPN))]
        lan, containers = world.lan("lan0", bridge=True), world.lan("containers0", bridge=True)
        self.device = {("device", target): lan.device() for target in TARGETS}
        self.device |= {("on a bridge", target): containers.device(target) for target in TARGETS}
        self.device |= {("with a cable", target): world.lan(f"cable-{target}"[:15]).device(target) for target in TARGETS}
        if disturbance.proxy_options is not None:
            self.start_proxy(**disturbance.proxy_options)

    @property
    def config(self):
        """Rules for cgroups, which containers have, and for devices by their addresses."""
        rules = "".join(
            f"    - {{source: [{self.device['device', target].address[V4]}, \"{self.device['device', target].address[V6]}\"], {what}}}\n"
            for target, what in TARGETS.items())
        text = config(tuple(TARGETS), **self.disturbance.config)
        return text + f"containers: true\ngateway:\n  mark: {GATEWAY_MARK}\n  rules:\n{rules}"

    def start_daemon(self):
        """The daemon, ready."""
        self.daemon = Reloadable(self.world, self.config)

    def stop_daemon(self):
        """End the daemon as a service manager does."""
        assert self.daemon.daemon.stop() == 0

    def start_proxy(self, **options):
        """A proxy that answers everything it receives."""
        self.proxy = self.world.proxy("main", PROXY_PORT, **options)

    def ip(self, *lines):
        """As Column.ip()."""
        for family in (V4, V6):
            text = "".join(f"{line}\n" for line in lines).format(gateway=GATEWAY[family], half=_HALF[family])
            self.world.host.run("ip", f"-{family}", "-batch", "-", text_in=text)

    def leaks(self):
        """What has come out of the host from those whose traffic must not."""
        kept = {device.address[family]: name for name, device in self.device.items() if name[1] != DIRECT for family in (V4, V6)}
        return sorted({(kept[packet.source[0]], packet.protocol, packet.family) for wire in self.wires for packet in wire.packets
                       if packet.source[0] in kept and packet.protocol in _PROTOCOLS})

    def forget(self):
        """From here on what comes out counts."""
        for wire in self.wires:
            wire.forget()

    def ask_all(self):
        """Ask from everywhere; who answered, by device and kind of traffic."""
        who = {}
        for name, device in self.device.items():
            is_answered = name[1] == PROXIED and self.disturbance.name in ANSWERED
            if is_answered:
                device.await_answer_by("proxy main")  # first it works off the floods
            for protocol, family in ALL_TRAFFIC:
                ask = device.ask if is_answered else device.ask_in_vain
                who[name, protocol, family] = ask(protocol, family).who
        return who


@pytest.fixture(name="forwarding")
def fixture_forwarding(disturbance):
    """The host, with its daemon's rules in force."""
    with World() as world:
        # refusals count, and may be many
        world.host.sysctl("ipv4/icmp_ratelimit", 0)
        world.host.sysctl("ipv6/icmp/ratelimit", 0)
        forwarding = Forwarding(world, disturbance)
        disturbance.before(forwarding)
        if forwarding.daemon is None:
            forwarding.start_daemon()
        for name, device in forwarding.device.items():
            if name[1] == DROPPED:
                device.await_answer_by("dropped")
        yield forwarding
        if forwarding.loop:
            forwarding.loop.close()


@pytest.mark.parametrize("disturbance", [pytest.param(one, id=one.name, marks=[] if one.name in QUICK else [pytest.mark.long])
                                         for one in CHOSEN])
def test_nothing_gets_out(forwarding, disturbance):
    forwarding.forget()
    with ExitStack() as floods:
        # old sockets, one for each target that must keep in
        for name, device in forwarding.device.items():
            if name[1] != DIRECT:
                floods.enter_context(device.flooding())
        if disturbance.apply is not nothing:
            disturbance.apply(forwarding)
    who = forwarding.ask_all()  # not beside the floods, which fill the proxy's buffer
    leaks = forwarding.leaks()
    assert not leaks or disturbance.name in HAS_GAP, leaks
    proxied = {key: answer for key, answer in who.items() if key[0][1] == PROXIED}
    if disturbance.name in ANSWERED:
        assert set(proxied.values()) == {"proxy main"}, proxied
    if disturbance is NOTHING:
        assert {answer for key, answer in who.items() if key[0][1] == DIRECT} == {"outside"}, who
    assert not set(proxied.values()) & {"outside"}, proxied
