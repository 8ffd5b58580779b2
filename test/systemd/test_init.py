# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy init` on an installed system: the commands that it prints lead to traffic at the proxy."""

import re

import pytest
from checks import OUTSIDE, PROXIED, check
from service import CONFIG_PATH, Service


@pytest.fixture(name="unconfigured")
def fixture_unconfigured(machine):
    """The service without a config, as the package leaves it, but not started."""
    machine.run("rm", "-f", CONFIG_PATH)
    service = Service(machine)
    yield service
    service.end()


def test_from_nothing_to_traffic_at_the_proxy(world, machine, proxy, start, unconfigured):
    said = machine.run("cgtproxy", "init", "--yes")
    assert "(process " in said and "/system.slice/mihomo.service)" in said
    assert "systemctl enable --now cgtproxy" in said
    for command in re.findall(r"^  ((?:cgtproxy check|systemctl) ?.*)$", said, re.M):
        machine.run(*command.split())
    assert unconfigured.show("ActiveState") == "active"
    check(world, start("cgtproxy-mihomo.slice"), PROXIED)
    check(world, start("cgtproxy-mihomo.slice", user=None), PROXIED)
    check(world, start(), OUTSIDE)
    check(world, proxy, OUTSIDE)


@pytest.mark.usefixtures("proxy")
def test_while_the_service_runs_without_a_config(world, machine, start, unconfigured):
    """As it does after the installation: a reload puts the new config in force."""
    unconfigured.systemctl("enable", "--now")
    said = machine.run("cgtproxy", "init", "--yes")
    assert "systemctl reload cgtproxy" in said
    unconfigured.systemctl("reload")
    check(world, start("cgtproxy-mihomo.slice"), PROXIED)
