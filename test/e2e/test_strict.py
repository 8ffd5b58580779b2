# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""strict: nothing leaves a cgroup that the daemon has not seen yet; on-stop: keep: nothing opens when it stops."""

import signal

import pytest
from lab.addresses import ALL_TRAFFIC, BYPASSED, HOST, UDP, V4, V6
from lab.netfilter import cgroup_elements

PROXY_AND_RULES = """
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - {match: /proxied$, tproxy: mihomo}
  - {match: /dropped$, drop: true}
  - {match: /direct$, direct: true}
"""
STRICT = f"""
version: 1
strict: true
bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]
{PROXY_AND_RULES}
"""
KEEP = f"""
version: 1
on-stop: keep
{PROXY_AND_RULES}
"""
CGROUPS = {"proxied": "proxy mihomo", "proxied/child": "proxy mihomo", "dropped": "dropped", "dropped/child": "dropped",
           "direct": "outside", "unmatched": "outside", "dropped/child/direct": "outside", "a/b/c/d/e": "outside"}


def test_strict_mode_steers_like_the_other(world):
    world.proxy("mihomo")
    for cgroup in CGROUPS:
        world.cgroups.make(cgroup)
    world.daemon(STRICT)
    world.check(CGROUPS)


def test_strict_mode_with_cgroups_made_while_it_runs(world):
    world.proxy("mihomo")
    world.daemon(STRICT)
    for cgroup, who in CGROUPS.items():
        world.client(cgroup).await_answer_by(who)
    world.check(CGROUPS)


def test_in_strict_mode_every_cgroup_has_an_element(world):
    for cgroup in CGROUPS:
        world.cgroups.make(cgroup)
    world.daemon(STRICT)
    elements = cgroup_elements(world.host)
    for path in world.cgroups.paths():
        assert world.cgroups.id(path) in elements, path


@pytest.mark.parametrize("cgroup", ["new", "known/new", "direct/new", "proxied/new", "known/1/2/3/4/5/6/7/8"])
@pytest.mark.parametrize("fate", [signal.SIGSTOP, signal.SIGKILL])
def test_strict_mode_refuses_a_cgroup_that_the_daemon_has_not_seen(world, cgroup, fate):
    """The daemon is stopped, so it can't have seen it: what holds here holds in the microseconds of real life too."""
    world.proxy("mihomo")
    for known in ("known", "direct", "proxied"):
        world.cgroups.make(known)
    daemon = world.daemon(STRICT)
    daemon.send_signal(fate)
    unseen = world.client(cgroup)
    for protocol, family in ALL_TRAFFIC:
        result = unseen.ask_in_vain(protocol, family)
        assert result.dropped
        assert not world.wire.saw(result)
    world.check({"known": "outside", "direct": "outside", "proxied": "proxy mihomo"})
    if fate == signal.SIGKILL:
        world.daemon(STRICT)
    else:
        daemon.send_signal(signal.SIGCONT)
    unseen.await_answer_by("proxy mihomo" if cgroup.startswith("proxied") else "outside")


def test_strict_mode_lets_answers_and_bypassed_destinations_through(world):
    daemon = world.daemon(STRICT)
    daemon.send_signal(signal.SIGSTOP)
    unseen = world.client("unseen")
    assert unseen.ask_in_vain(UDP, V4).dropped
    unseen.serve("unseen server", 9001)
    visitor = world.outside_client()
    for protocol, family in ALL_TRAFFIC:
        assert unseen.ask(protocol, family, BYPASSED[family]).who == "outside"
        assert visitor.ask(protocol, family, HOST[family], 9001).who == "unseen server"


def test_strict_mode_stops_cleanly(world):
    before = world.footprint()
    world.cgroups.make("dropped/child")
    assert world.daemon(STRICT).stop() == 0
    assert world.footprint() == before
    world.check(dict.fromkeys(CGROUPS, "outside"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_kept_stays_in_force_and_is_taken_over(world, number):
    world.proxy("mihomo")
    before = world.footprint()
    for cgroup in CGROUPS:
        world.cgroups.make(cgroup)
    assert world.daemon(KEEP).stop(number) == 0
    world.check(CGROUPS)
    again = world.daemon(KEEP)
    world.check(CGROUPS)
    world.client("later/dropped").await_answer_by("dropped")
    assert again.stop(number) == 0
    world.check(CGROUPS)
    assert world.daemon(KEEP.replace("on-stop: keep", "on-stop: clear")).stop(number) == 0
    assert world.footprint() == before
    world.check(dict.fromkeys(CGROUPS, "outside"))


def test_a_restart_that_keeps_has_no_gap(world):
    dropped = world.client("dropped")
    with dropped.flooding() as flood:
        daemon = world.daemon(KEEP)
        with world.client("dropped/child").flooding() as watched:
            for _ in range(3):
                watched.await_more()
                assert daemon.stop() == 0
                watched.await_more()
                daemon = world.daemon(KEEP)
        assert watched.refused > 300
        assert watched.sent == 0
        assert not world.wire.saw(watched)
    assert flood.sent > 0  # before the first daemon was ready: the flood can get out


def test_strict_and_keep_are_a_kill_switch(world):
    world.proxy("mihomo")
    daemon = world.daemon(STRICT + "on-stop: keep\n")
    world.client("before").await_answer_by("outside")
    assert daemon.stop() == 0
    assert world.client("before").ask(UDP, V4).who == "outside"
    newcomer = world.client("after/proxied")
    for protocol, family in ALL_TRAFFIC:
        result = newcomer.ask_in_vain(protocol, family)
        assert result.dropped
        assert not world.wire.saw(result)
    world.daemon(STRICT)
    newcomer.await_answer_by("proxy mihomo")
