# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors name units as systemd does: each finds the cgroup that a real systemd makes for the unit."""

import json

import pytest
from lab.waiting import wait_until

CONFIG = "/tmp/selectors.yaml"
# Names of units, of the system and of a user's manager, with the slice they run in, and the selector for each.
UNITS = {
    "system": [
        ("probe.service", None, "unit: probe.service"),
        ("probe@one.service", None, "unit: probe@one.service"),
        ("probes@two.service", None, "unit: probes@.service"),
        ("cpu.service", None, "unit: cpu.service"),  # systemd calls its cgroup _cpu.service
        ("in-a-slice.service", "probe-deep-down.slice", "slice: probe-deep.slice"),
        ("in-no-slice.service", "-.slice", "unit: in-no-slice.service"),
    ],
    "user": [
        ("of-the-user.service", None, "user-unit: of-the-user.service"),
        ("in-a-slice.service", "cgtproxy-probe.slice", "slice: cgtproxy-probe.slice"),
        ("app-gnome-org.example.Evince-4711.scope", None, "app: org.example.Evince"),
        ("app-org.example.Konsole@0f1e2d.service", "app.slice", "app: org.example.Konsole"),
        ("app-ESCAPED@autostart.service", "background.slice", "app: gnome-probe"),
        ("snap.probe.probe-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope", "app.slice", "app: probe_probe"),
        ("app-steam-app570-4711.scope", "app.slice", "app: app570"),
        ("vte-spawn-4711.scope", "app-org.example.Terminal.slice", "app: org.example.Terminal"),
        ("probe.service", None, "match: /last$"),  # the name of the system's gains nothing
    ],
}


def start(machine, unit, slice_name, user):
    """Start a program as this unit; return its cgroup."""
    manager = ["--user"] if user else []
    where = [f"--unit={unit}", *([f"--slice={slice_name}"] if slice_name else []), "--collect", "--quiet"]
    if unit.endswith(".scope"):
        machine.run("systemd-run", *manager, "--quiet", "--collect", "--", "systemd-run", *manager, *where, "--scope",
                    "sleep", "infinity", user=user)
    else:
        machine.run("systemd-run", *manager, *where, "sleep", "infinity", user=user)
    wait_until(lambda: machine.try_run("systemctl", *manager, "is-active", unit, user=user).returncode == 0,
               f"{unit} is active")
    return machine.run("systemctl", *manager, "show", "--property", "ControlGroup", "--value", unit, user=user).strip()


@pytest.mark.parametrize("whose", ["system", "user"])
def test_units_of_a_real_systemd(machine, user, whose):
    escaped = machine.run("systemd-escape", "gnome-probe").strip()
    units = [(unit.replace("ESCAPED", escaped), *rest) for unit, *rest in UNITS[whose]]
    selectors = [selector for _, _, selector in UNITS["system"] + UNITS["user"]]
    rules = "".join(f"  - {{{selector}, drop: true}}\n" for selector in selectors)
    machine.write(CONFIG, f"version: 1\nrules:\n{rules}")
    who = user if whose == "user" else None
    try:
        for unit, slice_name, selector in units:
            path = start(machine, unit, slice_name, who)
            said = json.loads(machine.run("cgtproxy", "-c", CONFIG, "explain", "--json", path))
            matched = [rule["selector"] for rule in said["rules"] if rule["matches"]]
            assert matched == ([] if "/last" in selector else [selector]), path
            listed = json.loads(machine.run("cgtproxy", "-c", CONFIG, "apps", "--all", "--json"))["apps"]
            named = [f"{one['selector']}: {one['value']}" for one in listed if path in one["cgroups"]]
            # a slice, a template and an expression select more than what runs
            wider = selector.startswith(("slice:", "match:")) or "@." in selector
            assert named == [f"{'user-' if who else ''}unit: {unit}" if wider else selector], path
    finally:
        for unit, *_ in units:
            machine.try_run("systemctl", *(["--user"] if who else []), "stop", unit, user=who)


def test_everything_of_a_user(machine, user):
    machine.write(CONFIG, f"version: 1\nrules:\n  - {{user: {user.name}, drop: true}}\n")
    for unit, expected in ((f"user@{user.uid}.service", 1), (f"user-{user.uid}.slice", 1), ("dbus.service", None)):
        said = json.loads(machine.run("cgtproxy", "-c", CONFIG, "explain", "--json", machine.show(unit, "ControlGroup")))
        assert said["rule"] == expected
