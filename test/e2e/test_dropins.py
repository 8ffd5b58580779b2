# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in files beside the config, in config.d."""

import json
import re

import pytest
from lab.addresses import TCP, V4
from lab.checks import ONE_PROXY, OURS
from lab.reloading import Reloadable


class Dropins(Reloadable):
    """A daemon whose config is in a directory of its own, so that it alone has the drop-ins."""

    def __init__(self, world, rules=None):
        self._directory = world.scratch.path("") / "config.d"
        self._directory.mkdir(parents=True)
        if rules is not None:
            self.write(rules)
        super().__init__(world, ONE_PROXY, path=self._directory.parent / "config.yaml")

    def write(self, rules, name="50-test.yaml"):
        path = self._directory / name
        path.write_text(rules, encoding="utf-8")
        return path


RULE = f"rules:\n  - {{match: '{OURS}proxied$', direct: true}}\n  - {{match: '{OURS}more$', tproxy: mihomo}}\n"


def who(world, cgroup):
    return world.client(cgroup).ask(TCP, V4).who


def test_a_rule_of_a_dropin_comes_before_those_of_the_config(world):
    world.proxy("mihomo")
    Dropins(world, RULE)
    assert who(world, "proxied") == "outside"
    assert who(world, "more") == "proxy mihomo"
    assert who(world, "proxied-too") == "proxy mihomo"


def test_dropins_come_and_go_with_a_reload(world):
    world.proxy("mihomo")
    subject = Dropins(world)
    assert who(world, "proxied") == "proxy mihomo"
    path = subject.write(RULE)
    subject.reload()
    assert who(world, "proxied") == "outside"
    path.unlink()
    subject.reload()
    assert who(world, "proxied") == "proxy mihomo"


@pytest.mark.parametrize("bad, place, text", [
    ("rules:\n  - {match: /a, tproxy: another}\n", "2:25", "another"),
    ("strict: true\n", "1:1", "strict"),
    ("rules: [", "", "YAML"),
])
def test_a_bad_dropin_is_refused_as_a_bad_config_is(world, bad, place, text):
    world.proxy("mihomo")
    subject = Dropins(world, RULE)
    before = world.footprint()
    path = subject.write(bad, "60-bad.yaml")
    log = subject.reload()
    assert f"{path}:{place}" in log
    assert text in log
    assert world.footprint() == before
    assert who(world, "proxied") == "outside"
    check = world.cgtproxy("check", "config", "-c", subject.path)
    assert check.returncode == 1
    assert f"error   config: {path}:{place}" in check.stdout


def test_commands_name_the_dropin(world):
    subject = Dropins(world, RULE)
    path = world.cgroups.path("more")
    text = world.cgtproxy("explain", path, "-c", subject.path)
    assert f"{subject.path.parent}/config.d/50-test.yaml:3" in text.stdout
    assert "line 3 of config.d/50-test.yaml" in text.stdout
    answer = json.loads(world.cgtproxy("explain", path, "--json", "-c", subject.path).stdout)
    assert answer["dropin"] == "config.d/50-test.yaml"
    assert [rule["dropin"] for rule in answer["rules"]] == ["config.d/50-test.yaml"] * 2 + [None] * 2
    assert "line 2 of config.d/50-test.yaml" in world.cgtproxy("check", "config", "-c", subject.path).stdout


def test_apps_names_the_file(world):
    """Where the rule is not in the config itself."""
    world.proxy("mihomo")
    subject = Dropins(world, RULE.replace("more$", "more.service$"))
    for cgroup in ("proxied", "more.service"):
        world.client(cgroup).serve("somebody", 4711 + len(cgroup))
    text = world.cgtproxy("apps", "-c", subject.path).stdout
    assert re.search("^more +mihomo +2 +50-test.yaml:3 +0 B +0 B$", text, re.M), text
    assert re.search(rf"^\S*{world.cgroups.path('proxied')} +direct +1 +50-test.yaml:2 ", text, re.M), text
    said = json.loads(world.cgtproxy("apps", "-c", subject.path, "--json").stdout)["apps"]
    (route,) = next(app["targets"] for app in said if app["value"] == "more.service")
    assert (route["dropin"], route["line"]) == ("config.d/50-test.yaml", 3)


def test_status_sees_that_a_dropin_was_changed(world):
    subject = Dropins(world)
    assert "changed" not in world.cgtproxy("status").stdout
    subject.write(RULE)
    assert "changed" in world.cgtproxy("status").stdout
