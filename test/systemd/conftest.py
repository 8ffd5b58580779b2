# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests share: a World whose host runs systemd, with cgtproxy installed, a proxy, and an ordinary user."""

import logging
import os
import shutil
import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))

# pylint: disable=wrong-import-position
from lab.layouts import enter_usual_layout  # noqa: E402  (after the path to it)
from lab.world import World  # noqa: E402
from machine import Machine  # noqa: E402
from programs import LAB, Program, User, add_user, start_proxy  # noqa: E402
from service import UNIT, Service, add_package, install  # noqa: E402

_logger = logging.getLogger(__name__)
for _name in ("lab", "machine", __name__):
    logging.getLogger(_name).setLevel(logging.INFO)  # shown for tests that fail

_USER = User("cgtproxy-tester", 4711)


def pytest_sessionstart():
    """Without root no test can run: report that once instead of failing every one."""
    if os.geteuid() != 0:
        pytest.exit("these tests make namespaces and cgroups for a systemd: run them as root", returncode=1)
    enter_usual_layout()


def pytest_terminal_summary(terminalreporter):
    """Print what tests have measured, which they record as the property "measured"."""
    for report in terminalreporter.getreports("passed"):
        for _, text in (one for one in report.user_properties if one[0] == "measured"):
            terminalreporter.section(report.nodeid.rpartition("::")[2])
            terminalreporter.write_line(text)


def _boot(world):
    """A machine with the lab, and the package of cgtproxy, which is not installed."""
    additions = world.scratch.path(".additions")
    additions.mkdir(mode=0o755)
    add_package(additions)
    shutil.copytree(_TESTS / "lab", additions / LAB.lstrip("/") / "lab", ignore=shutil.ignore_patterns("__pycache__"))
    return world.keep(Machine(world, additions)).boot()


def _boot_with_cgtproxy(world):
    """A machine where cgtproxy is installed, but neither enabled nor started, as tests want to do that themselves."""
    machine = _boot(world)
    install(machine)
    machine.run("systemctl", "disable", "--now", UNIT)
    return machine


@pytest.fixture(name="world", scope="session")
def fixture_world():
    """The network that most tests share."""
    with World() as world:
        yield world


@pytest.fixture(name="machine", scope="session")
def fixture_machine(world):
    """The machine that most tests share; cgtproxy is installed, neither enabled nor started."""
    return _boot_with_cgtproxy(world)


@pytest.fixture(name="own_world")
def fixture_own_world():
    """A network for a machine of the test's own."""
    with World() as world:
        yield world


@pytest.fixture(name="own_machine")
def fixture_own_machine(own_world):
    """A machine that the test may reboot."""
    return _boot_with_cgtproxy(own_world)


@pytest.fixture(name="bare_machine")
def fixture_bare_machine(own_world):
    """A machine of the test's own without cgtproxy."""
    return _boot(own_world)


@pytest.fixture(name="user", scope="session")
def fixture_user(machine):
    """An ordinary user whose manager runs."""
    return add_user(machine, _USER)


@pytest.fixture(name="newcomer")
def fixture_newcomer(bare_machine):
    """The same on the machine without cgtproxy."""
    return add_user(bare_machine, _USER)


@pytest.fixture(name="proxy", scope="session")
def fixture_proxy(machine, world):
    """mihomo.service, as a client besides."""
    return world.keep(start_proxy(machine))


@pytest.fixture(name="service")
def fixture_service(machine):
    """cgtproxy.service, enabled and started with the usual config. Nothing of it is left after the test."""
    service = Service(machine)
    cursor = machine.cursor()
    try:
        yield service.begin()
    finally:
        _logger.info("the journal of the service:\n%s", "\n".join(e["MESSAGE"] for e in service.journal(cursor)))
        service.end()


@pytest.fixture(name="containers")
def fixture_containers(service, request):
    """The service, with the config `ON` of the test's module, under which rules cover containers."""
    service.configure(request.module.ON)
    service.systemctl("restart")
    return service


@pytest.fixture(name="start")
def fixture_start(machine, user):
    """start(SLICE, ...): a Program of the user's in this slice, which ends with the test."""
    programs = []

    def start(slice_name=None, **options):
        program = Program(machine, slice_name, **{"user": user, **options})
        programs.append(program)
        return program

    yield start
    for program in programs:
        program.close()
