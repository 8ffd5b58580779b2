# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dns-hijack: DNS of a proxied cgroup is answered by another server, in the name of the one that was asked."""

from contextlib import closing

import pytest
from lab.addresses import ALL_TRAFFIC, ANY, BYPASSED, DNS_PORT, LOOPBACK, OUTSIDE, RESOLVER, UDP, V4, V6
from lab.servers import Server
from lab.world import World

LOCAL_PORT = 1053
PLAIN_PORT = 1054
ELSEWHERE = {V4: "203.0.113.77", V6: "2001:db8::77"}
ELSEWHERE_PORT = LOCAL_PORT  # the same for two servers

CONFIG = f"""
version: 1
bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]
tproxies:
  udp-v4:    {{mark: 3001, port: 7801, dns-hijack: {{ip: 127.0.0.1, port: {LOCAL_PORT}}}}}
  tcp-v4:    {{mark: 3002, port: 7802, dns-hijack: {{ip: 127.0.0.1, port: {LOCAL_PORT}, tcp: true}}}}
  udp-both:  {{mark: 3003, port: 7803, dns-hijack: {{ip: 127.0.0.1, ip6: "::1", port: {LOCAL_PORT}}}}}
  all:       {{mark: 3004, port: 7804, dns-hijack: {{ip6: "::1", port: {LOCAL_PORT}, tcp: true}}}}
  elsewhere:
    mark: 3005
    port: 7805
    dns-hijack: {{ip: {ELSEWHERE[V4]}, ip6: "{ELSEWHERE[V6]}", port: {ELSEWHERE_PORT}, tcp: true}}
  defaults:  {{mark: 3006, port: 7806, dns-hijack: {{}}}}
  no-udp:    {{mark: 3007, port: 7807, no-udp: true, dns-hijack: {{port: {LOCAL_PORT}}}}}
  no-ipv6:   {{mark: 3008, port: 7808, no-ipv6: true, dns-hijack: {{port: {LOCAL_PORT}}}}}
  masked:    {{mark: 0x10000/0xff0000, port: 7809, dns-hijack: {{port: {LOCAL_PORT}, tcp: true}}}}
  none:      {{mark: 3010, port: 7810}}
  plain:     {{mark: 3011, port: 7811, dns-hijack: {{ip6: "::1", port: {PLAIN_PORT}}}}}
rules:
  - {{match: /hijack-udp-v4$, tproxy: udp-v4}}
  - {{match: /hijack-tcp-v4$, tproxy: tcp-v4}}
  - {{match: /hijack-udp-both$, tproxy: udp-both}}
  - {{match: /hijack-all$, tproxy: all}}
  - {{match: /hijack-elsewhere$, tproxy: elsewhere}}
  - {{match: /hijack-defaults$, tproxy: defaults}}
  - {{match: /hijack-no-udp$, tproxy: no-udp}}
  - {{match: /hijack-no-ipv6$, tproxy: no-ipv6}}
  - {{match: /hijack-masked$, tproxy: masked}}
  - {{match: /hijack-none$, tproxy: none}}
  - {{match: /hijack-plain$, tproxy: plain}}
  - {{match: /dropped$, drop: true}}
"""

# A proxy, and who answers its clients' questions to port 53, in the order of ALL_TRAFFIC: TCP v4, TCP v6, UDP v4, v6.
ANSWERERS = {
    "udp-v4": ("proxy udp-v4", "proxy udp-v4", "dns local", "proxy udp-v4"),
    "tcp-v4": ("dns local", "proxy tcp-v4", "dns local", "proxy tcp-v4"),
    "udp-both": ("proxy udp-both", "proxy udp-both", "dns local", "dns local"),
    "all": ("dns local", "dns local", "dns local", "dns local"),
    "elsewhere": ("dns elsewhere", "dns elsewhere", "dns elsewhere", "dns elsewhere"),
    "defaults": ("proxy defaults", "proxy defaults", "dns default", "proxy defaults"),
    "no-udp": ("proxy no-udp", "proxy no-udp", "dns local", "outside"),
    "no-ipv6": ("proxy no-ipv6", "outside", "dns local", "outside"),
    "masked": ("dns local", "proxy masked", "dns local", "proxy masked"),
    "none": ("proxy none", "proxy none", "proxy none", "proxy none"),
}
CASES = [(name, *traffic, who) for name, answerers in ANSWERERS.items() for traffic, who in zip(ALL_TRAFFIC, answerers)]
HIJACKED = [case for case in CASES if case[3].startswith("dns")]


@pytest.fixture(scope="module", name="world")
def world_with_daemon():
    """One daemon, and every server that could answer."""
    with World() as world:
        for number, name in enumerate(ANSWERERS, 7801):
            world.proxy(name, number)
        world.dns("local", LOCAL_PORT, LOOPBACK.values())
        world.dns("default", DNS_PORT, [LOOPBACK[V4]])
        world.elsewhere = world.keep(Server("dns elsewhere", [ELSEWHERE_PORT], world.outside))
        for name in (*(f"hijack-{name}" for name in ANSWERERS), "hijack-plain", "dropped", "direct"):
            world.client(name)
        world.daemon(CONFIG)
        yield world


@pytest.mark.parametrize(("name", "protocol", "family", "who"), CASES)
def test_who_answers_dns(world, name, protocol, family, who):
    result = world.client(f"hijack-{name}").ask(protocol, family, RESOLVER[family], DNS_PORT, times=3)
    assert result.who == who
    if who != "outside":
        assert not world.server.saw(result)


@pytest.mark.parametrize(("name", "protocol", "family", "who"), HIJACKED)
def test_the_answer_seems_to_come_from_the_asked_server(world, name, protocol, family, who):
    del who
    for options in ({}, {"connect": True}):
        result = world.client(f"hijack-{name}").ask(protocol, family, RESOLVER[family], DNS_PORT, times=3, **options)
        assert [answer.source for answer in result.answers] == [(RESOLVER[family], DNS_PORT)] * 3


class WithoutPacketInfo(Server):
    """A name server that does not note at which address it was asked."""

    def _send(self, reply, sock, control, family, asked, sender):
        del control, family, asked
        sock.sendto(reply, sender)


@pytest.mark.parametrize("family", [V4, V6])
def test_a_server_on_all_addresses_without_packet_info(world, family):
    """It is asked, but answers from another address, which resolvers don't take, being connected to the one they asked."""
    for addresses, is_answered in (([ANY[family]], False), ([LOOPBACK[family]], True)):
        with closing(WithoutPacketInfo("dns plain", [PLAIN_PORT], world.host, addresses, [UDP])) as server:
            client = world.client("hijack-plain")
            ask = client.ask if is_answered else client.ask_in_vain
            result = ask(UDP, family, RESOLVER[family], DNS_PORT, connect=True)
            assert server.saw(result)
            assert bool(result.answers) == is_answered


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
def test_a_server_on_another_host_is_really_asked(world, protocol, family):
    result = world.client("hijack-elsewhere").ask(protocol, family, RESOLVER[family], DNS_PORT)
    assert result.answer.asked == (ELSEWHERE[family], ELSEWHERE_PORT)
    assert world.wire.saw(result)


@pytest.mark.parametrize(("name", "protocol", "family", "who"), CASES)
def test_other_ports_are_not_hijacked(world, name, protocol, family, who):
    del who
    taken = not (name == "no-udp" and protocol == UDP or name == "no-ipv6" and family == V6)
    result = world.client(f"hijack-{name}").ask(protocol, family)
    assert result.who == (f"proxy {name}" if taken else "outside")


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
def test_bypassed_name_servers_are_not_hijacked(world, protocol, family):
    for name in ANSWERERS:
        assert world.client(f"hijack-{name}").ask(protocol, family, BYPASSED[family], DNS_PORT).who == "outside"


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
def test_dns_of_other_cgroups_is_left_alone(world, protocol, family):
    assert world.client("direct").ask(protocol, family, RESOLVER[family], DNS_PORT).who == "outside"
    result = world.client("dropped").ask_in_vain(protocol, family, address=RESOLVER[family], port=DNS_PORT)
    assert result.dropped
    assert not world.wire.saw(result)


def test_a_name_server_on_this_host_is_hijacked_too(world):
    """As systemd-resolved's, where the bypass list does not have it."""
    with_resolved = world.dns("resolved", DNS_PORT, ["127.0.0.53"])
    assert world.client("direct").ask(UDP, V4, "127.0.0.53", DNS_PORT).who == "dns resolved"
    result = world.client("hijack-all").ask(UDP, V4, "127.0.0.53", DNS_PORT, times=3)
    assert result.who == "dns local"
    assert result.answer.source == ("127.0.0.53", DNS_PORT)
    assert not with_resolved.saw(result)
    with_resolved.close()


def test_many_questions_from_new_sockets(world):
    """Each is a separate flow; queries to several servers share none."""
    for number in range(1, 60):
        result = world.client("hijack-all").ask(UDP, V4, f"203.0.113.{number}", DNS_PORT)
        assert result.who == "dns local"
        assert result.answer.source == (f"203.0.113.{number}", DNS_PORT)


def test_one_socket_asks_dns_and_something_else(world):
    """The redirected flow is one of several of the same source port."""
    client = world.client("hijack-udp-v4")
    first = client.ask(UDP, V4, RESOLVER[V4], DNS_PORT)
    second = client.ask(UDP, V4, OUTSIDE[V4], bind_port=first.port)
    assert (first.who, second.who, second.port) == ("dns local", "proxy udp-v4", first.port)
    third = client.ask(UDP, V4, RESOLVER[V4], DNS_PORT, bind_port=first.port)
    assert third.who == "dns local"
