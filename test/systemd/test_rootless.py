# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman's containers that an ordinary user starts: slirp4netns opens their connections on the host, and the rule for its
cgroup counts, whatever the container's own is.
"""

import pytest
from checks import OUTSIDE, PROXIED, look_at
from lab.addresses import ALL_TRAFFIC
from lab.podman import Podman, PodmanContainer
from programs import agent
from service import CONFIG, with_rule

# No new /proc may be mounted in a user namespace where parts of the old one are covered, as on the machine; with the host's
# processes there is no need to.
OPTIONS = ("--network=slirp4netns:enable_ipv6=true", "--pid=host")
TARGETS = {"direct: true": OUTSIDE, "drop: true": None, "tproxy: mihomo": PROXIED}
WAYS = "for process in $(pgrep slirp4netns); do sed -n s/^0:://p /proc/$process/cgroup; done"


@pytest.fixture(name="podman", scope="module")
def fixture_podman(machine, user):
    """The user's Podman."""
    machine.run("sh", "-c", "mkdir -p /dev/net && mknod -m 666 /dev/net/tun c 10 200")
    podman = Podman(lambda *argv: machine.command("env", f"HOME=/home/{user.name}", *argv, user=user))
    yield podman
    podman.close()
    podman.run("system", "migrate")  # ends the process that keeps the user's namespaces
    machine.run("rm", "-r", "/dev/net")


@pytest.fixture(name="container", scope="module")
def fixture_container(podman):
    """A container with a client."""
    container = PodmanContainer(podman, agent(), "rootless", (), *OPTIONS)
    yield container
    container.close()


def check(world, container, who):
    """Check that the container's traffic is answered by whom it should be, or by nobody: slirp4netns refuses what is dropped."""
    for protocol, family in ALL_TRAFFIC:
        look_at(world, container, protocol, family, who)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("containers", ["false", "true"])
@pytest.mark.usefixtures("proxy")
def test_rules_for_slirp4netns(world, machine, service, container, target, containers):
    """It is in the cgroup that Podman was started in or moved to: of the user's, and not the container's."""
    (cgroup,) = machine.run("sh", "-c", WAYS).split()
    assert "/user@" in cgroup and cgroup != container.cgroup
    service.reload(with_rule(f"{CONFIG}containers: {containers}\n", f"match: '^{cgroup}(/|$)', {target}"))
    check(world, container, TARGETS[target])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.usefixtures("proxy")
def test_rules_for_the_container_have_no_effect(world, service, container, target):
    assert "/libpod-" in container.cgroup
    service.reload(with_rule(f"{CONFIG}containers: true\n", f"match: '^{container.cgroup}(/|$)', {target}"))
    check(world, container, OUTSIDE)
