# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before Linux 6.9 owned tables can't persist: anyone can change ours, and a second table marks the running instance.

What other programs do to the table as a whole, and to the routing, is in test/e2e, for all kernels; here is what only
such a kernel shows.
"""

import os

import pytest
from lab.addresses import UDP, V4, V6
from lab.checks import DROP_CHAIN, OURS, await_chains, count_lines, table
from lab.netfilter import cgroup_elements
from lab.reloading import Reloadable
from lab.waiting import wait_until

MANY = int(os.environ.get("CGTPROXY_TEST_MANY", "20000"))
CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893, dns-hijack: {{port: 1053}}}}}}
rules:
  - {{match: '{OURS}proxied[^/]*$', tproxy: mihomo}}
  - {{match: '{OURS}dropped[^/]*$', drop: true}}
"""
IN_FORCE = {"proxied": "proxy mihomo", "dropped": "dropped", "other": "outside"}
NOT_IN_FORCE = dict.fromkeys(IN_FORCE, "outside")
DATAGRAMS = [(UDP, V4), (UDP, V6)]

CHANGED = "the table inet cgtproxy was changed by"
OURS_AND_LOCK = {"cgtproxy", "cgtproxy-lock"}

# Each removes a part, or adds one that lets traffic through. CGROUP stands for the path of the dropped cgroup.
HANDS = {
    "flush chain of a target": "flush chain inet cgtproxy DROP-CHAIN",
    "delete element": 'delete element inet cgtproxy cgroup-vmap { "CGROUP" }',
    "another verdict": 'delete element inet cgtproxy cgroup-vmap { "CGROUP" }\n'
                       'add element inet cgtproxy cgroup-vmap { "CGROUP" : return }',
    "a rule before ours": "insert rule inet cgtproxy output-mangle accept",
    "flush another map": "flush map inet cgtproxy mark-vmap",
    "a chain of their own": "add chain inet cgtproxy mine",
}


@pytest.fixture(name="world")
def world_with_proxy(world):
    """A world with a proxy and clients; the tests start the daemon."""
    world.proxy("mihomo")
    for cgroup in IN_FORCE:
        world.client(cgroup)
    return world


def tables(world):
    """The names of the host's tables of the family inet."""
    return {line.split()[2] for line in world.host.run("nft", "list", "tables", "inet").splitlines()}


def nft(world, commands):
    """Run commands of nft as one transaction."""
    world.host.run("nft", "-f", "-", text_in=commands + "\n")


def await_healed(world, daemon, times, expected):
    """Await that the daemon has noticed this many times, and that the table is as expected."""
    wait_until(lambda: count_lines(daemon.log, CHANGED) >= times, "the daemon notices")

    def is_as_expected():
        try:
            return table(world) == expected
        except (RuntimeError, FileNotFoundError):  # the table is not there
            return False
    wait_until(is_as_expected, "the table is as before")


def test_the_table_has_no_owner_and_the_lock_has_one(world):
    """An owned table would end with the daemon here; the lock shall end with it."""
    world.daemon(CONFIG)
    assert tables(world) == OURS_AND_LOCK
    assert "flags owner" not in table(world)[0]
    lock = world.host.run("nft", "list", "table", "inet", "cgtproxy-lock")
    assert "flags owner" in lock
    assert "chain" not in lock
    world.check(IN_FORCE)


def test_nobody_else_can_take_the_lock_away(world):
    first = world.daemon(CONFIG)
    assert world.host.run("nft", "delete", "table", "inet", "cgtproxy-lock", check=False).returncode != 0
    before = table(world)
    nft(world, "flush ruleset")
    await_healed(world, first, 1, before)
    assert tables(world) == OURS_AND_LOCK
    second = world.start_daemon(CONFIG)
    assert second.wait_refused() > 0
    assert f"process {first.pid} (cgtproxy)" in second.log
    assert count_lines(first.log, CHANGED) == 1
    assert table(world) == before
    world.check(IN_FORCE)


@pytest.mark.parametrize("hand", HANDS)
def test_hands_on_a_part_of_the_table(world, hand):
    """The table is as it was, and the log names who touched it, once for each time."""
    daemon = world.daemon(CONFIG)
    before = table(world)
    for times in (1, 2):
        nft(world, HANDS[hand].replace("CGROUP", world.cgroups.path("dropped").lstrip("/")))
        await_healed(world, daemon, times, before)
        world.check(IN_FORCE, DATAGRAMS)
    assert count_lines(daemon.log, CHANGED, "(nft)") == count_lines(daemon.log, CHANGED) == 2


def test_hands_on_other_tables_are_nobodys_business(world):
    daemon = world.daemon(CONFIG)
    nft(world, "add table inet other\nadd chain inet other cgtproxy\nadd table ip cgtproxy2\nflush table inet other\n"
               "delete table inet other")
    before = table(world)
    nft(world, "add chain inet cgtproxy mine")
    await_healed(world, daemon, 1, before)
    assert count_lines(daemon.log, CHANGED) == 1


def test_its_own_changes_are_no_reason_to_heal(world):
    """Not even when there are more of them than fit the listening socket's queue."""
    daemon = world.daemon(CONFIG)
    paths = [world.cgroups.make(f"{number % 10}/dropped-{number}") for number in range(MANY)]
    chains = {world.cgroups.id(path): DROP_CHAIN for path in paths}
    await_chains(world, chains)
    assert count_lines(daemon.log, CHANGED) == 0
    nft(world, "flush ruleset")
    wait_until(lambda: count_lines(daemon.log, CHANGED) == 1, "the daemon notices")
    await_chains(world, chains)
    world.check(IN_FORCE)
    assert len(cgroup_elements(world.host)) == MANY + 2
    assert count_lines(daemon.log, CHANGED) == count_lines(daemon.log, CHANGED, "(nft)") == 1


def test_a_reload_keeps_watch(world):
    """It is not a foreign change, and what is restored afterwards is the new table."""
    subject = Reloadable(world, CONFIG)
    swapped = CONFIG.replace("proxied", "elsewhere").replace("dropped", "proxied").replace("elsewhere", "dropped")
    subject.reload(swapped)
    expected = dict(IN_FORCE, proxied="dropped", dropped="proxy mihomo")
    world.check(expected)
    assert tables(world) == OURS_AND_LOCK
    assert count_lines(subject.daemon.log, CHANGED) == 0
    before = table(world)
    nft(world, "flush ruleset")
    await_healed(world, subject.daemon, 1, before)
    world.check(expected)
    assert count_lines(subject.daemon.log, CHANGED) == 1


def test_a_killed_daemon_leaves_the_table_and_the_next_takes_over(world):
    before = world.footprint()
    first = world.daemon(CONFIG)
    held = table(world)
    first.kill()
    wait_until(lambda: tables(world) == {"cgtproxy"}, "the lock ends with its owner")
    assert table(world) == held
    world.check(IN_FORCE)
    second = world.daemon(CONFIG)
    assert tables(world) == OURS_AND_LOCK
    assert table(world) == held
    world.check(IN_FORCE)
    nft(world, "flush ruleset")
    await_healed(world, second, 1, held)
    world.check(IN_FORCE, DATAGRAMS)
    assert second.stop() == 0
    assert world.footprint() == before


def test_what_is_done_between_two_daemons_is_undone(world):
    world.daemon(CONFIG).kill()
    held = table(world)
    nft(world, "insert rule inet cgtproxy output-mangle accept")
    world.check(NOT_IN_FORCE, DATAGRAMS)
    world.daemon(CONFIG)
    assert table(world) == held
    world.check(IN_FORCE)


@pytest.mark.parametrize("config", [CONFIG, CONFIG + "on-stop: keep\n"], ids=["killed", "kept"])
def test_clear_removes_everything(world, config):
    before = world.footprint()
    daemon = world.daemon(config)
    if "keep" in config:
        assert daemon.stop() == 0
    else:
        daemon.kill()
    wait_until(lambda: tables(world) == {"cgtproxy"}, "the lock ends with its owner")
    world.check(IN_FORCE)
    done = world.cgtproxy("clear")
    assert done.returncode == 0, done.stderr
    assert world.footprint() == before
    world.check(NOT_IN_FORCE, DATAGRAMS)


def test_clear_leaves_a_running_daemon_alone(world):
    daemon = world.daemon(CONFIG)
    before = table(world)
    done = world.cgtproxy("clear")
    assert done.returncode != 0
    assert f"process {daemon.pid} (cgtproxy)" in done.stderr
    assert table(world) == before
    world.check(IN_FORCE)
    assert count_lines(daemon.log, CHANGED) == 0
