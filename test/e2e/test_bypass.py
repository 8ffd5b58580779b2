# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of the bypass list are never touched, whatever a cgroup's target is."""

import ipaddress

import pytest
from lab.addresses import OUTSIDE, TCP, UDP, family_of
from lab.world import World

BYPASS = """
  - 198.51.100.1
  - 198.51.100.1                # twice
  - 198.51.100.16/28            # 16 to 31
  - 198.51.100.24/29            # within that
  - 198.51.100.32/28            # beside it: 32 to 47
  - 198.51.100.77/30            # with host bits: 76 to 79
  - 198.51.100.128/25
  - 198.51.100.192/26
  - 255.255.255.255
  - 127.0.0.0/8
  - 10.0.0.0/8
  - 2001:db8:b::1
  - 2001:DB8:b:0:0:0:0:1        # twice
  - 2001:db8:b:0:1::/80
  - 2001:db8:b:0:1:1::/96       # within that
  - 2001:db8:b:0:2::/80         # beside it
  - 2001:db8:b:0:5:77::1/80     # with host bits
  - ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
  - "::1"
  - fe80::/10
"""

CONFIG = f"""
version: 1
bypass: {BYPASS}
tproxies:
  mihomo: {{mark: 3000, port: 7893}}
rules:
  - {{match: /proxied$, tproxy: mihomo}}
  - {{match: /dropped$, drop: true}}
"""

INSIDE = ["198.51.100.1", "198.51.100.16", "198.51.100.24", "198.51.100.31", "198.51.100.32", "198.51.100.47",
          "198.51.100.76", "198.51.100.77", "198.51.100.79", "198.51.100.128", "198.51.100.191", "198.51.100.192",
          "198.51.100.254", "2001:db8:b::1", "2001:db8:b:0:1::", "2001:db8:b:0:1:1::9",
          "2001:db8:b:0:1:ffff:ffff:ffff", "2001:db8:b:0:2::", "2001:db8:b:0:2:ffff:ffff:ffff", "2001:db8:b:0:5::",
          "2001:db8:b:0:5:ffff:ffff:ffff"]
BESIDE = ["198.51.100.0", "198.51.100.2", "198.51.100.15", "198.51.100.48", "198.51.100.75", "198.51.100.80",
          "198.51.100.127", "203.0.113.10", "2001:db8:b::", "2001:db8:b::2", "2001:db8:b:0:0:ffff:ffff:ffff",
          "2001:db8:b:0:3::", "2001:db8:b:0:4:ffff:ffff:ffff", "2001:db8:b:0:6::"]


@pytest.fixture(scope="module", name="world")
def world_with_daemon():
    """One daemon for all addresses."""
    with World() as world:
        world.mihomo = world.proxy("mihomo")
        world.client("proxied")
        world.client("dropped")
        world.daemon(CONFIG)
        yield world


def test_the_table_of_addresses_is_right():
    """The tests below rely on these two lists."""
    networks = [ipaddress.ip_network(line.split()[1].strip('"'), strict=False) for line in BYPASS.strip().splitlines()]
    for address in (*INSIDE, *BESIDE):
        listed = any(ipaddress.ip_address(address) in network for network in networks)
        assert listed == (address in INSIDE), address


@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("address", INSIDE)
def test_bypassed_addresses_are_reached_direct(world, protocol, address):
    for cgroup in ("proxied", "dropped"):
        result = world.client(cgroup).ask(protocol, family_of(address), address=address, times=2)
        assert result.who == "outside"
        assert ipaddress.ip_address(result.answer.asked[0]) == ipaddress.ip_address(address)


@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("address", BESIDE)
def test_their_neighbours_are_not(world, protocol, address):
    family = family_of(address)
    result = world.client("proxied").ask(protocol, family, address=address)
    assert result.who == "proxy mihomo"
    assert ipaddress.ip_address(result.answer.asked[0]) == ipaddress.ip_address(address)
    result = world.client("dropped").ask_in_vain(protocol, family, address=address)
    assert result.dropped
    assert not world.wire.saw(result)


def test_ping_reaches_bypassed_addresses_from_a_dropped_cgroup(world):
    for address in ("198.51.100.1", "2001:db8:b::1"):
        assert world.client("dropped").ping(family_of(address), address) == "answered"


@pytest.mark.parametrize("everything", ["0.0.0.0/0", "::/0"])
def test_a_whole_family_can_be_bypassed(everything):
    with World() as world:
        world.proxy("mihomo")
        world.client("proxied")
        world.daemon(f"""
version: 1
bypass: ["{everything}"]
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules: [{{match: /proxied$, tproxy: mihomo}}]
""")
        for family, address in OUTSIDE.items():
            who = "outside" if family == family_of(everything) else "proxy mihomo"
            assert world.client("proxied").ask(UDP, family, address=address).who == who


def test_a_long_list():
    """Three thousand separate entries of each family are more than one netlink attribute can hold."""
    entries = [f"10.{n >> 8}.{n & 255}.1" for n in range(0, 3000)] + [f"fd00:{n:x}::1" for n in range(3000)]
    with World() as other:
        other.proxy("mihomo")
        other.client("proxied")
        listed = ", ".join([*entries, "198.51.100.10", "'2001:db8:b::10'"])
        other.daemon(f"""
version: 1
bypass: [{listed}]
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules: [{{match: /proxied$, tproxy: mihomo}}]
""")
        for address in ("198.51.100.10", "2001:db8:b::10"):
            assert other.client("proxied").ask(UDP, family_of(address), address=address).who == "outside"
        for address in ("198.51.100.11", "2001:db8:b::11"):
            assert other.client("proxied").ask(UDP, family_of(address), address=address).who == "proxy mihomo"
