# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real journal: entries with fields that journalctl can select by."""

import pytest
from checks import DROP_SLICE, PROXY_SLICE
from lab.waiting import wait_until

# RULE is the number of the rule in service.CONFIG.
TARGETS = {DROP_SLICE: ("2", "drop"), PROXY_SLICE: ("3", "mihomo")}


def entries(machine, after=None, **fields):
    """The daemon's entries in which these fields have these values."""
    select = [f"{name}={value}" for name, value in fields.items()]
    return machine.journal("_SYSTEMD_UNIT=cgtproxy.service", *select, after=after)


@pytest.mark.parametrize("slice_name", TARGETS)
def test_entries_about_a_cgroup_have_fields(machine, user, service, start, slice_name):
    service.drop_in("[Service]\nEnvironment=LOG_LEVEL=debug\n")
    service.systemctl("restart")
    unit = start(slice_name).unit
    user_manager = f"/user.slice/user-{user.uid}.slice/user@{user.uid}.service"
    cgroup = f"{user_manager}/cgtproxy.slice/{slice_name}/{unit}"
    entry = wait_until(lambda: entries(machine, CGROUP=cgroup), f"an entry about {cgroup}")[-1]
    assert (entry["RULE"], entry["TARGET"]) == TARGETS[slice_name]
    assert entry["PRIORITY"] == "7"
    assert entry["SYSLOG_IDENTIFIER"] == "cgtproxy"
    assert cgroup in entry["MESSAGE"]
    assert entry in entries(machine, TARGET=entry["TARGET"], RULE=entry["RULE"])


def test_the_usual_level_names_no_cgroup(machine, service, start):
    """And what is logged has its level, by which journalctl --priority selects."""
    cursor = machine.cursor()
    start(DROP_SLICE).await_answer_by("dropped")
    assert not [entry for entry in service.journal(cursor) if "CGROUP" in entry]
    service.configure("version: 1\nrules: [{}]\n")
    service.systemctl("kill", "--signal=HUP")
    assert service.await_message("rejected", cursor)["PRIORITY"] == "3"


def test_why_it_did_not_start_is_told_with_the_unit(machine, service):
    """As `journalctl --unit` and `systemctl status` look for it, also when journald is too late to see the process."""
    service.configure("version: 1\nrules: [{drop: maybe}]\n")
    service.drop_in("[Service]\nRestart=no\n")
    cursor = machine.cursor()
    machine.run("systemctl", "kill", "--signal=STOP", "systemd-journald.service")
    try:
        assert machine.try_run("systemctl", "restart", "cgtproxy.service").returncode != 0
    finally:
        machine.run("systemctl", "kill", "--signal=CONT", "systemd-journald.service")
    service.await_message("maybe", cursor)
    assert [entry for entry in entries(machine, cursor, PRIORITY=3) if "maybe" in entry["MESSAGE"]]
