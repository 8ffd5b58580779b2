# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts that fail because of the config: what is said, what stays in force, and what is done about it later."""

import pytest
from checks import DROP_SLICE, DROPPED, OUTSIDE, PROXIED, PROXY_SLICE, check, watching
from lab.waiting import wait_until
from service import CONFIG, CONFIG_PATH, UNIT

BAD_CONFIG = CONFIG.replace("tproxy: mihomo", "tproxy: nobody")
COMPLAINT = "config.yaml:15:"  # where "nobody" is
RETRIES = ("cgtproxy-retry.path", "cgtproxy-retry.timer")
RETRY_DROP_IN = "/run/systemd/system/cgtproxy-retry.timer.d/patience.conf"
# EX_CONFIG of sysexits.h
EXIT_CONFIG = "78"
LATE_USER = "cgtproxy-late"


def fail(machine, command="restart"):
    """Start the service, which must fail at once, not to be started again every second."""
    assert machine.try_run("systemctl", command, UNIT).returncode != 0
    assert machine.show(UNIT, "ActiveState") == "failed"
    assert machine.show(UNIT, "ExecMainStatus") == EXIT_CONFIG
    assert machine.show(UNIT, "NRestarts") == "0"


def states(machine):
    """Of the units that would start it again."""
    return {machine.show(unit, "ActiveState") for unit in RETRIES}


def await_active(service, what):
    """Await that the service runs, without anybody starting it."""
    wait_until(lambda: service.show("ActiveState") == "active", f"the service runs after {what}")


@pytest.mark.usefixtures("proxy")
def test_the_rules_of_the_last_run_stay(world, machine, service, start):
    """And the next one takes over, once the config is right."""
    with watching(world, start) as watch:
        service.configure(BAD_CONFIG)
        fail(machine)
        watch.look()
        service.configure(CONFIG)
        watch.look_until(lambda: service.show("ActiveState") == "active", "it runs again")
    for slice_name, who in ((None, OUTSIDE), (DROP_SLICE, DROPPED), (PROXY_SLICE, PROXIED)):
        check(world, start(slice_name), who)


@pytest.mark.parametrize("in_force", [True, False], ids=["rules in force", "no rules"])
def test_it_is_said_once_and_clearly(machine, service, in_force):
    service.configure(BAD_CONFIG)
    if not in_force:
        service.systemctl("stop")
    cursor = machine.cursor()
    fail(machine)
    service.await_message("Failed with result", cursor)
    said = [entry["MESSAGE"] for entry in service.journal(cursor) if entry.get("_COMM") == "cgtproxy" and
            entry["PRIORITY"] == "3"]
    assert len(said) == 2, said
    assert COMPLAINT in said[0]
    assert ("cgtproxy clear" if in_force else "no rules are in force") in said[1]
    assert len(service.journal(cursor)) <= 12
    assert states(machine) == {"active"}
    assert machine.show("cgtproxy-retry.timer", "TimersMonotonic").startswith("{ OnUnitInactiveUSec=1min ;")


def test_a_restart_takes_the_fixed_config(world, machine, service, start):
    service.configure(BAD_CONFIG)
    fail(machine)
    machine.run("systemctl", "stop", *RETRIES)
    service.configure(CONFIG)
    service.systemctl("restart")
    check(world, start(DROP_SLICE), DROPPED)


@pytest.mark.parametrize("how", ['cat >"$1"', 'cat >"$1.new"; mv "$1.new" "$1"'], ids=["written", "moved there"])
def test_a_fixed_config_starts_it(world, machine, service, start, how):
    service.configure(BAD_CONFIG)
    fail(machine)
    machine.run("systemctl", "stop", "cgtproxy-retry.timer")
    machine.run("sh", "-euc", how, "sh", CONFIG_PATH, text_in=CONFIG)
    await_active(service, "its config was fixed")
    check(world, start(DROP_SLICE), DROPPED)


def test_another_error_is_reported_and_waited_for(machine, service):
    service.configure(BAD_CONFIG)
    fail(machine)
    cursor = machine.cursor()
    service.configure(CONFIG + "  - {drop: maybe}\n")
    service.await_message("maybe", cursor)
    service.configure(CONFIG)
    await_active(service, "its config was fixed the second time")


def test_what_no_file_tells_is_tried_again(machine, service):
    """A user that is not known yet, as before a directory service can be reached."""
    machine.write(RETRY_DROP_IN, "[Timer]\nOnUnitInactiveSec=\nOnUnitInactiveSec=1s\nAccuracySec=100ms\n")
    machine.run("systemctl", "daemon-reload")
    service.configure(CONFIG + f"  - {{user: {LATE_USER}, drop: true}}\n")
    try:
        fail(machine)
        machine.run("useradd", LATE_USER)
        await_active(service, "its user was added")
    finally:
        machine.try_run("userdel", LATE_USER)
        machine.run("rm", RETRY_DROP_IN)


def test_a_stop_ends_the_waiting(machine, service):
    service.configure(BAD_CONFIG)
    fail(machine)
    assert states(machine) == {"active"}
    service.systemctl("stop")
    assert states(machine) == {"inactive"}


def test_a_config_that_its_user_cannot_read(world, machine, service, start):
    """The message has the command; once that is typed, the service starts."""
    machine.run("chmod", "600", CONFIG_PATH)
    cursor = machine.cursor()
    fail(machine)
    command = service.await_message("chmod", cursor)["MESSAGE"].strip()
    assert command == f"chmod o+r {CONFIG_PATH}"
    machine.run(*command.split())
    await_active(service, command)
    check(world, start(DROP_SLICE), DROPPED)


def test_the_daemon_cannot_change_its_config(machine, service):
    assert machine.run("stat", "--format", "%u:%g %a", "/etc/cgtproxy") == "0:0 755\n"
    assert service.pid != 0
