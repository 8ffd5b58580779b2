# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host forwards for others: every selector and target, and what is not the gateway's."""

import itertools
import re
import socket
import struct

import pytest
from lab.addresses import (ADDRESS_FAMILY, ALL_TRAFFIC, ANY, BYPASSED, DNS_PORT, GATEWAY, HOST, LOOPBACK, OUTSIDE, RESOLVER,
                           SERVICE_PORT, TCP, UDP, V4, V6)
from lab.amounts import amounts
from lab.checks import OURS
from lab.lans import behind
from lab.netfilter import flush_conntrack
from lab.reloading import Reloadable
from lab.servers import Server, make_socket
from lab.sinks import ProxySink
from lab.talkers import FREE_BIND, TRANSPARENT, Talker
from lab.waiting import PATIENCE, wait_until
from lab.wire import Wire
from lab.world import World

PORTS = {"mihomo": 7893, "second": 7894, "third": 7895}
PROXIES = """
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
  second: {mark: 3002, port: 7894}
  third: {mark: 3003, port: 7895}
"""
PUBLISHED_PORT = 8080

traffic = pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)


def gateway(*rules, more=""):
    """A config's section with these rules."""
    return f"gateway:\n{more}  rules:\n" + "".join(f"    - {{{rule}}}\n" for rule in rules)


def source(*devices):
    """The selector of devices by their addresses."""
    return "source: [" + ", ".join(f'"{device.address[f]}"' for device in devices for f in (V4, V6)) + "]"


def mac(*devices):
    """The selector of devices by their MAC addresses."""
    return "mac: [" + ", ".join(f'"{device.mac}"' for device in devices) + "]"


def counted(world, name):
    """The packets that a counter of the table has seen."""
    return int(world.host.run("nft", "list", "counter", "inet", "cgtproxy", name).split("packets ")[1].split()[0])


def send_syn_ack(family, source, destination):
    """Answer a connection that nobody has begun, which is no flow for conntrack."""
    segment = struct.pack("!HHIIBBHHH", SERVICE_PORT, 12345, 1, 1, 5 << 4, 0x12, 1024, 0, 0)
    packed = b"".join(socket.inet_pton(ADDRESS_FAMILY[family], end) for end in (source, destination))
    pseudo = packed + struct.pack("!II", len(segment), socket.IPPROTO_TCP)
    total = sum(struct.unpack(f"!{len(pseudo + segment) // 2}H", pseudo + segment))
    while total > 0xffff:
        total = (total >> 16) + (total & 0xffff)
    with socket.socket(ADDRESS_FAMILY[family], socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(segment[:16] + struct.pack("!H", ~total & 0xffff) + segment[18:], (destination, 0))


@pytest.fixture(scope="module", name="home")
def home_with_daemon():
    """A home with every kind of device, after which those are named, and their rules."""
    with World() as world:
        lan, bridge = world.lan("lan7"), world.lan("br0", bridge=True)
        world.lans = [lan, bridge]
        world.device = {name: bridge.device()
                        for name in ("direct", "dropped", "refused", "by source", "by MAC", "by bridge")}
        world.device["by name"] = lan.device()
        world.device["without rule"] = world.lan("guest", bridge=True).device()
        world.proxies = {name: world.proxy(name, port) for name, port in PORTS.items()}
        world.keep(Server("host", [SERVICE_PORT], world.host))
        world.daemon(PROXIES + f'bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]\n' + gateway(
            source(world.device["direct"]) + ", direct: true",
            mac(world.device["dropped"]) + ", drop: true",
            source(world.device["refused"]) + ", refuse: true",
            source(world.device["by source"]) + ", tproxy: second",
            mac(world.device["by MAC"]) + ", tproxy: third",
            'interface: [br0, "lan*"], tproxy: mihomo'))
        yield world


PROXIED = {"by source": "second", "by MAC": "third", "by bridge": "mihomo", "by name": "mihomo"}


@traffic
@pytest.mark.parametrize("name", PROXIED)
def test_a_device_is_sent_to_its_proxy_and_nobody_else(home, name, protocol, family):
    device = home.device[name]
    before = counted(home, f"gateway-{PROXIED[name]}")
    result = device.ask(protocol, family, times=3, await_end=True)
    assert result.who == f"proxy {PROXIED[name]}"
    assert [proxy.saw(result) for proxy in home.proxies.values()].count(True) == 1
    assert not home.wire.saw(result)
    assert result.answer.asked == result.answer.source == (OUTSIDE[family], SERVICE_PORT)
    assert result.answer.peer == (device.address[family], result.port)
    assert counted(home, f"gateway-{PROXIED[name]}") >= before + 3


@traffic
@pytest.mark.parametrize("name", ["direct", "without rule"])
def test_direct_devices_are_left_alone(home, name, protocol, family):
    result = home.device[name].ask(protocol, family, times=3)
    assert result.who == "outside"
    assert result.answer.peer == (home.device[name].address[family], result.port)


@traffic
def test_dropped_devices_get_no_answer(home, protocol, family):
    before = counted(home, "GATEWAY-DROP")
    result = home.device["dropped"].ask_in_vain(protocol, family)
    assert result.outcome == "timeout"
    assert not home.wire.saw(result)
    assert counted(home, "GATEWAY-DROP") > before


@traffic
def test_refused_devices_are_told_at_once(home, protocol, family):
    before = counted(home, "GATEWAY-REFUSE")
    result = home.device["refused"].ask(protocol, family)
    assert result.outcome == "refused"
    assert not home.wire.saw(result)
    assert counted(home, "GATEWAY-REFUSE") == before + 1


@pytest.mark.parametrize("family", [V4, V6])
def test_pings(home, family):
    outcomes = {name: home.device[name].ping(family, timeout=0.3) for name in ("direct", "dropped", "refused", "by MAC")}
    assert outcomes["direct"] == outcomes["by MAC"] == "answered"
    assert outcomes["dropped"] == "timeout"
    assert outcomes["refused"] != "answered"


@traffic
@pytest.mark.parametrize("name", ["dropped", "refused", *PROXIED])
def test_bypassed_addresses_are_left_alone(home, name, protocol, family):
    result = home.device[name].ask(protocol, family, BYPASSED[family])
    assert result.who == "outside"
    assert result.answer.peer[0] == home.device[name].address[family]


@traffic
@pytest.mark.parametrize("name", ["dropped", "refused", "by source", "by name"])
def test_the_hosts_own_addresses_are_left_alone(home, name, protocol, family):
    for address in (HOST[family], *(lan.host_address[family] for lan in home.lans)):
        assert home.device[name].ask(protocol, family, address).who == "host"


def test_the_status_takes_no_counter_of_the_gateway_for_a_target(home):
    lines = home.cgtproxy("status").stdout.splitlines()
    listed = list(itertools.takewhile(bool, lines[1 + next(i for i, l in enumerate(lines) if l.startswith("TARGET")):]))
    assert [line.split()[0] for line in listed] == ["direct", "drop", "refuse", *PORTS]
    assert all(line.split()[3] in ("-", "0") for line in listed)


@pytest.mark.parametrize("first", ["interface", "source", "mac"])
def test_the_first_rule_counts_across_kinds(world, first):
    bridge = world.lan("br0", bridge=True)
    device, other = bridge.device(), bridge.device()
    for name, port in PORTS.items():
        world.proxy(name, port)
    rules = {"interface": "interface: 'br*'", "source": source(device), "mac": mac(device)}
    subject = Reloadable(world, PROXIES)
    for kinds in itertools.permutations(rules):
        if kinds[0] != first:
            continue
        subject.reload(PROXIES + gateway(*(f"{rules[kind]}, tproxy: {name}" for kind, name in zip(kinds, PORTS))))
        for protocol, family in ALL_TRAFFIC:
            assert device.ask(protocol, family).who == "proxy mihomo"
        assert other.ask(TCP, V4).who == f"proxy {list(PORTS)[kinds.index('interface')]}"


def test_the_first_rule_counts_within_a_kind(world):
    """A network without some of its addresses, a prefix of names without some of these, and the same device twice."""
    lans = {name: world.lan(name) for name in ("lan1", "lan2", "lan10", "wlan")}
    bridge = world.lan("br0", bridge=True)
    on = {name: lan.device() for name, lan in lans.items()}
    one, two, three = (bridge.device() for _ in range(3))
    for name, port in PORTS.items():
        world.proxy(name, port)
    world.daemon(PROXIES + gateway(
        "interface: [lan1], direct: true",
        "interface: [lan*], tproxy: mihomo",
        "interface: [lan10, lan2], drop: true",
        f"{source(two)}, direct: true",
        f'source: ["{bridge.network[V4]}", "{bridge.network[V6]}"], tproxy: second',
        f"{source(three)}, direct: true",
        f"{mac(one)}, direct: true",
        f"{mac(one)}, tproxy: third",
        'interface: ["*"], tproxy: third',
        "interface: [br0], direct: true"))
    for protocol, family in ALL_TRAFFIC:
        for device, who in ((on["lan1"], "outside"), (on["lan2"], "proxy mihomo"), (on["lan10"], "proxy mihomo"),
                            (on["wlan"], "proxy third"), (one, "proxy second"), (two, "outside"),
                            (three, "proxy second")):
            assert device.ask(protocol, family).who == who


def test_names_nobody_thought_of(world):
    names = ['x"y', "u\u00fc", "-rf", "a\\b", "(((", "*"]
    devices = [world.lan(name.encode() and f"tmp{number}").device() for number, name in enumerate(names)]
    for number, name in enumerate(names):
        world.host.run("ip", "link", "set", "dev", f"tmp{number}", "down")
        world.host.run("ip", "link", "set", "dev", f"tmp{number}", "name", name)
    world.proxy("mihomo")
    quoted = ", ".join("'" + name + "'" for name in names)
    world.daemon(PROXIES + gateway(f"interface: [{quoted}], tproxy: mihomo"))
    for number, name in enumerate(names):
        world.host.run("ip", "link", "set", "dev", name, "up")
        world.host.ip(f"route replace {devices[number].address[V4]} dev {name}")
    for device in devices:
        assert device.ask(UDP, V4).who == "proxy mihomo"


@traffic
def test_strict_refuses_what_no_rule_is_for(world, protocol, family):
    lan, guest = world.lan("lan0").device(), world.lan("guest").device()
    direct = world.lan("tv").device()
    world.proxy("mihomo")
    world.keep(Server("host", [SERVICE_PORT], world.host))
    world.daemon(PROXIES + f'bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]\n' + gateway(
        "interface: lan0, tproxy: mihomo", "interface: tv, direct: true", more="  strict: true\n"))
    assert lan.ask(protocol, family).who == "proxy mihomo"
    assert direct.ask(protocol, family).who == "outside"
    result = guest.ask(protocol, family)
    assert result.outcome == "refused"
    assert not world.wire.saw(result)
    assert guest.ask(protocol, family, BYPASSED[family]).who == "outside"
    assert guest.ask(protocol, family, HOST[family]).who == "host"
    # the direct device's answers came in by an interface without a rule; nobody outside may begin
    direct.serve("tv", SERVICE_PORT)
    assert world.outside_client().ask(protocol, family, direct.address[family]).outcome == "refused"


def publish(world, device):
    """A port of the host's is published for a device's, as container engines do it."""
    world.host.run("nft", "-f", "-", text_in=f"""
        table inet engine {{
            chain published {{
                type nat hook prerouting priority dstnat
                fib daddr type local tcp dport {PUBLISHED_PORT} dnat ip to {device.address[V4]}:{SERVICE_PORT}
                fib daddr type local udp dport {PUBLISHED_PORT} dnat ip to {device.address[V4]}:{SERVICE_PORT}
                fib daddr type local tcp dport {PUBLISHED_PORT} dnat ip6 to [{device.address[V6]}]:{SERVICE_PORT}
                fib daddr type local udp dport {PUBLISHED_PORT} dnat ip6 to [{device.address[V6]}]:{SERVICE_PORT}
            }}
        }}
    """)


@traffic
@pytest.mark.parametrize("target", ["tproxy: mihomo", "drop: true", "refuse: true"])
@pytest.mark.parametrize("more", ["", "  strict: true\n"])
def test_published_ports_answer(world, more, target, protocol, family):
    """Also where the container that is behind them may not begin anything itself."""
    server, client = world.lan("br0", bridge=True).device(), world.lan("br1", bridge=True).device()
    server.serve("container", SERVICE_PORT)
    publish(world, server)
    world.daemon(PROXIES + gateway(f'interface: "br*", {target}', more=more))
    outside = world.outside_client()
    for _ in range(2):  # the second time the conntrack entries are there
        assert outside.ask(protocol, family, HOST[family], PUBLISHED_PORT, times=2).who == "container"
        assert client.ask(protocol, family, HOST[family], PUBLISHED_PORT, times=2).who == "container"
    assert not server.ask_in_vain(protocol, family).answers


@traffic
def test_forwarded_connections_from_outside_are_answered(world, protocol, family):
    server = world.lan("lan0").device()
    server.serve("server", SERVICE_PORT)
    world.proxy("mihomo")
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    assert world.outside_client().ask(protocol, family, server.address[family], times=3).who == "server"
    assert server.ask(protocol, family).who == "proxy mihomo"


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("config", ["version: 1\n", PROXIES + gateway("interface: other, tproxy: mihomo")],
                         ids=["without a gateway", "with one"])
def test_resets_of_other_programs_get_through(world, config, family):
    """A firewall refuses a forwarded connection in the name of its destination: that is no flow of this host's."""
    device = world.lan("lan0").device()
    world.host.run("nft", "-f", "-", text_in="""
        table inet firewall {
            chain forward {
                type filter hook forward priority filter
                iifname lan0 meta l4proto tcp reject with tcp reset
            }
        }
    """)
    world.daemon(config)
    assert device.ask(TCP, family).outcome == "refused"
    assert counted(world, "FENCE-CHAIN") == 0


@traffic
@pytest.mark.parametrize("is_bypassed", [True, False])
def test_from_one_bridge_to_another(world, is_bypassed, protocol, family):
    """The proxy gets it unless the networks are bypassed, as with cgroups."""
    bridges = [world.lan(name, bridge=True) for name in ("br0", "br1")]
    one, other = (bridge.device() for bridge in bridges)
    neighbour = bridges[0].device()
    world.proxy("mihomo")
    other.serve("other", SERVICE_PORT)
    neighbour.serve("neighbour", SERVICE_PORT)
    networks = ", ".join(f'"{bridge.network[f]}"' for bridge in bridges for f in (V4, V6))
    world.daemon(PROXIES + (f"bypass: [{networks}]\n" if is_bypassed else "") +
                 gateway("interface: 'br*', tproxy: mihomo"))
    who = "other" if is_bypassed else "proxy mihomo"
    assert one.ask(protocol, family, other.address[family], times=3).who == who
    assert one.ask(protocol, family, neighbour.address[family]).who == "neighbour"
    assert one.ask(protocol, family).who == "proxy mihomo"


HIJACKING = """
version: 1
tproxies:
  mihomo: {{mark: 3000, port: 7893, dns-hijack: {{{}, tcp: true}}}}
  second: {{mark: 3002, port: 7894}}
"""


@traffic
def test_hijacked_dns_goes_to_a_name_server_here(world, protocol, family):
    """At the loopback address, according to the config: it listens at any, or it would not be heard."""
    lan = world.lan("lan0")
    device, other = lan.device(), world.lan("br0").device()
    world.dns("local", 1053)
    world.proxy("mihomo")
    world.daemon(HIJACKING.format("ip: 127.0.0.1, ip6: '::1', port: 1053") + f'bypass: ["{BYPASSED[family]}"]\n' + gateway(
        "interface: br0, direct: true", "interface: lan0, tproxy: mihomo"))
    for server in (RESOLVER[family], lan.host_address[family], HOST[family]):
        result = device.ask(protocol, family, server, DNS_PORT, times=3)
        assert result.who == "dns local"
        assert result.answer.source == (server, DNS_PORT)
    assert not world.wire.saw(result)
    assert device.ask(protocol, family, BYPASSED[family], DNS_PORT).who == "outside"
    assert other.ask(protocol, family, RESOLVER[family], DNS_PORT).who == "outside"
    assert device.ask(protocol, family, RESOLVER[family], DNS_PORT + 1).who == "proxy mihomo"


@traffic
def test_hijacked_dns_goes_to_another_name_server(world, protocol, family):
    """One in a network behind this host, which may also be the one that the client asks."""
    device, box = world.lan("lan0").device(), world.lan("br0").device()
    box.serve("dns box", DNS_PORT)
    world.proxy("mihomo")
    world.daemon(HIJACKING.format(f"ip: {box.address[V4]}, ip6: '{box.address[V6]}', port: 53") +
                 gateway("interface: lan0, tproxy: mihomo"))
    for server in (RESOLVER[family], box.address[family]):
        result = device.ask(protocol, family, server, DNS_PORT, times=3)
        assert result.who == "dns box"
        assert result.answer.source == (server, DNS_PORT)
        assert result.answer.peer[0] == device.address[family]
    assert device.ask(protocol, family).who == "proxy mihomo"


def test_hijacked_dns_of_a_device_that_is_dropped_now(world):
    """With one socket: its flow is redirected for as long as it lasts."""
    device, box = world.lan("lan0").device(), world.lan("br0").device()
    box.serve("dns box", DNS_PORT)
    hijacking = HIJACKING.format(f"ip: {box.address[V4]}, port: 53")
    subject = Reloadable(world, hijacking + gateway("interface: lan0, tproxy: mihomo"))
    assert device.ask(UDP, V4, RESOLVER[V4], DNS_PORT, hold=True).who == "dns box"
    subject.reload(hijacking + gateway("interface: lan0, drop: true"))
    assert device.ask_in_vain(UDP, V4, RESOLVER[V4], DNS_PORT, resume=True).outcome == "timeout"


@traffic
@pytest.mark.parametrize("strict", ["false", "true"])
def test_flows_that_were_open_are_spared_unless_strict(world, strict, protocol, family):
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    # conntrack knows the flow from the first table on
    subject = Reloadable(world, PROXIES + gateway("interface: other, tproxy: mihomo"))
    assert device.ask(protocol, family, hold=True).who == "outside"
    subject.reload(PROXIES + gateway("interface: lan0, tproxy: mihomo", more=f"  strict: {strict}\n"))
    result = device.ask(protocol, family, hold=True, resume=True)
    if strict == "false":
        assert result.who == "outside"
        assert device.ask(protocol, family, resume=True).who == "outside"
    else:
        assert result.who == ("proxy mihomo" if protocol == UDP else "ECONNRESET")
        assert not world.wire.saw(result)
    assert device.ask(protocol, family).who == "proxy mihomo"


@traffic
@pytest.mark.parametrize("target", ["drop", "refuse"])
def test_flows_that_were_open_are_dropped_and_refused(world, target, protocol, family):
    """As with cgroups: those that went out, and those that went to a proxy."""
    lan, tv = world.lan("lan0").device(), world.lan("tv").device()
    world.proxy("mihomo")
    subject = Reloadable(world, PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    for device in (lan, tv):
        device.ask(protocol, family, hold=True)
    world.wire.forget()
    subject.reload(PROXIES + gateway(f"interface: [lan0, tv], {target}: true"))
    for device in (lan, tv):
        result = device.ask_in_vain(protocol, family, resume=True)
        assert not result.answers
        assert not world.wire.saw(result)


@traffic
def test_a_steered_flow_is_steered_on_after_a_reload(world, protocol, family):
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    world.proxy("second", 7894)
    subject = Reloadable(world, PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    assert device.ask(protocol, family, hold=True).who == "proxy mihomo"
    subject.reload(PROXIES + gateway(f"{mac(device)}, tproxy: second"))
    # a connection stays with the socket that accepted it
    assert device.ask(protocol, family, resume=True).who == ("proxy mihomo" if protocol == TCP else "proxy second")
    assert device.ask(protocol, family).who == "proxy second"


@traffic
@pytest.mark.parametrize("more", ["", "  strict: true\n"])
def test_nothing_leaks_and_all_is_refused_when_the_proxy_is_down(world, more, protocol, family):
    device = world.lan("lan0").device()
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo", more=more))
    for _ in range(2):
        result = device.ask(protocol, family)
        assert result.outcome == "refused"
        assert not world.wire.saw(result)
    world.proxy("mihomo")
    assert device.ask(protocol, family).who == "proxy mihomo"


WHERE = {"loopback": lambda _: LOOPBACK, "any": lambda _: ANY, "the interface's address": lambda lan: lan.host_address}


@traffic
@pytest.mark.parametrize("where", WHERE)
def test_where_the_proxy_may_listen(world, where, protocol, family):
    lan = world.lan("lan0")
    device = lan.device()
    world.proxy("mihomo", addresses=(WHERE[where](lan)[family],))
    # what listens at the same port without being a TPROXY server is no obstacle
    if where == "the interface's address":
        world.keep(Server("impostor", [7893], world.host, (LOOPBACK[family],)))
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    result = device.ask(protocol, family, times=3)
    assert result.who == "proxy mihomo"
    assert not world.wire.saw(result)


@traffic
def test_where_only_forwarded_packets_have_a_route(world, protocol, family):
    """As with several uplinks: that this host itself has none does not matter, nor does one that refuses."""
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    version = "-6" if family == V6 else "-4"
    world.host.run("ip", version, "route", "del", "default")
    world.host.run("ip", version, "route", "add", "default", "via", GATEWAY[family], "table", "77")
    world.host.run("ip", version, "rule", "add", "iif", "lan0", "lookup", "77", "priority", "5000")
    assert device.ask(protocol, family).who == "outside"
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    assert device.ask(protocol, family).who == "proxy mihomo"


@traffic
@pytest.mark.parametrize("rules", [("interface: lan0, direct: true",), ("interface: lan0, direct: true", "interface: '*', tproxy: mihomo")],
                         ids=["strict", "all"])
def test_answers_from_where_only_forwarded_packets_have_a_route(world, rules, protocol, family):
    """They arrive on an interface that a rule is for, and the route to their source does not lead there."""
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    version = "-6" if family == V6 else "-4"
    world.host.run("ip", version, "route", "del", "default")
    world.host.run("ip", version, "route", "add", "default", "via", GATEWAY[family], "table", "77")
    world.host.run("ip", version, "rule", "add", "iif", "lan0", "lookup", "77", "priority", "5000")
    world.daemon(PROXIES + gateway(*rules, more="  strict: true\n"))
    assert device.ask(protocol, family, times=3).who == "outside"


@traffic
def test_hosts_that_copy_marks(world, protocol, family):
    """To the connection that a marked packet begins, and to what the kernel itself answers."""
    device, guest = world.lan("lan0").device(), world.lan("guest").device()
    for name in ("ipv4/tcp_fwmark_accept", "ipv4/fwmark_reflect", "ipv6/fwmark_reflect"):
        world.host.sysctl(name, 1)
    proxy = world.proxy("mihomo")
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo", "interface: guest, tproxy: second"))
    result = device.ask(protocol, family, times=3, await_end=True)
    assert result.who == "proxy mihomo"
    assert guest.ask(protocol, family).outcome == "refused"
    proxy.close()
    assert device.ask(protocol, family).outcome == "refused"
    assert counted(world, "FENCE-CHAIN") == 0


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("target", ["tproxy: mihomo", "refuse: true"])
def test_packets_of_no_flow_are_dropped(world, target, family):
    """Not answered either, since a server's connection may be meant."""
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    world.daemon(PROXIES + gateway(f"interface: lan0, {target}"))
    back = world.keep(Wire(device.namespace, "eth0"))
    before = counted(world, "GATEWAY-DROP")
    device.namespace.call(send_syn_ack, family, device.address[family], OUTSIDE[family])
    wait_until(lambda: counted(world, "GATEWAY-DROP") > before, "it is dropped")
    assert world.wire.saw(world.lan("tv").device().ask(TCP, family))
    assert not [packet for packet in world.wire.packets if packet.source[0] == device.address[family]]
    assert not back.saw_to(TCP, device.address[family])


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("key", ["udp", "ipv6", "other"])
@pytest.mark.parametrize("how", ["direct", "refuse"])
def test_kinds_of_traffic_that_the_proxy_does_not_get(world, how, key, family):
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    world.daemon(PROXIES.replace("port: 7893", f"port: 7893, {key}: {how}") + gateway("interface: lan0, tproxy: mihomo"))
    excepted = {"udp": device.ask(UDP, family).who, "tcp": device.ask(TCP, family).who}
    for protocol, who in excepted.items():
        is_excepted = key == protocol or (key == "ipv6" and family == V6)
        assert who == ("proxy mihomo" if not is_excepted else "outside" if how == "direct" else "refused")
    is_answered = not (how == "refuse" and (key == "other" or (key == "ipv6" and family == V6)))
    assert (device.ping(family, timeout=5 if is_answered else 0.3) == "answered") == is_answered


def ends(device, family):
    """What two talkers begin with: one that has an address outside, and one on the device."""
    return (OUTSIDE[family], SERVICE_PORT), (device.address[family], SERVICE_PORT + 1)


def talkers(world, device, family, directory=None):
    """A program on the host, like a proxy, that speaks from an address outside to a program on the device."""
    directory = directory or world.cgroups.mount
    there, here = ends(device, family)
    return (world.keep(Talker(world.host, directory, TRANSPARENT, there, here)),
            world.keep(Talker(device.namespace, directory, FREE_BIND, here, there)))


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("cgroup", ["/", "direct", "dropped", "proxied"])
def test_a_proxy_speaks_first(world, cgroup, family):
    """From a flow that begins here, the device's packets are no answers to somebody outside, even when it goes on.

    That is the same when conntrack has forgotten a flow that the device began. The proxy's cgroup does not matter,
    unless it is steered itself.
    """
    device = world.lan("lan0").device()
    proxy = world.proxy("mihomo")
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo") +
                 f"rules: [{{match: '{OURS}dropped$', drop: true}}]\n")
    directory = world.cgroups.mount if cgroup == "/" else world.cgroups.directory(world.cgroups.make(cgroup))
    speaker, client = talkers(world, device, family, directory)
    for _ in range(3):
        speaker.say("first")
        if cgroup == "dropped":  # it begins this flow, and answers nobody
            assert "not permitted" in speaker.hear()
            return
        assert speaker.hear() == "sent"
        assert client.hear() == "first"
        for _ in range(3):  # more than the two packets that make a flow an established one
            before = len(proxy.requests)
            client.say("answer")
            assert client.hear() == "sent"
            assert "mihomo" in client.hear()
            assert len(proxy.requests) == before + 1
        world.host.call(flush_conntrack)
    assert not world.wire.saw_to(UDP, OUTSIDE[family])
    assert counted(world, "FENCE-CHAIN") == 0


@pytest.mark.parametrize("family", [V4, V6])
def test_a_device_makes_another_ones_packets_look_like_answers(world, family):
    """It begins a flow in the name of a server outside, which is steered; what its target sends then is as well."""
    one, other = (world.lan(name).device() for name in ("lan0", "lan1"))
    for name in ("all", "lan0"):
        world.host.sysctl(f"ipv4/conf/{name}/rp_filter", 0)
    sink = world.keep(ProxySink(world.host, PORTS["mihomo"]))
    world.daemon(PROXIES + gateway("interface: lan*, tproxy: mihomo"))
    there, here = ends(other, family)
    forger = world.keep(Talker(one.namespace, world.cgroups.mount, TRANSPARENT, there, here))
    sender = world.keep(Talker(other.namespace, world.cgroups.mount, FREE_BIND, here, there))
    for talker in (forger, sender, forger, sender):
        talker.say("anything")
        assert talker.hear() == "sent"
        wait_until(sink.take, "the proxy gets it")
    assert not world.wire.saw_to(UDP, OUTSIDE[family])


@traffic
def test_a_flow_that_conntrack_has_forgotten_goes_on(world, protocol, family):
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    assert device.ask(protocol, family, hold=True).who == "proxy mihomo"
    for _ in range(3):
        world.host.call(flush_conntrack)
        assert device.ask(protocol, family, times=2, hold=True, resume=True).who == "proxy mihomo"
    assert counted(world, "FENCE-CHAIN") == 0


def saw_icmp(wire, family):
    """Whether an ICMP error, or anything of that protocol, passed to the address outside."""
    return wire.saw_to("icmp" if family == V4 else "icmp6", OUTSIDE[family])


@pytest.mark.parametrize("family", [V4, V6])
def test_icmp_errors_about_what_a_proxy_sends_are_the_proxys(world, family):
    """A router on the way to the device says that a segment is too large; otherwise none of that size would arrive."""
    device = behind(world, world.lan("lan0").device(), 1280)
    listener = world.keep(world.host.call(make_socket, TCP, family, True))
    listener.bind((ANY[family], PORTS["mihomo"]))
    listener.listen()
    listener.settimeout(PATIENCE)
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    client = world.keep(device.namespace.call(make_socket, TCP, family))
    client.settimeout(PATIENCE)
    client.connect((OUTSIDE[family], SERVICE_PORT))
    connection = world.keep(listener.accept()[0])
    connection.sendall(bytes(20000))
    received = 0
    while received < 20000:
        received += len(client.recv(20000))
    assert not saw_icmp(world.wire, family)


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("begins", ["device", "proxy"])
def test_icmp_errors_about_datagrams_stay_here(world, begins, family):
    """(For IPv4, the kernel learns no size from those about a foreign address, route.c, __ipv4_sk_update_pmtu.)"""
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    speaker, client = talkers(world, device, family)
    if begins == "device":
        client.say("first")
        assert client.hear() == "sent"
        assert "mihomo" in client.hear()
    client.close()
    arrived = world.keep(Wire(world.host, "lan0"))
    speaker.say("to nobody")
    assert speaker.hear() == "sent"
    wait_until(lambda: saw_icmp(arrived, family), "an ICMP error comes from the device")
    assert world.wire.saw(world.lan("tv").device().ask(UDP, family))
    assert not saw_icmp(world.wire, family)


@traffic
def test_misrouted_packets_do_not_leave(world, protocol, family):
    """What TPROXY has given to a socket is never forwarded by the kernel; an ICMP error is stopped by the fence."""
    device = world.lan("lan0").device()
    world.proxy("mihomo")
    daemon = world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo"))
    assert device.ask(protocol, family).who == "proxy mihomo"
    daemon.kill()
    version = "-6" if family == V6 else "-4"
    world.host.run("ip", version, "rule", "del", "fwmark", "3001", "lookup", "300")
    result = device.ask_in_vain(protocol, family)
    assert not result.answers
    assert not world.wire.saw(result)
    speaker = world.keep(Talker(world.host, world.cgroups.mount, TRANSPARENT, *ends(device, family)))
    speaker.say("to nobody")
    assert speaker.hear() == "sent"
    wait_until(lambda: counted(world, "FENCE-CHAIN") > 0, "the fence counts an ICMP error")
    assert not saw_icmp(world.wire, family)


# The destination of a flood that need not be observed.
AWAY = "198.18.0.1"
# Rules that are in the same maps as those of the flooding devices, before and after them.
OTHERS = [['source: ["198.18.1.0/24", "2001:db8:17::/64"], tproxy: second', "interface: [eth0, lan9], refuse: true"],
          ['source: ["198.18.1.0/24"], direct: true', "interface: [lan9, 'la*', zzz], tproxy: third", "mac: 52:54:00:01:02:03, drop: true"],
          []]


@pytest.mark.parametrize("reloads", amounts("CGTPROXY_TEST_RELOADS", 20, 1000))
@pytest.mark.parametrize("selector", ["interface", "source", "mac"])
def test_reloads_let_no_packet_out(world, selector, reloads):
    """Devices send without a pause, while the rules around theirs change, and what their proxy is.

    What is dropped or proxied never gets out, and what is direct is never refused.
    """
    bridges = [world.lan(name, bridge=True) for name in ("br0", "br1", "br2")]
    devices = [bridge.device() for bridge in bridges]
    select = {"interface": lambda i: f"interface: {bridges[i].name}", "source": lambda i: source(devices[i]),
              "mac": lambda i: mac(devices[i])}[selector]
    sinks = [world.keep(ProxySink(world.host, port)) for port in (7893, 7894)]
    world.host.ip("link add away type veth peer name nowhere", "link set away up", "link set nowhere up",
                  f"route add {AWAY} dev away", f"neighbor add {AWAY} lladdr 02:00:00:00:00:01 dev away")

    def config(number):
        proxy = ("mihomo", "second")[number % 2]
        others = OTHERS[number % len(OTHERS)]
        return PROXIES + gateway(*others[:1], f"{select(0)}, drop: true", f"{select(1)}, tproxy: {proxy}",
                                 f"{select(2)}, direct: true", *others[1:])

    subject = Reloadable(world, config(0))
    assert world.wire.saw(devices[2].ask(UDP, V4))
    with (devices[0].flooding() as dropped, devices[1].flooding() as proxied,
          devices[2].flooding(address=AWAY) as direct):
        for number in range(1, reloads + 1):
            for flood in (dropped, proxied, direct):
                flood.await_more(20)
            subject.reload(config(number))
            assert not world.wire.saw(dropped), number
            assert not world.wire.saw(proxied), number
            sinks[number % 2].await_datagram()
        for flood in (dropped, proxied, direct):
            flood.await_more()
    assert dropped.sent > reloads and proxied.sent > reloads
    assert direct.refused == 0 and counted(world, "GATEWAY-REFUSE") == 0
    assert not world.wire.saw(dropped)
    assert not world.wire.saw(proxied)
    maps = set(re.findall(r"map (gateway-[^ ]+) ", world.host.run("nft", "list", "table", "inet", "cgtproxy")))
    assert len(maps) <= 4, "maps of earlier configs are left"


def test_clear_removes_everything(world):
    world.lan("lan0").device()
    before = world.footprint()
    daemon = world.daemon(PROXIES + gateway("interface: lan0, tproxy: mihomo", more="  strict: true\n"))
    assert daemon.stop() == 0
    assert world.footprint() == before
