# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removed cgroups whose sockets live on: the verdict stays as long as there is a socket, and no longer."""

import signal
from contextlib import ExitStack

import pytest
from lab.addresses import TCP, UDP, V4, V6
from lab.checks import ONE_PROXY, assert_never_restored
from lab.netfilter import cgroup_elements
from lab.waiting import wait_until

# src/engine/tombstones.h and census.c: how long an element stays at least, and the pauses between the looks at sockets.
GRACE = 60
PATIENCE = GRACE + 60


def make_client(world, cgroup):
    """A client in a new cgroup, that may be moved out of it."""
    world.cgroups.make(cgroup)
    return world.new_client(cgroup)


def leave(world, cgroup, destination="elsewhere"):
    """Move all processes of a cgroup to another one and remove it; return the number that netfilter knows it by."""
    world.cgroups.make(destination)
    directory, other = (world.cgroups.directory(world.cgroups.path(path)) for path in (cgroup, destination))
    number = world.cgroups.id(world.cgroups.path(cgroup))
    for pid in (directory / "cgroup.procs").read_text(encoding="ascii").split():
        (other / "cgroup.procs").write_text(pid, encoding="ascii")
    directory.rmdir()
    return number


def await_gone(world, *numbers):
    """Await that none of these cgroups has an element any more."""
    wait_until(lambda: not set(numbers) & set(cgroup_elements(world.host)), "elements without sockets are gone",
               timeout=PATIENCE)


@pytest.mark.first
@pytest.mark.parametrize("strict", [False, pytest.param(True, marks=pytest.mark.long)])
def test_sockets_keep_the_verdict(world, strict):
    """Of a dropped, a proxied and a direct cgroup, and of one below whose own verdict came from above it.

    Slow, since it waits for the grace to pass; that it has passed is seen by an element that no socket keeps.
    """
    world.proxy("mihomo")
    daemon = world.daemon(ONE_PROXY + ("strict: true\n" if strict else ""))
    dropped, proxied, below, direct = (
        make_client(world, name) for name in ("dropped", "proxied", "proxied-deep/a/b", "direct"))
    dropped.await_answer_by("dropped")
    for client, who in ((proxied, "proxy mihomo"), (below, "proxy mihomo"), (direct, "outside")):
        client.await_answer_by(who)
        assert client.ask(TCP, V6, hold=True).who == who
    with ExitStack() as stack:
        flood = stack.enter_context(dropped.flooding())
        flood.await_more()
        kept = [leave(world, "dropped"), leave(world, "proxied"), leave(world, "direct")]
        leave(world, "proxied-deep/a/b")
        world.cgroups.remove(world.cgroups.path("proxied-deep/a"))
        kept.append(leave(world, "proxied-deep"))
        world.client("marker/dropped").await_answer_by("dropped")
        await_gone(world, leave(world, "marker/dropped"))
        assert set(kept) - set(cgroup_elements(world.host)) == (set() if strict else {kept[2]})
        flood.await_more()
        assert flood.sent == 0 and not world.wire.saw(flood)
        for client, who in ((proxied, "proxy mihomo"), (below, "proxy mihomo"), (direct, "outside")):
            assert client.ask(TCP, V6, resume=True, hold=True).who == who
    for client in (proxied, below, direct):
        client.close()
    await_gone(world, *kept)
    assert daemon.process.poll() is None
    assert_never_restored(daemon)


@pytest.mark.first
@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_sockets_keep_the_verdict_over_a_restart(world, number):
    """The next run knows nothing about the cgroups except what is in the kernel."""
    config = ONE_PROXY + "on-stop: keep\n"
    world.proxy("mihomo")
    daemon = world.daemon(config)
    dropped, below = make_client(world, "a/b/c/dropped"), make_client(world, "proxied/a/b/c/d/e")
    dropped.await_answer_by("dropped")
    below.await_answer_by("proxy mihomo")
    assert below.ask(TCP, V4, hold=True).who == "proxy mihomo"
    with dropped.flooding() as flood:
        flood.await_more()
        daemon.send_signal(number)
        daemon.wait_exit()
        kept = [leave(world, "a/b/c/dropped")]
        world.cgroups.remove(world.cgroups.path("a"))
        leave(world, "proxied/a/b/c/d/e")
        world.cgroups.remove(world.cgroups.path("proxied/a"))
        kept.append(leave(world, "proxied"))
        daemon = world.daemon(config)
        assert not set(kept) - set(cgroup_elements(world.host))
        world.client("marker/dropped").await_answer_by("dropped")
        await_gone(world, leave(world, "marker/dropped"))
        assert not set(kept) - set(cgroup_elements(world.host))
        flood.await_more()
        assert flood.sent == 0 and not world.wire.saw(flood)
        assert below.ask(TCP, V4, resume=True, hold=True).who == "proxy mihomo"
    below.close()
    await_gone(world, *kept)


@pytest.mark.first
@pytest.mark.long
def test_churn_makes_nothing_anew(world):
    """Cgroups removed and recreated with their descendants, while the daemon lags; see docs/reliability.md."""
    world.proxy("mihomo")
    for name in ("a", "b"):
        world.cgroups.make(name)
    daemon = world.daemon(ONE_PROXY)
    daemon.send_signal(signal.SIGSTOP)
    world.cgroups.make("a/proxied")
    for number in range(400):  # of 200 bytes, so that what follows is read another time
        world.cgroups.make(f"b/{number:0200}")
    world.cgroups.remove(world.cgroups.path("a"))
    client = make_client(world, "a/proxied")
    number = world.cgroups.id(world.cgroups.path("a/proxied"))
    daemon.send_signal(signal.SIGCONT)
    client.await_answer_by("proxy mihomo")
    world.client("marker/dropped").await_answer_by("dropped")
    await_gone(world, leave(world, "marker/dropped"))
    assert number in cgroup_elements(world.host)
    assert client.ask(UDP, V4).who == "proxy mihomo"
    assert_never_restored(daemon)
