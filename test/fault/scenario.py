# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One life of the daemon in which one call fails: what happens to it, and what must hold all the time.

The daemon starts with a dropped and a proxied cgroup, and a container in the dropped one; it sees cgroups come and go, loses a policy rule, gets another
config by SIGHUP, and is stopped. In another kind of life it starts over what a killed run has left. Whatever fails, it
either goes on and does all of it right, or ends with a message and leaves a whole table or none. Once it is ready, an
end leaves the table. Which of the two it is to be is the caller's to say.
"""

import contextlib
import itertools
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass

from lab import checks
from lab.addresses import UDP, V4
from lab.daemon import Daemon, binary
from lab.netfilter import cgroup_elements
from lab.waiting import SLOWNESS
from lab.world import World

# A fault occurs once, and retries happen every second.
DEADLINE = 30.0 * SLOWNESS
FILLER = "# A short read of this file must not be all of it.\n" * 8

_REFUSED = re.compile(r"the previous (config|one) stays in force")
# Says what was tried, and not only why it failed.
_MESSAGE = re.compile(r"^error: (\S+ ){4}", re.M)
_numbers = itertools.count(1)

# The moments of a life.
START = "start"  # until it is ready
RUNNING = "running"
RELOAD = "reload"  # from SIGHUP until a config is in force, be it the one that was
STOP = "stop"  # from SIGTERM on


class Violation(Exception):
    """Something happened that must not."""


class Ended(Exception):
    """The daemon has ended, which may be right."""


@dataclass(frozen=True)
class Config:
    """One of two configs that have nothing in common but the names."""

    mark: int
    port: int
    table: int
    priority: int
    proxy: str

    def text(self, top):
        """The config file's content, for the cgroups below a top cgroup."""
        return f"""{FILLER}
version: 1
route-table: {self.table}
rule-priority: {self.priority}
bypass: [198.51.100.{self.table - 299}]
containers: true
gateway: {{mark: {self.mark + 100}, rules: [{{source: 192.0.2.{self.table - 299}, drop: true}}]}}
tproxies: {{mihomo: {{mark: {self.mark}, port: {self.port}, dns-hijack: {{port: {self.port + 1000}}}}}}}
rules:
  - {{match: '^{top}/.+/dropped$', drop: true}}
  - {{match: '^{top}/.+/proxied$', tproxy: mihomo}}
"""


FIRST = Config(mark=3000, port=7893, table=300, priority=3000, proxy="proxy first")
SECOND = Config(mark=3001, port=7894, table=301, priority=2999, proxy="proxy second")
VERDICTS = {"dropped": "DROP-CHAIN", "proxied": "proxy-mihomo"}


def where(offsets):
    """The functions that led to a call, innermost first."""
    argv = ["addr2line", "-f", "-s", "-e", str(binary()), *offsets]
    try:
        lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return " ".join(offsets)
    return " < ".join(f"{name} {place}" for name, place in zip(lines[::2], lines[1::2]))


@dataclass
class Trace:
    """The calls of a run: how many there were from each site, where that is, and whether one of them failed."""

    counts: Counter
    offsets: dict
    fired: tuple = ()
    end: str = None  # the moment at which the daemon ended with an error; None: it went on to its proper end

    @classmethod
    def read(cls, path):
        """Read what fault.c has written."""
        trace = cls(Counter(), {})
        for line in path.read_text(encoding="ascii").splitlines() if path.exists() else ():
            call, site, *offsets = line.split()
            if call.startswith("!"):
                trace.fired = tuple(offsets)
            key = call.lstrip("!"), site
            trace.counts[key] += 1
            trace.offsets[key] = offsets
        return trace


class Stage:
    """The environment of all lives: a network, two proxies, clients, and the state set up by an undisturbed daemon."""

    def __init__(self):
        self._cleanup = contextlib.ExitStack()
        self.world = self._cleanup.enter_context(World())
        self.world.proxy("first", FIRST.port)
        self.world.proxy("second", SECOND.port)
        self.clients = {name: self.world.client(f"old/{name}") for name in VERDICTS}
        self.container = self.world.lan("box").device("old/dropped")
        self.config = self.world.scratch.path(".yaml")
        self.before = self.world.footprint()
        self.tables = {}  # by Config
        self.run()

    def close(self):
        """End it all."""
        self._cleanup.close()

    def sweep(self):
        """Remove a life's leftovers by hand."""
        self.world.cgtproxy("clear")
        for config in (FIRST, SECOND):
            for family in ("-4", "-6"):
                for what in (f"rule del priority {config.priority}", f"route flush table {config.table}"):
                    self.world.host.run("ip", family, *what.split(), check=False)

    def write_config(self, config):
        """Make this the config that the daemon reads next."""
        self.config.write_text(config.text(self.world.cgroups.top), encoding="utf-8")

    def table(self):
        """Our table without its cgroups, counts and owner, or None; a Violation if there is another of ours.

        A map that no rule looks up, since it was made for another config, is no part of it.
        """
        names = self.world.host.run("nft", "list", "tables").split("\n")
        others = [name for name in names if "cgtproxy-" in name]
        if others and checks.kernel_owns_tables():
            raise Violation(f"left behind: {others}")
        try:
            listing, _ = checks.table(self.world)
        except (RuntimeError, FileNotFoundError):
            return None
        listing = re.sub(r"table inet cgtproxy \{.*(\n\tflags.*)?", "", listing)
        parts = sorted(part.strip("\n") for part in listing.split("\n\n") if part.strip())
        return "\n\n".join(part for part in parts if not (unused := re.match(r"\tmap (gateway-\S+) ", part))
                           or f"@{unused[1]}\n" in listing)

    def elements_are_right(self, group):
        """Whether the cgroups of a group have their verdicts in the kernel."""
        try:
            elements = cgroup_elements(self.world.host)
        except FileNotFoundError:  # there is no table
            return False
        cgroups = self.world.cgroups
        return all(elements.get(cgroups.id(cgroups.path(f"{group}/{name}"))) == verdict
                   for name, verdict in VERDICTS.items())

    def covers_container(self):
        """Whether the container has its verdict in the kernel."""
        held = self.world.host.run("nft", "list", "map", "inet", "cgtproxy", "container-interface", check=False)
        return '"box" : goto CONTAINER-DROP' in held.stdout

    def index(self, module, kept):
        """The Trace of what every undisturbed life has: the calls that some foreign cgroup led to are left out."""
        first, *others = [self.run(module, kept=kept) for _ in range(3)]
        for key in list(first.counts):
            first.counts[key] = min(trace.counts[key] for trace in (first, *others))
        first.counts = +first.counts
        return first

    def run(self, module=None, fault=None, kept=False, may_end=None):
        """One life. Returns its Trace; raises a Violation.

        A life that ends early is one unless may_end(moment, names of functions that led to the fault) is true.
        """
        life = Life(self, module, fault, kept)
        try:
            end = life.play()
            functions = {part.split()[0] for part in where(Trace.read(life.trace).fired).split(" < ") if part}
            if end is not None and may_end is not None and not may_end(end, functions):
                raise Violation(f"it ended ({end}) instead of going on")
        except Violation as violation:
            offsets = Trace.read(life.trace).fired
            raise Violation(f"FAULT={fault}: {violation}\n  at {where(offsets)}\n  the daemon said:\n"
                            + re.sub("^", "    ", life.daemon.log, flags=re.M)) from None
        finally:
            life.clean_up()
        trace = Trace.read(life.trace)
        trace.end = end
        return trace


class Life:
    """One life of the daemon. With `kept`, a run with the second config was killed before."""

    def __init__(self, stage, module, fault, kept):
        self.stage = stage
        self.world = stage.world
        self.group = f"new-{next(_numbers)}"
        self.trace = self.world.scratch.path(".trace")
        self.in_force = FIRST
        self.kept = kept
        self.is_over = False
        self.moment = START
        self.is_rule_lost = False  # taken by us, and not put back yet
        if kept:
            stage.write_config(SECOND)
            self._start().wait_ready().kill()
        stage.write_config(FIRST)
        settings = [f"LD_PRELOAD={module}", f"FAULT_COUNT={self.trace}"] if module else []
        self.daemon = self._start(*settings, *([f"FAULT={fault}"] if fault else []))

    def _start(self, *settings):
        return Daemon(self.world.host, self.world.scratch, ["env", *settings, binary(), "-c", self.stage.config],
                      ASAN_OPTIONS="verify_asan_link_order=0")

    def play(self):
        """All that happens, and the end. Returns the moment of an early end, or None."""
        try:
            self._live()
        except Ended:
            self._check_early_end()
            return self.moment
        if self._await_end() != 0:
            self._check_early_end()
            return self.moment
        self._check_equal(self.world.footprint(), self.stage.before, "what a clean end leaves")
        return None

    def _live(self):
        self._await("the daemon is ready", lambda: "ready\n" in self.daemon.log)
        self.moment = RUNNING
        self._check_container()
        self._check_table()
        self._check("the first cgroups' elements", self.stage.elements_are_right("old"))
        self._check_traffic("old")
        if not self.kept:
            self._make_cgroups(f"{self.group}-a")
            self.world.cgroups.remove(self.world.cgroups.path(f"{self.group}-a"))
            self._lose_rule()
            self.moment = RELOAD
            self._reload()
            self.moment = RUNNING
            self._check_container()
            self._check_table()
            self._check_traffic("old")
        self._make_cgroups(f"{self.group}-b")
        self.moment = STOP
        self.daemon.send_signal(signal.SIGTERM)

    def _make_cgroups(self, group):
        for name in VERDICTS:
            self.world.cgroups.make(f"{group}/{name}")
        self._await(f"the elements of {group}", lambda: self.stage.elements_are_right(group))
        self._move_clients(group)
        self._check_traffic(group)
        self._move_clients("old")

    def _check_container(self):
        self._await("the container's element", self.stage.covers_container)
        self._check("the container: dropped", self.stage.container.ask_in_vain(UDP, V4).dropped)

    def _move_clients(self, group):
        for name, client in self.stage.clients.items():
            target = self.world.cgroups.directory(self.world.cgroups.path(f"{group}/{name}"))
            (target / "cgroup.procs").write_text(str(client.pid), encoding="ascii")

    def _check_traffic(self, group):
        self._check(f"{group}: dropped", self.stage.clients["dropped"].ask_in_vain(UDP, V4).dropped)
        who = self.stage.clients["proxied"].ask(UDP, V4).who
        self._check(f"{group}: {who} answered, not {self.in_force.proxy}", who == self.in_force.proxy)

    def _lose_rule(self):
        self.is_rule_lost = True
        self.world.host.ip(f"rule del priority {self.in_force.priority}")
        self._await("the policy rule is back", lambda: self._has_rule(self.in_force))
        self.is_rule_lost = False

    def _has_rule(self, config):
        return f"from all fwmark {config.mark:#x} lookup {config.table}" in self.world.host.run("ip", "rule")

    def _reload(self):
        """A reload that fails must leave the first config in force, and the next one must succeed."""
        self.stage.write_config(SECOND)
        for attempt in range(2):
            known = len(self.daemon.log)
            self.daemon.send_signal(signal.SIGHUP)
            self._await("an end of the reload", lambda known=known: "the new config is in force" in self.daemon.log or
                        _REFUSED.search(self.daemon.log[known:]))
            if "the new config is in force" in self.daemon.log:
                self.in_force = SECOND
                self._await_no_rules_of(FIRST)
                return
            self._check("a reload succeeds once nothing fails any more", attempt == 0)
            self._await("the first table", lambda: self.stage.table() == self.stage.tables.get(FIRST))
            self._await_no_rules_of(SECOND)
            self._check_traffic("old")

    def _await_no_rules_of(self, config):
        """Policy rules that are not in force are removed, or the log says why they stay."""
        self._await(f"no rule for mark {config.mark}, or a message",
                    lambda: not self._has_rule(config) or "can't remove old policy rules" in self.daemon.log)

    def _check_table(self):
        """The table is that of an undisturbed run; the first run says what that is."""
        table = self.stage.table()
        self._check_equal(table, self.stage.tables.setdefault(self.in_force, table), "the table")

    def _check_early_end(self):
        """An exit with an error: it says why, leaves nothing half done, and "clear" removes what it left."""
        code = self._await_end()
        self.is_over = True
        self._check(f"an exit code above 0, not {code}", code > 0)
        self._check("a message that says what was tried", _MESSAGE.search(self.daemon.log))
        table = self.stage.table()
        if self.kept or self.moment in (RUNNING, RELOAD):
            self._check("the table that was there", table is not None)
        if table is not None:
            self._check_what_it_left(table)
        cleared = self.world.cgtproxy("clear")
        self._check(f"\"clear\" succeeds, and does not say: {cleared.stderr}", cleared.returncode == 0)
        self._check_equal(self.world.footprint(), self.stage.before, "what is left after \"clear\"")

    def _check_what_it_left(self, table):
        """The whole of one table; that it looks up more levels than it needs does no harm."""
        needed = re.sub(r"\t\tsocket cgroupv2 level (?!3 )\d+ (?:vmap )?@[^\n]*\n", "", table)
        left = [config for config, whole in self.stage.tables.items() if needed == whole]
        self._check(f"a whole table, not\n{table}", left)
        self._check("all elements in the table that it left", self.stage.elements_are_right("old"))
        if not self.is_rule_lost:
            self.in_force = left[0]
            self._move_clients("old")
            self._check_traffic("old")

    def _await_end(self):
        try:
            return self.daemon.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise Violation("it does not end") from None

    def _await(self, what, condition):
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if self.daemon.process.poll() is not None:
                raise Ended
            self._check(f"within {DEADLINE:g} s: {what}", time.monotonic() < deadline)
            time.sleep(0.003)

    def _check(self, what, holds):
        if holds:
            return
        if not self.is_over and self.daemon.process.poll() not in (None, 0):
            raise Ended  # it is not so because the daemon has just ended
        raise Violation(f"expected: {what}")

    def _check_equal(self, found, expected, what):
        if found != expected:
            self._check(f"{what}:\n{expected}\n  found:\n{found}", False)

    def clean_up(self):
        """Leave the stage as it was, whatever happened."""
        if self.daemon.process.poll() is None:
            self.daemon.kill()
        self.daemon.close()
        self._move_clients("old")
        for part in ("a", "b"):
            path = self.world.cgroups.path(f"{self.group}-{part}")
            if self.world.cgroups.directory(path).exists():
                self.world.cgroups.remove(path)
        if self.world.footprint() != self.stage.before:
            self.stage.sweep()
