# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit itself: the daemon's user, its exposure, its start order, and what it leaves behind."""

import re

import pytest
from checks import DROP_SLICE, DROPPED, OUTSIDE, PROXIED, PROXY_SLICE, check
from programs import PYTHON, Program, start_proxy
from service import UNIT, Service

# From linux/capability.h, and from systemd's documentation of user and group ids.
CAP_NET_ADMIN = 12
CAP_SYS_RESOURCE = 24
DYNAMIC_UIDS = range(61184, 65520)
# Of cgtproxy.service; the reasons are there.
NICE = -10
OOM_SCORE_ADJUST = -500
# src/cmd/daemon.c, in ns, and a program that tells a process's: sched_getattr(2), which Python has no call for.
SLICE = 100_000
TELL_SLICE = """
import ctypes, os, struct, sys
attributes = ctypes.create_string_buffer(56)
number = {"x86_64": 315}.get(os.uname().machine, 275)
assert ctypes.CDLL(None).syscall(number, int(sys.argv[1]), attributes, len(attributes), 0) == 0
print(struct.unpack_from("IIQiIQ", attributes)[5])
"""
# "OK" in the words of `systemd-analyze security`; what is left is the network, which is the service's job.
EXPOSURE = 1.2


def status(machine, pid):
    """The fields of /proc/PID/status."""
    return dict(re.findall(r"^(\w+):\t(.*)$", machine.read(f"/proc/{pid}/status"), re.M))


def test_enabling_it_starts_it(machine, service):
    assert service.show("UnitFileState") == "enabled"
    assert (service.show("ActiveState"), service.show("SubState")) == ("active", "running")
    assert service.show("FragmentPath").endswith(f"/systemd/system/{UNIT}")
    assert f"multi-user.target.wants/{UNIT}" in machine.run("find", "/etc/systemd/system")
    for unit in (UNIT, "cgtproxy-retry.path", "cgtproxy-retry.timer"):
        assert machine.run("systemd-analyze", "verify", unit) == ""


def test_the_daemon_has_one_privilege(machine, service):
    about = status(machine, service.pid)
    assert {int(uid) for uid in about["Uid"].split()} <= set(DYNAMIC_UIDS)
    assert {int(gid) for gid in about["Gid"].split()} <= set(DYNAMIC_UIDS)
    assert {int(gid) for gid in about["Groups"].split()} <= set(DYNAMIC_UIDS)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(about[kind], 16) == 1 << CAP_NET_ADMIN, kind
    assert about["NoNewPrivs"] == "1"
    assert about["Seccomp"] == "2"  # a filter


def test_the_daemon_has_short_slices(machine, service):
    """The filter lets it ask for them."""
    of_daemon, of_another = (int(machine.run(PYTHON, "-I", "-S", "-c", TELL_SLICE, str(pid))) for pid in (service.pid, 1))
    if of_another == 0:
        assert of_daemon == 0
        pytest.skip("this kernel knows no slices")
    assert of_daemon == SLICE


def test_the_daemon_goes_before_others(machine, service):
    """It gets the CPU sooner, and is not the first to go when memory is short."""
    stat = machine.read(f"/proc/{service.pid}/stat")
    assert int(stat.rpartition(")")[2].split()[16]) == NICE  # field 19, the 17th after the name; proc(5)
    assert int(service.show("OOMScoreAdjust")) == OOM_SCORE_ADJUST


def test_the_oom_killer_takes_others_first(machine, service):
    """That is, systemd has applied the unit's settings."""
    if not int(status(machine, 1)["CapEff"], 16) & 1 << CAP_SYS_RESOURCE:
        pytest.skip("in this container systemd lacks CAP_SYS_RESOURCE, and passes over OOMScoreAdjust=")
    assert int(machine.read(f"/proc/{service.pid}/oom_score_adj")) == OOM_SCORE_ADJUST


def test_the_exposure_is_low(machine, service):
    """The service runs, under the same settings that are rated here; what it does under them, the other tests show."""
    assert service.pid != 0
    verdict = machine.run("systemd-analyze", "security", UNIT)
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", verdict).group(1))
    assert exposure <= EXPOSURE, verdict


def test_stopping_it_leaves_nothing(world, machine, service, start, proxy):
    """Nothing in the kernel, no process, no user."""
    service.systemctl("stop")
    before = world.footprint()
    service.systemctl("start")
    assert world.footprint() != before
    for slice_name, who in ((DROP_SLICE, DROPPED), (PROXY_SLICE, PROXIED)):
        check(world, start(slice_name), who)
    programs = start(DROP_SLICE), start(PROXY_SLICE), proxy
    service.systemctl("stop")
    assert service.show("Result") == "success"
    assert service.pid == 0
    assert world.footprint() == before
    assert machine.try_run("id", "cgtproxy").returncode != 0
    for program in programs:
        check(world, program, OUTSIDE)


def test_it_is_ready_before_the_network_comes_up(own_world, own_machine):
    """After a boot: the real systemd-networkd starts once the rules are in force. Both begin with nothing in place."""
    service = Service(own_machine).begin()
    own_machine.run("systemctl", "enable", "systemd-networkd.service")
    own_machine.reboot()

    def moment(unit, event):
        usec = int(own_machine.show(unit, f"{event}TimestampMonotonic"))
        assert usec > 0, f"{unit} has no {event}"
        return usec

    assert service.show("Type") == "notify"  # so that it is active when the daemon says that the rules are in force
    ready = moment(UNIT, "ActiveEnter")
    assert ready <= moment("network-pre.target", "ActiveEnter")
    assert ready <= moment("systemd-networkd.service", "InactiveExit")
    assert ready <= moment("network.target", "ActiveEnter")
    assert service.show("NRestarts") == "0"
    own_world.keep(start_proxy(own_machine))
    for slice_name, who in ((DROP_SLICE, DROPPED), (PROXY_SLICE, PROXIED)):
        check(own_world, own_world.keep(Program(own_machine, slice_name)), who)


def test_the_daemon_sees_what_br_netfilter_does(world, machine, service):
    """Its sandbox has no sysctls but those of the network, where nothing else tells it."""
    def seen():
        return machine.run("nsenter", f"--target={service.pid}", "--mount", "--net", "cat", "/run/cgtproxy/net/ipv4/ip_forward")

    before = seen()
    for value in ("1\n", "0\n", before):
        world.host.sysctl("ipv4/ip_forward", value)
        assert seen() == value
