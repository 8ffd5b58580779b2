# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers made by hand that come, change and go, under a daemon that does, too."""

import itertools
import re
import signal
import socket
import statistics
import subprocess
import time

import pytest
from lab.addresses import ADDRESS_FAMILY, ALL_TRAFFIC, ANY, DISCARD_PORT, OUTSIDE, SERVICE_PORT, TCP, UDP, V4, V6
from lab.amounts import amounts
from lab.checks import routing, table
from lab.namespaces import Namespace
from lab.reloading import Reloadable
from lab.storms import Storm, pausing
from lab.talkers import TRANSPARENT, Talker
from lab.waiting import wait_until
from test_container_rules import CONFIG, CONFIGS, STRICT, STRICT_GATEWAY, TARGETS, add_proxies, bridged, check, settle

DEVICES = itertools.count(1)
CONTAINERS, STORM = 4, 8_000


@pytest.fixture(name="lan")
def fixture_lan(world):
    """lan(BRIDGE): a network with a bridge, or without; proxies are there."""
    add_proxies(world)

    def lan(bridge):
        number = next(DEVICES)
        return world.lan(f"br{number}" if bridge else f"lan{number}", bridge)

    return lan


def move(world, client, cgroup):
    """Move a client to another cgroup."""
    procs = world.cgroups.directory(world.cgroups.make(cgroup)) / "cgroup.procs"
    procs.write_text(str(client.pid), encoding="ascii")


def send(device, family):
    """Send a datagram from the network of a device, by a process that is elsewhere; return the port."""
    def from_inside():
        with socket.socket(ADDRESS_FAMILY[family], socket.SOCK_DGRAM) as sock:
            sock.bind((ANY[family], 0))
            sock.sendto(b"token-of-nobody", (OUTSIDE[family], DISCARD_PORT))
            return sock.getsockname()[1]
    return device.namespace.call(from_inside)


def got_out(world, port):
    """Whether a datagram from this port did."""
    return any(p.protocol == UDP and p.source[1] == port for p in world.wire.packets)


def words(world):
    """The words of what the table has for containers. (Listing the rest takes long where there are many cgroups.)"""
    sets = [("map", "container-interface"), ("map", "container-source"), ("map", "container-source6"), ("set", "container-address"),
            ("set", "container-address6")]
    return re.split(r'[\s"{},]+', " ".join(world.host.run("nft", "list", kind, "inet", "cgtproxy", name) for kind, name in sets))


def is_listed(world, device):
    """Whether anything in the table is for a device: its addresses, or the interface."""
    return not {device.host_end, *device.address.values()}.isdisjoint(words(world))


@CONFIGS
@bridged
def test_processes_come_after_the_network(world, lan, config, bridge):
    """What comes from a network in which nothing has ever run is left alone, unless strict."""
    network = lan(bridge)
    device = network.device()
    device.close()
    if bridge:
        network.device("direct")
    world.daemon(config)
    for family in (V4, V6):
        assert got_out(world, send(device, family)) == (config == CONFIG)
    client = device.join(world, "proxied")
    settle(client, "proxy mihomo")
    check(world, client, "proxy mihomo")


@bridged
def test_processes_move(world, lan, bridge):
    container = lan(bridge).device("direct")
    world.daemon(CONFIG)
    settle(container, "outside")
    for cgroup, who in [*TARGETS.items(), *reversed(TARGETS.items())]:
        move(world, container, cgroup)
        settle(container, who)
        check(world, container, who)


@CONFIGS
@bridged
@pytest.mark.parametrize("name", ["dropped", "proxied", "refused"])
def test_a_cgroup_vanishes(world, lan, config, bridge, name):
    """What still comes from the network, which others keep, goes where the last cgroup's rule sent it."""
    device = lan(bridge).device()
    device.close()  # or its cgroup, the tests' own, would be another one of the container's
    world.daemon(config)
    client = device.join(world, name)
    settle(client, TARGETS[name])
    world.cgroups.remove(world.cgroups.path(name))
    time.sleep(1)  # nothing tells when the daemon has forgotten the cgroup
    for family in (V4, V6):
        assert not got_out(world, send(device, family))
    direct = device.join(world, "direct")
    settle(direct, "outside")
    check(world, direct, "outside")


@pytest.mark.alone
def test_ready_means_that_all_are_found(world, lan):
    """However long it takes to look into all cgroups; here the daemon rests most of the time."""
    network = lan(True)
    storm = Storm(world, "storm", STORM, "storm")
    containers = []
    for number in range(CONTAINERS):
        containers.append(network.device(f"{number}/proxied"))
        storm.make(STORM // CONTAINERS)
    daemon = world.start_daemon(CONFIG)
    with pausing(daemon, 0.003, 0.1):
        daemon.wait_ready()
    listed = words(world)
    daemon.send_signal(signal.SIGCONT)
    for container in containers:
        assert {container.address[V4], container.address[V6]} <= set(listed)


@CONFIGS
@bridged
def test_a_container_vanishes(world, lan, config, bridge):
    """With its elements, so that the next one with its addresses has its own target."""
    network = lan(True) if bridge else None
    world.daemon(config)
    for name, who in [*TARGETS.items(), *reversed(TARGETS.items())]:
        container = (network or lan(False)).device(name, number=2)
        settle(container, who)
        check(world, container, who)
        container.close()
        world.host.run("ip", "link", "del", container.host_end)
        wait_until(lambda one=container: not is_listed(world, one), "its elements are gone")


@bridged
@pytest.mark.parametrize("family", [V4, V6])
def test_addresses_come_late_and_go(world, lan, bridge, family):
    """The process is there first, and the network changes its addresses."""
    network = lan(bridge)
    container = network.device("proxied")
    world.daemon(CONFIG)
    settle(container, "proxy mihomo")
    container.namespace.sysctl("ipv4/conf/eth0/promote_secondaries", 1)  # or they would go with the first
    first = container.address[family]
    other = {V4: first.rpartition(".")[0] + ".77", V6: first.rpartition(":")[0] + ":77"}[family]
    for number in range(3):
        new, old = (other, first) if number % 2 == 0 else (first, other)
        container.add_address(new)
        container.await_answer_by("proxy mihomo", family=family, bind=new)
        for protocol in (TCP, UDP):
            for address in (new, old):
                assert container.ask(protocol, family, bind=address).who == "proxy mihomo"
        container.remove_address(old)
        if family == V4:  # with the last address of a network its routes go
            container.namespace.run("ip", "route", "replace", "default", "via", network.host_address[V4])
        for protocol in (TCP, UDP):
            assert container.ask(protocol, family).who == "proxy mihomo"
        wait_until(lambda old=old: old not in words(world), "the address that is gone has no element")


@pytest.mark.parametrize("family", [V4, V6])
def test_an_address_goes_to_another_container(world, lan, family):
    """On one bridge. The new one's target counts as soon as it alone has the address."""
    bridge = lan(True)
    containers = {name: bridge.device(name) for name in TARGETS}
    world.daemon(CONFIG)
    for name, container in containers.items():
        settle(container, TARGETS[name])
    address = {V4: bridge.host_address[V4].rpartition(".")[0] + ".99", V6: bridge.host_address[V6].rpartition(":")[0] + ":99"}[family]
    for name, container in [*containers.items(), *reversed(containers.items())]:
        container.add_address(address)
        world.host.run("ip", "neigh", "flush", "dev", bridge.name)
        container.await_answer_by("dropped" if name == "dropped" else TARGETS[name], family=family, bind=address)
        for protocol in (TCP, UDP):
            ask = container.ask_in_vain if name == "dropped" else container.ask
            assert ask(protocol, family, bind=address).who == TARGETS[name]
        container.remove_address(address)


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize(("name", "intruder", "who"), [
    ("direct", "dropped", "timeout"), ("direct", "proxied", "proxy mihomo"), ("proxied", "refused", "refused"),
    ("dropped", "direct", "timeout"), ("proxied", "second", "proxy mihomo"), ("second", "proxied", "proxy mihomo")])
def test_the_same_address_twice_on_one_bridge(world, lan, name, intruder, who, family):
    """The stricter target counts for what has that address; when one gives it up, the other one's is back."""
    bridge = lan(True)
    container, other = bridge.device(name), bridge.device(intruder)
    world.daemon(CONFIG)
    settle(container, TARGETS[name])
    settle(other, TARGETS[intruder])
    # only the first one answers who has it
    other.namespace.sysctl("ipv4/conf/all/arp_ignore", 8)
    version = "-6" if family == V6 else "-4"
    world.host.run("ip", version, "neigh", "replace", container.address[family], "lladdr", container.mac, "dev", bridge.name, "nud", "permanent")
    other.add_address(container.address[family])
    container.await_answer_by("dropped" if who == "timeout" else who, family=family)
    check(world, container, who, [(TCP, family), (UDP, family)])
    other.remove_address(container.address[family])
    container.await_answer_by("dropped" if TARGETS[name] == "timeout" else TARGETS[name], family=family)
    check(world, container, TARGETS[name], [(TCP, family), (UDP, family)])


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("name", ["dropped", "proxied", "refused"])
def test_a_cable_of_its_own_can_not_be_spoofed(world, lan, name, family):
    """A container that takes a direct one's address, or any other, is known by its veth."""
    hostile, victim = lan(False).device(name), lan(False).device("direct")
    for device in (hostile, victim):
        for conf in ("all", device.host_end):
            world.host.sysctl(f"ipv4/conf/{conf}/rp_filter", 0)
    world.daemon(CONFIG)
    settle(hostile, TARGETS[name])
    settle(victim, "outside")
    anybody = {V4: "198.18.7.7", V6: "2001:db8:77::7"}
    for address in (victim.address[family], anybody[family]):
        talker = world.keep(Talker(hostile.namespace, world.cgroups.directory(world.cgroups.path(name)), TRANSPARENT,
                                   (address, SERVICE_PORT), (OUTSIDE[family], DISCARD_PORT)))
        talker.say("anything")
        assert talker.hear() == "sent"
        talker.close()
        assert world.wire.saw(victim.ask(UDP, family))  # which was sent later
        assert not [p for p in world.wire.packets if p.source == (address, SERVICE_PORT)]
    check(world, victim, "outside")


@pytest.mark.parametrize("family", [V4, V6])
def test_what_a_bridge_does_not_show(world, lan, family):
    """A container with the privilege to send from a neighbour's address has that one's target, as the documentation
    says; one that nobody has is refused with strict.
    """
    bridge = lan(True)
    hostile, victim = bridge.device("dropped"), bridge.device("direct")
    world.daemon(STRICT)
    settle(hostile, "timeout")
    settle(victim, "outside")
    nobodys = {V4: bridge.host_address[V4].rpartition(".")[0] + ".99", V6: bridge.host_address[V6].rpartition(":")[0] + ":99"}
    seen = {}
    for address in (victim.address[family], nobodys[family]):
        talker = world.keep(Talker(hostile.namespace, world.cgroups.directory(world.cgroups.path("dropped")), TRANSPARENT,
                                   (address, SERVICE_PORT), (OUTSIDE[family], DISCARD_PORT)))
        talker.say("anything")
        assert talker.hear() == "sent"
        talker.close()
        assert world.wire.saw(victim.ask(UDP, family))
        seen[address] = any(p.source == (address, SERVICE_PORT) for p in world.wire.packets)
    assert seen == {victim.address[family]: True, nobodys[family]: False}


@bridged
@pytest.mark.parametrize("name", ["dropped", "proxied"])
def test_ports_of_bridges_change(world, lan, bridge, name):
    """A veth becomes a bridge's port, or is one no more, under the same rule."""
    network, other = lan(bridge), lan(True)
    container = network.device(name)
    world.daemon(CONFIG)
    settle(container, TARGETS[name])
    for master in (other.name, None, other.name, network.name if bridge else None):
        world.host.ip(f"link set {container.host_end} " + (f"master {master}" if master else "nomaster"),
                      f"route replace {container.address[V4]} dev {master or container.host_end}")
        container.await_answer_by("dropped" if name == "dropped" else TARGETS[name])
        check(world, container, TARGETS[name], [(TCP, V4), (UDP, V4)])


@bridged
def test_reloads_change_targets(world, lan, bridge):
    container = lan(bridge).device("proxied")
    subject = Reloadable(world, CONFIG)
    settle(container, "proxy mihomo")
    for target, who in (("drop: true", "timeout"), ("tproxy: second", "proxy second"), ("refuse: true", "refused"),
                        ("direct: true", "outside"), ("tproxy: mihomo", "proxy mihomo")):
        for config in (CONFIG, STRICT, STRICT_GATEWAY):
            subject.reload(config.replace("rules:\n", f"rules:\n  - {{match: '/proxied$', {target}}}\n"))
            check(world, container, who)


@bridged
def test_on_and_off(world, lan, bridge):
    """What is in force for containers comes and goes with the key, the mark and policy rules as well."""
    containers = {name: lan(bridge).device(name) for name in TARGETS}
    off = CONFIG.replace("containers: true", "containers: false")
    subject = Reloadable(world, off)

    def in_force():
        return "\n".join([table(world)[0], *routing(world)]).splitlines()

    before = in_force()
    for number, config in enumerate((off, CONFIG, off, STRICT_GATEWAY, off)):
        subject.reload(config)
        for name, container in containers.items():
            check(world, container, "outside" if config == off else TARGETS[name])
        if config == off:
            assert in_force() == before
        for older in range(number):  # a process enters a cgroup that was there when the key was another
            world.new_client(f"old-{older}").close()
        world.cgroups.make(f"old-{number}")
    assert subject.daemon.stop() == 0


def test_clear_removes_everything(world, lan):
    container = lan(True).device("dropped")
    before = world.footprint()
    daemon = world.daemon(STRICT)
    settle(container, "timeout")
    assert daemon.stop() == 0
    assert world.footprint() == before
    check(world, container, "outside")


def packets_of(world, device):
    """What has got out from a container. (By its address, since in its network others' ports are used as well.)"""
    return [packet for packet in world.wire.packets if packet.source[0] in device.address.values()]


def look(world, containers, floods):
    """Nothing of what is not direct has got out, and proxied traffic gets where it should."""
    for flood in floods:
        flood.await_more(20)
    for name, who in TARGETS.items():
        assert who == "outside" or not packets_of(world, containers[name]), name
    for name in ("direct", "proxied", "second"):
        check(world, containers[name], TARGETS[name])


@CONFIGS
@bridged
@pytest.mark.parametrize("how", ["reload", "restart", "kill"])
def test_nothing_gets_out_meanwhile(world, lan, config, bridge, how):
    """Whether the daemon reloads, is restarted, or killed, with containers that send without a pause."""
    containers = {name: lan(bridge).device(name) for name in TARGETS}
    config += "on-stop: keep\n"
    subject = Reloadable(world, config)
    for name, container in containers.items():
        settle(container, TARGETS[name])
    world.wire.forget()
    with containers["dropped"].flooding() as dropped, containers["refused"].flooding(V6) as refused:
        for number in range(10):
            look(world, containers, (dropped, refused))
            if how == "reload":
                subject.reload(config.replace("rules:\n", f"rules:\n  - {{match: '/number-{number}$', drop: true}}\n"))
                continue
            if how == "kill":
                subject.daemon.kill()
            else:
                subject.daemon.stop()
            look(world, containers, (dropped, refused))
            subject = Reloadable(world, config, subject.path)
        look(world, containers, (dropped, refused))


# The destination of a flood that need not be observed.
AWAY = "198.18.0.1"


@bridged
@pytest.mark.parametrize("reloads", amounts("CGTPROXY_TEST_RELOADS", 20, 300))
def test_reloads_that_change_the_proxy(world, lan, bridge, reloads):
    """A container that floods goes to one proxy or the other, and one that is direct is never refused."""
    containers = {name: lan(bridge).device(name) for name in ("proxied", "direct")}
    world.host.ip("link add away type veth peer name nowhere", "link set away up", "link set nowhere up",
                  f"route add {AWAY} dev away", f"neighbor add {AWAY} lladdr 02:00:00:00:00:01 dev away")
    subject = Reloadable(world, CONFIG)
    for name, container in containers.items():
        settle(container, TARGETS[name])
    world.wire.forget()
    with containers["proxied"].flooding() as proxied, containers["direct"].flooding(address=AWAY) as direct:
        for number in range(reloads):
            first = ("second", "mihomo")[number % 2]
            subject.reload(CONFIG.replace("rules:\n", f"rules:\n  - {{match: '/proxied$', tproxy: {first}}}\n"))
            for flood in (proxied, direct):
                flood.await_more(50)
            assert not packets_of(world, containers["proxied"])
    stopped = [world.host.run("nft", "list", "counter", "inet", "cgtproxy", name) for name in ("GATEWAY-DROP", "GATEWAY-REFUSE")]
    assert all("packets 0 " in counter for counter in stopped)


# Sends without a pause, from a new port each time, also while it has no network yet.
FLOOD = f"while :; do echo flood >/dev/udp/{OUTSIDE[V4]}/{DISCARD_PORT}; done 2>/dev/null"


def is_flood(packet):
    """Whether a packet is one of these."""
    return packet.protocol == UDP and packet.destination == (OUTSIDE[V4], DISCARD_PORT)


class Flooding:
    """A container's process that enters its cgroup and sends at once."""

    def __init__(self, world, namespace, cgroup):
        procs = world.cgroups.directory(world.cgroups.make(cgroup)) / "cgroup.procs"
        self._namespace = namespace
        self._process = subprocess.Popen(namespace.command("bash", "-c", f"echo $$ >{procs}; {FLOOD}"))

    def count(self):
        """The packets that its network has sent so far, whatever became of them."""
        def read():
            with open("/proc/thread-self/net/dev", encoding="ascii") as file:
                return sum(int(line.split()[10]) for line in file if line.strip().startswith("eth0:"))
        return self._namespace.call(read)

    def await_more(self, count):
        """Await this many more packets."""
        enough = self.count() + count
        wait_until(lambda: self.count() >= enough, "it sends")

    def is_kept_in(self, world):
        """Whether it sends and nothing gets out."""
        before = sum(map(is_flood, world.wire.packets))
        self.await_more(200)
        return sum(map(is_flood, world.wire.packets)) == before

    def close(self):
        """End it."""
        self._process.kill()
        self._process.wait()


class SlowSetup(Namespace):
    """A network whose interface gets addresses only a while after its cable has been laid."""

    def ip(self, *lines):
        """Run lines of `ip` inside, later."""
        time.sleep(0.3)
        return super().ip(*lines)


@bridged
@CONFIGS
@pytest.mark.parametrize("name", ["dropped", "proxied"])
@pytest.mark.parametrize("first", ["network", "process", "cable"])
def test_what_gets_out_before_a_container_is_known(world, lan, record_property, config, bridge, name, first):
    """Of one that sends at once: with strict nothing; without, what was measured is in the report."""
    network = lan(True) if bridge else None
    if bridge:
        known = network.device("direct")
    world.daemon(config)
    if bridge:
        settle(known, "outside")
    gaps, count = [], 0
    for number in range(10):
        namespace, cable = world.keep((SlowSetup if first == "cable" else Namespace)()), network or lan(False)
        if first == "network":
            cable.connect(namespace)
        flood = world.keep(Flooding(world, namespace, f"{name}-{number}"))
        if first != "network":
            cable.connect(namespace)
        flood.await_more(300)
        wait_until(lambda flood=flood: flood.is_kept_in(world), "nothing gets out any more")
        times = [packet.time for packet in world.wire.packets if is_flood(packet)]
        count += len(times)
        gaps.append(1000 * (times[-1] - times[0]) if times else 0)
        world.wire.forget()
        flood.close()
    usual = statistics.median(gaps)
    record_property("measured", f"{count} packets got out in {len(gaps)} starts, for {usual:.1f} ms as a rule, {max(gaps):.1f} ms at most")
    assert count == 0 or config == CONFIG
