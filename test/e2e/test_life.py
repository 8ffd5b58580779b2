# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's life cycle: readiness, clean exit, SIGKILL, a second instance."""

import ctypes
import os
import signal
import struct
import subprocess

import pytest
from lab.addresses import ALL_TRAFFIC, HOST, OUTSIDE, SERVICE_PORT, UDP, V4
from lab.checks import OURS, routing, table
from lab.world import World

RULES = f"""
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893, dns-hijack: {{tcp: true, ip6: "::1"}}}}}}
{RULES}
"""
# Every number differs from the other config's.
OTHER_CONFIG = f"""
version: 1
route-table: 301
rule-priority: 2999
bypass: [198.51.100.0/24]
tproxies:
  mihomo: {{mark: 0x100/0xf00, port: 7993}}
  another: {{mark: 0x200/0xf00, port: 7994}}
{RULES}
  - {{match: '{OURS}another$', tproxy: another}}
"""

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}

IN_FORCE = {"proxied": "proxy mihomo", "dropped": "dropped", "other": "outside"}
NOT_IN_FORCE = dict.fromkeys(IN_FORCE, "outside")


def test_ready_means_in_force(world):
    """No packet of a dropped cgroup leaves after READY=1, though it sends without a pause."""
    world.cgroups.make("dropped")
    for number in range(500):
        world.cgroups.make(f"{number}/dropped")
    first, last = world.client("dropped"), world.client("499/dropped")
    with first.flooding() as one, last.flooding() as other:
        daemon = world.daemon(CONFIG)
        for flood in (one, other):
            flood.await_more()
            # one may have been past the rules already when they came into force
            assert world.wire.count(flood, daemon.ready_time) <= 1
    for flood in (one, other):
        assert flood.sent > 0
        assert flood.refused > 0


def test_flows_that_are_under_way_at_the_start_are_steered_from_then_on(world):
    """The client is the first to send after the start, so connection tracking sees the flow the right way round."""
    dropped = world.client("dropped")
    assert dropped.ask(UDP, V4, hold=True).who == "outside"
    world.daemon(CONFIG)
    world.wire.forget()
    result = dropped.ask_in_vain(UDP, V4, resume=True, hold=True)
    assert result.dropped
    assert not world.wire.saw(result)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_end_leaves_nothing(world, number):
    world.proxy("mihomo")
    for cgroup in IN_FORCE:
        world.client(cgroup)
    before = world.footprint()
    daemon = world.daemon(CONFIG)
    world.check(IN_FORCE)
    assert world.footprint() != before
    assert daemon.stop(number) == 0
    assert world.footprint() == before
    world.check(NOT_IN_FORCE)


def test_an_end_at_any_moment_of_the_start_leaves_nothing(world):
    """The signal may kill it before it can handle it, but then it has not begun."""
    for number in range(500):
        world.cgroups.make(f"{number}/dropped")
    before = world.footprint()
    for attempt in range(20):
        daemon = world.start_daemon(CONFIG)
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.process.wait(attempt * 0.002)
        assert daemon.stop() in (0, -signal.SIGTERM)
        assert world.footprint() == before


def test_a_killed_daemon_opens_nothing_and_the_next_takes_over(world):
    world.proxy("mihomo")
    before = world.footprint()
    for cgroup in IN_FORCE:
        world.client(cgroup)
    for _ in range(3):
        world.daemon(CONFIG).kill()
        world.check(IN_FORCE)
    daemon = world.daemon(CONFIG)
    world.check(IN_FORCE)
    world.client("new/dropped").await_answer_by("dropped")
    assert daemon.stop() == 0
    assert world.footprint() == before


def test_a_start_after_a_kill_has_no_gap(world):
    daemon = world.daemon(CONFIG)
    dropped = world.client("dropped")
    dropped.await_answer_by("dropped")
    with dropped.flooding() as flood:
        for _ in range(5):
            flood.await_more()
            daemon.kill()
            flood.await_more()
            daemon = world.daemon(CONFIG)
            flood.await_more()
    assert flood.refused > 1000
    assert flood.sent == 0
    assert not world.wire.saw(flood)


@pytest.mark.parametrize(("first", "second", "port"), [(CONFIG, OTHER_CONFIG, 7993), (OTHER_CONFIG, CONFIG, 7893)],
                         ids=["there", "and back"])
def test_a_start_with_another_config_after_a_kill(world, first, second, port):
    """Leftovers of the killed one that the next doesn't need are removed, at once and at the end."""
    before = world.footprint()
    with World() as fresh:
        fresh.daemon(second)
        expected = routing(fresh)
    for cgroup in IN_FORCE:
        world.client(cgroup)
    world.daemon(first).kill()
    daemon = world.daemon(second)
    assert routing(world) == expected
    world.proxy("mihomo", port)
    world.check(IN_FORCE)
    assert daemon.stop() == 0
    assert world.footprint() == before


def test_what_somebody_added_to_the_table_of_a_killed_one(world):
    """A set of cgroups without a chain belongs to no target, and is removed."""
    world.proxy("mihomo")
    world.daemon(CONFIG).kill()
    world.host.run("nft", "add", "set", "inet", "cgtproxy", "mine", "{ type cgroupsv2; }")
    world.daemon(CONFIG)
    world.check(IN_FORCE)
    assert "set mine" not in world.host.run("nft", "list", "table", "inet", "cgtproxy")


def test_foreign_rules_and_routes_are_left_alone(world):
    """Also where they look much like the daemon's own."""
    world.host.ip("rule add fwmark 4000 lookup 400 priority 3000", "rule add fwmark 3000/0xffff lookup 401 priority 5000",
                  "rule add from 10.9.8.7 lookup 300 priority 2990", "rule add fwmark 5000 lookup 300 priority 3000",
                  "route add 203.0.113.99/32 dev lo table 400")
    world.host.run("ip", "-6", "rule", "add", "fwmark", "4000", "lookup", "400", "priority", "3000")
    world.host.run("nft", "add table inet other; add chain inet other cgtproxy; add table ip cgtproxy")
    before = world.footprint()
    world.daemon(CONFIG).kill()
    assert world.daemon(CONFIG).stop() == 0
    assert world.footprint() == before


def test_a_second_daemon_is_refused(world):
    world.proxy("mihomo")
    for cgroup in IN_FORCE:
        world.client(cgroup)
    first = world.daemon(CONFIG)
    footprint = world.footprint()
    for config in (CONFIG, OTHER_CONFIG):
        second = world.start_daemon(config)
        assert second.wait_refused() > 0
        assert str(first.pid) in second.log
        assert not second.is_ready()
    assert world.footprint() == footprint
    assert first.process.poll() is None
    world.check(IN_FORCE)
    world.client("new/dropped").await_answer_by("dropped")
    assert first.stop() == 0
    world.daemon(CONFIG)
    world.check(IN_FORCE)


def test_two_hosts_have_a_daemon_each(world):
    """A second one is refused for the same network namespace, not for the same machine."""
    with World() as other:
        for one in (world, other):
            one.client("dropped")
            one.client("other")
            one.daemon(CONFIG)
        for one in (world, other):
            one.check({"dropped": "dropped", "other": "outside"})


def test_a_host_without_ipv6():
    with World(ipv6=False) as world:
        world.proxy("mihomo")
        for cgroup in IN_FORCE:
            world.client(cgroup)
        before = world.footprint()
        daemon = world.daemon(CONFIG)
        for protocol in ("tcp", "udp"):
            assert world.client("proxied").ask(protocol, V4).who == "proxy mihomo"
            assert world.client("dropped").ask_in_vain(protocol, V4).dropped
            assert world.client("other").ask(protocol, V4).who == "outside"
        assert daemon.stop() == 0
        assert world.footprint() == before
        assert world.client("dropped").ask(UDP, V4).who == "outside"


FOREIGN_TABLES = {
    "empty": "table inet cgtproxy {}",
    "of the Go daemon": """table inet cgtproxy {
      set bypass { type ipv4_addr; flags interval; }
      set bypass6 { type ipv6_addr; flags interval; }
      map cgroup-vmap { type cgroupsv2 : verdict; }
      map mark-vmap { type mark : verdict; }
      chain proxy-mihomo { meta mark set 1; }
      chain output-mangle { type route hook output priority mangle; policy accept; ip daddr @bypass return; }
      chain prerouting { type filter hook prerouting priority mangle; policy accept; meta mark vmap @mark-vmap; }
    }""",
    "with our names for other things": """table inet cgtproxy {
      map cgroup-vmap { type mark : verdict; }
      chain output-mangle { type filter hook input priority 7; policy drop; }
      chain tproxy-mihomo { type filter hook forward priority 0; }
      chain prerouting { }
      quota mihomo { over 1 bytes; }
    }""",
    "with things of its own": """table inet cgtproxy {
      set mine { type inet_service; elements = { 1, 2 }; }
      chain my-chain { counter; }
      chain output-mangle { type route hook output priority mangle; policy accept; jump my-chain; drop; }
    }""",
}


@pytest.mark.parametrize("what", FOREIGN_TABLES)
def test_a_table_of_our_name_is_replaced(world, what):
    """Whatever it is, since the name is reserved for cgtproxy."""
    world.proxy("mihomo")
    for cgroup in IN_FORCE:
        world.client(cgroup)
    daemon = world.daemon(CONFIG)
    expected, _ = table(world)
    assert daemon.stop() == 0
    before = world.footprint()
    world.host.run("nft", "-f", "-", text_in=FOREIGN_TABLES[what])
    daemon = world.daemon(CONFIG)
    assert table(world)[0] == expected
    world.check(IN_FORCE)
    assert daemon.stop() == 0
    assert world.footprint() == before


def test_the_nice_value_stays(world):
    """Whatever the daemon does about its slice."""
    daemon = world.daemon(CONFIG, wrap=lambda argv: ["nice", "-n", "-3", *argv])
    assert os.getpriority(os.PRIO_PROCESS, daemon.pid) == -3


def slice_of(pid):
    """A process's slice in ns; 0 on kernels that know none (sched_getattr(2))."""
    attributes = ctypes.create_string_buffer(56)
    assert LIBC.syscall(SYS_SCHED_GETATTR[os.uname().machine], pid, attributes, len(attributes), 0) == 0
    return struct.unpack_from("IIQiIQ", attributes)[-1]


@pytest.mark.skipif(os.uname().machine not in SYS_SCHED_GETATTR, reason="the number of sched_getattr() is not known here")
def test_the_slice_is_short(world):
    """The kernel gives back the slice that was asked for."""
    if slice_of(os.getpid()) == 0:
        pytest.skip("this kernel knows no slices")
    assert slice_of(world.daemon(CONFIG).pid) == 100_000
