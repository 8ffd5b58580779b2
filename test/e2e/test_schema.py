# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON schemas: they have every key, accept every config of this repository, and refuse what the daemon refuses."""

import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml
from lab.c_tables import c_table
from lab.daemon import binary
from lab.documents import blocks, documents
from test_bad_input import BAD_CONFIGS
from test_manuals import keys

TOP = Path(__file__).resolve().parents[2]
CONFIG, DROPIN = "config.schema.json", "config.d.schema.json"
FILES = [path for path in [*sorted((TOP / "data").rglob("*.yaml")), TOP / "test/fuzz/corpus/config/every-key.yaml"]
         if re.search(r"^version: 1$", path.read_text(encoding="utf-8"), re.M)]
IN_DOCUMENTS = [block for path in documents() for block in blocks(path) if block.language == "yaml"]
# Of what PyYAML can't read there is no document that a schema could judge.
UNREADABLE = (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError)

# What the daemon refuses and the schema can't: for a schema, values have no quotes, 1.0 is a whole number, and nothing
# follows from two places at once.
NOT_EXPRESSIBLE = {
    "a rule that names an unknown proxy", "two proxies with one mark", "two proxies whose masked marks are one",
    "a bad regular expression", "a regular expression of Perl's", "a mark outside of its mask",
    "a gateway with a proxy's mark", "containers with the gateway's mark on a proxy",
    "a key twice",  # for a schema, there is only one of them
}


@cache
def validator(name):
    """One for a schema that the build made, which must be one itself."""
    schema = json.loads((binary().parent / name).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def faults(text, name=CONFIG):
    """What the schema says against a text."""
    return [error.message for error in validator(name).iter_errors(yaml.safe_load(text))]


def in_schema(schema, prefix=""):
    """All keys that a schema has, those of dns-hijack, relay and gateway with that in front."""
    found = set()
    if isinstance(schema, list):
        return {key for item in schema for key in in_schema(item)}
    if not isinstance(schema, dict):
        return found
    for key, value in schema.items():
        if key == "properties" and "additionalProperties" in schema:
            for name, form in value.items():
                assert form["description"], name
                found |= {prefix + name} | in_schema(form, f"{name}." if name in ("dns-hijack", "relay", "gateway") else "")
        else:
            found |= in_schema(value)
    return found


def test_every_key_of_the_tables_is_in_the_schema():
    assert in_schema(validator(CONFIG).schema) == set(keys())
    assert in_schema(validator(DROPIN).schema) < set(keys())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_configs_in_files(path):
    assert not faults(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("block", IN_DOCUMENTS, ids=str)
def test_configs_in_documents(block):
    assert not faults(block.config)


@pytest.mark.parametrize("what", sorted(set(BAD_CONFIGS) - {"aliases that double"}))  # a validator walks all 2^39 of them
def test_what_the_daemon_refuses(what):
    try:
        document = yaml.safe_load(BAD_CONFIGS[what][0])
    except UNREADABLE:
        return
    assert validator(CONFIG).is_valid(document) == (what in NOT_EXPRESSIBLE)


BEGIN_GATEWAY = "version: 1\ntproxies: {p: {mark: 1, port: 1}, q: {mark: 2, port: 2}}\ngateway:\n  rules:\n"


def unit_test_cases():
    """The configs that test_config_errors.c and test_config_gateway.c have."""
    source = (TOP / "test/unit/test_config_errors.c").read_text(encoding="utf-8")
    for before, after, _, values in c_table(source, "refused", VERSION="version: 1\n"):
        yield from (before + value + after for value in values)
    yield from (text for text, *_ in c_table(source, "faults", VERSION="version: 1\n"))
    source = (TOP / "test/unit/test_config_gateway.c").read_text(encoding="utf-8")
    yield from (text for text, *_ in c_table(source, "faults", VERSION="version: 1\n", RULES=BEGIN_GATEWAY))


# Those of them that a schema can't refuse. The last line is about how YAML 1.1 writes a number that has quotes here.
UNIT_TEST_CASES_NOT_EXPRESSIBLE = [
    r"version: 1\.0\n", r"mark: (?:0x1/0x10|3/1|1/4294967296|0x100000000/0xff)\n", r"tproxy: (?:[pr]|direct)\b",
    r"match: (?:/a\(b|/ok/a\{2,1\}b|a\{1001\}|\"a\\0b\")\n",
    r"strict: true\nstrict: true\n|p: \{mark: 1, port: 1\}\n  p: \{",  # PyYAML takes the last
    r"\bip: (?:0\.0\.0|2[235])|\bip6: (?:f|::f|'::')",  # no name server's, and written in many ways
    r"source: \[?'?(?:127|::|224|ff02|0\.0|52:)",  # no packet's, and written in many ways
]


def test_what_the_unit_tests_refuse():
    """All that can be expressed is refused, and all else is in the list, each line of which is needed."""
    accepted = set()
    refused = 0
    for text in unit_test_cases():
        try:
            wrong = faults(text)
        except UNREADABLE:
            continue
        refused += bool(wrong)
        if not wrong:
            accepted.add(text)
    assert refused > 100
    unexpected = {text for text in accepted
                  if not any(re.search(pattern, text) for pattern in UNIT_TEST_CASES_NOT_EXPRESSIBLE)}
    assert not unexpected
    for pattern in UNIT_TEST_CASES_NOT_EXPRESSIBLE:
        assert any(re.search(pattern, text) for text in accepted), pattern


BEGIN = "version: 1\ntproxies:\n  p: {mark: 1, port: 1}\nrules:\n"

# Written in all the ways that the daemon takes.
GOOD = [
    *(f"version: 1\nstrict: {word}\n" for word in
      "true True TRUE yes Yes YES on On ON y Y false False FALSE no No NO off Off OFF n N ~".split()),
    *(f"version: 1\nroute-table: {number}\n" for number in
      ("1", "0x12c", "0X12C", "0b11", "0o454", "0454", "1_000", "4294967295", "0xffff_ffff", "~")),
    *(f"version: 1\ntproxies: {{p: {{mark: {mark}, port: 0x1f}}}}\n" for mark in
      ("1", "4294967295", "0xbb8", "0x10/0x10", "16/0xf0", "0b1/1", "1_0/0xff")),
    *(f"version: 1\nbypass: ['{network}']\n" for network in
      ("10.0.0.0/8", "0.0.0.0/0", "255.255.255.255/32", "1.2.3.4", "10.0.0.0/08", "::", "::/0", "::1/128", "fe80::/10",
       "64:ff9b::1.2.3.4", "::ffff:1.2.3.4/96", "1:2:3:4:5:6:7:8", "2001:DB8::/32")),
    *(f"version: 1\ncgroup-root: {path}\n" for path in ("AUTO", "/", "/sys/fs/cgroup", "~")),
    *("version: 1\ntproxies: {p: {mark: 1, port: 1, " + key + "}}\n" for key in
      ("udp: refuse", "no-udp: yes", "ipv6: direct", "no-ipv6: false", "other: refuse", "udp: ~", "dns-hijack: {}",
       "dns-hijack: {ip: 127.0.0.1, ip6: '::1', port: 53, tcp: on}", "dns-hijack: ~")),
    *(BEGIN + f"  - {{{selector}, drop: true}}\n" for selector in
      ("app: org.telegram.desktop", "app: 2048", "app: [a, b c]", "unit: docker.service", "unit: getty@.service",
       "unit: [a.scope, b.mount, c.socket, d.swap]", r"unit: 'dev-disk-by\x2dlabel-a.swap'",
       "user-unit: pipewire.service", "slice: a-b.slice", "slice: [a.slice]", "user: 1000", "user: root",
       "user: [0, root]", "match: .*")),
    *(BEGIN + f"  - {{match: a, {target}}}\n" for target in
      ("tproxy: p", "direct: true", "drop: yes", "refuse: on", "tproxy: ~, drop: true", "direct: no, drop: true",
       "direct: false, tproxy: p")),
    *(BEGIN_GATEWAY + f"    - {{{selector}, drop: true}}\n" for selector in
      ("interface: br0", "interface: '*'", "interface: [lan*, br-0123456789ab, eth0.100, 5]", "interface: a+b",
       "source: 10.1.2.3", "source: [192.168.50.7/24, 'fd00::/8', 0.0.0.0/0]", "mac: 52:54:00:aa:bb:cc",
       "mac: [52-54-00-AA-BB-CC, 00:00:00:00:00:0a]")),
    *(BEGIN_GATEWAY + f"    - {{interface: a, {target}}}\n" for target in
      ("tproxy: p", "direct: true", "drop: yes", "refuse: on", "tproxy: ~, drop: true", "direct: no, drop: true")),
    *(f"version: 1\n{keys}\n" for keys in
      ("containers: true", "containers: off", "gateway: {}", "gateway: ~", "gateway: {strict: on, mark: 0xbb9}",
       "gateway: {mark: 4_001, rules: ~}", "gateway: {strict: ~, mark: ~, rules: []}")),
    "version: '1'\nrules: []\n", "version: 1\nrules: ~\ntproxies: ~\nbypass: ~\n",
]


def test_what_the_daemon_takes(world):
    """The daemon, too, so that this list is right; one process for each would take long."""
    for text in GOOD:
        assert not faults(text), text
    path = world.scratch.write("")
    for text in GOOD[::5]:
        path.write_text(text, encoding="utf-8")
        done = world.cgtproxy("check", "config", "-c", path)
        assert done.returncode == 0, text + done.stderr


@pytest.mark.parametrize("text", [
    "version: 1\nstrikt: true\n", "version: 1\ntproxies: {p: {mark: 1, port: 1, upd: direct}}\n",
    BEGIN + "  - {match: a, drop: true, comment: x}\n", "version: 1\ngateway: {rule: []}\n",
    BEGIN_GATEWAY + "    - {interface: a, unit: b.service, drop: true}\n",
])
def test_keys_that_the_daemon_ignores_are_errors(text):
    """An editor underlines what the daemon warns of."""
    assert any("was unexpected" in fault for fault in faults(text))


def test_drop_ins():
    assert not faults("rules:\n  - {app: firefox, tproxy: any}\n", DROPIN)
    assert not faults("rules: ~\n", DROPIN)
    for text in ("version: 1\nrules: []\n", "tproxies: {}\n", "rules: {}\n", "rules:\n  - {app: firefox}\n", "[]\n",
                 "rules: []\ngateway: {}\n", "rules: []\ncontainers: true\n"):
        assert faults(text, DROPIN), text


def test_the_modeline_is_where_editors_look():
    """yaml-language-server reads it from a comment anywhere; here it names the file that packages install."""
    assert re.search(r"^# yaml-language-server: \$schema=/usr/share/cgtproxy/config\.schema\.json$",
                     (TOP / "data/example.yaml").read_text(encoding="utf-8"), re.M)
