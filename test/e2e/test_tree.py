# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroup tree changes while the daemon watches: nothing is missed, in whatever order."""

import os
import random
import signal

import pytest
from lab.addresses import ALL_TRAFFIC, TCP, UDP, V4, V6
from lab.daemon import as_nobody
from lab.netfilter import cgroup_elements
from lab.storms import inotify_limit
from lab.waiting import wait_until

CONFIG = """
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - {match: '/proxied[^/]*$', tproxy: mihomo}
  - {match: '/dropped[^/]*$', drop: true}
  - {match: '/direct[^/]*$', direct: true}
"""
MANY = int(os.environ.get("CGTPROXY_TEST_MANY", "20000"))


def await_elements(world, paths, chain=None):
    """Await an element for each of these cgroups (that goes to a chain of this name)."""
    ids = {world.cgroups.id(path) for path in paths}
    missing = set()

    def all_there():
        elements = cgroup_elements(world.host)
        missing.clear()
        missing.update(i for i in ids if i not in elements or chain not in (None, elements[i]))
        return not missing

    wait_until(all_there, lambda: f"{len(ids)} elements; {len(missing)} are missing", timeout=120)


def test_a_nested_tree_made_at_once(world):
    """mkdir -p creates the lower levels before the upper ones can be watched."""
    world.proxy("mihomo")
    world.daemon(CONFIG)
    for number in range(20):
        path = f"{number}/2/3/4/5/proxied"
        world.cgroups.make(path)
    for number in range(20):
        client = world.client(f"{number}/2/3/4/5/proxied")
        client.await_answer_by("proxy mihomo")
        assert client.ask(TCP, V6).who == "proxy mihomo"
        assert world.client(f"{number}/2/3/4/5").ask(UDP, V4).who == "outside"


def test_rules_on_every_level_of_a_nested_tree(world):
    world.proxy("mihomo")
    world.daemon(CONFIG)
    path = "/".join(["dropped", "proxied", "direct"] * 8)
    world.client(path).await_answer_by("outside")
    world.client(path + "/dropped").await_answer_by("dropped")
    world.client(path.removesuffix("/direct")).await_answer_by("proxy mihomo")
    assert world.client(path.removesuffix("/proxied/direct")).ask_in_vain(UDP, V4).dropped


def test_a_name_made_removed_and_made_again(world):
    world.proxy("mihomo")
    daemon = world.daemon(CONFIG)
    directory = world.cgroups.directory(world.cgroups.path("proxied-again"))
    for _ in range(300):
        directory.mkdir()
        directory.rmdir()
    directory.mkdir()
    client = world.new_client("proxied-again")
    client.await_answer_by("proxy mihomo")
    world.cgroups.remove(world.cgroups.path("proxied-again"))
    directory.mkdir()
    again = world.new_client("proxied-again")
    again.await_answer_by("proxy mihomo")
    for protocol, family in ALL_TRAFFIC:
        assert again.ask(protocol, family).who == "proxy mihomo"
    assert daemon.process.poll() is None


def test_a_name_remade_behind_the_daemons_back(world):
    """The daemon is stopped during removal and recreation, also of a tree, and must notice that the cgroups are new."""
    world.proxy("mihomo")
    world.cgroups.make("top/proxied")
    world.cgroups.make("top/dropped/proxied")
    daemon = world.daemon(CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    world.cgroups.remove(world.cgroups.path("top"))
    proxied, nested = world.client("top/proxied"), world.client("top/dropped/proxied")
    dropped = world.client("top/dropped")
    assert {client.ask(UDP, V4).who for client in (proxied, nested, dropped)} == {"outside"}
    daemon.send_signal(signal.SIGCONT)
    proxied.await_answer_by("proxy mihomo")
    nested.await_answer_by("proxy mihomo")
    dropped.await_answer_by("dropped")


def test_cgroups_that_vanish_at_once(world):
    """A storm of cgroups that are gone when the daemon looks: no error, and what stays is found."""
    world.proxy("mihomo")
    daemon = world.daemon(CONFIG)
    stay = []
    for number in range(1000):
        fleeting = world.cgroups.directory(world.cgroups.path(f"dropped-{number}"))
        (fleeting / "proxied").mkdir(parents=True)
        (fleeting / "proxied").rmdir()
        fleeting.rmdir()
        if number % 50 == 0:
            stay.append(world.cgroups.make(f"parent/proxied-{number}"))
    await_elements(world, stay, "proxy-mihomo")
    assert world.client("parent/proxied-950").ask(UDP, V4).who == "proxy mihomo"
    assert daemon.process.poll() is None
    assert "rror" not in daemon.log


def test_a_thousand_cgroups_made_while_it_runs(world):
    world.proxy("mihomo")
    world.daemon(CONFIG)
    paths = [world.cgroups.make(f"{number % 10}/deep/proxied-{number}") for number in range(1000)]
    await_elements(world, paths, "proxy-mihomo")
    for number in (0, 999, random.randrange(1000)):
        assert world.client(f"{number % 10}/deep/proxied-{number}").ask(TCP, V4).who == "proxy mihomo"


@pytest.mark.alone
def test_many_cgroups_at_the_start_are_all_covered(world):
    """And from the moment on that the daemon says that it is ready: the clients wait for nothing else."""
    world.proxy("mihomo")
    names = [f"{number % 20}/{('dropped', 'proxied')[number % 2]}-{number}" for number in range(MANY)]
    paths = [world.cgroups.make(name) for name in names]
    chosen = sorted({0, 1, MANY - 2, MANY - 1, *random.sample(range(MANY), 20)})
    clients = {number: world.client(names[number]) for number in chosen}
    world.daemon(CONFIG)
    for number, client in clients.items():
        if number % 2 == 0:
            result = client.ask_in_vain(UDP, V4)
            assert result.dropped, names[number]
            assert not world.wire.saw(result)
        else:
            assert client.ask(UDP, V4).who == "proxy mihomo", names[number]
    elements = cgroup_elements(world.host)
    for number, path in enumerate(paths):
        chain = elements[world.cgroups.id(path)]
        assert chain == "proxy-mihomo" if number % 2 else chain not in ("return", "proxy-mihomo"), path
    assert world.client("0").ask(UDP, V4).who == "outside"


@pytest.mark.alone
def test_the_event_queue_overflows(world):
    """The daemon can't read while the kernel drops events: it must rescan everything."""
    world.proxy("mihomo")
    known = [world.cgroups.make(f"known/proxied-{number}") for number in range(50)]
    with inotify_limit("max_queued_events", 64):
        daemon = world.daemon(CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    for path in known[:25]:
        world.cgroups.remove(path)
    made = [world.cgroups.make(f"known/proxied-new-{number}/below/dropped") for number in range(500)]
    made += [world.cgroups.make(f"remade/{number}/dropped") for number in range(100)]
    again = [world.cgroups.make(path.removeprefix(world.cgroups.top + "/")) for path in known[:10]]
    daemon.send_signal(signal.SIGCONT)
    await_elements(world, made)
    await_elements(world, again, "proxy-mihomo")
    assert world.client("known/proxied-new-499/below").ask(UDP, V4).who == "proxy mihomo"
    assert world.client("known/proxied-new-499/below/dropped").ask_in_vain(UDP, V4).dropped
    assert world.client("known/proxied-0").ask(UDP, V4).who == "proxy mihomo"
    assert world.client("known/proxied-49").ask(UDP, V4).who == "proxy mihomo"
    world.client("after/proxied").await_answer_by("proxy mihomo")  # the watch goes on


@pytest.mark.alone
@pytest.mark.parametrize("when", ["at the start", "later"])
def test_watches_run_out(world, when):
    """The daemon runs as a separate user, so the limit applies to it alone."""
    world.proxy("mihomo")
    world.cgroups.make("early/proxied")
    program = world.scratch.program()
    config = world.scratch.write(CONFIG)
    existing = sum(1 for _ in os.walk(world.cgroups.mount))
    with inotify_limit("max_user_watches", 1 if when == "at the start" else existing + 3):
        daemon = world.launch(program, "-c", config, wrap=lambda argv: as_nobody(argv, "net_admin")).wait_ready()
        assert world.client("early/proxied").ask(UDP, V4).who == "proxy mihomo"
        paths = [world.cgroups.make(f"late-{number}/below/proxied") for number in range(20)]
        await_elements(world, paths, "proxy-mihomo")
        daemon.wait_log("fs.inotify.max_user_watches")
        world.client("late-0/below/later/proxied").await_answer_by("proxy mihomo")
        world.cgroups.remove(paths[0])
        world.cgroups.make("late-0/below/proxied")
        world.new_client("late-0/below/proxied").await_answer_by("proxy mihomo")
    world.client("after/all/proxied").await_answer_by("proxy mihomo")


def test_cgroups_that_deny_the_look(world):
    """A user may take the permission to read their cgroups away: the daemon lives, and such a cgroup has its verdict."""
    world.proxy("mihomo")
    for name in ("dropped", "dropped-later", "user/proxied"):
        world.cgroups.make(name)
    world.cgroups.directory(world.cgroups.path("dropped")).chmod(0)
    daemon = world.launch(world.scratch.program(), "-c", world.scratch.write(CONFIG),
                          wrap=lambda argv: as_nobody(argv, "net_admin")).wait_ready()
    world.check({"dropped": "dropped", "user/proxied": "proxy mihomo"}, [(UDP, V4)])
    for name in ("dropped-later", "user"):
        world.cgroups.directory(world.cgroups.path(name)).chmod(0)
    world.cgroups.make("user/unseen")
    await_elements(world, [world.cgroups.make("next/proxied")])
    world.check({"dropped-later": "dropped", "user/proxied": "proxy mihomo", "next/proxied": "proxy mihomo"}, [(UDP, V4)])
    assert "\"unseen\": Permission denied" in daemon.log
    assert daemon.stop() == 0
