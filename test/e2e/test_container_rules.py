# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers made by hand, with `containers: true`: what they send goes where the rule for their cgroup says."""

import pytest
from lab.addresses import ALL_TRAFFIC, BYPASSED, DNS_PORT, HOST, OUTSIDE, RESOLVER, SERVICE_PORT, TCP, UDP, V4, V6
from lab.checks import OURS
from lab.servers import Server
from lab.world import World

CONFIG = f"""
version: 1
containers: true
bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]
tproxies:
  mihomo: {{mark: 3000, port: 7893}}
  second: {{mark: 3002, port: 7894}}
rules:
  - {{match: '{OURS}proxied[^/]*(/|$)', tproxy: mihomo}}
  - {{match: '{OURS}second[^/]*(/|$)', tproxy: second}}
  - {{match: '{OURS}dropped[^/]*(/|$)', drop: true}}
  - {{match: '{OURS}refused[^/]*(/|$)', refuse: true}}
  - {{match: '{OURS}direct[^/]*(/|$)', direct: true}}
"""
STRICT = CONFIG + "strict: true\n"
STRICT_GATEWAY = CONFIG + "gateway: {strict: true}\n"
CONFIGS = pytest.mark.parametrize("config", [CONFIG, STRICT, STRICT_GATEWAY], ids=["not strict", "strict", "strict gateway"])
# Who answers, by the cgroup.
TARGETS = {"direct": "outside", "proxied": "proxy mihomo", "second": "proxy second", "dropped": "timeout", "refused": "refused"}
PUBLISHED_PORT = 8080

traffic = pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
bridged = pytest.mark.parametrize("bridge", [False, True], ids=["unbridged", "bridged"])


def add_proxies(world):
    """Those of the config. (The kernel limits ICMP errors to one address; here all of them count.)"""
    world.host.sysctl("ipv4/icmp_ratelimit", 0)
    world.host.sysctl("ipv6/icmp/ratelimit", 0)
    return {name: world.proxy(name, port) for name, port in (("mihomo", 7893), ("second", 7894))}


def settle(container, who):
    """Await that the rule for a container is in force, for both families: it has both addresses."""
    for family in (V4, V6):
        container.await_answer_by("dropped" if who == "timeout" else who, family=family)


def got_out(world, container, result):
    """Whether any packet of this result did. (Ports alone don't tell, each container has all of them.)"""
    return any(p.protocol == result.protocol and p.source[1] == result.port and p.time >= result.began and
               p.source[0] in container.address.values() for p in world.wire.packets)


def check(world, container, who, traffic=tuple(ALL_TRAFFIC)):
    """Check that this traffic is answered by whom it should be, or not, and that only what is direct gets out."""
    for protocol, family in traffic:
        ask = container.ask_in_vain if who == "timeout" else container.ask
        result = ask(protocol, family)
        assert result.who == who, (protocol, family)
        assert got_out(world, container, result) == (who == "outside"), (protocol, family)


class Home:
    """A host with containers of all targets: some on a bridge, and some that have a cable of their own."""

    def __init__(self, world, config):
        self.world = world
        self.is_strict = config != CONFIG
        self.proxies = add_proxies(world)
        self.bridge = world.lan("br0", bridge=True)
        self.container = {(True, name): self.bridge.device(name) for name in TARGETS}
        for name in TARGETS:
            self.container[False, name] = world.lan(name).device(name)
        self.other = world.lan("br1", bridge=True).device("direct")
        self.neighbour = self.bridge.device("direct")
        for name, device in (("other", self.other), ("neighbour", self.neighbour)):
            device.serve(name, SERVICE_PORT, DNS_PORT)
        for container in self.container.values():
            container.serve("container", SERVICE_PORT)
        world.keep(Server("host", [SERVICE_PORT], world.host))
        self.daemon = world.daemon(config)
        for (_, name), container in self.container.items():
            settle(container, TARGETS[name])


@pytest.fixture(scope="module", name="home", params=[CONFIG, STRICT_GATEWAY], ids=["not strict", "strict gateway"])
def home_with_daemon(request):
    """A home whose daemon covers containers."""
    with World() as world:
        yield Home(world, request.param)


@traffic
@bridged
@pytest.mark.parametrize("name", TARGETS)
def test_targets(home, name, bridge, protocol, family):
    container, who = home.container[bridge, name], TARGETS[name]
    result = (container.ask_in_vain if who == "timeout" else container.ask)(protocol, family, times=3)
    assert result.who == who
    assert got_out(home.world, container, result) == (who == "outside")
    if result.answers:
        assert result.answer.asked == result.answer.source == (OUTSIDE[family], SERVICE_PORT)
        assert result.answer.peer == (container.address[family], result.port)


@pytest.mark.parametrize("family", [V4, V6])
@bridged
def test_pings(home, bridge, family):
    outcomes = {name: home.container[bridge, name].ping(family, timeout=0.3) for name in TARGETS}
    assert outcomes["direct"] == outcomes["proxied"] == "answered"
    assert outcomes["dropped"] == "timeout"
    assert outcomes["refused"] != "answered"


@traffic
@bridged
@pytest.mark.parametrize("name", TARGETS)
def test_bypassed_addresses_are_left_alone(home, name, bridge, protocol, family):
    assert home.container[bridge, name].ask(protocol, family, BYPASSED[family]).who == "outside"


@traffic
@bridged
@pytest.mark.parametrize("name", TARGETS)
def test_the_hosts_own_addresses_are_left_alone(home, name, bridge, protocol, family):
    for address in (HOST[family], home.bridge.host_address[family]):
        assert home.container[bridge, name].ask(protocol, family, address).who == "host"


@traffic
@bridged
@pytest.mark.parametrize("name", TARGETS)
def test_containers_among_each_other(home, name, bridge, protocol, family):
    """On one bridge or on several, or without."""
    container = home.container[bridge, name]
    for server, device in (("other", home.other), ("neighbour", home.neighbour)):
        assert container.ask(protocol, family, device.address[family], times=3).who == server
    assert home.other.ask(protocol, family, container.address[family], times=3).who == "container"


@traffic
@bridged
@pytest.mark.parametrize("name", TARGETS)
def test_connections_from_outside_are_answered(home, name, bridge, protocol, family):
    """Those to a container's own address. With strict there would have to be a rule for the interface of the outside."""
    address, client = home.container[bridge, name].address[family], home.world.outside_client()
    who = "refused" if home.is_strict else "container"
    assert client.ask(protocol, family, address, times=3).who == who


def publish(world, device):
    """A port of the host's is published for a container's, as engines do it."""
    world.host.run("nft", "-f", "-", text_in="table inet engine { chain published { type nat hook prerouting priority dstnat\n" +
                   "".join(f"fib daddr type local {p} dport {PUBLISHED_PORT} dnat {ip} to {to}:{SERVICE_PORT}\n"
                           for p in (TCP, UDP) for ip, to in (("ip", device.address[V4]), ("ip6", f"[{device.address[V6]}]"))) + "}\n}\n")


@CONFIGS
@bridged
@pytest.mark.parametrize("name", TARGETS)
def test_published_ports_answer(world, config, bridge, name):
    """Also where the container that is behind them may not begin anything itself."""
    add_proxies(world)
    server, client = world.lan("br0", bridge).device(name), world.lan("br1", bridge=True).device("proxied-client")
    server.serve("container", SERVICE_PORT)
    publish(world, server)
    world.daemon(config)
    settle(server, TARGETS[name])
    settle(client, "proxy mihomo")
    outside = world.outside_client()
    for protocol, family in 2 * ALL_TRAFFIC:  # the second time the conntrack entries are there
        for asking in (outside, client):
            assert asking.ask(protocol, family, HOST[family], PUBLISHED_PORT, times=2).who == "container", (protocol, family)
    check(world, server, TARGETS[name])


HIJACKING = CONFIG.replace("port: 7893", "port: 7893, dns-hijack: {ip: 127.0.0.1, ip6: '::1', port: 1053, tcp: true}")


@bridged
def test_hijacked_dns(world, bridge):
    """Queries to the host, where the engine's name server is, and to other containers are left alone."""
    add_proxies(world)
    lan = world.lan("br0", bridge)
    containers = {"proxied": lan.device("proxied")}
    second = world.lan("br1", bridge=True)
    containers |= {name: second.device(name) for name in ("direct", "second", "dropped")}
    box = world.lan("br2", bridge=True).device("direct")
    box.serve("dns box", DNS_PORT)
    world.dns("local", 1053)
    for network in (lan, second):
        world.keep(Server("dns engine", [DNS_PORT], world.host, tuple(network.host_address.values())))
    world.daemon(HIJACKING)
    for name, container in containers.items():
        settle(container, TARGETS[name])
    hijacked = {"proxied": "dns local", "direct": "outside", "second": "proxy second", "dropped": "timeout"}
    for name, container in containers.items():
        network = lan if name == "proxied" else second
        for protocol, family in ALL_TRAFFIC:
            ask = container.ask_in_vain if name == "dropped" else container.ask
            result = ask(protocol, family, RESOLVER[family], DNS_PORT, times=3)
            assert result.who == hijacked[name], (name, protocol, family)
            assert got_out(world, container, result) == (name == "direct")
            for server, address in (("dns engine", network.host_address), ("dns box", box.address)):
                result = container.ask(protocol, family, address[family], DNS_PORT, times=3)
                assert result.who == server, (name, protocol, family)
    assert containers["proxied"].ask(UDP, V4, BYPASSED[V4], DNS_PORT).who == "outside"


@bridged
def test_nested_cgroups(world, bridge):
    """A rule for the parent is one for what is below, unless that has a rule of its own; cgroups may be far down."""
    add_proxies(world)
    cgroups = {"proxied.slice/engine/payload": "proxy mihomo", "proxied.slice/dropped/deep/er": "timeout",
               "direct/second": "proxy second", "direct/b/c/d/e/f/g/h": "outside", "dropped.slice/a/b/c/d/e/f": "timeout"}
    lan = world.lan("br0", bridge=True) if bridge else None
    devices = {cgroup: (lan or world.lan(f"v{number}")).device(cgroup) for number, cgroup in enumerate(cgroups)}
    config = CONFIG.replace("rules:\n", f"rules:\n  - {{match: '{OURS}dropped/deep(/|$)', drop: true}}\n")
    world.daemon(config)
    for cgroup, who in cgroups.items():
        settle(devices[cgroup], who)
        check(world, devices[cgroup], who)


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("key", ["udp", "ipv6", "other"])
@pytest.mark.parametrize("how", ["direct", "refuse"])
def test_kinds_of_traffic_that_the_proxy_does_not_get(world, how, key, family):
    add_proxies(world)
    container = world.lan("br0", bridge=True).device("proxied")
    world.daemon(CONFIG.replace("port: 7893", f"port: 7893, {key}: {how}"))
    container.await_answer_by("proxy mihomo", protocol=TCP)
    for protocol in (TCP, UDP):
        is_excepted = key == protocol or (key == "ipv6" and family == V6)
        who = "proxy mihomo" if not is_excepted else "outside" if how == "direct" else "refused"
        check(world, container, who, [(protocol, family)])
    is_answered = not (how == "refuse" and (key == "other" or (key == "ipv6" and family == V6)))
    assert (container.ping(family, timeout=5 if is_answered else 0.3) == "answered") == is_answered


@CONFIGS
@bridged
def test_proxy_that_is_down(world, config, bridge):
    """Nothing gets out, and all is refused at once."""
    world.host.sysctl("ipv4/icmp_ratelimit", 0)
    world.host.sysctl("ipv6/icmp/ratelimit", 0)
    container = world.lan("br0", bridge).device("proxied")
    world.daemon(config)
    container.await_answer_by("refused")
    check(world, container, "refused")
    add_proxies(world)
    check(world, container, "proxy mihomo")


def test_rules_of_the_gateway_are_for_the_others(world):
    """A rule for a container's cgroup comes first; without one, a container is like any other device."""
    add_proxies(world)
    bridge, other, own = world.lan("br0", bridge=True), world.lan("br1", bridge=True), world.lan("v1").device("any")
    containers = {bridge.device("proxied"): "proxy mihomo", bridge.device("refused"): "refused", bridge.device("direct"): "outside",
                  bridge.device("any"): "timeout", other.device("any"): None, own: "proxy second"}
    devices = {world.lan("lan0").device(): "proxy second", bridge.device(): "timeout"}
    rules = "{interface: br0, drop: true}, {interface: [lan0, v1], tproxy: second}"
    for strict in ("false", "true"):
        daemon = world.daemon(CONFIG + f"gateway: {{strict: {strict}, rules: [{rules}]}}\n")
        for device, who in (containers | devices).items():
            who = who or ("refused" if strict == "true" else "outside")
            settle(device, who)
            check(world, device, who)
        daemon.stop()


def test_the_strictest_target_of_a_network_counts(world):
    """Of several cgroups: drop, refuse, then the proxies in the order of the config, direct; it is said once."""
    add_proxies(world)
    lan = world.lan("br0", bridge=True)
    pods = {("direct", "second"): "proxy second", ("second", "proxied"): "proxy mihomo", ("proxied", "refused"): "refused",
            ("refused", "dropped"): "timeout", ("direct", "direct-too"): "outside", ("any", "direct"): "outside"}
    clients = {}
    for cgroups, who in pods.items():
        first, second = (f"{cgroup}-of-{'-'.join(cgroups)}" for cgroup in cgroups)
        device = lan.device(first)
        clients[device] = clients[device.join(world, second)] = who
    daemon = world.daemon(CONFIG)
    for client, who in clients.items():
        settle(client, who)
        check(world, client, who)
    assert daemon.log.count("programs with different targets") == 4
