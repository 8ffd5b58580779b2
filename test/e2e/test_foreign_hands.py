# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs remove the daemon's objects: they are restored at once or protected, and the log names the program."""

import subprocess
from contextlib import contextmanager

import pytest
from lab.addresses import GATEWAY, HOST, TCP, UDP, V4, V6
from lab.checks import DROP_CHAIN, OURS, await_chains, count_lines, kernel_owns_tables, routing, table
from lab.netfilter import cgroup_elements
from lab.sinks import ProxySink
from lab.waiting import wait_until

CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893, dns-hijack: {{port: 1053}}}}}}
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
IN_FORCE = {"proxied": "proxy mihomo", "dropped": "dropped", "other": "outside"}

OTHER_RULESET = "flush ruleset\ntable inet firewall { chain input { type filter hook input priority 0; }; }\n"
HANDS_ON_THE_TABLE = {
    "flush ruleset": "flush ruleset\n",
    "another ruleset": OTHER_RULESET,
    "delete table": "delete table inet cgtproxy\n",
    "flush table": "flush table inet cgtproxy\n",
    "flush chain": "flush chain inet cgtproxy output-mangle\n",
    "flush map": "flush map inet cgtproxy cgroup-vmap\n",
}
CHANGED_TABLE = "the table inet cgtproxy was changed by"
REMOVED_ROUTING = "were removed by"


def await_traffic(world, expected=None):
    """Wait until each of these cgroups is right again, and check all of its traffic."""
    expected = expected or IN_FORCE
    for cgroup, who in expected.items():
        for family in (V4, V6):
            world.client(cgroup).await_answer_by(who, UDP, family)
    world.check(expected)


def ip(world, *lines):
    """Run lines of `ip` for both families, in one process each."""
    for family in ("-4", "-6"):
        world.host.run("ip", family, "-batch", "-", text_in="".join(f"{line}\n" for line in lines))


@pytest.fixture(name="world")
def world_with_proxy(world):
    """A world with a proxy and clients; the tests start the daemon."""
    world.proxy("mihomo")
    for cgroup in IN_FORCE:
        world.client(cgroup)
    return world


@contextmanager
def program(world, *argv):
    """A program that reads commands from its standard input and lives on until the block ends; yields a way to tell it
    a line, and its process. (The log can name who did something only while that one is there.)"""
    with subprocess.Popen(world.host.command(*argv), stdin=subprocess.PIPE, text=True) as process:
        def tell(*lines):
            process.stdin.write("".join(f"{line}\n" for line in lines))
            process.stdin.flush()
        yield tell, process
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize("hand", HANDS_ON_THE_TABLE)
def test_hands_on_the_table(world, hand):
    """Linux 6.9 and later protect it. Older kernels don't, and each change is undone once."""
    daemon = world.daemon(CONFIG)
    before = table(world)
    world.check(IN_FORCE, [(UDP, V4), (UDP, V6)])
    for times in (1, 2):
        done = world.host.run("nft", "-f", "-", text_in=HANDS_ON_THE_TABLE[hand], check=False)
        if kernel_owns_tables():
            assert (done.returncode != 0) == (hand not in ("flush ruleset", "another ruleset")), done.stderr
        else:
            assert done.returncode == 0, done.stderr
            wait_until(lambda: count_lines(daemon.log, CHANGED_TABLE) >= times, "the daemon notices")  # noqa: B023
        await_traffic(world)
    after = table(world)
    assert after == before
    assert count_lines(daemon.log, CHANGED_TABLE) == (0 if kernel_owns_tables() else 2)
    assert count_lines(daemon.log, CHANGED_TABLE, "(nft)") == (0 if kernel_owns_tables() else 2)
    assert ("table inet firewall" in world.host.run("nft", "list", "ruleset")) == (hand == "another ruleset")


def test_flushes_without_a_pause(world):
    """Where the kernel protects the table no packet gets out meanwhile; elsewhere all is well again afterwards."""
    world.daemon(CONFIG)
    number = world.cgroups.id(world.cgroups.path("dropped"))
    with world.client("dropped").flooding() as flood:
        flood.await_more()
        assert flood.refused > 0
        for _ in range(50):
            world.host.run("nft", "-f", "-", text_in=OTHER_RULESET)
            if kernel_owns_tables():
                assert number in cgroup_elements(world.host)
        if not kernel_owns_tables():
            await_chains(world, {number: DROP_CHAIN})
            flood.await_more()
            world.wire.forget()
        flood.await_more()
        assert not world.wire.saw(flood)
    if kernel_owns_tables():
        assert flood.sent == 0
    await_traffic(world)


def test_a_table_of_ours_that_others_change_while_we_start_again(world):
    """The table of a killed daemon has no owner: foreign changes to it are replaced."""
    before = world.footprint()
    world.daemon(CONFIG).kill()
    world.host.run("nft", "-f", "-", text_in="flush ruleset\n")
    world.host.run("nft", "add table inet cgtproxy; add chain inet cgtproxy mine", check=False)
    daemon = world.daemon(CONFIG)
    assert "chain mine" not in world.host.run("nft", "list", "ruleset")
    world.check(IN_FORCE)
    assert daemon.stop() == 0
    assert world.footprint() == before


@pytest.mark.parametrize("family", ["-4", "-6"])
@pytest.mark.parametrize("lines", [["rule del priority 3000"], ["route del local default dev lo table 300"],
                                   ["rule del priority 3000", "route del local default dev lo table 300"] * 2],
                         ids=["rule", "route", "one after the other"])
def test_hands_on_the_routing(world, lines, family):
    daemon = world.daemon(CONFIG)
    expected = routing(world)
    world.check(IN_FORCE, [(UDP, V4), (UDP, V6)])
    for times, line in enumerate(lines, start=1):
        with program(world, "ip", family, "-batch", "-") as (tell, process):
            tell(line)
            wait_until(lambda: count_lines(daemon.log, REMOVED_ROUTING) >= times, "the daemon notices")  # noqa: B023
            assert count_lines(daemon.log, REMOVED_ROUTING, f"process {process.pid} (ip)") == 1
        assert routing(world) == expected
    await_traffic(world)
    assert count_lines(daemon.log, REMOVED_ROUTING) == len(lines)


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_a_flush_of_the_routing_table(world, family):
    """`ip route flush` repeats until nothing is left, and the daemon restores the route: it wins, and logs it once."""
    daemon = world.daemon(CONFIG)
    expected = routing(world)
    for times in range(1, 6):
        world.host.run("ip", family, "route", "flush", "table", "300")
        wait_until(lambda: count_lines(daemon.log, REMOVED_ROUTING) >= times, "the daemon notices")  # noqa: B023
        wait_until(lambda: routing(world) == expected, lambda: f"the routing is back: {routing(world)}")
    await_traffic(world)
    assert count_lines(daemon.log, REMOVED_ROUTING) == 5


def test_the_routing_is_removed_again_and_again(world):
    """The daemon must not react to its own restorations."""
    daemon = world.daemon(CONFIG)
    expected = routing(world)
    for _ in range(50):
        ip(world, "rule del priority 3000", "route del local default dev lo table 300")
        wait_until(lambda: routing(world) == expected, "the routing is back")
    await_traffic(world)
    lines = count_lines(daemon.log, REMOVED_ROUTING)
    assert 50 <= lines <= 200  # one, or one for each of the four
    world.client("late/dropped").await_answer_by("dropped")
    assert count_lines(daemon.log, REMOVED_ROUTING) == lines


def test_foreign_routing_is_nobodys_business(world):
    """Foreign rules and routes come and go without a log message."""
    daemon = world.daemon(CONFIG)
    said = daemon.log
    world.host.ip("rule add fwmark 7 lookup 400 priority 50", "rule del priority 50",
                  "route add 203.0.113.77/32 dev lo table 400", "route flush table 400")
    world.host.run("nft", "-f", "-", text_in="table inet other { chain a { }; }\ndelete table inet other\n")
    world.client("late/dropped").await_answer_by("dropped")
    world.host.ip("rule del priority 3000")
    daemon.wait_log(REMOVED_ROUTING)
    assert count_lines(daemon.log.removeprefix(said), "") == 1, daemon.log


def test_a_proxied_flood_while_the_routing_is_removed(world):
    """Between a removal and its repair, marked packets find no route to the proxy; afterwards they do."""
    sink = world.keep(ProxySink(world.host, 7900))
    world.daemon(CONFIG.replace("7893", "7900"))
    with world.client("proxied").flooding() as flood:
        sink.await_datagram()
        for _ in range(20):
            world.host.ip("rule del priority 3000")
            wait_until(lambda: "fwmark 0xbb8" in world.host.run("ip", "-4", "rule"), "the rule is back")
            flood.await_more()
            world.wire.forget()
            flood.await_more()
            assert not world.wire.saw(flood)
            sink.await_datagram()


def test_loopback_goes_down_and_up(world):
    daemon = world.daemon(CONFIG)
    expected = routing(world)
    world.check(IN_FORCE)
    for times in (1, 2):
        world.host.ip("link set lo down")
        result = world.client("proxied").ask_in_vain(UDP, V4)
        assert "proxy mihomo" not in result.who  # there is no way to the proxy without it
        world.client("dropped").await_answer_by("dropped")
        wait_until(lambda: count_lines(daemon.log, "loopback interface is down") >= times, "a warning")  # noqa: B023
        world.host.ip("link set lo up")
        wait_until(lambda: routing(world) == expected, lambda: f"the routing is back: {routing(world)}")
        await_traffic(world)
    assert count_lines(daemon.log, "loopback interface is down") == 2
    assert daemon.process.poll() is None


def test_ipv6_is_switched_off_and_on(world):
    daemon = world.daemon(CONFIG)
    expected = routing(world)
    world.check(IN_FORCE)
    for _ in range(2):
        world.host.sysctl("ipv6/conf/all/disable_ipv6", 1)
        for cgroup, who in IN_FORCE.items():
            world.client(cgroup).await_answer_by(who)
        world.check(IN_FORCE, [(TCP, V4), (UDP, V4)])
        world.host.sysctl("ipv6/conf/all/disable_ipv6", 0)
        # the cable's address and the route went with it, and nobody but we would put them back
        world.host.ip(f"addr replace {HOST[V6]}/64 dev cable", f"route replace default via {GATEWAY[V6]}")
        wait_until(lambda: routing(world) == expected, lambda: f"the routing is back: {routing(world)}")
        await_traffic(world)
    assert daemon.process.poll() is None


def test_everything_at_once(world):
    """With new cgroups meanwhile; the final state is right."""
    world.daemon(CONFIG)
    expected = routing(world)
    chains = {}
    for number in range(30):
        ip(world, "rule del priority 3000", "link set lo down", "link set lo up")
        world.host.run("nft", "-f", "-", text_in=OTHER_RULESET)
        chains[world.cgroups.id(world.cgroups.make(f"{number}/dropped"))] = DROP_CHAIN
        wait_until(lambda: routing(world) == expected, lambda: f"the routing is back: {routing(world)}")
    await_chains(world, chains)
    await_traffic(world, dict(IN_FORCE, **{"29/dropped": "dropped"}))
