# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""What the rules cost packets that are forwarded for others, and how soon a container is covered."""

import os
import subprocess
import sys
from contextlib import ExitStack

from cgroup_figures import UNIT_NICE
from lab.addresses import OUTSIDE, V4
from lab.namespaces import Namespace
from lab.waiting import wait_until
from packet_figures import CONNTRACK, PACKET_ROUNDS, PACKETS, Lanes, closing, median_of
from stage import PROXY, column, config, driver, percentile

ROUTER, BEHIND = "192.0.3.1", "192.0.3.2"
# Those of the gateway are for others than who sends.
ONE = '{rules: [{source: 198.51.100.0/24, tproxy: mihomo}]}'
EIGHT = "{rules: [" + ", ".join(f'{{interface: [other{n}*, lan{n}], tproxy: mihomo}}' for n in range(7)) + \
    ', {mac: "52:54:00:00:00:01", drop: true}]}'
# With any policy rule, the kernel looks up routes another way, whatever the rule is for.
_POLICY_RULES = ["rule add priority 2998 iif lo fwmark 3001 goto 32766", "rule add priority 2999 fwmark 3001 lookup 300",
                 "rule add priority 3000 fwmark 3000 lookup 300"]
BASES = ("forwarded_bare", "forwarded_conntrack", "forwarded_rules")
BUDGETS = {"forwarded_one": 1.15, "forwarded_containers": 1.15}
FORWARDED = {"forwarded_one": {"gateway": ONE}, "forwarded_eight": {"gateway": EIGHT}, "forwarded_containers": {"containers": "true"}}
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
    held = subprocess.Popen(router.command(sys.executable, "-c", _HOLD), stdout=subprocess.PIPE)
    cleanup.callback(held.wait)
    cleanup.callback(held.kill)
    cleanup.callback(held.stdout.close)
    held.stdout.readline()
    return router


def measure_forwarded(stage, figures):
    """Forwarding unsteered packets from a cable."""
    figures.begin("forwarded")
    lanes = Lanes(stage)
    with ExitStack() as cleanup:
        cleanup.callback(lanes.close)
        for name in (*BASES, *FORWARDED):
            sender = cleanup.enter_context(closing(Namespace()))
            router = _router(cleanup, sender)
            if name in ("forwarded_conntrack", "forwarded_rules"):
                router.run("nft", "-f", "-", text_in=CONNTRACK)
            if name == "forwarded_rules":
                router.ip(*_POLICY_RULES)
            if name in FORWARDED:
                lanes.daemon(router, [("/proxied-0$", PROXY)], **FORWARDED[name])
            lanes.add(name, sender, 5, address=OUTSIDE[V4])
        times = lanes.measure(PACKET_ROUNDS, PACKETS)
    for name in BASES:
        figures.add(name, min(times[name]), "ns", median=median_of(times[name]))
    for name in FORWARDED:
        figures.add(name, min(times[name]) / min(times["forwarded_rules"]), "", BUDGETS.get(name))


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
                missed = containers.connected - _count_covered(stage)
                figures.add("containers_started", observed.start_time, "s", 1 if others == CONTAINERS else None, count=others)
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
        times.append(driver("container", namespace.path, f"new{number}", namespace=stage.host)[0][0])
        stage.host.ip(f"link del new{number}")
    figures.add("container_new", percentile(times, 0.5) / US, "us", others=others)
    figures.add("container_ratio", percentile(times, 0.5) / floor, "", 10, others=others)
