# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completions of bash, zsh and fish, from the real shells."""

import os
import re
import subprocess

import pytest
from lab.cgroups import CgroupTree
from lab.daemon import Scratch, binary
from lab.layouts import HYBRID
from lab.shells import Fish, bash, zsh

COMMANDS = ["apps", "check", "clear", "exec", "explain", "help", "init", "relay", "render", "route", "status", "targets", "top"]
CONFIG = """
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
  v.p-s_2: {mark: 3001, port: 7894}
"""


@pytest.fixture(name="scratch", scope="module", params=[bash, zsh, Fish], ids=["bash", "zsh", "fish"])
def fixture_scratch(request):
    """A directory for a shell to be in, with a config file."""
    scratch = Scratch()
    (scratch.directory / "some.yaml").write_text(CONFIG, encoding="utf-8")
    scratch.shell = request.param
    yield scratch
    scratch.close()


@pytest.fixture(name="shell", scope="module")
def fixture_shell(scratch):
    """The shell."""
    shell = scratch.shell(scratch.directory, binary())
    yield shell
    shell.close()


def words(shell, line):
    """What the end of the line can be completed to, but for options, which zsh shows where there is nothing else."""
    return sorted(word for word in shell.complete(line) if not word.startswith("-"))


def test_commands(shell):
    assert words(shell, "cgtproxy ") == COMMANDS
    assert words(shell, "cgtproxy e") == ["exec", "explain"]
    assert sorted(shell.complete("cgtproxy -c some.yaml ")) == COMMANDS
    assert words(shell, "cgtproxy render ") == []


def test_every_command_is_known_to_the_completions():
    said = subprocess.run([binary(), "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.search(r"^Commands:\n((?:  .*\n)+)", said, re.M).group(1)
    assert sorted(re.findall(r"^  (\w+)", commands, re.M)) == COMMANDS


def test_help(shell):
    assert words(shell, "cgtproxy help ") == COMMANDS
    assert words(shell, "cgtproxy help check ") == []


def test_forms_of_json(shell):
    """What follows the option is no word of the command."""
    if isinstance(shell, Fish):
        pytest.skip("fish completes no arguments that may be left out")
    assert [word.rpartition("=")[2] for word in shell.complete("cgtproxy status --json=sh")] == ["short"]
    assert words(shell, "cgtproxy check --json=short ") == ["config", "permission", "system"]


def test_check(shell):
    assert words(shell, "cgtproxy check ") == ["config", "permission", "system"]
    assert words(shell, "cgtproxy check config ") == []


@pytest.mark.parametrize("option", ["-c some.yaml", "-csome.yaml", "--config some.yaml", "--config=some.yaml"])
def test_targets_are_those_of_the_config(shell, option):
    assert sorted(shell.complete(f"cgtproxy {option} exec ")) == ["direct", "drop", "mihomo", "refuse", "v.p-s_2"]
    assert shell.complete(f"cgtproxy {option} exec mi") == ["mihomo"]
    assert shell.complete(f"cgtproxy exec {option} mi") == ["mihomo"]


def test_relays_are_proxies_of_the_config(shell):
    assert words(shell, "cgtproxy -c some.yaml relay ") == ["mihomo", "v.p-s_2"]
    assert words(shell, "cgtproxy -c some.yaml relay mihomo ") == []


def test_targets_without_a_config(shell):
    assert {"direct", "drop", "refuse"} <= set(words(shell, "cgtproxy exec "))


@pytest.mark.parametrize("between", ["", "-- "])
def test_behind_the_target_comes_another_command(shell, between):
    assert shell.complete(f"cgtproxy exec direct {between}cgtpr") == ["cgtproxy"]
    assert sorted(shell.complete(f"cgtproxy exec direct {between}cgtproxy check ")) == ["config", "permission",
                                                                                       "system"]


def test_options(shell):
    assert {"--config", "--help", "--version"} <= {word.rstrip("=") for word in shell.complete("cgtproxy --")}
    assert {"--json", "--no-legend", "--no-pager", "--watch"} <= {
        word.rstrip("=") for word in shell.complete("cgtproxy status --")}
    assert "--json" in {word.rstrip("=") for word in shell.complete("cgtproxy check --")}
    assert "--yes" in shell.complete("cgtproxy init --")
    assert {"--all", "--json", "--no-legend"} <= {word.rstrip("=") for word in shell.complete("cgtproxy apps --")}
    assert "--all" not in shell.complete("cgtproxy status --")
    assert "--watch" not in shell.complete("cgtproxy explain --")
    assert {"--json", "--pid", "--to"} <= {word.rstrip("=") for word in shell.complete("cgtproxy explain --")}


def test_routes(shell, scratch):
    dropins = scratch.directory / "config.d"
    dropins.mkdir(exist_ok=True)
    (dropins / "50-route.yaml").write_text("rules:\n  - app: org.telegram.desktop\n    drop: true\n", encoding="utf-8")
    assert words(shell, "cgtproxy -c some.yaml route telegram m") == ["mihomo"]
    assert words(shell, "cgtproxy -c some.yaml route telegram mihomo ") == []
    assert {"--forget", "--json", "--list"} <= {word.rstrip("=") for word in shell.complete("cgtproxy route --")}
    assert any("org.telegram.desktop" in word for word in shell.complete("cgtproxy -c some.yaml route --forget "))


@pytest.mark.parametrize("option", ["-c ", "--config "])
def test_config_files(shell, option):
    assert shell.complete(f"cgtproxy {option}so") == ["some.yaml"]


def test_process_ids(shell):
    assert str(os.getpid()) in shell.complete("cgtproxy explain --pid ")


def check_cgroups(shell):
    """Check that the shell completes cgroups, level by level."""
    tree = CgroupTree()
    try:
        tree.make(r"app-a\x2db.scope/below")
        assert shell.complete(f"cgtproxy explain {tree.top[:-2]}") == [tree.top + "/"]
        assert shell.complete(f"cgtproxy explain {tree.top}/ap") == [tree.top + r"/app-a\x2db.scope/"]
        assert shell.complete(f"cgtproxy explain {tree.top}/app-a\\\\x2db.scope/b") == [
            tree.top + r"/app-a\x2db.scope/below/"]
    finally:
        tree.close()


@pytest.mark.parametrize("command", ["explain", "-c some.yaml explain", "explain --to 192.0.2.1", "explain --json", "route"])
def test_names(shell, command):
    """Those of what is running."""
    tree = CgroupTree()
    unit = f"running-{os.getpid()}-{tree.top.rpartition('-')[2].removesuffix('.slice')}.service"
    try:
        tree.make(unit)
        tree.make(r"odd\x2done.service")
        assert shell.complete(f"cgtproxy {command} {unit[:-8]}") == [unit]
        assert not any(word.startswith("odd") for word in shell.complete(f"cgtproxy {command} o"))
    finally:
        tree.close()


def test_no_name_after_a_name(shell):
    assert words(shell, "cgtproxy explain mihomo.service ") == []
    assert words(shell, "cgtproxy explain --to ") == []


def test_cgroups(shell):
    check_cgroups(shell)


def test_cgroups_of_a_hybrid_host(world, scratch):
    shell = scratch.shell(world.scratch.directory, binary(), HYBRID)
    try:
        check_cgroups(shell)
    finally:
        shell.close()
