# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman's containers on its bridges, started by root: rules for their cgroups are rules for what they send."""

import subprocess
from contextlib import contextmanager

import pytest
from checks import DROP_SLICE, DROPPED, OUTSIDE, PROXIED, PROXY_SLICE, check_container as check, floods_got_out, forget_masqueraded, look_at
from lab.addresses import ALL_TRAFFIC, DISCARD_PORT, DNS_PORT, HOST, OUTSIDE as SERVER, RESOLVER, SERVICE_PORT, TCP, UDP, V4, V6
from lab.podman import Podman, PodmanContainer
from lab.waiting import wait_until
from programs import PROXY_PORT, agent
from service import CONFIG, UNIT, with_rule

REFUSED, REFUSE_SLICE = "refused", "cgtproxy-refuse.slice"
DIRECT_SLICE = "cgtproxy-direct.slice"
RULES = CONFIG + f"  - {{slice: {REFUSE_SLICE}, refuse: true}}\n  - {{slice: {DIRECT_SLICE}, direct: true}}\n"
ON = RULES + "containers: true\n"
HIJACKING = ON.replace(f"port: {PROXY_PORT}", f"port: {PROXY_PORT}\n    dns-hijack: {{ip: 127.0.0.1, ip6: '::1', port: 1053, tcp: true}}")
STRICT = {"not strict": ON, "strict": ON + "strict: true\ngateway: {strict: true}\n"}
TARGETS = {DIRECT_SLICE: OUTSIDE, DROP_SLICE: DROPPED, REFUSE_SLICE: REFUSED, PROXY_SLICE: PROXIED}
PUBLISHED_PORT = 8080
PUBLISH = tuple(f"--publish={PUBLISHED_PORT}:{SERVICE_PORT}/{protocol}" for protocol in (TCP, UDP))
BRIDGE_FILTERS = ("net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables")
# Sends without a pause from its first moment on, from a new port each time.
FLOOD = ("bash", "-c", f"while :; do echo flood >/dev/udp/{SERVER[V4]}/{DISCARD_PORT}; done")


@pytest.fixture(name="podman", scope="module")
def fixture_podman(world, machine):
    """Podman with two networks, "one" and "two". It is a router for them, and masquerades."""
    # refusals count, and may be many; and what br_netfilter does with bridged packets, TPROXY can't bear
    for sysctl in ("net.ipv4.icmp_ratelimit", "net.ipv6.icmp.ratelimit", *BRIDGE_FILTERS):
        machine.run("sysctl", "--quiet", "--ignore", f"{sysctl}=0")
    podman = Podman(machine.command)
    for number, name in enumerate(("one", "two"), 1):
        podman.network(name, number)
    yield podman
    podman.close()
    machine.run("nft", "flush", "ruleset")
    forget_masqueraded(world)
    for sysctl in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        machine.run("sysctl", "--quiet", f"{sysctl}=0")


@pytest.fixture(name="run")
def fixture_run(podman):
    """run(NAME, SLICE, NETWORK...): a container with a client, which ends with the test."""
    containers = []

    def run(name, slice_name=None, *networks, options=()):
        parent = [f"--cgroup-parent={slice_name}"] if slice_name else []
        containers.append(PodmanContainer(podman, agent(), name, networks or ("one",), *parent, *options))
        return containers[-1]

    yield run
    for container in containers:
        container.close()


@pytest.mark.usefixtures("containers", "proxy")
def test_targets(world, run):
    """Several containers on one bridge with different targets, known by the slice that they were started in."""
    started = [(run(f"c{number}", slice_name), who) for number, (slice_name, who) in enumerate(TARGETS.items())]
    for container, who in started:
        check(world, container, who)


@pytest.mark.usefixtures("proxy")
def test_containers_that_ran_before_the_service(world, service, run):
    service.systemctl("stop")
    started = [(run(f"c{number}", slice_name), who) for number, (slice_name, who) in enumerate(TARGETS.items())]
    for container, _ in started:
        check(world, container, OUTSIDE)
    service.configure(ON)
    service.systemctl("start")
    for container, who in started:
        check(world, container, who)


@pytest.mark.usefixtures("proxy")
def test_a_rule_for_one_container(world, containers, run):
    """By its cgroup, with the hash in it."""
    one, other = run("one"), run("other")
    assert one.cgroup.startswith("/machine.slice/libpod-") and one.cgroup.endswith(".scope")
    check(world, one, OUTSIDE)
    for target, who in (("drop: true", DROPPED), ("tproxy: mihomo", PROXIED), ("refuse: true", REFUSED), ("direct: true", OUTSIDE)):
        containers.reload(with_rule(ON, f"match: '^{one.cgroup}(/|$)', {target}"))
        check(world, one, who)
        check(world, other, OUTSIDE)


@pytest.mark.usefixtures("proxy")
def test_on_and_off(world, service, run):
    """By default rules are for programs of this host's own network. Those of containers with that network don't notice."""
    proxied, dropped = run("proxied", PROXY_SLICE), run("dropped", DROP_SLICE)
    native = run("native", PROXY_SLICE, "host")
    for config, answers in ((RULES, (OUTSIDE, OUTSIDE)), (ON, (PROXIED, DROPPED)), (RULES, (OUTSIDE, OUTSIDE)), (ON, (PROXIED, DROPPED))):
        service.reload(config)
        for container, who in zip((proxied, dropped), answers):
            check(world, container, who)
        check(world, native, PROXIED)


@pytest.mark.usefixtures("containers", "proxy")
def test_the_container_sees_who_was_asked(run):
    """And the proxy who asked: the container, not a masqueraded address."""
    container = run("proxied", PROXY_SLICE)
    container.await_answer_by(PROXIED)
    for protocol, family in ALL_TRAFFIC:
        answer = container.ask(protocol, family).answer
        assert answer.source == answer.asked == (SERVER[family], SERVICE_PORT)
        assert answer.peer[0] == container.address("one")[family]


@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.parametrize("slice_name", TARGETS)
@pytest.mark.usefixtures("proxy")
def test_published_ports(world, service, run, config, slice_name):
    """Outside, and in another container, whatever the target of the one that serves."""
    service.configure(config)
    service.systemctl("restart")
    container, neighbour = run("serving", slice_name, options=PUBLISH), run("neighbour", PROXY_SLICE, "two")
    container.serve("container", SERVICE_PORT)
    container.await_answer_by(TARGETS[slice_name])
    neighbour.await_answer_by(PROXIED)
    client = world.outside_client()
    for protocol, family in ALL_TRAFFIC:
        assert client.ask(protocol, family, HOST[family], PUBLISHED_PORT, times=3).who == "container", (protocol, family)
        assert neighbour.ask(protocol, family, HOST[family], PUBLISHED_PORT, times=3).who == "container", (protocol, family)
    check(world, container, TARGETS[slice_name])


@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.usefixtures("proxy")
def test_containers_among_each_other(service, run, config):
    """On one bridge, from one to another, and with the host; what is dropped, too."""
    service.configure(config)
    service.systemctl("restart")
    serving = {"one": run("serving-one", DROP_SLICE), "two": run("serving-two", DIRECT_SLICE, "two")}
    for network, container in serving.items():
        container.serve(f"container {network}", SERVICE_PORT)
        container.await_answer_by(DROPPED if network == "one" else OUTSIDE)
    for number, (slice_name, who) in enumerate(TARGETS.items()):
        container = run(f"c{number}", slice_name)
        container.await_answer_by(who)
        for network, server in serving.items():
            for protocol, family in ALL_TRAFFIC:
                result = container.ask(protocol, family, server.address(network)[family], times=3)
                assert result.who == f"container {network}", (slice_name, network, protocol, family)


@pytest.mark.usefixtures("proxy")
def test_the_engines_name_server(world, service, run):
    """It is on the bridge's address, and knows the containers' names; queries to others are hijacked."""
    world.dns("local", 1053)
    service.configure(HIJACKING)
    service.systemctl("restart")
    other = run("other")
    for name, slice_name, who in (("proxied", PROXY_SLICE, "dns local"), ("dropped", DROP_SLICE, None), ("direct", DIRECT_SLICE, OUTSIDE)):
        container = run(name, slice_name)
        container.await_answer_by(TARGETS[slice_name])
        assert container.execute("getent", "ahostsv4", "other").split()[0] == other.address("one")[V4]
        assert container.execute("getent", "ahostsv6", "other").split()[0] == other.address("one")[V6]
        for protocol, family in ALL_TRAFFIC if who else ():
            result = container.ask(protocol, family, RESOLVER[family], DNS_PORT)
            assert result.who == who, (slice_name, protocol, family)


@pytest.mark.usefixtures("containers", "proxy")
def test_in_two_networks(world, run):
    """Its target is the same by both uplinks."""
    container = run("both", PROXY_SLICE, "one", "two")
    check(world, container, PROXIED)
    for network in ("one", "two"):
        for protocol, family in ALL_TRAFFIC:
            assert ask_from(container, network, protocol, family).who == PROXIED


def ask_from(container, network, protocol, family):
    """Ask with the container's address in this network as the source."""
    return container.ask(protocol, family, bind=container.address(network)[family])


@pytest.mark.usefixtures("proxy")
def test_containers_that_share_a_network(world, machine, containers, run):
    """As in a pod: the strictest target counts, and the log says so."""
    cursor = machine.cursor()
    first = run("first", PROXY_SLICE)
    check(world, first, PROXIED)
    second = run("second", DROP_SLICE, "container:first")
    check(world, second, DROPPED)
    check(world, first, DROPPED)
    containers.await_message("programs with different targets", cursor)
    second.close()
    check(world, first, PROXIED)


@pytest.mark.usefixtures("containers", "proxy")
def test_an_address_is_used_again(world, podman, run):
    """By containers of other targets, one after the other."""
    for number, slice_name in enumerate((PROXY_SLICE, DIRECT_SLICE, DROP_SLICE, PROXY_SLICE, REFUSE_SLICE, DIRECT_SLICE)):
        name = f"c{number}"
        container = run(name, slice_name, options=("--ip=10.77.1.77", "--ip6=fd77:1::77"))
        check(world, container, TARGETS[slice_name])
        podman.remove(name)


@contextmanager
def nothing_gets_out(world, run):
    """Containers that send without a pause: nothing of what is dropped or proxied gets out. Yields a check to repeat."""
    containers = {who: run(f"c{number}", slice_name) for number, (slice_name, who) in enumerate(TARGETS.items())}
    for who, container in containers.items():
        container.await_answer_by(who)
    stopped = [containers[DROPPED], containers[REFUSED]]
    world.wire.forget()
    with stopped[0].flooding() as dropped, stopped[1].flooding(V6) as refused:
        def look():
            for flood in (dropped, refused):
                flood.await_more(10)
            assert not floods_got_out(world)
            for protocol, family in ALL_TRAFFIC:
                for who in (PROXIED, OUTSIDE):
                    look_at(world, containers[who], protocol, family, who)

        look()
        yield look
        look()


@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.usefixtures("proxy")
def test_reloads(world, machine, service, run, config):
    service.configure(config)
    service.systemctl("restart")
    with nothing_gets_out(world, run) as look:
        for number in range(10):
            service.configure(with_rule(config, f"match: /number-{number}$, drop: true"))
            reloading = machine.popen("systemctl", "reload", UNIT)
            while reloading.poll() is None:
                look()
            assert reloading.returncode == 0


@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.usefixtures("proxy")
def test_restarts(world, machine, service, run, config):
    service.configure(config)
    service.systemctl("restart")
    with nothing_gets_out(world, run) as look:
        for _ in range(3):
            pid, restarting = service.pid, machine.popen("systemctl", "restart", UNIT)
            while restarting.poll() is None:
                look()
            assert restarting.returncode == 0
            assert service.pid != pid


@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.usefixtures("proxy")
def test_kills(world, service, run, config):
    """The kernel goes on with what it has until systemd has started the daemon again."""
    service.configure(config)
    service.systemctl("restart")
    with nothing_gets_out(world, run) as look:
        for _ in range(3):
            pid = service.pid
            service.systemctl("kill", "--signal=KILL")
            wait_until(lambda pid=pid: look() or service.pid not in (0, pid), "it is started again")
            wait_until(lambda: service.show("ActiveState") == "active", "it is ready")


@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.usefixtures("proxy")
def test_a_container_starts_while_the_daemon_is_down(world, service, run, config):
    """It is found when the daemon is back. With strict, it gets nothing out until then, since others on its bridge are known."""
    service.configure(config)
    service.systemctl("restart")
    check(world, run("known", DIRECT_SLICE), OUTSIDE)
    service.systemctl("kill", "--signal=STOP")
    container = run("proxied", PROXY_SLICE)
    check(world, container, OUTSIDE if config == STRICT["not strict"] else REFUSED)
    service.systemctl("kill", "--signal=CONT")
    check(world, container, PROXIED)


@contextmanager
def flooding(podman, name, slice_name):
    """A container that sends from its first moment on, and has done so for a while."""
    subprocess.run(podman.run_arguments(name, ("one",), f"--cgroup-parent={slice_name}", "--detach") + list(FLOOD), check=True,
                   stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: int(podman.run("exec", name, "cat", "/sys/class/net/eth0/statistics/tx_packets")) > 500, "it sends")
        yield
    finally:
        podman.remove(name)


@pytest.mark.parametrize("slice_name", [DROP_SLICE, PROXY_SLICE])
@pytest.mark.parametrize("config", STRICT.values(), ids=STRICT)
@pytest.mark.usefixtures("proxy")
def test_what_gets_out_before_a_container_is_known(world, podman, service, record_property, config, slice_name):
    """With strict nothing; without, it is a matter of milliseconds."""
    service.configure(config)
    service.systemctl("restart")
    escaped, gaps = 0, []
    for number in range(10):
        world.wire.forget()
        with flooding(podman, f"c{number}", slice_name):
            times = [p.time for p in world.wire.packets if p.protocol == UDP and p.destination == (SERVER[V4], DISCARD_PORT)]
        escaped += len(times)
        gaps.append(1000 * (times[-1] - times[0]) if times else 0)
    record_property("measured", f"{slice_name}: {escaped} packets got out in 10 starts, for {max(gaps):.1f} ms at most")
    assert escaped == 0 or config != STRICT["strict"]
    assert max(gaps) < 100


def complaint(machine):
    """What check says of Podman's bridge, a list."""
    lines = machine.try_run("cgtproxy", "check", "system").stdout.splitlines()
    return [line for line in lines if line.split()[:2] == ["error", "br_netfilter:"] and "podman" in line and BRIDGE_FILTERS[0] in line]


@pytest.mark.usefixtures("proxy")
def test_br_netfilter(world, machine, containers, run):
    """With its sysctls nothing of a container gets to a proxy, nor out; check says which sysctl that is."""
    container = run("proxied", PROXY_SLICE)
    check(world, container, PROXIED)
    if machine.try_run("sysctl", "--quiet", *(f"{name}=1" for name in BRIDGE_FILTERS)).returncode != 0:
        pytest.skip("the module br_netfilter is not loaded")
    try:
        for protocol, family in ALL_TRAFFIC:
            look_at(world, container, protocol, family, None)
        assert complaint(machine), "check system complains"
    finally:
        machine.run("sysctl", "--quiet", *(f"{name}=0" for name in BRIDGE_FILTERS))
    check(world, container, PROXIED)
    assert not complaint(machine)
    assert containers.show("ActiveState") == "active"
