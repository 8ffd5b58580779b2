# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct, drop and tproxy: what each does to a cgroup's traffic, over TCP and UDP, IPv4 and IPv6."""

import pytest
from lab.addresses import ALL_TRAFFIC, HOST, OUTSIDE, SERVICE_PORT, TCP, UDP, V4, V6
from lab.wire import Wire
from lab.world import World

CONFIG = """
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
  v2ray.2: {mark: 3001, port: 7894}
  sing-box_3: {mark: 0xbbbbbbbb, port: 7895}
  without-server: {mark: 3003, port: 7896}
rules:
  - {match: /proxied$, tproxy: mihomo}
  - {match: /second$, tproxy: v2ray.2}
  - {match: /third$, tproxy: sing-box_3}
  - {match: /dropped$, drop: true}
  - {match: /direct$, direct: true}
  - {match: /without-server$, tproxy: without-server}
"""
PROXIES = {"proxied": ("mihomo", 7893), "second": ("v2ray.2", 7894), "third": ("sing-box_3", 7895)}

pytestmark = pytest.mark.parametrize(("protocol", "family"), ALL_TRAFFIC)


@pytest.fixture(scope="module", name="world")
def world_with_daemon():
    """One daemon and its proxies for all tests here."""
    with World() as world:
        world.proxies = [world.proxy(name, port) for name, port in PROXIES.values()]
        world.loopback = world.keep(Wire(world.host, "lo"))
        for name in (*PROXIES, "dropped", "direct", "unmatched", "without-server"):
            world.cgroups.make(name)
        world.daemon(CONFIG)
        yield world


@pytest.mark.parametrize("cgroup", ["direct", "unmatched"])
def test_direct_traffic_takes_its_own_way(world, cgroup, protocol, family):
    result = world.client(cgroup).ask(protocol, family, times=3)
    assert result.who == "outside"
    assert result.answer.peer == (HOST[family], result.port)
    assert not world.loopback.saw(result)


def test_dropped_traffic_does_not_leave_the_host(world, protocol, family):
    assert world.client("direct").ask(protocol, family).who == "outside"
    result = world.client("dropped").ask_in_vain(protocol, family)
    assert result.dropped
    assert result.port != 0
    assert not world.wire.saw(result)
    assert not world.loopback.saw(result)


@pytest.mark.parametrize("cgroup", PROXIES)
def test_proxied_traffic_reaches_its_proxy_and_nobody_else(world, cgroup, protocol, family):
    result = world.client(cgroup).ask(protocol, family, times=3, await_end=True)
    assert result.who == f"proxy {PROXIES[cgroup][0]}"
    assert [proxy.saw(result) for proxy in world.proxies].count(True) == 1
    assert not world.wire.saw(result)


def test_the_proxy_learns_whom_the_client_wanted_and_answers_in_that_name(world, protocol, family):
    wanted = OUTSIDE[family], SERVICE_PORT
    result = world.client("proxied").ask(protocol, family)
    assert result.answer.asked == wanted
    assert result.answer.source == wanted
    assert result.answer.peer == (HOST[family], result.port)


def test_any_port_is_proxied_and_dropped(world, protocol, family):
    for port in (1, 53, 443, 65535):
        assert world.client("proxied").ask(protocol, family, port=port).answer.asked == (OUTSIDE[family], port)
        result = world.client("dropped").ask_in_vain(protocol, family, port=port)
        assert result.dropped
        assert not world.wire.saw(result)


def test_sockets_that_are_bound_or_connected_are_no_exception(world, protocol, family):
    options = {"bind": HOST[family], "connect": True, "times": 3}
    assert world.client("direct").ask(protocol, family, **options).who == "outside"
    assert world.client("proxied").ask(protocol, family, **options).who == "proxy mihomo"
    result = world.client("dropped").ask_in_vain(protocol, family, **options)
    assert result.dropped
    assert not world.wire.saw(result)


def test_nothing_leaks_when_the_proxy_is_down(world, protocol, family):
    assert world.client("direct").ask(protocol, family).who == "outside"
    result = world.client("without-server").ask_in_vain(protocol, family)
    assert result.answers == []
    assert world.loopback.saw(result)
    assert not world.wire.saw(result)


def test_many_clients_at_once(world, protocol, family):
    """Answers find their way when flows of all kinds are mixed."""
    expected = {"proxied": "proxy mihomo", "second": "proxy v2ray.2", "third": "proxy sing-box_3", "direct": "outside"}
    for _ in range(10):
        for cgroup, who in expected.items():
            other = UDP if protocol == TCP else TCP
            assert world.client(cgroup).ask(protocol, family).who == who
            assert world.client(cgroup).ask(other, V4 if family == V6 else V6).who == who
