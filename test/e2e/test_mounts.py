# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""cgroup2 is found wherever it is mounted and visible; otherwise the daemon refuses to start and says what it found."""

import shlex

import pytest
from lab.addresses import UDP, V4
from lab.cgroups import USUAL_MOUNT
from lab.daemon import as_nobody, in_private_mounts
from lab.layouts import HYBRID, PURE, WITHOUT_CGROUP2

CONFIG = "version: 1\n{key}rules: [{{match: '^/cgtproxy-test[^/]*/dropped$', drop: true}}]\n"
COVER = """
    mount -t tmpfs tmpfs /sys/fs/cgroup
"""


def mount_at(directory):
    """The script that mounts cgroup2 at a directory."""
    return f"mkdir -p {shlex.quote(str(directory))}; mount -t cgroup2 cgroup2 {shlex.quote(str(directory))}\n"


def check_found(world, mounts, key=""):
    """Check that the daemon, after this script has changed the mounts, finds cgroup2 and its cgroups."""
    world.client("dropped")
    world.client("other")
    world.daemon(CONFIG.format(key=key), wrap=lambda argv: in_private_mounts(mounts, argv))
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped
    assert world.client("other").ask(UDP, V4).who == "outside"


def check_refused(world, mounts, *words, key="", wrap=lambda argv: argv):
    """Check that the daemon refuses to start with all of these messages, and leaves nothing behind."""
    before = world.footprint()
    daemon = world.start_daemon(CONFIG.format(key=key), wrap=lambda argv: in_private_mounts(mounts, wrap(argv)))
    assert daemon.wait_refused() > 0
    for word in words:
        assert word in daemon.log
    assert world.footprint() == before


def test_the_tests_have_cgroup2_where_users_have_it(world):
    assert world.cgroups.mount == USUAL_MOUNT


@pytest.mark.parametrize("mounts", [HYBRID, PURE], ids=["hybrid", "pure"])
@pytest.mark.parametrize("key", ["", "cgroup-root: AUTO\n"], ids=["default", "AUTO"])
def test_cgroup2_is_found_wherever_it_is_mounted(world, mounts, key):
    check_found(world, mounts, key)


def test_an_explicit_cgroup_root(world):
    check_found(world, "", f"cgroup-root: {USUAL_MOUNT}\n")


def test_an_explicit_cgroup_root_of_a_hybrid_host(world):
    check_found(world, HYBRID, f"cgroup-root: {USUAL_MOUNT}/unified\n")


def test_all_commands_on_a_hybrid_host(world):
    """Each looks for the mount by itself."""
    dropped = world.cgroups.make("dropped")
    path = world.scratch.write(f"version: 1\nrules: [{{match: '^{dropped}$', drop: true}}]\n")

    def run(*arguments):
        done = world.cgtproxy(*arguments, wrap=lambda argv: in_private_mounts(HYBRID, argv))
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "drop: 1 cgroup\n" in run("check", "config", "-c", path)
    assert "drop" in run("explain", "-c", path, f"{USUAL_MOUNT}/unified{dropped}")


def test_a_mount_whose_name_the_mount_table_escapes(world):
    check_found(world, WITHOUT_CGROUP2 + mount_at(world.scratch.directory / "two words\tand \\040"))


def test_a_covered_mount_beside_another(world):
    """The covered one comes first in the mount table, and would be preferred."""
    check_found(world, mount_at(world.scratch.directory / "cgroup") + COVER)


def test_no_cgroup2_mount(world):
    check_refused(world, WITHOUT_CGROUP2, "no cgroup2 mount in")


def test_a_covered_mount(world):
    check_refused(world, PURE + COVER, f"tmpfs is mounted over it at {USUAL_MOUNT}")


def test_a_mount_below_what_covers_it(world):
    directory = world.scratch.directory / "cover" / "cgroup"
    check_refused(world, WITHOUT_CGROUP2 + mount_at(directory) + f"mount -t tmpfs tmpfs {directory.parent}\n",
                  f"can't access its mount point {directory}: No such file")


def test_a_mount_that_the_daemon_may_not_reach(world):
    directory = world.scratch.directory / "closed" / "cgroup"
    directory.parent.mkdir(mode=0o700)
    world.scratch.program()
    check_refused(world, WITHOUT_CGROUP2 + mount_at(directory),
                  f"can't access its mount point {directory}: Permission denied",
                  wrap=lambda argv: as_nobody([*argv[:3], world.scratch.program(), *argv[4:]], "net_admin"))


@pytest.mark.parametrize("root, message", [
    ("/tmp", "/tmp is not a cgroup2 filesystem"), ("/proc", "/proc is not a cgroup2 filesystem"),
    ("/dev/null", "/dev/null is not a cgroup2 filesystem"),
    ("/nonexistent", "can't access /nonexistent: No such file")])
def test_a_cgroup_root_that_is_none(world, root, message):
    check_refused(world, "", message, key=f"cgroup-root: {root}\n")


def test_a_cgroup_root_that_is_a_hybrid_hosts_tmpfs(world):
    check_refused(world, HYBRID, f"{USUAL_MOUNT} is not a cgroup2 filesystem, but tmpfs",
                  key=f"cgroup-root: {USUAL_MOUNT}\n")
