# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cgroup that no rule matches gets what its parent gets; the deepest rule decides."""

import pytest
from lab.addresses import ALL_TRAFFIC, UDP, V4
from lab.netfilter import cgroup_elements
from lab.world import World

CONFIG = """
version: 1
tproxies:
  first: {mark: 3000, port: 7893}
  second: {mark: 3001, port: 7894}
rules:
  - {match: /proxied$, tproxy: first}
  - {match: /dropped$, drop: true}
  - {match: /other-proxy$, tproxy: second}
  - {match: /direct$, direct: true}
"""

# A cgroup, and who answers a client in it.
EXPECTED = {
    "proxied": "proxy first",
    "proxied/child": "proxy first",
    "proxied/child/grandchild": "proxy first",
    "proxied/child/dropped": "dropped",
    "proxied/child/dropped/below": "dropped",
    "proxied/child/dropped/below/direct": "outside",
    "proxied/child/dropped/below/direct/deeper": "outside",
    "proxied/child/dropped/below/direct/deeper/other-proxy": "proxy second",
    "proxied/child/dropped/below/direct/deeper/other-proxy/a/b/c/d": "proxy second",
    "proxied/direct": "outside",
    "proxied/direct/child": "outside",
    "proxied/other-proxy": "proxy second",
    "dropped": "dropped",
    "dropped/child": "dropped",
    "dropped/proxied": "proxy first",
    "dropped/direct": "outside",
    "dropped/direct/child": "outside",
    "unmatched": "outside",
    "unmatched/child": "outside",
    "unmatched/child/proxied": "proxy first",
}


@pytest.fixture(scope="module", params=["made before the start", "made while it runs"], name="world")
def world_with_daemon(request):
    """The cgroups of the table, made before or after the daemon's start."""
    with World() as world:
        world.proxy("first", 7893)
        world.proxy("second", 7894)
        if request.param == "made before the start":
            for cgroup in EXPECTED:
                world.cgroups.make(cgroup)
            world.daemon(CONFIG)
        else:
            world.daemon(CONFIG)
            for cgroup, who in EXPECTED.items():
                world.client(cgroup).await_answer_by(who)
        yield world


@pytest.mark.parametrize("cgroup", EXPECTED)
def test_what_a_cgroup_gets(world, cgroup):
    for protocol, family in ALL_TRAFFIC:
        if EXPECTED[cgroup] == "dropped":
            result = world.client(cgroup).ask_in_vain(protocol, family)
            assert result.dropped
            assert not world.wire.saw(result)
        else:
            assert world.client(cgroup).ask(protocol, family).who == EXPECTED[cgroup]


def test_only_cgroups_that_differ_from_their_parents_get_elements(world):
    """A new cgroup below a proxied one is right from its first packet."""
    elements = cgroup_elements(world.host)
    for path in EXPECTED:
        parent = path.rpartition("/")[0]
        while parent and parent not in EXPECTED:
            parent = parent.rpartition("/")[0]
        differs = EXPECTED[path] != EXPECTED.get(parent, "outside")
        assert (world.cgroups.id(world.cgroups.path(path)) in elements) == differs, path


@pytest.mark.parametrize("number", range(3))
def test_a_new_child_is_right_from_its_first_packet(world, number):
    """No wait here: an inherited verdict needs no work of the daemon."""
    assert world.client(f"proxied/new-{number}").ask(UDP, V4).who == "proxy first"
    assert world.client(f"dropped/new-{number}/deeper").ask_in_vain(UDP, V4).dropped
