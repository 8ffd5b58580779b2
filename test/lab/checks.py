# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of where traffic goes and of the kernel's whole state."""

import functools
import os
import re
from contextlib import closing

from .namespaces import Namespace
from .netfilter import TABLE_OWNER, TABLE_PERSIST, cgroup_elements, takes_table
from .waiting import SLOWNESS, wait_until
from .world import without_cgroups

# The chain of a dropped cgroup's verdict.
DROP_CHAIN = "DROP-CHAIN"
# The beginning of an expression that matches only below the tops of this process's Worlds.
OURS = rf"^/cgtproxy-test-{os.getpid()}-[0-9]+\.slice/(.*/)?"
# One proxy, and cgroups named after the fate of their traffic.
ONE_PROXY = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied[^/]*$', tproxy: mihomo}}
  - {{match: '{OURS}dropped[^/]*$', drop: true}}
"""


@functools.cache
def kernel_owns_tables():
    """Whether this kernel protects the daemon's table from other programs: owned tables can persist."""
    with closing(Namespace()) as nowhere:
        return nowhere.call(takes_table, "cgtproxy-try", TABLE_OWNER | TABLE_PERSIST)


def _looks_up(level):
    """Whether this kernel accepts a lookup at this level, counted from the root of our cgroup namespace."""
    rules = f"""
table inet try {{
    chain output {{
        type filter hook output priority mangle
        socket cgroupv2 level {level} != "." accept
    }}
}}
"""
    with closing(Namespace()) as nowhere:
        done = nowhere.run("nft", "--check", "-f", "-", text_in=rules, check=False)
    assert done.returncode == 0 or "Operation not supported" in done.stderr, done.stderr
    return done.returncode == 0


@functools.cache
def deepest_level():
    """The level of the deepest cgroups that have verdicts of their own.

    The kernel looks up 255 levels, counted from the root of the hierarchy; in a cgroup namespace, fewer by the level of
    its root. The daemon reserves one of them for what a strict config refuses.
    """
    deepest = next(level for level in range(255, 0, -1) if _looks_up(level))
    return deepest if deepest == 255 else deepest - 1


def routing(world, tables=(300, 301)):
    """Policy rules and the routes of the tables that they name, as text to compare."""
    commands = ["ip rule", "ip -6 rule"]
    commands += [f"ip {family} route show table {table}" for family in ("-4", "-6") for table in tables]
    return [world.host.run(*command.split(), check=False).stdout for command in commands]


def without_about(listing):
    """A table's listing without the comment that names the config file and when it was read."""
    return re.sub(r' comment "config [^"]* loaded [^"]*"', "", listing)


def table(world):
    """The daemon's table as nft lists it without counts, and the cgroups' elements by number: to compare.

    Its parts are sorted, since the kernel lists them in order of creation.
    """
    listing = world.host.run("nft", "--stateless", "list", "table", "inet", "cgtproxy")
    body = without_about(without_cgroups(listing)).removesuffix("}\n")
    parts = sorted(part.strip("\n") for part in body.split("\n\n"))
    return "\n\n".join(parts), cgroup_elements(world.host)


def await_chains(world, chains):
    """Await the elements of these cgroups: id -> chain, or None for no element."""
    wrong = {}

    def all_right():
        wrong.clear()
        try:
            elements = cgroup_elements(world.host)
        except FileNotFoundError:  # the table was replaced while we read it
            return False
        wrong.update(item for item in chains.items() if elements.get(item[0]) != item[1])
        return not wrong

    wait_until(all_right, lambda: f"{len(chains)} elements as they should be; {len(wrong)} are not", timeout=120 * SLOWNESS)


def count_lines(text, *words):
    """The number of lines that contain all of these words."""
    return sum(all(word in line for word in words) for line in text.splitlines())


def assert_never_restored(daemon):
    """Assert that the daemon lost nothing that it had to restore.

    Growth of the table doesn't count: with strict it has the cgroups of all concurrent tests.
    """
    assert "; restoring the table" not in daemon.log
