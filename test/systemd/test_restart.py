# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts and upgrades under `on-stop: clear`: nothing gets out the wrong way meanwhile, and no connection ends."""

from contextlib import contextmanager

import pytest
from checks import DROP_SLICE, DROPPED, OUTSIDE, PROXIED, PROXY_SLICE, WHERE, check, watching
from lab.addresses import TCP, V4
from lab.waiting import wait_until
from programs import LAB
from service import CONFIG, UNIT

REFUSE_SLICE = "cgtproxy-refuse.slice"
CLEAR = CONFIG + f"  - {{slice: {REFUSE_SLICE}, refuse: true}}\non-stop: clear\n"
STRICT = {"not strict": "", "strict": "strict: true\n"}
# The package with another version and another program, as far as dpkg and the kernel can tell.
MAKE_PACKAGE = f"""
cd "$(mktemp -d)"
dpkg-deb --raw-extract {LAB}/build/deb/cgtproxy_*.deb tree
sed -i "s/^Version: .*/Version: $1/" tree/DEBIAN/control
echo "$1" >>tree/usr/bin/cgtproxy
[ "$1" != 0.1.0 ] || sed -i "/^ExecStop=/d" tree/lib/systemd/system/cgtproxy.service
dpkg-deb --build --root-owner-group tree "{LAB}/cgtproxy-$1.deb" >/dev/null
"""


@pytest.fixture(name="upgrade")
def fixture_upgrade(machine):
    """upgrade(VERSION): a process that installs the package as this version. The tested one is back after the test."""

    def upgrade(version):
        machine.run("sh", "-euc", MAKE_PACKAGE, "sh", version)
        return machine.popen("dpkg", "--install", "--force-downgrade", f"{LAB}/cgtproxy-{version}.deb")

    yield upgrade
    machine.run("sh", "-euc", f"dpkg --install --force-downgrade {LAB}/build/deb/cgtproxy_*.deb")


@contextmanager
def holding_connections(start):
    """A direct and a proxied TCP connection, which must still be open at the end."""
    programs = {start("app.slice"): OUTSIDE, start(PROXY_SLICE): PROXIED}
    for program, who in programs.items():
        program.await_answer_by(who)
        assert program.ask(TCP, V4, hold=True).who == who
    yield
    for program, who in programs.items():
        assert program.ask(TCP, V4, resume=True).who == who


@contextmanager
def blocking_nothing_else(world, start):
    """A refused program besides, which sends without a pause and gets nothing out."""
    program = start(REFUSE_SLICE)
    wait_until(lambda: program.ask_in_vain(TCP, V4).outcome == "refused", "the rule for the refused program")
    with program.flooding() as flood:
        yield
    assert flood.sent == 0 and flood.refused > 0
    assert not world.wire.saw(flood)


@contextmanager
def everything_watched(world, start):
    """A Watch, while a refused program sends as well and connections are open."""
    with holding_connections(start), blocking_nothing_else(world, start), watching(world, start) as watch:
        yield watch


@pytest.fixture(name="strict", params=STRICT.values(), ids=STRICT)
def fixture_strict(request, service):
    """The service runs with the config of these tests, with or without strict."""
    service.configure(CLEAR + request.param)
    service.systemctl("restart")


@pytest.mark.usefixtures("proxy", "strict")
def test_a_restart_has_no_gap(world, machine, service, start):
    pids = {service.pid}
    with everything_watched(world, start) as watch:
        for _ in range(5):
            watch.look_while(machine.popen("systemctl", "restart", UNIT))
            pids.add(service.pid)
    assert len(pids) == 6
    for slice_name, who in WHERE.items():
        check(world, start(slice_name), who)


@pytest.mark.usefixtures("proxy", "strict")
def test_an_upgrade_has_no_gap(world, machine, service, start, upgrade):
    pid = service.pid
    with everything_watched(world, start) as watch:
        watch.look_while(upgrade("99.0"))
    assert machine.run("dpkg-query", "--show", "--showformat", "${Version}", "cgtproxy") == "99.0"
    assert service.pid not in (0, pid)
    assert machine.run("tail", "--bytes", "5", f"/proc/{service.pid}/exe") == "99.0\n"
    for slice_name, who in WHERE.items():
        check(world, start(slice_name), who)


@pytest.mark.usefixtures("proxy", "strict")
def test_an_upgrade_from_a_unit_without_exec_stop_has_no_gap(world, service, start, upgrade):
    """As 0.1.0 had it: the new unit is what stops the old daemon."""
    assert upgrade("0.1.0").wait() == 0
    assert service.show("ExecStop") == ""
    pid = service.pid
    with everything_watched(world, start) as watch:
        watch.look_while(upgrade("99.0"))
    assert service.pid not in (0, pid)


@pytest.mark.usefixtures("proxy", "strict")
def test_a_restart_needs_no_system_bus(world, machine, user, service, start):
    pid = service.pid
    machine.run("systemctl", "stop", "dbus.socket", "dbus.service")
    try:
        with everything_watched(world, start) as watch:
            watch.look_while(machine.popen("systemctl", "try-restart", UNIT))
    finally:
        machine.run("systemctl", "start", "dbus.socket", "dbus.service")
        machine.run("systemctl", "--user", "daemon-reexec", user=user)  # else the user's manager stays without that bus
    assert service.pid not in (0, pid)


def test_a_stop_clears(world, service, start):
    service.systemctl("stop")
    before = world.footprint()
    service.systemctl("start")
    assert world.footprint() != before
    service.systemctl("stop")
    assert world.footprint() == before
    service.systemctl("start")
    check(world, start(DROP_SLICE), DROPPED)
