# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manuals: they render, have the same content in both languages, and name everything."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from lab.daemon import binary

TOP = Path(__file__).resolve().parents[2]
PAGES = ["cgtproxy.8", "cgtproxy-relay.8", "cgtproxy.yaml.5"]
LANGUAGES = ["", "zh_CN"]


def source(page, language=""):
    """The source of a page."""
    return (TOP / "man" / language / f"{page}.scd").read_text(encoding="utf-8")


def shown(page, language=""):
    """What man(1) shows of the page that the build made; troff must have nothing to warn of."""
    path = binary().parent / "man" / language / page
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MAN_KEEP_FORMATTING": ""}
    done = subprocess.run(["man", "--warnings=w", "--local-file", path], env=environment, capture_output=True,
                          text=True, check=True)
    assert done.stderr == ""
    return re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)


def entries(text):
    """The tags of indented paragraphs: in each, the words to be typed literally."""
    heads = re.findall(r"^(\S.*)\n\t", text, re.M)
    return [re.findall(r"\*(.*?)\*|_(.*?)_", head)[0] if head.startswith("_") else re.findall(r"\*(.+?)\*", head)
            for head in heads]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_they_can_be_shown(page, language):
    text = shown(page, language)
    lines = text.splitlines()
    assert lines[0].startswith(page.rpartition(".")[0])
    width = max(sum(1 + (ord(char) > 0x2e80) for char in line) for line in lines)
    assert width <= 80, [line for line in lines if len(line) > 40]


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_entries(page):
    english, chinese = source(page), source(page, "zh_CN")
    assert len(entries(english)) > 10
    assert entries(english) == entries(chinese)
    for pattern in (r"^```\n(?:.*\n)*?```$", r"^(?:\*cgtproxy\* )?\[?\*.*\+\+$", r"^; .*"):
        words = [re.sub(r"_.*?_", "_", text) for text in re.findall(pattern, english, re.M)]
        assert words == [re.sub(r"_.*?_", "_", text) for text in re.findall(pattern, chinese, re.M)]
    assert english.count("\n# ") == chinese.count("\n# ")


def test_all_commands_and_options_have_their_entry():
    said = subprocess.run([binary(), "--help"], capture_output=True, text=True, check=True).stdout
    head, _, rest = said.partition("Options:\n")
    commands = re.findall(r"^  (\w+)", head.partition("Commands:\n")[2], re.M)
    options = re.findall(r"--[\w-]+", rest.partition("Environment:")[0])
    assert "check" in commands and "--config" in options
    for command in commands:
        more = subprocess.run([binary(), command, "--help"], capture_output=True, text=True, check=True).stdout
        options += re.findall(r"(?<![\w-])--[a-z][\w-]*", more)
    words = {word for entry in entries(source("cgtproxy.8")) for word in entry}
    assert set(commands) | set(options) <= words


def test_all_options_of_the_relay_have_their_entry():
    said = subprocess.run([binary().parent / "cgtproxy-relay", "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", said, re.M))
    assert "--upstream" in options
    assert options <= {word for entry in entries(source("cgtproxy-relay.8")) for word in entry}


def keys():
    """All config keys, as in the sources' tables; those of dns-hijack, relay and gateway with that prefix."""
    tables = {}
    for file in ("load.c", "proxies.c", "relay.c", "rules.c", "gateway.c"):
        text = (TOP / "src/config" / file).read_text(encoding="utf-8")
        for name, body in re.findall(r"^(?:static )?const struct key (\w+)\[\] = \{\n(.*?)^\};", text, re.M | re.S):
            tables[name] = re.findall(r'^\t\{"([a-z0-9-]+)"', body, re.M)
    assert set(tables) == {"config_keys", "proxy_keys", "hijack_keys", "relay_keys", "rule_keys", "gateway_keys", "gateway_rule_keys"}
    for name, prefix in (("hijack_keys", "dns-hijack"), ("relay_keys", "relay"), ("gateway_keys", "gateway")):
        tables[name] = [f"{prefix}.{key}" for key in tables[name]]
    return sorted({key for table in tables.values() for key in table})


def test_all_keys_have_their_entry():
    said = {word.partition(":")[0] for entry in entries(source("cgtproxy.yaml.5")) for word in entry}
    assert set(keys()) <= said, set(keys()) - said


@pytest.mark.parametrize("path", ["data/example.yaml", "docs/configuration.md", "docs/configuration.zh_CN.md",
                                  "test/fuzz/config.dict", "test/fuzz/corpus/config/every-key.yaml"])
def test_all_keys_are_in(path):
    text = (TOP / path).read_text(encoding="utf-8")
    missing = {key for key in keys() if not re.search(rf"(?<![\w-]){key.rpartition('.')[2]}(?![\w-])", text)}
    assert not missing
