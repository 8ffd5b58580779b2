# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows that this host begins with foreign addresses: what looks like an answer in them is not one to the outside."""

import pytest
from lab.addresses import HOST, OUTSIDE, UDP, V4, V6
from lab.checks import ONE_PROXY
from lab.talkers import FREE_BIND, TRANSPARENT, Talker

PORTS = 5353, 5354
# Unassigned addresses whose packets would go outside.
NOBODY = {V4: ("198.18.7.1", "198.18.7.2"), V6: ("2001:db8:c::7:1", "2001:db8:c::7:2")}

# An own address of another interface than the outside's.
ELSEWHERE = "2001:db8:2::2"


def talk_to_itself(world, directory, option, ends, device=""):
    """Have two sockets of one program speak to each other in turn; with a device, the first is bound to that."""
    one = world.keep(Talker(world.host, directory, option, *ends, device))
    other = world.keep(Talker(world.host, directory, option, *ends[::-1]))
    for talker in (one, other, one, other):
        talker.say("anything")
        talker.hear()


@pytest.mark.parametrize("family", [V4, V6])
def test_a_proxy_in_the_root_cgroup_goes_on_to_speak_for_others(world, family):
    """It has no level that could be looked up, so its packets have no cgroup.

    It speaks first for one outside; the answer is proxied, and what it says then is not sent back to it.
    """
    proxy = world.proxy("mihomo")
    world.daemon(ONE_PROXY)
    world.client("proxied").await_answer_by("proxy mihomo")
    ends = (OUTSIDE[family], PORTS[0]), (HOST[family], PORTS[1])
    directory = world.cgroups.directory(world.cgroups.path("proxied"))
    speaker = world.keep(Talker(world.host, world.cgroups.mount, TRANSPARENT, *ends))
    client = world.keep(Talker(world.host, directory, TRANSPARENT, *ends[::-1]))
    speaker.say("first")
    assert client.hear() == "first"
    before = len(proxy.requests)
    client.say("answer")
    assert client.hear() == "sent"
    assert "mihomo" in client.hear()
    assert len(proxy.requests) > before
    speaker.say("second")
    assert client.hear() == "second"


@pytest.mark.parametrize(("option", "family"), [(TRANSPARENT, V4), (TRANSPARENT, V6), (FREE_BIND, V6)])
@pytest.mark.parametrize("more", ["", "bypass-local: false\n"])
@pytest.mark.parametrize("cgroup", ["proxied", "dropped"])
def test_a_program_answers_itself(world, cgroup, more, option, family):
    """Two sockets of one program: the flow of the one is steered, and the other sends what looks like its answer.

    Nobody listens at the proxy's port, so that nothing on the wire is the proxy's.
    """
    world.daemon(ONE_PROXY + more)
    world.client("marker/dropped").await_answer_by("dropped")
    world.cgroups.make(cgroup)
    directory = world.cgroups.directory(world.cgroups.path(cgroup))
    talk_to_itself(world, directory, option, tuple(zip(NOBODY[family], PORTS)))
    assert world.wire.saw(world.client("direct").ask(UDP, family))
    assert not [packet for packet in world.wire.packets
                if packet.protocol == UDP and packet.destination[0] in NOBODY[family]]


def by_another_interface(host):
    """An own address that is another interface's, which a socket bound to the cable sends to by the cable."""
    host.ip("link add second type veth peer name far", "link set second up", "link set far up",
            f"addr add {ELSEWHERE}/64 dev second")
    return "cable", ELSEWHERE


def by_a_loopback_that_is_down(host):
    """What is sent to an own address comes to an end in the loopback interface."""
    host.ip("link set lo down")
    return "", HOST[V6]


def by_a_loopback_without_ipv6(host):
    """Likewise."""
    host.sysctl("ipv6/conf/lo/disable_ipv6", 1)
    return "", HOST[V6]


def by_a_chain_that_drops(host):
    """What is sent to an own address gets no farther than another program's chain, before any of ours."""
    host.run("nft", "-f", "-", text_in="""table ip6 vpn {
        chain early {
            type filter hook prerouting priority raw
            iif lo fib saddr type != local drop
        }
    }\n""")
    return "", HOST[V6]


@pytest.mark.parametrize("way", [by_another_interface, by_a_loopback_that_is_down, by_a_loopback_without_ipv6,
                                 by_a_chain_that_drops])
@pytest.mark.parametrize("cgroup", ["proxied", "dropped"])
def test_a_flow_begins_without_coming_around(world, cgroup, way):
    """Two sockets of one program: the first packet goes to an own address, but never gets there by loopback."""
    world.daemon(ONE_PROXY)
    world.client("marker/dropped").await_answer_by("dropped")
    world.cgroups.make(cgroup)
    directory = world.cgroups.directory(world.cgroups.path(cgroup))
    device, own = way(world.host)
    talk_to_itself(world, directory, FREE_BIND, ((NOBODY[V6][0], PORTS[0]), (own, PORTS[1])), device)
    assert world.wire.saw(world.client("direct").ask(UDP, V6))
    assert not [packet for packet in world.wire.packets
                if packet.protocol == UDP and packet.destination[0] == NOBODY[V6][0]]
