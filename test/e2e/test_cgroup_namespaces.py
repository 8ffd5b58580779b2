# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the kernel and the daemon count levels from: cgroup namespaces, and mounts with another root."""

import shlex

import pytest
from lab.addresses import UDP, V4
from lab.checks import assert_never_restored
from lab.namespaces import CGROUP_MOUNT as MOUNT
from lab.namespaces import counts_levels_from_cgroup_namespaces, in_cgroup_namespace

CONFIG = """
version: 1
cgroup-root: {root}
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '^/box/proxied$', tproxy: mihomo}}
  - {{match: '^/box/dropped$', drop: true}}
  - {{match: '^(/d)+/dropped$', drop: true}}
"""
# A kernel's deepest level, and some more.
DEEP = 257


def in_namespace(world, argv, own_mount=True):
    """The argument list that runs argv in a cgroup namespace that begins at the cgroup "top"."""
    return in_cgroup_namespace(world.cgroups.directory(world.cgroups.make("top")), argv, own_mount)


def with_part(world, argv):
    """The argument list that runs argv where a mount begins at the cgroup "top"."""
    directory = world.cgroups.directory(world.cgroups.make("top"))
    script = f"mount -t tmpfs tmpfs /mnt; mkdir {MOUNT}; mount --bind {shlex.quote(str(directory))} {MOUNT}"
    return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec",
            f"{script}; exec {shlex.join(map(str, argv))}"]


def start(world, root=MOUNT, more=""):
    """The daemon in a namespace. Where it can't see the root that the kernel counts from, it must report that."""
    daemon = world.start_daemon(CONFIG.format(root=root) + more, wrap=lambda argv: in_namespace(world, argv))
    if counts_levels_from_cgroup_namespaces():
        return daemon.wait_ready()
    try:
        return daemon.wait_ready()
    except AssertionError:
        assert "this kernel counts cgroup levels from the root of all cgroups" in daemon.log
        pytest.skip("this kernel counts levels from the root of all cgroups; that the daemon refuses to start was seen")


@pytest.mark.parametrize("root", [MOUNT, "AUTO"])
def test_a_namespace_with_its_own_mount(world, root):
    """Levels count from its root; the host's mount beside it is skipped."""
    world.proxy("mihomo")
    for name in ("box/proxied", "box/dropped"):
        world.cgroups.make(f"top/{name}")
    start(world, root)
    world.check({"top/box/proxied": "proxy mihomo", "top/box/dropped": "dropped", "top/box": "outside",
                 "top/box/proxied/below": "proxy mihomo", "outside/box/proxied": "outside"}, [(UDP, V4)])


@pytest.mark.parametrize("more", ["", "strict: true\n"])
def test_a_namespace_as_deep_as_can_be(world, more):
    """The kernel accepts fewer levels there; creating deeper cgroups must not make it refuse everything."""
    world.proxy("mihomo")
    for name in ("box/proxied", "box/dropped"):
        world.cgroups.make(f"top/{name}")
    daemon = start(world, more=more)
    for depth in range(DEEP - 5, DEEP):
        world.cgroups.make("top" + "/d" * depth + "/dropped")
    late = world.client("top/d/d/dropped")
    late.await_answer_by("dropped")
    world.check({"top/box/proxied": "proxy mihomo", "top/box/dropped": "dropped", "top/box": "outside"}, [(UDP, V4)])
    assert_never_restored(daemon)
    assert "rejected" not in daemon.log


def check_refused(world, wrap, *words, root=None):
    """Check that the daemon refuses to start, and that the other commands report the same."""
    text = CONFIG.format(root=root or world.cgroups.mount)
    daemon = world.start_daemon(text, wrap=wrap)
    assert daemon.wait_refused() > 0
    config = world.scratch.write(text)
    said = [daemon.log]
    for command in (["check", "system"], ["explain", "/box"]):
        done = world.cgtproxy(*command, "-c", config, wrap=wrap)
        said.append(done.stdout + done.stderr)
    for text in said:
        for word in words:
            assert word in text, f"{word!r} is not in: {text}"


def test_a_namespace_with_the_hosts_mount(world):
    check_refused(world, lambda argv: in_namespace(world, argv, own_mount=False),
                  "shows more than the cgroup namespace", "--cgroupns=host", "/..")


def test_a_mount_of_a_part(world):
    check_refused(world, lambda argv: with_part(world, argv), "shows only a part of the cgroup tree", "/top",
                  "mount -t cgroup2", root=MOUNT)


def test_a_mount_of_a_part_in_a_namespace(world):
    """Another part than the namespace's."""
    world.cgroups.make("top/box")
    check_refused(world, lambda argv: in_namespace(world, [
        "sh", "-ec", f"mount --bind {MOUNT}/box {MOUNT}; exec {shlex.join(map(str, argv))}"]),
        "shows only a part of the cgroup tree", "/box", root=MOUNT)
