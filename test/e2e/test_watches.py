# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches run out: it only affects whoever has most of them. The limits apply to the whole machine."""

import os
import re
from pathlib import Path

import pytest
from lab.addresses import UDP, V4
from lab.checks import ONE_PROXY, await_chains
from lab.daemon import as_nobody
from lab.storms import Storm, inotify_limit
from lab.waiting import wait_until

pytestmark = pytest.mark.alone

MANY = 3000


def read_if_open(file):
    """The kernel's information on a file descriptor; empty if it was closed meanwhile."""
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def watched(daemon):
    """The inode numbers that the daemon watches, which are the cgroups' ids."""
    info = "".join(read_if_open(file) for file in Path(f"/proc/{daemon.pid}/fdinfo").iterdir())
    return {int(number, 16) for number in re.findall(r"^inotify wd:\S+ ino:(\w+)", info, re.MULTILINE)}


def start(world):
    """The daemon as a separate user, so the limit applies to it alone."""
    return world.launch(world.scratch.program(), "-c", world.scratch.write(ONE_PROXY),
                        wrap=lambda argv: as_nobody(argv, "net_admin")).wait_ready()


def test_who_has_most_gives_way(world):
    """One's cgroups take all watches that there are; another one's new cgroups are watched all the same."""
    world.proxy("mihomo")
    for name in ("mallory.service", "alice.service"):
        world.cgroups.make(name)
    with inotify_limit("max_user_watches", sum(1 for _ in os.walk(world.cgroups.mount)) + MANY // 3):
        daemon = start(world)
        storm = Storm(world, "mallory.service/storm", MANY, "proxied").make()
        await_chains(world, dict.fromkeys(storm.ids(), "proxy-mihomo"))
        taken = len(watched(daemon) & set(storm.ids()))
        assert 0 < taken < MANY
        paths = [world.cgroups.make(f"alice.service/app-{number}/proxied") for number in range(50)]
        wait_until(lambda: {world.cgroups.id(path) for path in paths} <= watched(daemon), "all of alice's are watched")
        assert len(watched(daemon) & set(storm.ids())) < taken
        # cgroups that lost their watch are polled instead
        late = Storm(world, f"{storm.names[-1]}/below", 10, "dropped", parents=1).make()
        await_chains(world, dict.fromkeys(late.ids(), "DROP-CHAIN"))
        assert world.client("alice.service/app-0/proxied").ask(UDP, V4).who == "proxy mihomo"
        assert '"mallory.service"' in daemon.log


def test_a_large_directory_without_a_watch(world):
    """It is listed in chunks; nothing in it is missed, and nothing removed stays."""
    world.proxy("mihomo")
    with inotify_limit("max_user_watches", 1):
        daemon = start(world)
        storm = Storm(world, "storm", MANY, "proxied", parents=1).make()
        await_chains(world, dict.fromkeys(storm.ids(), "proxy-mihomo"))
        one = world.cgroups.path(storm.names[MANY // 2])
        world.cgroups.directory(one).rmdir()
        world.cgroups.directory(one).mkdir()
        last = world.cgroups.make("storm/0/dropped")
        await_chains(world, {world.cgroups.id(one): "proxy-mihomo", world.cgroups.id(last): "DROP-CHAIN"})
        assert daemon.process.poll() is None
