# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors, for real cgroups that are named as systemd and desktops name theirs. (The unit tests have many more.)"""

import pytest
from lab.addresses import UDP, V4
from lab.client import Client
from lab.managers import ManagerTree

HEAD = """
version: 1
tproxies: {mihomo: {mark: 3000, port: 7893}}
rules:
"""
RULES = HEAD + """
  - {app: [org.telegram.desktop, org.gnome.Evolution-alarm-notify], tproxy: mihomo}
  - {user-unit: syncthing.service, drop: true}
  - {slice: cgtproxy-proxy.slice, tproxy: mihomo}
  - {unit: [docker.service, getty@.service], drop: true}
"""
PROXY, DROPPED, DIRECT = "proxy mihomo", "dropped", "outside"
# Below user@UID.service.
OF_THE_USER = {
    "app.slice/app-flatpak-org.telegram.desktop-4711.scope": PROXY,
    "app.slice/app-org.gnome.Evolution\\x2dalarm\\x2dnotify@autostart.service": PROXY,
    "app.slice/app-org.telegram.desktop.beta-4712.scope": DIRECT,
    "app.slice/syncthing.service/child": DROPPED,
    "cgtproxy.slice/cgtproxy-proxy.slice/run-1.scope": PROXY,
    "docker.service": DIRECT,
    "system.slice/docker.service": DIRECT,
}
# Below a slice of the system.
OF_THE_SYSTEM = {
    "docker.service": DROPPED,
    "docker.service/init": DROPPED,
    "system-getty.slice/getty@tty1.service": DROPPED,
    "cgtproxy-proxy.slice": PROXY,
    "evil.service/docker.service": DIRECT,
    "evil.service/cgtproxy-proxy.slice": DIRECT,
    "evil.service/user.slice/user-1000.slice/user@1000.service/syncthing.service": DIRECT,
    "syncthing.service": DIRECT,
}


@pytest.fixture
def manager(world):
    """The cgroups of a user's manager."""
    return world.keep(ManagerTree())


def where_to(world, tree, cgroup):
    """Who answers a program in this cgroup of a tree, or that it is dropped."""
    tree.make(cgroup)
    client = world.keep(Client(world.host, tree.directory(tree.path(cgroup))))
    result = client.ask(UDP, V4)
    return DROPPED if result.dropped and not world.wire.saw(result) else result.who


@pytest.mark.parametrize("when", ["before", "after"])
def test_selectors(world, manager, when):
    """For cgroups that exist before the daemon starts, and for those that are made later."""
    trees = ((manager, OF_THE_USER), (world.cgroups, OF_THE_SYSTEM))
    world.proxy("mihomo")
    if when == "after":
        daemon = world.daemon(RULES)
    for tree, cgroups in trees:
        for cgroup in cgroups:
            tree.make(cgroup)
    if when == "before":
        daemon = world.daemon(RULES)
    else:
        world.client("last.slice/docker.service").await_answer_by("dropped")
    for tree, cgroups in trees:
        assert {cgroup: where_to(world, tree, cgroup) for cgroup in cgroups} == cgroups
    assert daemon.stop() == 0


def test_user(world, manager):
    world.daemon(HEAD + f"  - {{user: {manager.uid}, drop: true}}\n")
    assert where_to(world, manager, "app.slice/anything.scope") == DROPPED
    assert where_to(world, world.cgroups, f"user-{manager.uid}.slice/anything.scope") == DIRECT


def test_an_unknown_user_is_an_error_with_its_place(world):
    path = world.scratch.write("version: 1\nrules:\n  - user: [root, no-such-user]\n    drop: true\n")
    done = world.cgtproxy("check", "config", "-c", path)
    assert done.returncode == 1
    assert f"{path}:3:18" in done.stdout
    assert "no-such-user" in done.stdout
