# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fwmark: its mask, and bits used by others."""

import pytest
from lab.addresses import ALL_TRAFFIC, HOST, TCP, UDP, V4
from lab.client import Client
from lab.namespaces import Namespace
from lab.world import World

CONFIG = """
version: 1
tproxies:
  first: {mark: 0x10000/0xff0000, port: 7893}
  second: {mark: 0x20000/0xff0000, port: 7894}
  decimal: {mark: 196608/16711680, port: 7895}
  whole: {mark: 0xffffffff, port: 7896}
rules:
  - {match: /first$, tproxy: first}
  - {match: /second$, tproxy: second}
  - {match: /decimal$, tproxy: decimal}
  - {match: /whole$, tproxy: whole}
"""

# Notes the marks of packets that come from this host over lo, before and after which they meet the proxy's chain.
OBSERVER = """
table inet observer {
  set marks { type mark; flags dynamic; size 1000; }
  chain prerouting {
    type filter hook prerouting priority -300;
    iif lo add @marks { meta mark }
  }
}
"""

# The addresses of a machine behind this one, and of this one on the way there.
GUEST, ROUTER = "10.80.0.2", "10.80.0.1"


@pytest.fixture(name="marked_world")
def marked_world_fixture(world):
    """A World with the daemon, the proxies, and the observer."""
    for port, name in enumerate(("first", "second", "decimal", "whole"), 7893):
        world.proxy(name, port)
        world.client(name)
    world.daemon(CONFIG)
    world.host.run("nft", "-f", "-", text_in=OBSERVER)
    return world


def marks_on_loopback(world):
    """The marks that were seen since the last call."""
    listing = world.host.run("nft", "list", "set", "inet", "observer", "marks")
    world.host.run("nft", "flush", "set", "inet", "observer", "marks")
    elements = listing.partition("elements = {")[2].partition("}")[0]
    return {int(element, 0) for element in elements.split(",")}


@pytest.mark.parametrize(("cgroup", "own_mark", "mark"), [
    ("first", 0, 0x10000),
    ("first", 0x42, 0x10042),
    ("first", 0x80000042, 0x80010042),
    ("first", 0x40000, 0x10000),        # within the mask the proxy's bits win
    ("first", 0xff00ffff, 0xff01ffff),
    ("second", 0x42, 0x20042),
    ("decimal", 0x42, 0x30042),
    ("whole", 0, 0xffffffff),
    ("whole", 0x42, 0xffffffff),
])
def test_bits_outside_the_mask_are_the_applications(marked_world, cgroup, own_mark, mark):
    for protocol, family in ALL_TRAFFIC:
        result = marked_world.client(cgroup).ask(protocol, family, times=3, mark=own_mark, await_end=True)
        assert result.who == f"proxy {cgroup}"
        assert mark in marks_on_loopback(marked_world)
        assert not marked_world.wire.saw(result)


def test_applications_with_marks_of_their_own_go_direct_where_no_rule_says_otherwise(marked_world):
    for protocol, family in ALL_TRAFFIC:
        result = marked_world.client("other").ask(protocol, family, mark=0x42)
        assert result.who == "outside"


def test_policy_rules_have_the_mask():
    with World() as world:
        world.daemon(CONFIG + "route-table: 4242\nrule-priority: 77\n")
        for family in ("-4", "-6"):
            rules = world.host.run("ip", family, "rule")
            assert "77:" in rules
            assert "fwmark 0x10000/0xff0000 lookup 4242" in rules
            assert "fwmark 0xffffffff lookup 4242" in rules
            assert "local default dev lo" in world.host.run("ip", family, "route", "show", "table", "4242")


def test_a_host_whose_answers_carry_the_mark(marked_world):
    """Where tcp_fwmark_accept gives a connection the mark of its SYN, the client's answers to the proxy have it too."""
    marked_world.host.sysctl("ipv4/tcp_fwmark_accept", 1)
    marked_world.check({name: f"proxy {name}" for name in ("first", "whole")})


def test_what_others_mark_on_its_way_through(world):
    """Forwarded packets are not ours, even if another program gives them a mark like a proxy's."""
    guest = world.keep(Namespace())
    world.host.sysctl("ipv4/ip_forward", 1)
    world.host.ip(f"link add guest type veth peer name eth0 netns {guest.path}", "link set guest up",
                  f"addr add {ROUTER}/24 dev guest")
    guest.ip("link set eth0 up", f"addr add {GUEST}/24 dev eth0", f"route add default via {ROUTER}")
    world.outside.ip(f"route add {GUEST} via {HOST[V4]}")
    world.host.run("nft", "-f", "-", text_in="table inet others { chain forward { type filter hook forward priority 0; "
                                             "meta mark set 0xffffffff; }; }")
    world.daemon(CONFIG)
    for protocol in (UDP, TCP):
        assert world.keep(Client(guest)).ask(protocol, V4).who == "outside"
