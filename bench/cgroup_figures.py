# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""How long it takes until a cgroup has its rule, and what that costs the daemon."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from lab.addresses import OUTSIDE, V4
from lab.namespaces import Namespace
from lab.reloading import Reloadable
from stage import CONFIG, DROP, PROXY, STRICT, column, config, driver, percentile

FLOOR_ROUNDS = 500
LATENCY_ROUNDS = 1000
BIRTHS = 1000
STRICT_BIRTHS = 1000
IDLE_SECONDS = 30
STORMS = ((10_000, 0.1), (100_000, 1.0))
# Numbers of other cgroups, each with an element.
LATENCY_SIZES = (10, 1_000, 10_000, 50_000)
# The number of cgroups for measurements under load, and the number of processes that keep the CPUs busy.
BUSY_SIZE = 1_000
HOGS = 4
# data/cgtproxy.service.in
UNIT_NICE = -10
START_SIZES = (1_000, 15_000, 100_000)
MEMORY_SIZE = 5_000
RELOAD_SIZE = 15_000
# Starts are repeated; the median counts.
STARTS = 3

US, MS, MB = 1e3, 1e6, 1024 * 1024  # of ns, ns and bytes


@dataclass
class _Sized:
    """Results with this many cgroups."""

    size: int
    started: float
    rss: int
    anonymous: int


def measure_new_cgroups(stage, figures):
    """Everything that depends on the number of cgroups, which grows and is reset at the end."""
    figures.begin("new")
    found, more, directories = [], [], []
    made = 0
    for size in sorted({*LATENCY_SIZES, *START_SIZES, MEMORY_SIZE, RELOAD_SIZE}):
        directories.append(stage.populate(size - made))
        made = size
        if size in LATENCY_SIZES:
            _measure_latency(stage, figures, size)
        if size == BUSY_SIZE:
            with _busy():
                _measure_latency(stage, figures, size, "busy_")
        found.append(_measure_start(stage, figures, size))
        if size == RELOAD_SIZE:
            more += [("start", key, seconds, "s", 0.3) for key, seconds in _measure_reloads(stage)]
        if size == MEMORY_SIZE:
            with stage.daemon(STRICT) as observed:
                more.append(("memory", "anonymous_strict", observed.memory("RssAnon") / MB, "MB", None))
    for directory in directories:
        stage.remove(directory)
    figures.begin("start")
    for one in found:
        if one.size in START_SIZES:
            figures.add("started", one.started, "s", 0.3 if one.size == 15_000 else None, count=one.size)
    _add_more(figures, more, "start", RELOAD_SIZE)
    figures.begin("memory")
    for one in found:
        figures.add("rss", one.rss / MB, "MB", 8 if one.size == MEMORY_SIZE else None, count=one.size)
        figures.add("anonymous", one.anonymous / MB, "MB", (2 * MB + 250 * one.size) / MB, count=one.size)
    _add_more(figures, more, "memory", MEMORY_SIZE)


def _add_more(figures, more, heading, size):
    for below, key, value, unit, budget in more:
        if below == heading:
            figures.add(key, value, unit, budget, count=size)


@contextmanager
def _busy():
    """Processes that compete for all CPUs in the meantime."""
    with ExitStack() as stack:
        for _ in range(HOGS):
            hog = stack.enter_context(subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"]))
            stack.callback(hog.kill)
        yield


def _measure_latency(stage, figures, others, load=""):
    """The floor is measured before and after, without a daemon; the daemon has the nice value of its unit.

    Under load, so does the measuring process: the daemon should wait for a CPU, not the process that polls for the
    element.
    """
    nice = UNIT_NICE if load else 0
    namespace = Namespace()
    floor = _measure_floor(stage, namespace, nice)
    with stage.daemon() as observed:
        os.setpriority(os.PRIO_PROCESS, observed.daemon.pid, UNIT_NICE)
        assert observed.elements() >= others
        times = column(driver("latency", stage.directory(), "proxied", LATENCY_ROUNDS, namespace=stage.host,
                              nice=nice))
    floor += _measure_floor(stage, namespace, nice)
    namespace.close()
    found = [value for value in times if value is not None]
    floors = {name: percentile(floor, part) for name, part in (("p50", 0.5), ("p99", 0.99))}
    p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
    for name, value in floors.items():
        figures.add(load + "floor", value / US, "us", part=name, others=others)
    for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1)):
        figures.add(load + "latency", percentile(found, part) / US, "us", part=name, others=others)
    figures.add(load + "ratio", p50 / floors["p50"], "", None if load else 2, part="p50")
    figures.add(load + "ratio", p99 / floors["p99"], "", 3, part="p99")
    figures.add(load + "missed", times.count(None), "", 0, others=others)
    if load:
        return
    figures.point("floor", others, floors["p50"] / US)
    figures.point("p50", others, p50 / US)
    figures.point("p99", others, p99 / US)


def _measure_floor(stage, namespace, nice):
    return column(driver("floor", stage.directory(), FLOOR_ROUNDS, namespace=namespace, nice=nice))


def _measure_start(stage, figures, size):
    times = []
    for _ in range(STARTS):
        with stage.daemon() as observed:
            assert observed.elements() >= size
            times.append(observed.start_time)
            rss, anonymous = observed.memory("VmRSS"), observed.memory("RssAnon")
    figures.point("rss", size, rss / MB)
    figures.point("anonymous", size, anonymous / MB)
    return _Sized(size, percentile(times, 0.5), rss, anonymous)


def _measure_reloads(stage):
    """The same config, and one under which each cgroup has another target."""
    changed = config([("/proxied-[0-9]+$", DROP), ("/dropped-[0-9]+$", PROXY)])
    reloadable = Reloadable(stage.world, CONFIG)
    seconds = [("reload", _reload(reloadable, CONFIG)), ("reload_all", _reload(reloadable, changed))]
    reloadable.daemon.close()
    return seconds


def _reload(reloadable, text):
    began = time.time()
    reloadable.reload(text)
    return reloadable.daemon.ready_time - began


def measure_births(stage, figures):
    """Whether a process can send before its rule exists."""
    figures.begin("births")
    for suffix, text, births, leaks, most in (("", CONFIG, BIRTHS, 5, 100), ("_strict", STRICT, STRICT_BIRTHS, 0, 0)):
        with stage.daemon(text):
            sent = column(_bear(stage, "dropped", births, "until-refused"))
            figures.add(f"leaks{suffix}", sum(count > 0 for count in sent), "", leaks, births=births)
            figures.add(f"leaked{suffix}", max(sent), "", most)
    with stage.daemon(STRICT):
        lives = _bear(stage, "direct", STRICT_BIRTHS, "until-taken")
    refused = [life for life in lives if life[0] > 0]
    figures.add("refused_strict", len(refused), "", births=STRICT_BIRTHS)
    figures.add("opened_strict", percentile(column(refused, 1), 0.5) / US if refused else 0, "us")


def _bear(stage, name, births, until):
    return driver("births", stage.directory(), name, births, OUTSIDE[V4], until, namespace=stage.host)


def measure_storms(stage, figures):
    """Many at once."""
    figures.begin("storms")
    for size, budget in STORMS:
        with _storm(stage, size) as (seconds, missed, cpu, peak):
            figures.add("storm", seconds, "s", budget, size=size)
            figures.add("storm_missed", missed, "", 0, size=size)
            figures.add("storm_cpu", cpu / size * 1e6, "us", size=size)
            figures.add("storm_memory", peak / MB, "MB", size=size)


@contextmanager
def _storm(stage, size):
    directory = stage.directory()
    try:
        with stage.daemon() as observed:
            before = observed.usage()
            ((_, waited, missed),) = driver("storm", directory, "proxied", size, "wait", namespace=stage.host)
            yield waited / 1e9, missed, observed.usage().cpu - before.cpu, observed.memory("VmHWM")
    finally:
        stage.remove(directory)


def measure_idle(stage, figures, seconds=IDLE_SECONDS, cgroups=1_000):
    """Idle activity."""
    figures.begin("idle")
    directory = stage.populate(cgroups)
    with stage.daemon() as observed:
        time.sleep(1)  # work from the start is done
        before = observed.usage()
        time.sleep(seconds)
        after = observed.usage()
    stage.remove(directory)
    figures.add("wakeups", after.switches - before.switches, "", 0, seconds=seconds, count=cgroups)
    figures.add("idle_cpu", (after.cpu - before.cpu) * 1e6, "us", 0, seconds=seconds)
