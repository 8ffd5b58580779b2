# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read is in their language, and what programs read is not."""

import json
import re
import shutil
import subprocess

import pytest

from lab import locales
from lab.daemon import Scratch, binary, environment

HAN = re.compile(r"[\u4e00-\u9fff]")
COMMANDS = ("apps", "check", "clear", "exec", "explain", "help", "init", "render", "route", "status", "targets", "top")
WRONG = "version: 1\nrules:\n  - matches: /a\n    direct: maybe\n"


@pytest.fixture(scope="module", name="scratch")
def _scratch():
    scratch = Scratch()
    yield scratch
    scratch.close()


def run(*argv, program=None, **env):
    """Runs the program in a language; both of its outputs as one text."""
    done = subprocess.run([program or binary(), *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment(**env), check=False)
    return done.stdout


def test_the_language_is_english_without_a_locale():
    assert run("--help").startswith("Usage: cgtproxy")
    assert not HAN.search(run("--help", LANGUAGE="zh_CN", LANG="C"))


def test_help(chinese):
    text = run("--help", **chinese)
    assert all(HAN.search(line) for line in text.splitlines() if line and not line.startswith(" "))
    assert all(f"\n  {command}" in text for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command, chinese):
    usage, text = run("help", command, **chinese).split("\n", 1)
    assert HAN.search(usage) and f" {command}" in usage
    assert HAN.search(text.splitlines()[1])
    # each option keeps its name and its column
    options = re.compile(r"^  (-\S+|[A-Z]+)", re.M)
    assert options.findall(text) == options.findall(run("help", command))


def test_errors_on_the_command_line(chinese):
    assert HAN.search(run("statsu", **chinese)) and "status" in run("statsu", **chinese)
    assert HAN.search(run("status", "--pid", "1", **chinese))


def test_diagnostics_of_a_config(chinese, scratch):
    config = scratch.write(WRONG)
    lines = run("check", "config", "-c", config, **chinese).splitlines()
    english = run("check", "config", "-c", config).splitlines()
    places = re.compile(r"\.yaml:(\d+:\d+)")
    assert [places.findall(line) for line in lines] == [places.findall(line) for line in english]
    assert all(HAN.search(line) for line in lines)


@pytest.mark.parametrize("argv", [["check", "config", "--json"], ["check", "system", "--json"]])
def test_json_is_the_same_in_any_language(argv, chinese, scratch):
    config = scratch.write(WRONG)
    text = run(*argv, "-c", config, **chinese)
    assert json.loads(text) == json.loads(run(*argv, "-c", config))
    assert not HAN.search(text)


def test_metrics_are_the_same_in_any_language(chinese):
    assert not HAN.search(run("status", "--openmetrics", **chinese))


def test_another_charset_gets_english(tmp_path):
    """Names of cgroups are UTF-8, and a terminal shows one charset."""
    assert run("--help", **locales.make(tmp_path, "zh_CN.GB18030")) == run("--help")


def test_the_daemon_logs_in_the_language_of_its_environment(world, chinese):
    daemon = world.daemon("version: 1\n", **chinese)
    assert HAN.search(daemon.log)
    status = next(line for line in daemon.notifications if line.startswith("STATUS="))
    assert HAN.search(status)


def test_names_are_escaped_as_ever(chinese):
    """What a translation puts around a name does not change what is done with the name."""
    assert "\\x1b" in run("a\x1b[31mb", **chinese)


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_translations_that_others_can_write_are_not_read(mode, chinese, tmp_path):
    """They are format strings: whoever writes them owns the process."""
    program = shutil.copy(binary(), tmp_path / "cgtproxy")
    translations = binary().parent / "po"
    shutil.copytree(translations, tmp_path / "po")
    (tmp_path / "po").chmod(0o755)
    tmp_path.chmod(0o755)
    assert HAN.search(run("--help", program=program, **chinese))
    (tmp_path / "po").chmod(mode)
    installed = run("--help", program=shutil.copy(binary(), tmp_path.parent / "alone"), **chinese)
    assert run("--help", program=program, **chinese) == installed
