# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A column of the table: one daemon, one disturbance, and all programs side by side in each kind of cgroup."""

from ..addresses import GATEWAY, HOST, SERVICE_PORT, V4, V6
from ..checks import OURS
from ..client import ANSWER_TIMEOUT, SILENCE
from ..reloading import Reloadable
from ..servers import Server
from ..waiting import SLOWNESS
from ..world import PROXY_PORT, World
from . import cells
from .cells import DIRECT, DROPPED, PROXIED, REFUSED, Cell
from .expectations import DNS, HOST_SERVICE, PROXY, PROXY_ANSWERS, usual
from .neighbours import PUBLISHED_PORT, VPN, VPN_GATEWAY, VPN_HOST
from .programs import PROGRAMS
from .recorder import Attribution, Recorder
from .subject import Subject
from .task import DISTURBED, EARLY, ENDING, RUNNING

MARK, TABLE, PRIORITY = 3000, 300, 3000
DNS_HIJACK_PORT = 1053
LINK_LOCAL = {V4: "169.254.77.1", V6: "fe80::1"}
BROADCAST = "192.0.2.255"
# Prefixes that all outside addresses of the cells are in, and more exact than a default route.
_HALF = {V4: "128.0.0.0/1", V6: "2000::/3"}
_LENGTH = {V4: 24, V6: 64}
# All kinds of TCP fast open without a cookie, for client and server (tcp_fastopen in the kernel's ip-sysctl.rst).
_FAST_OPEN = 0x607
# Seconds within which the answers of a proxy come again after a disturbance; only who does not get them waits.
_SETTLING = 5.0 * SLOWNESS
_RULES = {PROXIED: "tproxy: main", DROPPED: "drop: true", REFUSED: "refuse: true"}


def config(targets, more="", proxy_more="", mark=MARK, ours=OURS, first_proxy=""):
    """The config of a column: a cgroup for each target, and a bypass list."""
    rules = "".join(f"  - {{match: '{ours}{target}(/|$)', {_RULES[target]}}}\n" for target in targets if target in _RULES)
    return f"""
version: 1
bypass: [{', '.join(f'"{prefix}"' for prefix in cells.BYPASSED_PREFIXES.values())}]
tproxies:
{first_proxy}
  main:
    mark: {mark}
    port: {PROXY_PORT}
    dns-hijack: {{ip: 127.0.0.1, ip6: "::1", port: {DNS_HIJACK_PORT}, tcp: true}}
{proxy_more}
rules:
{rules}
{more}
"""


def make_cells(programs_of):
    """All cells, of what runs in each target; a program's cells have the same numbers, whichever others run."""
    numbers = {program.name: index for index, program in enumerate(PROGRAMS)}
    width = 2 * 4
    order = (DIRECT, PROXIED, DROPPED, REFUSED)
    return [Cell(1 + numbers[program.name] * width + order.index(target) * 2 + (family == V6), target, program, family)
            for target, programs in programs_of.items() for program in programs for family in program.families]


class Column:
    """What a disturbance works on, and then the results of all cells. `programs_of`: a dict of targets."""

    def __init__(self, disturbance, programs_of):
        self.disturbance = disturbance
        self.targets = tuple(programs_of)
        self.cells = make_cells(programs_of)
        self.world = self.daemon = self.proxy = self.recorder = self.loop = None
        self.mark = MARK
        self._subjects = {}
        self._host_service, self._asked_locally = None, set()
        self.outcomes, self.owned, self.strays = {}, {}, []

    @property
    def config(self):
        """The config's text."""
        return config(self.targets, **self.disturbance.config)

    def run(self):
        """Run everything, in a World that is removed afterwards."""
        with World() as self.world:
            self._furnish()
            self._start_subjects()
            self._open(EARLY)
            self._protect()
            self._open(RUNNING)
            self.disturbance.apply(self)
            self._settle()
            self._open(DISTURBED)
            self._visit()
            self._open(ENDING)
            if self.loop:
                self.loop.close()
            self._report()
            self._count()
            self._order(do="close")
            self._count()
            self._asked_locally = {int(request.token.partition("-")[0]) for request in self._host_service.requests
                                   if request.token[0].isdigit()}
        return self

    def faults(self, cell):
        """What is wrong with a cell, in words."""
        expected = self.disturbance.expected(cell)
        told, packets = self.outcomes.get(cell.number, "no outcome"), self.owned.get(cell, [])
        return expected.faults(told, packets, cell.number in self._asked_locally)

    def start_daemon(self):
        """The daemon, ready."""
        self.daemon = Reloadable(self.world, self.config, wrap=lambda argv: self.disturbance.wrap(self, argv))

    def stop_daemon(self):
        """End the daemon as a service manager does."""
        code = self.daemon.daemon.stop()
        assert code == 0, f"the daemon ended with {code}"

    def start_proxy(self, **options):
        """A proxy that answers everything it receives."""
        self.proxy = self.world.keep(Server(PROXY, [PROXY_PORT], self.world.host, transparent=True, **options))

    def ip(self, *lines):
        """Run lines of `ip` for both families, with {gateway} for the router and {half} for what all cells are in."""
        for family in (V4, V6):
            text = "".join(f"{line}\n" for line in lines).format(gateway=GATEWAY[family], half=_HALF[family])
            self.world.host.run("ip", f"-{family}", "-batch", "-", text_in=text)

    def _protect(self):
        """From here on the rules are in force, and what comes out counts."""
        self.disturbance.before(self)
        if self.daemon is None:
            self.start_daemon()
        self.recorder.forget()

    def _furnish(self):
        world = self.world
        for namespace in (world.host, world.outside):
            namespace.sysctl("ipv4/tcp_fastopen", _FAST_OPEN)
        # v6 link-local addresses that are known beforehand, and a second way out of the host.
        world.host.ip(f"link add {VPN} type veth peer name {VPN} netns {world.outside.path}", f"link set {VPN} up",
                      *(f"addr add {VPN_HOST[family]}/{_LENGTH[family]} dev {VPN}" for family in (V4, V6)),
                      "route add 169.254.0.0/16 dev cable")
        world.outside.ip(f"link set {VPN} up", f"addr add {LINK_LOCAL[V6]}/64 dev cable",
                         f"addr add {LINK_LOCAL[V4]}/16 dev cable",
                         *(f"addr add {VPN_GATEWAY[family]}/{_LENGTH[family]} dev {VPN}" for family in (V4, V6)),
                         *(f"route add local {prefix} dev lo" for family in (V4, V6) for prefix in cells.PREFIXES[family]))
        self._host_service = world.keep(Server(HOST_SERVICE, [SERVICE_PORT, PUBLISHED_PORT], world.host))
        world.keep(Server(DNS, [DNS_HIJACK_PORT], world.host, ("127.0.0.1", "::1")))
        if self.disturbance.proxy_options is not None:
            self.start_proxy(**self.disturbance.proxy_options)
        self.recorder = world.keep(Recorder(world.host, world.outside, ("cable", VPN)))

    def _directories(self):
        """The cgroup of each target, made."""
        if self.disturbance.cgroups:
            return self.disturbance.cgroups(self)
        cgroups = self.world.cgroups
        return {target: cgroups.directory(cgroups.make(target)) for target in (DIRECT, *self.targets)}

    def _start_subjects(self):
        directories = self._directories()
        net = {"device": "cable", "ifindex": self._ifindex("cable"), "mark": MARK, "published_port": PUBLISHED_PORT,
               "link_local": LINK_LOCAL, "broadcast": BROADCAST}
        for target in self.targets:
            self._subjects[target] = self.world.keep(Subject(self.world.host, directories[target], directories[DIRECT]))
        for target, subject in self._subjects.items():
            subject.begin(do="start", cells=[
                {"number": cell.number, "program": cell.program.name, "family": cell.family, "net": net, "patience": 0}
                for cell in self.cells if cell.target == target])
        self._replies()

    def _ifindex(self, device):
        return int(self.world.host.run("ip", "-o", "link", "show", device).partition(":")[0])

    def _replies(self):
        return {target: subject.reply() for target, subject in self._subjects.items()}

    def _order(self, **order):
        for subject in self._subjects.values():
            subject.begin(**order)
        return self._replies()

    def _open(self, stage):
        """Let a stage begin for all, and await that they are through with it."""
        self._order(do="open", stage=stage, patience={cell.number: self._patience(cell, stage) for cell in self.cells})

    def _patience(self, cell, stage):
        expected = usual(cell) if stage == RUNNING and not self.disturbance.is_early else self.disturbance.expected(cell)
        return ANSWER_TIMEOUT / 2 if expected.awaited or stage == EARLY else SILENCE

    def _settle(self):
        """Where a proxy is to answer after the disturbance, await that it does: what is due at once is seen by the wire."""
        if PROXIED not in self._subjects:
            return
        for family in self.disturbance.answered_families:
            for _ in range(int(_SETTLING / SILENCE)):
                self._subjects[PROXIED].begin(do="probe", family=family, port=SERVICE_PORT, patience=SILENCE,
                                              address=cells.address(cells.ADDRESSED, family, cells.PROBE_NUMBER))
                if f"answered by {self._subjects[PROXIED].reply()['who']}" in PROXY_ANSWERS:
                    break

    def _visit(self):
        """Visitors from outside ask the servers."""
        visitor = self.world.outside_client()
        for cell in self.cells:
            if cell.program.serves:
                result = visitor.ask(cell.program.protocol, cell.family, HOST[cell.family], cells.port(cell.number),
                                     timeout=self._patience(cell, DISTURBED))
                self.outcomes[cell.number] = f"visitor answered by {result.who}"

    def _report(self):
        for reply in self._order(do="report").values():
            for number, outcome in reply["outcomes"].items():
                self.outcomes.setdefault(int(number), outcome)

    def _count(self):
        self.owned, self.strays = Attribution(self.cells).assign(self.recorder.packets())
