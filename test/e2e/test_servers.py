# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers inside proxied and dropped cgroups: their answers to the outside are never steered."""

import pytest
from lab.addresses import ALL_TRAFFIC, HOST, LOOPBACK, TCP, UDP, V4
from lab.checks import ONE_PROXY
from lab.world import World

CONFIG = """
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893, dns-hijack: {port: 1053, tcp: true}}
  tcp-only: {mark: 3001, port: 7894, no-udp: true}
rules:
  - {match: /proxied$, tproxy: mihomo}
  - {match: /tcp-only$, tproxy: tcp-only}
  - {match: /dropped$, drop: true}
"""
PORTS = {"proxied": 9001, "tcp-only": 9002, "dropped": 9003, "direct": 9004}


@pytest.fixture(scope="module", name="world")
def world_with_daemon():
    """A server in each of four cgroups, and two clients of theirs."""
    with World() as world:
        world.proxy("mihomo", 7893)
        world.proxy("tcp-only", 7894)
        for name, port in PORTS.items():
            world.client(name).serve(f"server in {name}", port)
        world.client("proxied").serve("name server in proxied", 53)
        world.daemon(CONFIG)
        world.visitor = world.outside_client()
        yield world


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
@pytest.mark.parametrize("cgroup", PORTS)
def test_the_outside_gets_answers(world, cgroup, protocol, family):
    result = world.visitor.ask(protocol, family, HOST[family], PORTS[cgroup], times=3)
    assert result.who == f"server in {cgroup}"
    assert result.answer.source == (HOST[family], PORTS[cgroup])


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
def test_a_name_server_answers_the_outside(world, protocol, family):
    """Its answers are not queries, so they are not hijacked."""
    assert world.visitor.ask(protocol, family, HOST[family], 53, times=3).who == "name server in proxied"


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
@pytest.mark.parametrize("cgroup", PORTS)
def test_other_programs_on_the_host_get_answers(world, cgroup, protocol, family):
    for address in (LOOPBACK[family], HOST[family]):
        assert world.client("direct").ask(protocol, family, address, PORTS[cgroup], times=2).who == f"server in {cgroup}"


@pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)
def test_the_same_cgroups_own_requests_are_steered_all_the_same(world, protocol, family):
    """Also after they answered: connections that they initiate are steered."""
    assert world.client("proxied").ask(protocol, family).who == "proxy mihomo"
    assert world.client("tcp-only").ask(protocol, family).who == ("proxy tcp-only" if protocol == TCP else "outside")
    result = world.client("dropped").ask_in_vain(protocol, family)
    assert result.dropped
    assert not world.wire.saw(result)


def test_a_server_that_begins_a_flow_of_its_own_is_steered(world):
    """From the very port that it serves, to an address that never asked it."""
    for family, address in HOST.items():
        assert world.visitor.ask(UDP, family, address, PORTS["dropped"]).who == "server in dropped"
        world.wire.forget()
        result = world.client("dropped").ask_in_vain(UDP, family, bind_port=PORTS["dropped"])
        assert result.dropped
        assert not world.wire.saw(result)


def test_answers_to_this_host_where_its_addresses_are_steered():
    """With bypass-local: false, what a program begins to such an address is steered, and a server's answer is not."""
    with World() as world:
        world.proxy("mihomo")
        for port, name in enumerate(("proxied", "dropped"), 9001):
            world.client(name).serve(f"server in {name}", port)
        world.daemon(ONE_PROXY + "bypass-local: false\n")
        assert world.client("proxied").ask(UDP, V4, HOST[V4], 9001).who == "proxy mihomo"
        for protocol, family in ALL_TRAFFIC:
            for port, name in enumerate(("proxied", "dropped"), 9001):
                for address in (LOOPBACK[family], HOST[family]):
                    asked = world.client("direct").ask(protocol, family, address, port, times=2)
                    assert asked.who == f"server in {name}", (name, address)
