# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT

"""All that people read is marked for translation, and each catalogue has a translation of it."""

import re
import subprocess

import pytest

from lab import translations

# Whole files whose texts are for programs, or the field's own terms.
_FOR_PROGRAMS = {
    "src/cmd/apps_json.c", "src/cmd/explain_json.c", "src/cmd/status_json.c", "src/cmd/status_openmetrics.c",
    "src/config/schema.c", "src/nft/hook.c", "src/nft/set_text.c", "src/nft/text.c", "src/relay/units.c",
}
# Texts that are the same in any language: commands, JSON formats (json_pack()), nftables, what other programs write.
_SAME_EVERYWHERE = [
    r"\{.*\}",
    r"(sudo )?(systemctl|ip|nft|cgtproxy) [a-z%].*",
]
# The same, in one file.
_SAME_IN = {
    "src/cmd/explain.c": [r"  cgtproxy explain %s%s%s"],
    "src/cmd/init_advice.c": [r"  (%s)?(systemctl|cgtproxy) .*\\n"],
    "src/config/draft.c": [r"\\n      dns: fake-ip"],
    "src/config/value.c": [r"each word has its opposite"],  # _Static_assert()
    "src/config/yaml.c": [r"invalid alias"],  # libfyaml's
    "src/desktop/keyfile.c": [r"Desktop Entry"],
    "src/inspect/firewall.c": [r"%s(insert|delete) rule .*"],
    "src/inspect/loaded.c": [r"systemctl show .*"],
    "src/inspect/naming.c": [r"version: 1.*"],
    "src/inspect/upstream_probe.c": [r"what is written into a pipe .*"],  # _Static_assert()
    "src/inspect/watches.c": [r"inotify wd:"],
    "src/main.c": [r"[a-z]+ \[.*|explain NAME.*|exec TARGET.*|relay NAME|route \[NAME.*"],
    "src/nft/elements.c": [r"the elements of a message fit one netlink attribute"],  # _Static_assert()
    "src/nft/probe.c": [r"nft_\w+ \(CONFIG_\w+\)"],
    "src/nft/set.c": [r"iface_index \. ipv[46]_addr"],
    "src/nft/stamp.c": [r"\(built in\)"],  # in the kernel
    "src/policy/policy.c": [r"rules are the patterns' indices"],  # _Static_assert()
    "src/proxy/destination.c": [r"an address fits where a name does"],  # _Static_assert()
    "src/proxy/handshake.c": [r"one buffer holds what either sends"],  # likewise
    "src/proxy/http_connect.c": [r"Proxy-Authorization: Basic "],
    "src/relay/dns_listener.c": [r"all answers can be sent|and so can ours"],  # _Static_assert()
    "src/relay/dns_tcp.c": [r"the rest of an id counts|an id has the number of a place"],  # likewise
    "src/top/change.c": [r"sudo cgtproxy%s%s route.*"],
}
_TWO_WORDS = re.compile(r'[A-Za-z]{2,}[^A-Za-z"]* [^A-Za-z"]*[A-Za-z]{2,}')


def _without_macros(text):
    return re.sub(r"<PRI\w+>", "", text)


@pytest.fixture(scope="module", name="marked")
def _marked():
    return translations.marked()


def test_every_source_is_listed():
    listed = translations.sources()
    there = sorted(str(path.relative_to(translations.REPOSITORY))
                   for path in (translations.REPOSITORY / "src").rglob("*") if path.suffix in (".c", ".cc"))
    assert listed == there


def test_no_text_for_people_is_unmarked(marked):
    known = {_without_macros(entry[key]) for entry in marked for key in ("msgid", "msgid_plural")}
    unmarked = []
    for path in translations.sources():
        if path in _FOR_PROGRAMS:
            continue
        same = re.compile("|".join(_SAME_EVERYWHERE + _SAME_IN.get(path, [])), re.DOTALL)
        unmarked += [f"{path}:{line}: {text}" for line, text in translations.literals(path)
                     if _TWO_WORDS.search(text) and text not in known and not same.fullmatch(text)]
    assert unmarked == []


def test_no_macro_is_part_of_a_marked_text():
    found = [(path, *place) for path in translations.sources() for place in translations.broken_by_macros(path)]
    assert found == []


@pytest.mark.parametrize("language", translations.languages())
def test_every_text_is_translated(language, marked):
    catalogue = translations.entries(translations.catalogue(language).read_text())
    translated = {(entry["msgid"], entry["msgid_plural"]) for entry in catalogue
                  if all(entry["msgstr"]) and "fuzzy" not in entry["flags"] and not entry["obsolete"]}
    wanted = {(entry["msgid"], entry["msgid_plural"]) for entry in marked}
    assert wanted - translated == set()
    assert {(entry["msgid"], entry["msgid_plural"]) for entry in catalogue} - wanted == set()


@pytest.mark.parametrize("language", translations.languages())
def test_translations_take_the_same_arguments(language, tmp_path):
    result = subprocess.run(["msgfmt", "--check", "--output-file", tmp_path / "out.mo",
                             translations.catalogue(language)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
