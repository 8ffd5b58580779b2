# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""What the rules cost packets that are forwarded for others, and how soon a container is covered."""

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack

from cgroup_figures import UNIT_NICE
from lab.addresses import OUTSIDE, V4
from lab.namespaces import Namespace
from lab.servers import IP_TRANSPARENT
from lab.waiting import wait_until
from packet_figures import CONNTRACK, PACKET_ROUNDS, PACKETS, Lanes, closing, median_of
from stage import PROXY, PROXY_PORT, column, config, driver, percentile

ROUTER, BEHIND = "192.0.3.1", "192.0.3.2"
# The rules of these gateways are for others than who sends, those of the last one are for it.
ONE = '{rules: [{source: 198.51.100.0/24, tproxy: mihomo}]}'
EIGHT = "{rules: [" + ", ".join(f'{{interface: [other{n}*, lan{n}], tproxy: mihomo}}' for n in range(7)) + \
    ', {mac: "52:54:00:00:00:01", drop: true}]}'
PROXIED = f"{{rules: [{{source: {BEHIND}, tproxy: mihomo}}]}}"
# With any policy rule, the kernel looks up routes another way, whatever the rule is for.
_POLICY_RULES = ["rule add priority 2998 iif lo fwmark 3001 goto 32766", "rule add priority 2999 fwmark 3001 lookup 300",
                 "rule add priority 3000 fwmark 3000 lookup 300"]
BASES = ("forwarded_bare", "forwarded_conntrack", "forwarded_rules")
BUDGET = 1.15
FORWARDED = {"forwarded_one": {"gateway": ONE}, "forwarded_eight": {"gateway": EIGHT}, "forwarded_containers": {"containers": "true"}}
DAEMONS = {"forwarded_without": {}, **FORWARDED, "forwarded_proxied": {"gateway": PROXIED}}
# Listens for TPROXY connections, and reads nothing: what its queue has no room for is discarded.
_LISTEN = f"""
import signal, socket
proxy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
proxy.setsockopt(socket.SOL_IP, {IP_TRANSPARENT}, 1)
proxy.bind(("0.0.0.0", {PROXY_PORT}))
print(flush=True)
signal.pause()
"""
# Opens the device, which discards what it has no room for. 0x400454ca is TUNSETIFF, 0x1001 IFF_TUN | IFF_NO_PI.
_HOLD = """
import fcntl, struct, signal
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"sink", 0x1001))
print(flush=True)
signal.pause()
"""
CONTAINERS = 1_000
NEW_CONTAINERS = 50
FLOOR_ROUNDS = 200
US = 1e3


def _router(cleanup, sender):
    """A namespace that forwards what another one sends, to a device that discards it."""
    router = cleanup.enter_context(closing(Namespace()))
    router.ip("link set lo up", "tuntap add mode tun name sink", "addr add 192.0.2.2/24 dev sink", "link set sink up",
              "route add default dev sink")
    sender.ip("link set lo up", f"link add cable type veth peer name cable netns {router.path}",
              f"addr add {BEHIND}/24 dev cable", "link set cable up")
    router.ip(f"addr add {ROUTER}/24 dev cable", "link set cable up")
    sender.ip(f"route add default via {ROUTER}")
    router.sysctl("ipv4/ip_forward", 1)
    _keep_running(cleanup, router, _HOLD)
    return router


def _keep_running(cleanup, namespace, script):
    """Run a script in a namespace until the end, from when it has printed a line."""
    process = subprocess.Popen(namespace.command(sys.executable, "-c", script), stdout=subprocess.PIPE)
    cleanup.callback(process.wait)
    cleanup.callback(process.kill)
    cleanup.callback(process.stdout.close)
    assert process.stdout.readline(), "it runs"


def measure_forwarded(stage, figures):
    """Forwarding unsteered packets from a cable."""
    figures.begin("forwarded")
    lanes = Lanes(stage)
    with ExitStack() as cleanup:
        cleanup.callback(lanes.close)
        for name in (*BASES, *DAEMONS):
            sender = cleanup.enter_context(closing(Namespace()))
            router = _router(cleanup, sender)
            if name in ("forwarded_conntrack", "forwarded_rules"):
                router.run("nft", "-f", "-", text_in=CONNTRACK)
            if name == "forwarded_rules":
                router.ip(*_POLICY_RULES)
            if name in DAEMONS:
                lanes.daemon(router, [("/proxied-0$", PROXY)], **DAEMONS[name])
            if name == "forwarded_proxied":
                _keep_running(cleanup, router, _LISTEN)
            lanes.add(name, sender, 5, address=OUTSIDE[V4])
        times = lanes.measure(PACKET_ROUNDS, PACKETS)
        assert _count_steered(router) > 0, "the packets of the last one go to the proxy"
    for name in BASES:
        figures.add(name, min(times[name]), "ns", median=median_of(times[name]))
    for name in FORWARDED:
        figures.add(name, min(times[name]) / min(times["forwarded_rules"]), "", BUDGET)
    for name in ("forwarded_without", "forwarded_one"):
        key = "forwarded_all" if name == "forwarded_one" else name
        figures.add(key, min(times[name]) / min(times["forwarded_conntrack"]), "")
    figures.add("forwarded_proxied", min(times["forwarded_proxied"]), "ns", median=median_of(times["forwarded_proxied"]))


def _count_steered(router):
    counter = router.run("nft", "list", "counter", "inet", "cgtproxy", "gateway-mihomo")
    return int(re.search(r"packets (\d+)", counter)[1])


class Containers:
    """Network namespaces that are connected to the host's, each with a process in a cgroup of its own."""

    def __init__(self, stage):
        self._stage = stage
        self._cleanup = ExitStack()
        self._count = 0
        self.connected = 0
        self._host = stage.host
        self._host.ip("link add br0 type bridge", "link set br0 up", "addr add 198.18.0.1/15 dev br0")
        self._cleanup.callback(self._host.ip, "link del br0")

    def prepare(self, cgroup):
        """A network namespace with a process in a cgroup of this name, and nothing else; returns it."""
        namespace = self._cleanup.enter_context(closing(Namespace()))
        directory = self._stage.directory(f"{cgroup}-{self._count}")
        self._count += 1
        script = 'echo 0 > "$1/cgroup.procs"; exec sleep infinity'
        process = subprocess.Popen(namespace.command("sh", "-euc", script, "sh", str(directory)))
        self._cleanup.callback(process.wait)
        self._cleanup.callback(process.kill)
        wait_until(lambda: str(process.pid) in (directory / "cgroup.procs").read_text(encoding="ascii"), "it runs there")
        return namespace

    def connect(self, namespace):
        """Connect it to the bridge, with an address."""
        self.connected += 1
        number = self.connected
        address = f"198.18.{number // 250 + 1}.{number % 250 + 1}/15"
        self._host.ip(f"link add c{number} type veth peer name eth0 netns {namespace.path}",
                      f"link set c{number} master br0", f"link set c{number} up")
        namespace.ip("link set eth0 up", f"addr add {address} dev eth0")

    def close(self):
        """End them all."""
        self._cleanup.close()


def _count_covered(stage):
    maps = "".join(stage.host.run("nft", "list", "map", "inet", "cgtproxy", f"container-{by}") for by in ("source", "interface"))
    return maps.count("goto container-mihomo")


def measure_containers(stage, figures):
    """At the start, and one that appears later, with few and many others."""
    figures.begin("containers")
    containers = Containers(stage)
    text = config([("/proxied-[0-9]+$", PROXY)], containers="true")
    try:
        for others in (10, CONTAINERS):
            while containers.connected < others:
                containers.connect(containers.prepare("proxied"))
            with stage.daemon(text) as observed:
                missed = others - _count_covered(stage)
                wait_until(lambda: _count_covered(stage) == others, "all are covered")
                all_time = time.time() - observed.began if missed > 0 else observed.start_time
                figures.add("containers_started", all_time, "s", 1 if others == CONTAINERS else None, count=others)
                figures.add("containers_cpu", observed.usage().cpu, "s", count=others)
                figures.add("containers_missed", missed, "", 0, count=others)
                os.setpriority(os.PRIO_PROCESS, observed.daemon.pid, UNIT_NICE)
                _measure_new(stage, figures, containers, others)
    finally:
        containers.close()


def _measure_new(stage, figures, containers, others):
    floor = percentile(column(driver("floor", stage.directory(), FLOOR_ROUNDS, namespace=stage.host)), 0.5)
    times = []
    for number in range(NEW_CONTAINERS):
        namespace = containers.prepare("proxied")
        times.extend(driver("container", namespace.path, f"new{number}", namespace=stage.host))
        stage.host.ip(f"link del new{number}")
    whole, after = (percentile(column(times, n), 0.5) for n in (0, 1))
    figures.add("container_asked", whole / US, "us", others=others)
    figures.add("container_new", after / US, "us", others=others)
    figures.add("container_ratio", after / floor, "", 10, others=others)
