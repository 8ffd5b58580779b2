# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A start over another version: its rules apply until ours are in force, and are then removed completely."""

from pathlib import Path

import pytest
from lab.addresses import UDP, V4, V6
from lab.amounts import amounts
from lab.checks import ONE_PROXY, kernel_owns_tables, routing, table
from lab.netfilter import TABLE_OWNER, TABLE_PERSIST, leave_table
from lab.sinks import ProxySink

FIRST_VERSION = Path(__file__).with_name("first_version.nft")
ROUNDS = pytest.mark.parametrize("rounds", amounts("CGTPROXY_TEST_UPGRADES", 4, 20))


def leave_first_version(world):
    """Everything left by a killed daemon of the first version: its table, policy rules and routes."""
    paths = {name: world.cgroups.path(name).lstrip("/") for name in ("dropped", "proxied")}
    defined = "".join(f'define {name} = "{path}"\n' for name, path in paths.items())
    world.host.call(leave_table, "cgtproxy", TABLE_OWNER | TABLE_PERSIST if kernel_owns_tables() else 0)
    world.host.run("nft", "-f", "-", text_in=defined + FIRST_VERSION.read_text(encoding="ascii"))
    for family in ("-4", "-6"):
        world.host.run("ip", family, "rule", "add", "fwmark", "3000", "lookup", "300", "priority", "3000", "protocol", "kernel")
        world.host.run("ip", family, "route", "add", "local", "default", "dev", "lo", "table", "300", "protocol", "kernel")


@ROUNDS
def test_from_the_first_version_under_a_flood(world, rounds):
    """Repeatedly, over both families; the resulting state is that of a start in an empty network."""
    sink = world.keep(ProxySink(world.host, 7893))
    dropped, proxied = world.client("dropped"), world.client("proxied")
    before = world.footprint()
    daemon = world.daemon(ONE_PROXY)
    fresh = [*routing(world), *table(world)]
    assert daemon.stop() == 0
    for number in range(rounds):
        leave_first_version(world)
        family = (V4, V6)[number % 2]
        with dropped.flooding(family) as one, proxied.flooding(family) as other:
            for flood in (one, other):
                flood.await_more()
            sink.await_datagram()  # the first version's rules are at work
            daemon = world.daemon(ONE_PROXY)
            for flood in (one, other):
                flood.await_more()
            sink.await_datagram()
        assert world.wire.saw(world.client("other").ask(UDP, family))
        assert not world.wire.saw(one)
        assert not world.wire.saw(other)
        assert one.sent == 0
        assert one.refused > 200
        assert other.sent > 200
        assert [*routing(world), *table(world)] == fresh
        assert daemon.stop() == 0
        assert world.footprint() == before
