# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemctl reload, with a config that is good and with one that is not."""

import pytest
from checks import DROP_SLICE, DROPPED, OUTSIDE, PROXIED, PROXY_SLICE, WHERE, check, watching
from lab.checks import routing, table
from service import CONFIG

# The slices change places, all else that may change does.
OTHER_CONFIG = """
version: 1
route-table: 301
rule-priority: 2999
tproxies: {mihomo: {mark: 0x100/0xf00, port: 7893}}
rules:
  - {match: '/cgtproxy-drop\\.slice(/|$)', tproxy: mihomo}
  - {match: '/cgtproxy-proxy\\.slice(/|$)', drop: true}
"""
BAD_CONFIG = CONFIG.replace("tproxy: mihomo", "tproxy: nobody")
COMPLAINT = "nobody"


def in_force(world):
    """What follows from the config: the table without its elements, policy rules and routes."""
    return table(world)[0], routing(world)


@pytest.mark.usefixtures("proxy")
def test_a_good_config_is_in_force(world, machine, service, start):
    programs = {slice_name: start(slice_name) for slice_name in WHERE}
    for slice_name, who in WHERE.items():
        check(world, programs[slice_name], who)
    pid = service.pid
    service.reload(OTHER_CONFIG)
    for slice_name, who in {**WHERE, DROP_SLICE: PROXIED, PROXY_SLICE: DROPPED}.items():
        check(world, programs[slice_name], who)
        check(world, start(slice_name), who)
    assert service.pid == pid
    assert service.show("ActiveState") == "active"
    assert "lookup 300" not in machine.run("ip", "rule")


@pytest.mark.usefixtures("proxy")
def test_a_bad_config_fails_the_reload_and_changes_nothing(world, machine, service, start):
    """systemctl says so itself, the error is in the journal, and the service goes on with the old rules."""
    before, pid, cursor = in_force(world), service.pid, machine.cursor()
    service.configure(BAD_CONFIG)
    with watching(world, start) as watch:
        failed = machine.try_run("systemctl", "reload", "cgtproxy.service")
        watch.look()
    assert failed.returncode != 0
    service.await_message(COMPLAINT, cursor)
    assert (service.show("ActiveState"), service.pid) == ("active", pid)
    check(world, start(), OUTSIDE)
    for slice_name in (DROP_SLICE, PROXY_SLICE):
        check(world, start(slice_name), WHERE[slice_name])
    assert in_force(world) == before


@pytest.mark.usefixtures("proxy")
def test_the_daemon_refuses_a_bad_config_itself(world, machine, service, start):
    """Also without a check before the signal."""
    pid, cursor = service.pid, machine.cursor()
    service.configure(BAD_CONFIG)
    service.systemctl("kill", "--signal=HUP")
    service.await_message(COMPLAINT, cursor)
    service.await_message("rejected", cursor)
    assert (service.show("ActiveState"), service.pid) == ("active", pid)
    for slice_name, who in WHERE.items():
        check(world, start(slice_name), who)
    service.reload(CONFIG)


@pytest.mark.usefixtures("proxy")
def test_many_reloads_let_nothing_out(world, machine, service, start):
    with watching(world, start) as watch:
        for number in range(20):
            service.configure(CONFIG + f"  - {{match: /number-{number}$, drop: true}}\n")
            watch.look_while(machine.popen("systemctl", "reload", "cgtproxy.service"))
    assert service.show("NRestarts") == "0"
