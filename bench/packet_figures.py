# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The cost of the rules per packet, per connection, and per matched path."""

import subprocess
from contextlib import ExitStack, contextmanager

from lab.addresses import DISCARD_PORT, OUTSIDE, SERVICE_PORT, V4
from lab.daemon import Daemon, binary
from lab.namespaces import Namespace
from lab.servers import Sink
from stage import BYPASS, CONFIG, DIRECT, PROXY, PROXY_PORT, config, driver, percentile

MATCH_RULES = (10, 100, 1_000)
MATCH_ROUNDS, MATCH_PATHS = 30, 2_000
PACKET_ROUNDS, PACKETS = 400, 1_000
CONNECTIONS = 20_000
CONNECTION_ROUNDS = 3

# Conntrack tracks every packet as soon as any rule uses a connection's state, even one that is never reached.
CONNTRACK = "table inet conntrack { chain unused { ct state invalid drop; }; }"
# The cost of the postrouting chain for a packet that it accepts.
_FENCE = """
table inet fence {
  chain stop { counter drop; }
  chain postrouting { type filter hook postrouting priority mangle; policy accept; meta mark 3000 goto stop; }
}
"""
# In the Go daemon's order: each packet's state, addresses and protocol are checked before its cgroup, and the NAT chain
# always exists.
_GO = """
table inet cgtproxy {{
  set bypass {{ type ipv4_addr; flags interval; elements = {{ {v4} }}; }}
  set bypass6 {{ type ipv6_addr; flags interval; elements = {{ {v6} }}; }}
  map cgroup-vmap {{ type cgroupsv2 : verdict; }}
  map mark-vmap {{ type mark : verdict; }}
  map mark-dns-vmap {{ type mark : verdict; }}
  chain output-mangle {{
    type route hook output priority mangle; policy accept;
    ct direction reply return
    ip daddr @bypass return
    ip6 daddr @bypass6 return
    meta l4proto != {{ tcp, udp }} return
    {levels}
  }}
  chain output-nat {{ type nat hook output priority -100; policy accept; meta mark vmap @mark-dns-vmap; }}
  chain prerouting {{
    type filter hook prerouting priority mangle; policy accept;
    ip daddr @bypass return
    ip6 daddr @bypass6 return
    meta mark vmap @mark-vmap
  }}
}}
"""


def _go_ruleset(levels):
    networks = [network.strip(" '") for network in BYPASS.strip("[]").split(",")]
    return _GO.format(v4=", ".join(n for n in networks if ":" not in n), v6=", ".join(n for n in networks if ":" in n),
                      levels="\n    ".join(f"socket cgroupv2 level {n} vmap @cgroup-vmap" for n in range(levels, 0, -1)))


class Lanes:
    """Namespaces to send packets in, each with its own rules, and cgroups at all levels to send from."""

    DEEPEST = 10

    def __init__(self, stage):
        self._stage = stage
        self._cleanup = ExitStack()
        self._lanes = {}
        mount = stage.world.cgroups.mount
        # The World's cgroup is at level 1. Each level has a steered cgroup, so that it is looked up.
        path = [stage.world.cgroups.top, *(f"level-{n}" for n in range(2, self.DEEPEST + 1))]
        self._at = [mount / "/".join(path[:n]).lstrip("/") for n in range(1, self.DEEPEST + 1)]
        self._at[-1].mkdir(parents=True)
        for parent in (mount, *self._at[:-1]):
            (parent / "proxied-0").mkdir()
        self._cleanup.callback(lambda: (mount / "proxied-0").rmdir())

    def at(self, level):
        """The directory of the cgroup at this level, which is direct, like all its ancestors."""
        return self._at[level - 1]

    def namespace(self):
        """A new namespace whose packets go to a device that discards them."""
        namespace = self._cleanup.enter_context(closing(Namespace()))
        namespace.ip("link set lo up", "tuntap add mode tun name sink", "addr add 192.0.2.2/24 dev sink",
                     "link set sink up", "route add default dev sink")
        return namespace

    def daemon(self, namespace, rules, **keys):
        """A daemon in the namespace, with these rules."""
        scratch = self._stage.world.scratch
        daemon = Daemon(namespace, scratch, [binary(), "-c", scratch.write(config(rules, **keys))])
        self._cleanup.callback(daemon.close)
        daemon.wait_ready()
        return namespace

    def add(self, name, namespace, level, *options, address=OUTSIDE[V4]):
        """Send in this namespace from the cgroup at this level, or in a directory."""
        directory = self.at(level) if isinstance(level, int) else level
        self._lanes[name] = ",".join((namespace.path, str(directory), address, *options))

    def measure(self, rounds, packets):
        """The times of each lane, one per round."""
        lines = driver("packets", rounds, packets, *self._lanes.values(), namespace=self._stage.host)
        return dict(zip(self._lanes, zip(*lines)))

    def close(self):
        """End all of it."""
        self._cleanup.close()


@contextmanager
def closing(thing):
    try:
        yield thing
    finally:
        thing.close()


def _steered_to(level):
    """Rules that make a daemon look up the levels down to this one: each has a steered cgroup."""
    return [(f"^(/[^/]+){{0,{level - 1}}}/proxied-0$", PROXY)]


def measure_packets(stage, figures):
    """Sending: direct in several ways, and proxied."""
    figures.begin("packets")
    lanes = Lanes(stage)
    tun = "tun=sink"
    lanes.add("bare", lanes.namespace(), 5, tun)
    for name, rules in (("conntrack", CONNTRACK), ("fence", CONNTRACK + _FENCE), ("go", _go_ruleset(5))):
        namespace = lanes.namespace()
        namespace.run("nft", "-f", "-", text_in=rules)
        lanes.add(name, namespace, 5, tun)
    for name, level in (("levels1", 1), ("direct", 5), ("levels10", 10)):
        lanes.add(name, lanes.daemon(lanes.namespace(), _steered_to(level)), level, tun)
    own = [("/level-5$", DIRECT), ("/level-2(/|$)", PROXY), *_steered_to(5)]
    lanes.add("own", lanes.daemon(lanes.namespace(), own), 5, tun)
    lanes.add("strict", lanes.daemon(lanes.namespace(), _steered_to(5), strict="true"), 5, tun)
    proxied = lanes.daemon(lanes.namespace(), [("/level-5(/|$)", PROXY)])
    lanes.add("proxied", proxied, 5, tun, f"tproxy={PROXY_PORT}")
    try:
        times = lanes.measure(PACKET_ROUNDS, PACKETS)
    finally:
        lanes.close()
    for name in ("bare", "conntrack"):
        figures.add(name, min(times[name]), "ns", median=median_of(times[name]))
    for name in ("fence", "levels1", "direct", "own", "levels10", "strict", "go", "proxied"):
        _add_difference(figures, name, times[name], times["conntrack"])
    tracking = min(times["conntrack"]) - min(times["bare"])
    figures.add("level_first", (min(times["levels1"]) - min(times["conntrack"])) / tracking, "x", 0.8)
    figures.add("level_more", (min(times["levels10"]) - min(times["levels1"])) / 9 / tracking, "x", 0.25)


def median_of(values):
    return round(percentile(values, 0.5))


def _add_difference(figures, name, times, base):
    """The difference of the minima, and the median of the rounds' differences."""
    differences = [time - other for time, other in zip(times, base)]
    figures.add(name, min(times) - min(base), "ns", median=median_of(differences))


def measure_received(stage, figures):
    """Receiving unsteered packets from a cable."""
    figures.begin("received")
    lanes = Lanes(stage)
    with ExitStack() as cleanup:
        cleanup.callback(lanes.close)
        for name in ("received_conntrack", "received_ours"):
            sender, receiver = (cleanup.enter_context(closing(Namespace())) for _ in range(2))
            sender.ip("link set lo up", f"link add cable type veth peer name cable netns {receiver.path}",
                      "addr add 192.0.2.1/24 dev cable", "link set cable up")
            receiver.ip("link set lo up", "addr add 192.0.2.2/24 dev cable", "link set cable up")
            cleanup.enter_context(closing(Sink(DISCARD_PORT, receiver)))
            if name == "received_ours":
                lanes.daemon(receiver, _steered_to(5))
            else:
                receiver.run("nft", "-f", "-", text_in=CONNTRACK)
            lanes.add(name, sender, 5, address="192.0.2.2")
        times = lanes.measure(PACKET_ROUNDS, PACKETS)
    base = times["received_conntrack"]
    figures.add("received_conntrack", min(base), "ns", median=median_of(base))
    _add_difference(figures, "received_ours", times["received_ours"], base)


@contextmanager
def _server(namespace, port, *options):
    process = subprocess.Popen(namespace.command(str(binary().parent / "bench" / "cgtproxy-bench"), "accept", str(port),
                                                 *options), stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _connect(stage, cgroup):
    """Connections per second from a process in a cgroup, the best of some rounds."""
    directory = stage.directory(cgroup)
    program = str(binary().parent / "bench" / "cgtproxy-bench")
    script = 'echo 0 > "$1/cgroup.procs"; shift; exec "$@"'
    best = 0.0
    for _ in range(CONNECTION_ROUNDS):
        out = stage.host.run("sh", "-euc", script, "sh", str(directory), program, "connect", OUTSIDE[V4],
                             str(_CONNECT_PORT), str(CONNECTIONS))
        best = max(best, CONNECTIONS / (int(out) / 1e9))
    return best


_CONNECT_PORT = SERVICE_PORT + 1


def measure_connections(stage, figures):
    """TCP handshakes with the outside, and with a proxy."""
    figures.begin("connections")
    with _server(stage.world.outside, _CONNECT_PORT), _server(stage.host, PROXY_PORT, "transparent"):
        figures.add("connections_none", _connect(stage, "plain"), "/s")
        with stage.daemon(CONFIG):
            figures.add("connections_direct", _connect(stage, "plain"), "/s")
            figures.add("connections_proxied", _connect(stage, "proxied-1"), "/s")


def _rule(index):
    """Rules as users write them: for one unit, application or slice."""
    return (rf"^/system\.slice/service-{index}\.service(/|$)",
            rf"^/user\.slice/user-[0-9]+\.slice/user@[0-9]+\.service/app\.slice/app-flatpak-org\.example\.App{index}-[0-9]+\.scope",
            rf"/work-{index}\.slice(/|$)")[index % 3]


def _path(index):
    """Paths as systemd creates them; some match a rule, most do not."""
    return (f"/system.slice/service-{index % 700}.service",
            f"/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.example.App{index % 900}-{index * 7919 % 99991}.scope",
            f"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-terminal-{index * 7919 % 99991}.scope",
            f"/system.slice/docker-{index * 2654435761 % 2**64:016x}{index * 40503 % 2**48:012x}.scope/init")[index % 4]


def measure_matching(stage, figures):
    """Which rule matches a path."""
    figures.begin("match")
    scratch = stage.world.scratch
    paths = scratch.write("\n".join(map(_path, range(MATCH_PATHS))) + "\n", ".paths")
    patterns = [scratch.write("\n".join(map(_rule, range(count))) + "\n", ".patterns") for count in MATCH_RULES]
    times = list(zip(*driver("match", MATCH_ROUNDS, paths, *patterns, namespace=stage.host)))
    medians = [percentile(one, 0.5) for one in times]
    for count, median in zip(MATCH_RULES, medians):
        figures.add("matched", median, "ns", rules=count)
    for count, median in list(zip(MATCH_RULES, medians))[1:]:
        figures.add("match_ratio", median / medians[0], "", 3 if count == 1_000 else None, rules=count)
        figures.point("match", count, median)
