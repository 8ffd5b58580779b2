# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input gets a clear message and a non-zero exit before anything is touched."""

import re

import pytest
from lab.addresses import UDP, V4
from lab.daemon import binary

PROXY = "tproxies: {mihomo: {mark: 3000, port: 7893}}\n"

# The error, the config, and what the message must contain: the position (line:column) and texts.
BAD_CONFIGS = {
    "a rule that names an unknown proxy":
        ("version: 1\n" + PROXY + "rules:\n  - match: /a\n    tproxy: mihom0\n", ["5:13", "mihom0"]),
    "two proxies with one mark":
        ("version: 1\ntproxies:\n  one: {mark: 3000, port: 1}\n  two: {mark: 0xbb8, port: 2}\n",
         [":4:", "3000 (0xbb8)", "one", "two"]),
    "two proxies whose masked marks are one":
        ("version: 1\ntproxies:\n  one: {mark: 0x100/0xf00, port: 1}\n  two: {mark: 0x101, port: 2}\n",
         [":4:", "one", "two"]),
    "a bad regular expression":
        ("version: 1\nrules:\n  - match: /a(b\n    drop: true\n", ["3:12", "/a(b"]),
    "a regular expression of Perl's":
        ("version: 1\nrules:\n  - match: (?=a)\n    drop: true\n", ["3:12", "(?="]),
    "a port of 70000":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 1\n    port: 70000\n", ["5:11", "70000", "65535"]),
    "a port of 0":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 1\n    port: 0\n", ["5:11", "0"]),
    "a port that is a word":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 1\n    port: http\n", ["5:11", "http"]),
    "a port in quotes":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 1\n    port: '7893'\n", ["5:11", "7893", "write it without quotes"]),
    "a port in full-width digits":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 1\n    port: ７８９３\n", ["5:11", "ASCII digits"]),
    "a mark in quotes":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: '3000'\n    port: 1\n", ["4:11", "3000", "write it without quotes"]),
    "a truth in quotes":
        ("version: 1\nstrict: 'true'\n", ["2:9", "write it without quotes"]),
    "a mark of 0":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 0\n    port: 1\n", ["4:11"]),
    "a mark of more than 32 bits":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 4294967296\n    port: 1\n", ["4:11", "4294967296"]),
    "a mark outside of its mask":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 0x1/0x10\n    port: 1\n", ["4:11", "0x1/0x10"]),
    "a proxy without a mark":
        ("version: 1\ntproxies:\n  mihomo:\n    port: 1\n", ["mark"]),
    "a proxy without a port":
        ("version: 1\ntproxies:\n  mihomo:\n    mark: 1\n", ["port"]),
    "a proxy's name with a slash":
        ("version: 1\ntproxies:\n  a/b: {mark: 1, port: 1}\n", ["3:3", "a/b"]),
    "a proxy's name of 65 bytes":
        ("version: 1\ntproxies:\n  " + "n" * 65 + ": {mark: 1, port: 1}\n", ["3:3", "64"]),
    "a list where a map belongs":
        ("version: 1\ntproxies:\n  - mihomo\n", [":3:", "tproxies"]),
    "a map where a list belongs":
        ("version: 1\nrules:\n  match: /a\n", ["3:3", "rules"]),
    "a list at the top":
        ("- version: 1\n", [":1:"]),
    "a word where true or false belongs":
        ("version: 1\nstrict: maybe\n", ["2:9", "maybe"]),
    "no version":
        (PROXY, ["version"]),
    "a version of the future":
        ("version: 2\n", ["1:10", "2"]),
    "a key twice":
        ("version: 1\nstrict: true\nstrict: false\n", ["3:1", "strict"]),
    "a rule with two targets":
        ("version: 1\n" + PROXY + "rules:\n  - {match: /a, drop: true, tproxy: mihomo}\n", ["4:"]),
    "a rule without a target":
        ("version: 1\nrules:\n  - match: /a\n", ["3:"]),
    "a rule without a selector":
        ("version: 1\nrules:\n  - drop: true\n", ["3:"]),
    "a target that is switched off":
        ("version: 1\nrules:\n  - {match: /a, drop: false}\n", ["3:"]),
    "a bypass that is no address":
        ("version: 1\nbypass:\n  - 10.0.0.0/8\n  - example.org\n", ["4:5", "example.org"]),
    "a bypass with too long a prefix":
        ("version: 1\nbypass: [10.0.0.0/33]\n", ["2:10", "10.0.0.0/33"]),
    "a hijack to an address of the wrong family":
        ("version: 1\ntproxies:\n  a: {mark: 1, port: 1, dns-hijack: {ip: '::1'}}\n", ["3:", "::1"]),
    "a route-table of 0":
        ("version: 1\nroute-table: 0\n", ["2:14", "0"]),
    "a rule-priority beyond the main table's":
        ("version: 1\nrule-priority: 32766\n", ["2:16", "32766", "32765"]),
    "an on-stop of neither kind":
        ("version: 1\non-stop: restart\n", ["2:10", "restart", "clear", "keep"]),
    "a cgroup-root that is a relative path":
        ("version: 1\ncgroup-root: sys/fs/cgroup\n", ["2:14", "sys/fs/cgroup"]),
    "a gateway with a proxy's mark":
        ("version: 1\n" + PROXY + "gateway:\n  mark: 3000\n", ["4:9", "3000 (0xbb8)", "mihomo", "line 2"]),
    "containers with the gateway's mark on a proxy":
        ("version: 1\ncontainers: true\ntproxies: {mihomo: {mark: 3001, port: 7893}}\n",
         ["2:13", "gateway.mark", "3001", "mihomo", "line 3"]),
    "a gateway's mark with a mask":
        ("version: 1\ngateway: {mark: 0x100/0xff00}\n", ["2:17", "0x100/0xff00", "without a mask"]),
    "a gateway rule with two selectors":
        ("version: 1\ngateway:\n  rules:\n    - {interface: br0, source: 10.0.0.1, drop: true}\n", ["4:8", "interface", "mac"]),
    "a gateway rule for a pattern":
        ("version: 1\ngateway:\n  rules:\n    - {interface: 'lan[01]', drop: true}\n", ["4:19", "lan[01]", "lan*"]),
    "a gateway rule for this host itself":
        ("version: 1\ngateway:\n  rules:\n    - {interface: [br0, lo], drop: true}\n", ["4:25", "lo", "cgroup"]),
    "a file that is not YAML":
        ("version: 1\nrules: [\n  - }\n", [":3:"]),
    "a file with tabs for spaces":
        ("version: 1\ntproxies:\n\tmihomo: 1\n", [":3:"]),
    "binary garbage":
        (bytes(range(256)) * 16, []),
    "zeros":
        (bytes(4096), []),
    "text that is not UTF-8":
        (b"version: 1\nrules:\n  - match: /\xff\xfe\n    drop: true\n", []),
    "an empty file":
        ("", ["version"]),
    "a file of two documents":
        ("version: 1\n---\nversion: 1\n", ["document"]),
    "an alias that contains itself":
        ("version: 1\nrules: &a [*a]\n", []),
    "a file of many levels":
        ("version: 1\nrules: " + "[" * 100000, []),
    "aliases that double":
        ("version: 1\na0: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
         + "rules: *a39\n", []),
}


@pytest.mark.parametrize("what", BAD_CONFIGS)
def test_bad_configs(world, what):
    content, texts = BAD_CONFIGS[what]
    path = world.scratch.write(content)
    before = world.footprint()
    daemon = world.launch(binary(), "-c", path)
    assert daemon.wait_refused() > 0
    check = world.cgtproxy("check", "config", "-c", path)
    assert check.returncode > 0
    for said in (daemon.log, check.stdout + check.stderr):
        assert str(path) in said
        for text in texts:
            assert text in said
    assert not daemon.is_ready()
    assert world.footprint() == before
    assert world.client("any").ask(UDP, V4).who == "outside"


def test_a_bad_regular_expression_is_told_with_its_position(world):
    path = world.scratch.write("version: 1\nrules:\n  - match: /ok/a{2,1}b\n    drop: true\n")
    done = world.cgtproxy("check", "config", "-c", path)
    assert done.returncode > 0
    assert f"{path}:3:12" in done.stderr + done.stdout
    assert re.search(r'6\b.*"\{2,1\}"', done.stderr + done.stdout)


@pytest.mark.parametrize("path", ["/nonexistent/config.yaml", "/", "/proc/self/mem"])
def test_a_config_that_can_not_be_read(world, path):
    before = world.footprint()
    daemon = world.launch(binary(), "-c", path)
    assert daemon.wait_refused() > 0
    assert path in daemon.log
    assert not daemon.is_ready()
    assert world.footprint() == before


def test_an_endless_config(world):
    """Not read until memory runs out."""
    daemon = world.launch(binary(), "-c", "/dev/zero")
    assert daemon.wait_refused() > 0
    assert "/dev/zero" in daemon.log
