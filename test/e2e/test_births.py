# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""strict: no process that starts in a new cgroup and sends at once gets a packet out the wrong way."""

import errno
import logging
import os
import signal
import subprocess
from contextlib import contextmanager

import pytest
from lab.addresses import BYPASSED, HOST, TCP, UDP, V4, V6
from lab.amounts import amounts
from lab.births import Nursery, seen_on
from lab.checks import OURS
from lab.reloading import Reloadable
from lab.sinks import ProxySink
from lab.waiting import wait_until

BIRTHS = pytest.mark.parametrize("amount", amounts("CGTPROXY_TEST_BIRTHS", 200, 1000))
CONFIG = f"""
version: 1
bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied[^/]*$', tproxy: mihomo}}
  - {{match: '{OURS}dropped[^/]*$', drop: true}}
"""
STRICT = CONFIG + "strict: true\n"
OTHER_STRICT = STRICT.replace("3000", "4000").replace("strict: true", "strict: true\nroute-table: 301")
_logger = logging.getLogger("lab.births")


@contextmanager
def running(_):
    """The daemon runs normally."""
    yield lambda: None


@contextmanager
def stopped(subject):
    """It is stopped (SIGSTOP)."""
    subject.daemon.send_signal(signal.SIGSTOP)
    yield lambda: None
    subject.daemon.send_signal(signal.SIGCONT)


@contextmanager
def killed(subject):
    """It was killed."""
    subject.daemon.kill()
    yield lambda: None


@contextmanager
def reloading(subject):
    """It keeps changing its whole table."""
    turns = [STRICT, OTHER_STRICT]

    def once():
        turns.reverse()
        subject.reload(turns[0])
    yield once


@contextmanager
def starved(subject):
    """It gets the CPU only when nothing else wants it, and something always does."""
    subprocess.run(["chrt", "--idle", "--pid", "0", str(subject.daemon.pid)], check=True)
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(os.cpu_count())]
    try:
        yield lambda: None
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


@pytest.fixture(name="nursery")
def nursery_fixture(world):
    """Somebody who bears processes."""
    return world.keep(Nursery(world))


def check_that_births_are_seen(world, nursery):
    """The same processes in a direct cgroup are seen on the wire, so the test would see what gets out."""
    world.cgroups.make("known")
    world.client("known").await_answer_by("outside")
    nursery.begin_in("known", 10)
    births = nursery.finish()
    assert {(birth.number, protocol) for birth in births for protocol in (TCP, UDP)} <= seen_on(world.wire)
    world.wire.forget()


@BIRTHS
@pytest.mark.parametrize("fate", [running, stopped, killed, reloading, starved])
def test_no_packet_of_a_new_cgroup_gets_out_the_wrong_way(world, nursery, fate, amount):
    sink = world.keep(ProxySink(world.host, 7893))
    subject = Reloadable(world, STRICT)
    check_that_births_are_seen(world, nursery)
    count = amount if fate is running else max(amount // 4, 10)
    births = {}
    with fate(subject) as meanwhile:
        for name in ("dropped", "proxied"):
            nursery.begin("new", name, count)
            births[name] = nursery.finish(meanwhile)
    assert seen_on(world.wire) == set()
    assert all(set(birth.outcomes.values()) == {errno.EPERM} for birth in births["dropped"])
    proxied = [outcome for birth in births["proxied"] for outcome in birth.outcomes.values()]
    assert set(proxied) <= {0, errno.EPERM}
    assert len(sink.take()) == proxied.count(0)
    if fate in (stopped, killed):
        assert proxied.count(0) == 0
    _logger.info("strict, %s: of %d datagrams of proxied processes %d were refused", fate.__name__, len(proxied),
                 proxied.count(errno.EPERM))


def test_a_refused_birth_is_let_through_once_its_rule_is_there(world, nursery):
    """Strict mode costs only refused first packets."""
    world.proxy("mihomo")
    Reloadable(world, STRICT)
    nursery.begin("new", "proxied", 50)
    nursery.finish()
    for number in (0, 49):
        world.client(f"new/proxied-{number}").await_answer_by("proxy mihomo")


def test_answers_and_bypassed_destinations_of_the_refused(world):
    """Strict mode refuses only what they initiate themselves."""
    subject = Reloadable(world, STRICT)
    subject.daemon.send_signal(signal.SIGSTOP)
    visitor = world.outside_client()
    for name in ("dropped-1", "proxied-1", "new"):
        client = world.client(f"unseen/{name}")
        client.serve(name, 9001)
        for protocol in (TCP, UDP):
            for family in (V4, V6):
                assert client.ask_in_vain(protocol, family).dropped
                assert client.ask(protocol, family, BYPASSED[family]).who == "outside"
                assert visitor.ask(protocol, family, HOST[family], 9001).who == name
        world.cgroups.remove(world.cgroups.path(f"unseen/{name}"))


@BIRTHS
def test_without_strict_the_window_is_measured(world, nursery, record_property, amount):
    """No guarantee here: the number is for the documentation. (With the daemon stopped, all of them get out.)"""
    world.keep(ProxySink(world.host, 7893))
    subject = Reloadable(world, CONFIG)
    for name in ("dropped", "proxied"):
        nursery.begin("new", name, amount)
        births = nursery.finish()
        escaped = {number for number, _ in seen_on(world.wire)}
        assert len(births) == amount
        record_property(f"{name} births without strict", f"{len(escaped)} of {amount} got a packet out")
        _logger.info("without strict %d of %d %s births got a packet out", len(escaped), amount, name)
        world.wire.forget()
    with stopped(subject):
        nursery.begin("new", "dropped", 10)
        births = nursery.finish()
        wait_until(lambda: {birth.number for birth in births} == {number for number, _ in seen_on(world.wire)},
                   "all births of unseen cgroups get out")
