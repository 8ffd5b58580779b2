# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the table: what happens to the host, and which expectations change with it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ..addresses import ANY, DNS_PORT, SERVICE_PORT, TCP, UDP, V4, V6
from ..checks import DROP_CHAIN, await_chains
from ..daemon import as_nobody, binary
from ..namespaces import Namespace, counts_levels_from_cgroup_namespaces, in_cgroup_namespace
from ..netfilter import cgroup_elements, flush_conntrack
from ..servers import Server
from ..storms import Churn, inotify_limit
from ..waiting import wait_until
from . import neighbours
from .cells import DIRECT, DROPPED, PROXIED, REFUSED
from .expectations import (CONTAINER_SERVICE, But, any_out, anything_out, bare_out, by_proxy, dead_proxy, is_steered,
                           no_answers, no_resets, unanswered, usual)
from .programs import LOCAL, SERVING

OTHER_MARK = 3333
_CHAINS = {PROXIED: "proxy-main", DROPPED: DROP_CHAIN, REFUSED: "REFUSE-CHAIN"}
# Seconds within which the element of a removed cgroup without sockets goes (src/engine/tombstones.h).
_FORGETS = 120
_STORM = (f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); "
          "from lab.ways.disturbances import storm; storm()")


def nothing(_column):
    """No disturbance."""


def as_it_is(_column, argv):
    """The daemon's usual argument list."""
    return argv


@dataclass(frozen=True, eq=False)
class Disturbance:
    """A column: functions of a Column that are called when the daemon's rules are in force, and before its start; what
    the config has besides; who serves as the proxy (None: nobody); and where less is to be had than usually.

    Where cgroups are made when the daemon runs already, `cgroups` makes them, and returns the directory of each target.
    `wrap` makes the daemon's argument list of a Column and the usual one.
    """

    name: str
    apply: Callable = nothing
    before: Callable = nothing
    cgroups: Callable | None = None
    wrap: Callable = as_it_is
    config: dict = field(default_factory=dict)
    proxy_options: dict | None = field(default_factory=dict)
    answered_families: tuple = (V4, V6)
    but: tuple = ()
    is_alone: bool = False  # it changes settings of the whole machine
    is_slow: bool = False
    is_possible: bool = True  # on this kernel

    @property
    def is_early(self):
        """Whether it is there when the daemon starts."""
        return self.before is not nothing or self.proxy_options != {}

    def expected(self, cell):
        """What is expected of a cell."""
        expected = usual(cell)
        for but in self.but:
            if but.applies(cell):
                expected = but.change(expected, cell)
        return expected


class Loop:
    """Repeats something until closed."""

    def __init__(self, work):
        self._work = work
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            self._work()

    def close(self):
        """Stop."""
        self._over.set()
        self._thread.join()


class StormProcess:
    """A Churn in a process of its own, which takes nothing of this one's time."""

    def __init__(self, directory):
        self._process = subprocess.Popen([sys.executable, "-I", "-S", "-c", _STORM, str(directory)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self._process.stdout.readline()

    def close(self):
        """End it; no cgroup is left."""
        self._process.communicate()


def storm():
    """The process: makes and removes cgroups in the directory that the first argument names, to the end of its input."""
    churn = Churn(Path(sys.argv[1]), [PROXIED, DROPPED, "other"])
    wait_until(lambda: churn.made > 500, "a storm has begun")
    print(flush=True)
    sys.stdin.read()
    churn.close()


def _rules(*rulesets):
    return lambda column: neighbours.add(column.world, *rulesets)


def _in_front(column):
    neighbours.add_in_front(column.world)


def wg_quick(column):
    """A VPN for everything starts."""
    _in_front(column)
    neighbours.add(column.world, neighbours.WG_MARKS, neighbours.WG_RAW)


def _uplinks(column):
    neighbours.add_uplink_rules(column.world)
    neighbours.add(column.world, neighbours.MULTIPLE_UPLINKS)


def _tailnet(column):
    neighbours.add_tailnet_rules(column.world)
    neighbours.add(column.world, neighbours.TAILNET)


def _containers(column):
    world = column.world
    container = world.keep(Namespace())
    world.host.ip(f"link add bridge type veth peer name eth0 netns {container.path}", "link set bridge up",
                  f"addr add {neighbours.BRIDGE[V4]}/24 dev bridge",
                  f"addr add {neighbours.BRIDGE[V6]}/64 dev bridge nodad")
    container.ip("link set eth0 up", f"addr add {neighbours.CONTAINER[V4]}/24 dev eth0",
                 f"addr add {neighbours.CONTAINER[V6]}/64 dev eth0 nodad",
                 *(f"route add default via {neighbours.BRIDGE[family]}" for family in (V4, V6)))
    world.keep(Server(CONTAINER_SERVICE, [SERVICE_PORT], container))
    neighbours.add(world, neighbours.CONTAINER_ENGINE)


def _replaced_route(column):
    column.ip("route replace default via {gateway} dev cable table 300")


def _better_route(column):
    """A more exact route beside ours."""
    column.ip("route add {half} via {gateway} dev cable table 300")


def _no_ipv6_on_lo(column):
    column.world.host.sysctl("ipv6/conf/lo/disable_ipv6", 1)


def _lo_down(column):
    column.world.host.ip("link set lo down")


def _lo_down_and_up_while_stopped(column):
    column.stop_daemon()
    column.world.host.ip("link set lo down", "link set lo up")


def _rules_deleted(column):
    def delete():
        for family in ("-4", "-6"):
            column.world.host.run("ip", family, "rule", "del", "fwmark", str(column.mark), check=False)
    column.loop = column.world.keep(Loop(delete))


def _routes_deleted(column):
    def flush():
        for family in ("-4", "-6"):
            column.world.host.run("ip", family, "route", "flush", "table", "300", check=False)
    column.loop = column.world.keep(Loop(flush))


def _conntrack_flushed(column):
    column.world.host.call(flush_conntrack)


def _conntrack_flushed_all_the_time(column):
    column.loop = column.world.keep(Loop(lambda: column.world.host.call(flush_conntrack)))


def _storm(column):
    directory = column.world.cgroups.directory(column.world.cgroups.make("storm"))
    column.loop = column.world.keep(StormProcess(directory))


def _reload(column):
    column.daemon.reload(column.config)


def _reload_with_another_mark(column):
    column.daemon.reload(column.config.replace(f"mark: {column.mark}", f"mark: {OTHER_MARK}"))


def stop(column):
    """The daemon ends."""
    column.stop_daemon()


def restart(column):
    """It ends, and starts again."""
    column.stop_daemon()
    column.start_daemon()


def kill(column):
    """It is killed without a chance to clean up."""
    column.daemon.daemon.kill()


def kill_and_start(column):
    """The same, and another one starts."""
    column.daemon.daemon.kill()
    column.start_daemon()


def _in_a_cgroup_namespace(column, argv):
    """One that begins at the top of the tests' cgroups."""
    return in_cgroup_namespace(column.world.cgroups.directory(column.world.cgroups.top), argv)


def _as_nobody(column, argv):
    """A separate user, whose limits are not shared."""
    program = column.world.scratch.program()
    return as_nobody([program if word == str(binary()) else word for word in argv], "net_admin")


def _without_watches(column):
    """Watches run out before any of the cgroups is made."""
    limit = column.world.keep(ExitStack())
    limit.enter_context(inotify_limit("max_user_watches", 1))
    column.start_daemon()
    return _late_cgroups(column)


def _make_late(column):
    """Cgroups that the daemon finds while it runs; their numbers by target."""
    cgroups = column.world.cgroups
    return {target: cgroups.id(cgroups.make(f"late/{target}")) for target in (DIRECT, *column.targets)}


def _late_cgroups(column):
    """The same, with their elements in force; their directories by target."""
    numbers = _make_late(column)
    await_chains(column.world, {numbers[target]: _CHAINS[target] for target in column.targets if target in _CHAINS})
    return {target: column.world.cgroups.directory(column.world.cgroups.path(f"late/{target}")) for target in numbers}


def _remade(column):
    """A name is removed and made again with all below it, while the daemon is busy, and what departed is forgotten.

    More names than one read of the events holds are between the first and the second (inotify(7)).
    """
    column.start_daemon()
    cgroups, daemon = column.world.cgroups, column.daemon.daemon
    daemon.send_signal(signal.SIGSTOP)
    _make_late(column)
    for number in range(400):
        cgroups.make(f"{number:0200}")
    cgroups.remove(cgroups.path("late"))
    _make_late(column)
    daemon.send_signal(signal.SIGCONT)
    directories = _late_cgroups(column)
    witness = cgroups.make(f"witness/{DROPPED}")
    number = cgroups.id(witness)
    await_chains(column.world, {number: _CHAINS[DROPPED]})
    cgroups.remove(witness)
    wait_until(lambda: number not in cgroup_elements(column.world.host), "what departed is forgotten", timeout=_FORGETS)
    return directories


_KEEP = {"more": "on-stop: keep\n"}
_STRICT = {"more": "on-stop: keep\nstrict: true\n"}

WG_RAW_DROPS = (
    no_answers("wg-quick's own raw rule drops what a proxy answers to the address of its tunnel"),
    no_resets("wg-quick's own raw rule drops the reset to the address of its tunnel, too"))
_LATE_MARKS = (
    no_answers("who sets marks behind us decides where packets go"),
    But("without our mark a flow is known by its label, and those older than our table have no room for it",
        lambda cell: cell.program.name == "tcp, older than the rule", any_out))
_MENDED = no_answers("what is sent before its route is back is refused; that it comes back, test_policy_routing.py tests")
_CHANGING = no_answers("its path to the proxy changes while it asks")
_LOOPBACK_OUT = But("without lo the kernel sends to a router what is for the loopback address",
                    lambda cell: cell.target == DIRECT and cell.program.fate == LOCAL and cell.family == V6, any_out)
_NO_LOCAL_IPV6 = (
    _LOOPBACK_OUT,
    no_answers("without IPv6 on lo there is no way to a proxy", V6),
    no_resets("a reset comes over lo", V6),
    But("without IPv6 on lo there are no local connections over it",
        lambda cell: cell.program.fate == LOCAL and cell.family == V6, unanswered),
    But("who pretends to be outside sends over lo", lambda cell: "answer" in cell.program.name, anything_out))
_NO_LOCAL = (
    _LOOPBACK_OUT,
    no_answers("without lo there is no way to a proxy"),
    no_resets("a reset comes over lo"),
    But("without lo there are no local connections", lambda cell: cell.program.fate == LOCAL, unanswered),
    But("who pretends to be outside sends over lo", lambda cell: "answer" in cell.program.name, anything_out))
_GAP = But("on-stop: clear lets all pass between stop and start",
           lambda cell: cell.program.name == "udp, all the time", any_out)
UNSEEN_CGROUP = But("strict refuses a cgroup that the daemon has not seen",
                    lambda cell: "outlived" in cell.program.name, anything_out)
_UNKNOWN_HANDSHAKE = But("a handshake is answered by no socket that has a cgroup, and known by its connection only",
                         lambda cell: cell.program.name.startswith("tcp, answer"), any_out)
_FORGETTING = (
    _UNKNOWN_HANDSHAKE,
    no_answers("its path to the proxy changes while it asks"),
    But("an answer is known as one by its connection only", lambda cell: cell.program.fate == SERVING, unanswered),
    But("once such an answer was taken for a question, the real one's answer makes a connection from outside of it",
        lambda cell: cell.program.asks_too, any_out),
    But("what the kernel sends for a socket that is gone is known by its connection only",
        lambda cell: cell.target == PROXIED, bare_out))
_NOT_TRACKED = (
    _UNKNOWN_HANDSHAKE,
    But("without connection tracking answers of servers are not known as such",
        lambda cell: cell.program.fate == SERVING, unanswered),
    But("without connection tracking there is no NAT, and so no hijacking: name servers are asked by way of the proxy",
        lambda cell: is_steered(cell) and cell.program.asks_port == DNS_PORT, by_proxy),
    But("what the kernel sends for a socket that is gone is known by its connection only",
        lambda cell: cell.target == PROXIED, bare_out))

NOTHING = Disturbance("nothing")

DISTURBANCES = [
    NOTHING,
    Disturbance("strict", config=_STRICT, but=(UNSEEN_CGROUP,)),
    Disturbance("mark with a mask", config={"mark": "0xbb8/0xffff"}),
    # routing
    Disturbance("rules in front", _in_front),
    Disturbance("rules in front from the start", before=_in_front),
    Disturbance("our route replaced", _replaced_route, but=(_MENDED,)),
    Disturbance("a route before ours", _better_route, but=(_MENDED,)),
    Disturbance("our rules deleted again and again", _rules_deleted, but=(_CHANGING,)),
    Disturbance("our routes deleted again and again", _routes_deleted, but=(_CHANGING,)),
    Disturbance("no IPv6 on lo", _no_ipv6_on_lo, answered_families=(V4,), but=_NO_LOCAL_IPV6),
    Disturbance("no IPv6 on lo from the start", before=_no_ipv6_on_lo, answered_families=(V4,), but=_NO_LOCAL_IPV6),
    Disturbance("lo down", _lo_down, answered_families=(), but=_NO_LOCAL),
    Disturbance("lo down from the start", before=_lo_down, answered_families=(), but=_NO_LOCAL),
    Disturbance("lo down and up while stopped", _lo_down_and_up_while_stopped, config=_KEEP, answered_families=(),
                but=(no_answers("the route to the proxy went with lo, and nobody is there to put it back"),)),
    # other programs
    Disturbance("wg-quick", wg_quick, answered_families=(), but=WG_RAW_DROPS),
    Disturbance("wg-quick from the start", before=wg_quick, answered_families=(), but=WG_RAW_DROPS),
    Disturbance("wg-quick's marks", _rules(neighbours.WG_MARKS)),
    Disturbance("wg-quick's marks from the start", before=_rules(neighbours.WG_MARKS)),
    Disturbance("several uplinks", _uplinks),
    Disturbance("several uplinks from the start", before=_uplinks),
    Disturbance("marks set late", _rules(neighbours.LATE_MARKS), answered_families=(), but=_LATE_MARKS),
    Disturbance("marks set late, two proxies", _rules(neighbours.LATE_MARKS), answered_families=(), but=_LATE_MARKS,
                config={"first_proxy": "  aside: {mark: 4000, port: 7894}"}),
    Disturbance("container engine", _containers),
    Disturbance("container engine from the start", before=_containers),
    Disturbance("firewalld", _rules(neighbours.firewall_daemon("filter + 10"))),
    Disturbance("older firewalld from the start", before=_rules(neighbours.firewall_daemon("mangle + 10"))),
    Disturbance("ufw", _rules(neighbours.UNCOMPLICATED)),
    Disturbance("Tailscale", _tailnet),
    Disturbance("Tailscale from the start", before=_tailnet),
    Disturbance("connection tracking off", _rules(neighbours.NO_TRACKING), but=_NOT_TRACKED),
    Disturbance("connections forgotten", _conntrack_flushed),
    Disturbance("connections forgotten all the time", _conntrack_flushed_all_the_time, but=_FORGETTING),
    # the daemon's life
    Disturbance("reload", _reload),
    Disturbance("reload with another mark", _reload_with_another_mark),
    Disturbance("restart", restart, but=(_GAP,)),
    Disturbance("restart that keeps", restart, config=_KEEP),
    Disturbance("stopped, rules kept", stop, config=_KEEP),
    Disturbance("strict, stopped, rules kept", stop, config=_STRICT, but=(UNSEEN_CGROUP,)),
    Disturbance("killed", kill),
    Disturbance("killed and started again", kill_and_start),
    Disturbance("storm of cgroups", _storm),
    # cgroups
    Disturbance("a cgroup namespace", wrap=_in_a_cgroup_namespace, config={"ours": "^/"},
                is_possible=counts_levels_from_cgroup_namespaces()),
    Disturbance("no watches", cgroups=_without_watches, wrap=_as_nobody, is_alone=True),
    Disturbance("remade while the daemon is busy", cgroups=_remade, is_slow=True),
    # the proxy's life
    Disturbance("proxy dead", proxy_options=None, answered_families=(),
                but=dead_proxy((TCP, V4), (TCP, V6), (UDP, V4), (UDP, V6))),
    Disturbance("proxy for TCP only", proxy_options={"protocols": (TCP,)}, answered_families=(),
                but=dead_proxy((UDP, V4), (UDP, V6))),
    Disturbance("proxy for IPv4 only", proxy_options={"addresses": (ANY[V4],)}, answered_families=(V4,),
                but=dead_proxy((TCP, V6), (UDP, V6))),
]
