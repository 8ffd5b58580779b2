# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intended and unintended restarts: no packet gets out the wrong way meanwhile."""

import pytest
from checks import DROPPED, OUTSIDE, WHERE, check, watching
from lab.waiting import wait_until
from service import CONFIG, UNIT

KEEP = CONFIG + "on-stop: keep\n"


def look_until_another(watch, service, pid):
    """Watch until the service is up again with another process than this one."""
    watch.look_until(lambda: service.show("ActiveState") == "active" and service.pid not in (0, pid), "it runs again")


@pytest.mark.usefixtures("proxy")
def test_a_restart_with_keep_has_no_gap(world, machine, service, start):
    service.configure(KEEP)
    service.systemctl("restart")
    pids = {service.pid}
    with watching(world, start) as watch:
        for _ in range(3):
            watch.look_while(machine.popen("systemctl", "restart", UNIT))
            pids.add(service.pid)
    assert len(pids) == 4
    for slice_name, who in WHERE.items():
        check(world, start(slice_name), who)


@pytest.mark.usefixtures("proxy")
def test_a_stop_with_keep_opens_nothing(world, machine, service, start):
    """And `cgtproxy clear` opens it by hand."""
    service.systemctl("stop")
    before = world.footprint()
    service.configure(KEEP)
    service.systemctl("start")
    with watching(world, start) as watch:
        watch.look_while(machine.popen("systemctl", "stop", UNIT))
        assert service.show("ActiveState") == "inactive"
        watch.look()
    machine.run("cgtproxy", "clear")
    assert world.footprint() == before


@pytest.mark.usefixtures("proxy")
def test_a_killed_daemon_comes_back_and_opens_nothing(world, service, start):
    """However often it is killed: a service manager that gives up would leave new cgroups without rules."""
    service.drop_in("[Service]\nRestartSec=100ms\n")
    service.systemctl("restart")
    with watching(world, start) as watch:
        for restarts in range(1, 8):
            pid = service.pid
            service.systemctl("kill", "--signal=KILL")
            look_until_another(watch, service, pid)
            assert service.show("NRestarts") == str(restarts)
    for slice_name, who in WHERE.items():
        check(world, start(slice_name), who)


def test_a_cgroup_that_is_born_while_the_daemon_is_dead_gets_its_rule(world, service, start):
    service.configure(CONFIG + "  - {match: '/late\\.slice(/|$)', drop: true}\n")
    service.drop_in("[Service]\nRestart=no\n")
    service.systemctl("restart")
    service.systemctl("kill", "--signal=KILL")
    wait_until(lambda: service.show("ActiveState") == "failed", "the daemon is dead")
    program = start("late.slice")
    check(world, program, OUTSIDE)
    service.systemctl("start")
    check(world, program, DROPPED)


@pytest.mark.usefixtures("proxy")
def test_the_watchdog_replaces_a_daemon_that_hangs(world, machine, service, start):
    """With a patience of 2 s, so that the test need not wait long. 1 is the limit at which the kernel hands no core dump
    to this system's handler, which is outside of the machine; core(5).
    """
    assert service.show("WatchdogUSec") not in ("0", "infinity")
    service.drop_in("[Service]\nWatchdogSec=2\nLimitCORE=1\n")
    service.systemctl("restart")
    with watching(world, start) as watch:
        pid, cursor = service.pid, machine.cursor()
        ping = service.show("WatchdogTimestampMonotonic")
        watch.look_until(lambda: service.show("WatchdogTimestampMonotonic") != ping, "a sign of life")
        assert service.pid == pid
        service.systemctl("kill", "--signal=STOP")
        look_until_another(watch, service, pid)
    service.await_message("Watchdog timeout", cursor)
