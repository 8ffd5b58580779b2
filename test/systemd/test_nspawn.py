# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of systemd-nspawn, with a veth of their own and on a bridge: rules for their scopes are for what they send."""

import itertools
from contextlib import closing

import pytest
from checks import DROP_SLICE, DROPPED, OUTSIDE, PROXIED, PROXY_SLICE, check_container as check, floods_got_out, forget_masqueraded, look_at
from lab.addresses import ALL_TRAFFIC, SERVICE_PORT, V6
from lab.nspawn import NspawnBridge, NspawnContainer
from lab.waiting import wait_until
from programs import agent
from service import CONFIG

# One rule is for a container by its name.
NAMED = "named"
ON = CONFIG + f"  - {{match: '^/machine\\.slice/machine-{NAMED}\\.scope(/|$)', tproxy: mihomo}}\ncontainers: true\n"
TARGETS = {"machine.slice": OUTSIDE, DROP_SLICE: DROPPED, PROXY_SLICE: PROXIED}
ROUTER = """
table inet router {
    chain postrouting {
        type nat hook postrouting priority srcnat
        ip saddr 10.78.0.0/16 ip daddr != 10.78.0.0/16 masquerade
        ip6 saddr fd78::/16 ip6 daddr != fd78::/16 masquerade
    }
}
"""
SYSCTLS = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1, "net.bridge.bridge-nf-call-iptables": 0,
           "net.bridge.bridge-nf-call-ip6tables": 0}

both = pytest.mark.parametrize("is_bridged", [False, True], ids=["veth", "bridge"])


@pytest.fixture(name="bridge", scope="module")
def fixture_bridge(world, machine):
    """A bridge, on a machine that is a router for containers and masquerades, as networkd has it for them."""
    machine.run("nft", "-f", "-", text_in=ROUTER)
    for name, value in SYSCTLS.items():
        machine.run("sysctl", "--quiet", "--ignore", f"{name}={value}")
    with closing(NspawnBridge(machine, "br-nspawn", 1)) as bridge:
        yield bridge
    machine.run("nft", "delete", "table", "inet", "router")
    forget_masqueraded(world)
    for name in list(SYSCTLS)[:2]:
        machine.run("sysctl", "--quiet", f"{name}=0")


@pytest.fixture(name="run")
def fixture_run(machine, bridge):
    """run(NAME, SLICE, IS_BRIDGED): a container with a client, which ends with the test."""
    containers, numbers = [], itertools.count(2)

    def run(name, slice_name="machine.slice", is_bridged=False):
        containers.append(NspawnContainer(machine, agent(), name, next(numbers), bridge if is_bridged else None, [f"--slice={slice_name}"]))
        return containers[-1]

    yield run
    for container in containers:
        container.close()


@both
@pytest.mark.usefixtures("containers", "proxy")
def test_targets(world, run, is_bridged):
    started = [(run(f"box{number}", slice_name, is_bridged), who) for number, (slice_name, who) in enumerate(TARGETS.items())]
    for container, who in started:
        check(world, container, who)


@both
@pytest.mark.usefixtures("containers", "proxy")
def test_a_rule_for_one_container(world, run, is_bridged):
    """By its name, which is in that of its scope; its processes are below."""
    named, other = run(NAMED, is_bridged=is_bridged), run("other", is_bridged=is_bridged)
    assert named.cgroup == f"/machine.slice/machine-{NAMED}.scope/payload"
    check(world, named, PROXIED)
    check(world, other, OUTSIDE)


@both
@pytest.mark.usefixtures("proxy")
def test_containers_that_ran_before_the_service(world, service, run, is_bridged):
    service.systemctl("stop")
    started = [(run(f"box{number}", slice_name, is_bridged), who) for number, (slice_name, who) in enumerate(TARGETS.items())]
    for container, _ in started:
        check(world, container, OUTSIDE)
    service.configure(ON)
    service.systemctl("start")
    for container, who in started:
        check(world, container, who)


@pytest.mark.usefixtures("containers", "proxy")
def test_containers_among_each_other(run):
    serving = [run("serving", DROP_SLICE), run("serving-too", is_bridged=True)]
    for container in serving:
        container.serve(container.name, SERVICE_PORT)
    for number, ((slice_name, who), is_bridged) in enumerate(itertools.product(TARGETS.items(), (False, True))):
        container = run(f"box{number}", slice_name, is_bridged)
        container.await_answer_by(who)
        for server, (protocol, family) in itertools.product(serving, ALL_TRAFFIC):
            assert container.ask(protocol, family, server.address[family], times=3).who == server.name


@both
@pytest.mark.parametrize("how", ["restart", "kill --signal=KILL"], ids=["restart", "kill"])
@pytest.mark.usefixtures("proxy")
def test_nothing_gets_out_meanwhile(world, containers, run, is_bridged, how):
    """While the daemon is restarted, or killed and started by systemd."""
    proxied, dropped = run("proxied", PROXY_SLICE, is_bridged), run("dropped", DROP_SLICE, is_bridged)
    check(world, proxied, PROXIED)
    dropped.await_answer_by(DROPPED)
    world.wire.forget()

    def look():
        flood.await_more(10)
        assert not floods_got_out(world)
        for protocol, family in ALL_TRAFFIC:
            look_at(world, proxied, protocol, family, PROXIED)

    with dropped.flooding(V6) as flood:
        look()
        pid = containers.pid
        containers.systemctl(*how.split())
        wait_until(lambda: look() or containers.pid not in (0, pid), "it is started again")
        wait_until(lambda: look() or containers.show("ActiveState") == "active", "it is ready")
        look()


@pytest.mark.usefixtures("containers", "proxy")
def test_a_name_is_used_again(world, run):
    for slice_name in (PROXY_SLICE, DROP_SLICE, "machine.slice", PROXY_SLICE):
        container = run("again", slice_name)
        check(world, container, TARGETS[slice_name])
        container.close()
