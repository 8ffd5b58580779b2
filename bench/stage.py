# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The environment of the measurements: a World of test/lab, the driver, and the kernel's statistics of a daemon."""

import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.daemon import binary
from lab.netfilter import cgroup_elements
from lab.world import World

BYPASS = "[127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/4, '::1', 'fc00::/7', 'fe80::/10', 'ff00::/8']"
PROXY_PORT = 7893


def config(rules, **keys):
    """A config with these rules, in order: pairs of an expression and a target."""
    lines = ["version: 1", f"bypass: {BYPASS}", f"tproxies: {{mihomo: {{mark: 3000, port: {PROXY_PORT}}}}}",
             *(f"{key}: {value}" for key, value in keys.items()), "rules:",
             *(f"  - {{match: '{match}', {target}}}" for match, target in rules)]
    return "\n".join(lines) + "\n"


PROXY, DROP, DIRECT = "tproxy: mihomo", "drop: true", "direct: true"
RULES = [(r"^/system\.slice/mihomo\.service(/|$)", DIRECT), ("/dropped-[0-9]+$", DROP), ("/proxied-[0-9]+$", PROXY)]
CONFIG = config(RULES)
STRICT = config(RULES, strict="true")


def driver(*arguments, namespace, nice=0):
    """Run the driver in a namespace; return the numbers that it printed, a list per line (None for "missed")."""
    program = binary().parent / "bench" / "cgtproxy-bench"
    out = namespace.run("nice", "-n", str(nice), str(program), *map(str, arguments))
    return [[None if word == "missed" else float(word) for word in line.split()] for line in out.splitlines()]


def column(lines, number=0):
    """One column of what the driver printed."""
    return [line[number] for line in lines]


def percentile(values, part):
    """The quantile: the value that this fraction of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


@dataclass(frozen=True)
class Usage:
    """A process's CPU time so far in s, and its number of context switches."""

    cpu: float
    switches: int


class Observed:
    """A daemon with the kernel's statistics of it."""

    def __init__(self, world, text):
        self._world = world
        self.path = world.scratch.write(text)
        self.began = time.time()
        self.daemon = world.launch(binary(), "-c", self.path)
        self.daemon.wait_ready()
        self.start_time = self.daemon.ready_time - self.began

    def usage(self):
        """What it has used so far."""
        running, _, _ = Path(f"/proc/{self.daemon.pid}/schedstat").read_text(encoding="ascii").split()
        status = self._status()
        return Usage(int(running) / 1e9, status["voluntary_ctxt_switches"] + status["nonvoluntary_ctxt_switches"])

    def memory(self, name):
        """RssAnon, VmRSS or VmHWM, in bytes."""
        return self._status()[name] * 1024

    def elements(self):
        """The number of elements in the kernel."""
        return len(cgroup_elements(self._world.host))

    def _status(self):
        text = Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="ascii")
        return {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+)(?: kB)?$", text, re.M)}


class Stage:
    """A World with the benchmark's cgroups in it."""

    def __init__(self):
        self._context = World(purpose="bench")
        self.world = self._context.__enter__()
        self.world.wire.close()  # recording packets would distort the measurements
        self.host = self.world.host
        self._count = 0

    def close(self):
        """End and remove everything."""
        self._context.__exit__(None, None, None)

    @contextmanager
    def daemon(self, text=CONFIG):
        """A daemon with this config, in the meantime."""
        observed = Observed(self.world, text)
        try:
            yield observed
        finally:
            observed.daemon.close()

    def directory(self, name=None):
        """The directory of a new cgroup for a measurement's cgroups."""
        self._count += 1
        return self.world.cgroups.directory(self.world.cgroups.make(name or f"measurement-{self._count}"))

    def populate(self, count, name="proxied"):
        """Create this many cgroups; return their parent directory."""
        directory = self.directory()
        if count > 0:
            driver("storm", directory, name, count, "leave", namespace=self.host)
        return directory

    def remove(self, directory):
        """Remove a directory and the cgroups in it."""
        self.world.cgroups.remove("/" + str(directory.relative_to(self.world.cgroups.mount)))


def command_output(*argv):
    """What a command prints, or nothing if it fails."""
    return subprocess.run(argv, text=True, capture_output=True, check=False).stdout.strip()
