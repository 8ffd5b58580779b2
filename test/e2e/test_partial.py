# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""no-udp and no-ipv6: what a proxy does not take goes direct, as if there were no rule."""

import pytest
from lab.addresses import ALL_TRAFFIC, HOST, TCP, UDP, V4, V6
from lab.wire import Wire
from lab.world import World

CONFIG = """
version: 1
tproxies:
  no-udp: {mark: 3000, port: 7893, no-udp: true}
  no-ipv6: {mark: 3001, port: 7894, no-ipv6: true}
  neither: {mark: 3002, port: 7895, no-udp: true, no-ipv6: true}
  both: {mark: 3003, port: 7896, no-udp: false, no-ipv6: false}
rules:
  - {match: /no-udp$, tproxy: no-udp}
  - {match: /no-ipv6$, tproxy: no-ipv6}
  - {match: /neither$, tproxy: neither}
  - {match: /both$, tproxy: both}
"""

TAKEN = {
    "no-udp": {(TCP, V4), (TCP, V6)},
    "no-ipv6": {(TCP, V4), (UDP, V4)},
    "neither": {(TCP, V4)},
    "both": set(ALL_TRAFFIC),
}
PORTS = dict(zip(TAKEN, range(7893, 7897)))
CASES = [(name, *traffic) for name in TAKEN for traffic in ALL_TRAFFIC]

# Counts packets that leave with any mark and without. (MLD reports have marks of the kernel's own.)
OBSERVER = """
table inet observer {
  counter marked {}
  counter unmarked {}
  chain postrouting {
    type filter hook postrouting priority 0;
    oifname cable meta l4proto { tcp, udp } meta mark != 0 counter name marked
    oifname cable meta l4proto { tcp, udp } meta mark 0 counter name unmarked
  }
}
"""


@pytest.fixture(scope="module", params=["proxies run", "proxies are down"], name="world")
def world_with_daemon(request):
    """One daemon for all cases, with its proxies or without."""
    with World() as world:
        world.proxies_run = request.param == "proxies run"
        if world.proxies_run:
            for name, port in PORTS.items():
                world.proxy(name, port)
        world.loopback = world.keep(Wire(world.host, "lo"))
        for name in TAKEN:
            world.client(name)
        world.daemon(CONFIG)
        world.host.run("nft", "-f", "-", text_in=OBSERVER)
        yield world


def packets(world, counter):
    """The number of packets that the observer counted."""
    return int(world.host.run("nft", "list", "counter", "inet", "observer", counter).split("packets")[1].split()[0])


@pytest.mark.parametrize(("name", "protocol", "family"), [case for case in CASES if case[1:] not in TAKEN[case[0]]])
def test_what_is_not_taken_goes_really_direct(world, name, protocol, family):
    result = world.client(name).ask(protocol, family, times=3)
    assert result.who == "outside"
    assert result.answer.peer == (HOST[family], result.port)
    assert not world.loopback.saw(result)
    assert packets(world, "unmarked") > 0
    assert packets(world, "marked") == 0


@pytest.mark.parametrize(("name", "protocol", "family"), [case for case in CASES if case[1:] in TAKEN[case[0]]])
def test_the_rest_is_proxied(world, name, protocol, family):
    if world.proxies_run:
        assert world.client(name).ask(protocol, family, times=3).who == f"proxy {name}"
        return
    result = world.client(name).ask_in_vain(protocol, family)
    assert result.answers == []
    assert not world.wire.saw(result)
