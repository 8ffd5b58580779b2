# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The relay beside the floor: a relay that does what is unavoidable and nothing else, measured in turns with ours."""

import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager

from lab.addresses import OUTSIDE, V4
from lab.daemon import binary
from lab.waiting import wait_until
from stage import percentile

_ROUNDS = 15
_ASKED, _CROWD, _CLIENTS = 400, 4_000, 4
_STREAM = 512 << 20
_SERVICE_PORT, _UPSTREAM_PORT = 7001, 1080
# What is measured in turns: by name, the port that TPROXY sends its cgroup to.
_PORTS = {"floor": 7901, "relay": 7902, "floor-direct": 7903, "relay-direct": 7904}

_CONFIG = "version: 1\ntproxies:\n" + "".join(
    f"  {name}: {{mark: {port}, port: {port}}}\n" for name, port in _PORTS.items()) + "rules:\n" + "".join(
    f"  - {{match: '/of-{name}$', tproxy: {name}}}\n" for name in _PORTS)


def _bench():
    return str(binary().parent / "bench" / "cgtproxy-bench")


@contextmanager
def _running(namespace, *argv, port):
    process = subprocess.Popen(namespace.command(*map(str, argv)), start_new_session=True)
    try:
        wait_until(lambda: namespace.listens("tcp", port), f"{argv} listens")
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class _Contest:
    """The relays, the floors, and what they lead to."""

    def __init__(self, stage, cleanup):
        self._stage = stage
        self._directories = {name: stage.directory(f"of-{name}") for name in (*_PORTS, "nothing")}
        host, outside = stage.host, stage.world.outside
        relay = binary().parent / "cgtproxy-relay"
        for namespace, port, *argv in (
                (host, _UPSTREAM_PORT, _bench(), "relay-serve", _UPSTREAM_PORT, "socks5"),
                (outside, _SERVICE_PORT, _bench(), "relay-serve", _SERVICE_PORT),
                (host, _PORTS["floor"], _bench(), "relay-floor", _PORTS["floor"], _UPSTREAM_PORT),
                (host, _PORTS["floor-direct"], _bench(), "relay-floor", _PORTS["floor-direct"]),
                (host, _PORTS["relay"], relay, "--listen", _PORTS["relay"], "--upstream", f"socks5://127.0.0.1:{_UPSTREAM_PORT}"),
                (host, _PORTS["relay-direct"], relay, "--listen", _PORTS["relay-direct"], "--upstream", "direct://")):
            cleanup.enter_context(_running(namespace, *argv, port=port))

    def _run(self, name, *arguments):
        """What a client in this cgroup prints: a time in ns, or several."""
        script = 'echo 0 > "$1/cgroup.procs"; shift; exec "$@"'
        out = self._stage.host.run("sh", "-euc", script, "sh", str(self._directories[name]), _bench(), arguments[0],
                                   OUTSIDE[V4], str(_SERVICE_PORT), *map(str, arguments[1:]))
        return percentile([int(line) for line in out.split()], 0.5)

    def compare(self, one, other, *arguments):
        """The median of each, and of the ratios of the first to the second, in turns."""
        times = []
        for number in range(_ROUNDS):
            pair = {name: self._run(name, *arguments) for name in ((one, other) if number % 2 else (other, one))}
            times.append((pair[one], pair[other]))
        ones, others = zip(*times)
        return percentile(ones, 0.5), percentile(others, 0.5), percentile([a / b for a, b in times], 0.5)


def measure_relay(stage, figures):
    """Streams, single questions, and as many connections as there can be."""
    figures.begin("relay")
    with ExitStack() as cleanup:
        contest = _Contest(stage, cleanup)
        cleanup.enter_context(stage.daemon(_CONFIG))
        for direction in ("down", "up"):
            ours, floor, ratio = contest.compare("relay", "floor", "relay-stream", _STREAM, direction)
            figures.add(f"relay_{direction}", _STREAM / ours * 8, "Gbit/s", floor=round(_STREAM / floor * 8, 1))
            figures.add("relay_ratio", ratio, "", 1.05)
        ours, floor, ratio = contest.compare("relay", "floor", "relay-crowd", _CROWD, _CLIENTS)
        figures.add("relay_crowd", _CROWD / ours * 1e9, "/s", floor=round(_CROWD / floor * 1e9))
        figures.add("relay_ratio", ratio, "", 1.3)
        for kind, suffix in (("relay_first", ""), ("relay_first_direct", "-direct")):
            ours, floor, ratio = contest.compare("relay" + suffix, "floor" + suffix, "relay-ask", _ASKED)
            figures.add(kind, ours / 1000, "us", floor=round(floor / 1000))
            figures.add("relay_ratio", ratio, "", 1.3)
