# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule a cgroup gets: RE2 syntax, unanchored, first match wins, hostile names."""

import os

import pytest
from lab.addresses import ALL_TRAFFIC, UDP, V4
from lab.daemon import binary, in_private_mounts

TPROXIES = """
version: 1
tproxies:
  first: {mark: 3000, port: 7893}
  second: {mark: 3001, port: 7894}
"""


def start(world, rules):
    """Proxies and the daemon with these rules."""
    world.proxy("first", 7893)
    world.proxy("second", 7894)
    world.daemon(TPROXIES + rules)


def check(world, cgroup, who):
    """Check that the traffic of a client goes where it should."""
    world.check({cgroup: who}, [(UDP, V4)])


def test_the_first_rule_that_matches_wins(world):
    for name in ("a", "ab", "abc", "abcd"):
        world.cgroups.make(name)
    start(world, """
rules:
  - {match: /abcd, direct: true}
  - {match: /abc, drop: true}
  - {match: /ab, tproxy: second}
  - {match: /a, tproxy: first}
  - {match: /abc, tproxy: first}
""")
    check(world, "a", "proxy first")
    check(world, "ab", "proxy second")
    check(world, "abc", "dropped")
    check(world, "abcd", "outside")


@pytest.mark.parametrize(("pattern", "name", "matches"), [
    ("b", "abc", True),                                     # unanchored
    ("^b", "abc", False),
    ("^/[^/]*/abc$", "abc", True),                          # against the whole path, from the mount
    ("abc$", "abcd", False),
    (r"app-(firefox|chromium)-\d{4,6}\.scope$", "app-chromium-12345.scope", True),
    (r"app-(firefox|chromium)-\d{4,6}\.scope$", "app-chromium-123.scope", False),
    ("(?i)/FIREFOX", "firefox", True),
    ("/FIREFOX", "firefox", False),
    (r"\Qapp.x\E", "appyx", False),
    (r"/\pL+$", "приложение", True),                        # Unicode classes
    (r"/.$", "あ", True),                                   # one character, three bytes
    (r"app\\x2dfoo", r"app\x2dfoo", True),                  # as systemd escapes
    (r"(?P<name>fo+)\b", "foo bar", True),
    ("/x$|/y$", "y", True),
])
def test_patterns_are_re2(world, pattern, name, matches):
    world.cgroups.make(name)
    start(world, f"""
rules:
  - match: '{pattern}'
    drop: true
""")
    check(world, "1-control", "outside")
    check(world, name, "dropped" if matches else "outside")


@pytest.mark.parametrize(("pattern", "name", "matches"), [
    (r"/bad.name$", b"bad\xffname", True),                  # one bad byte is one character
    (r"/bad..name$", b"bad\xff\xfename", True),
    (r"/bad.name$", b"bad\xff\xfename", False),
    (r"/bad\x{FFFD}name$", b"bad\xffname", True),
    (r"/bad..x$", b"bad\xe3\x81x", True),                   # a sequence that breaks off: each byte for itself
    (r"/evil$", b"\xffevil", False),
    (r"good$", b"\xff/good", True),
])
def test_names_that_are_not_utf8(world, pattern, name, matches):
    start(world, f"""
rules:
  - match: '{pattern}'
    drop: true
""")
    check(world, "control", "outside")
    client = world.client(os.fsdecode(name))
    world.client("later")
    if matches:
        client.await_answer_by("dropped")
    else:
        world.cgroups.make("name")
        assert client.ask(UDP, V4).who == "outside"


@pytest.mark.parametrize("name", ["with space", "with:colon", "tab\there", "\x1b[31mred", '"quoted"',
                                  "back\\slash", "%s%n", "x" * 255, "{brace", "#hash", "'"])
def test_strange_names_get_their_rules(world, name):
    """The daemon sees two such names below each other, at its start and while it runs, and says so in its log."""
    below = "strange/" + name + "/" + name
    world.cgroups.make("early/" + below)
    start(world, "rules: [{match: /strange/, drop: true}]")
    check(world, "early/" + below, "dropped")
    world.client("late/" + below).await_answer_by("dropped")


def test_a_thousand_rules(world):
    world.cgroups.make("app-777.scope")
    start(world, "rules:\n" + "".join(
        f"  - {{match: '/app-{number}\\.scope$', {'drop: true' if number == 777 else 'tproxy: first'}}}\n"
        for number in range(1000)))
    check(world, "app-777.scope", "dropped")
    world.client("app-778.scope").await_answer_by("proxy first")
    check(world, "app-1000.scope", "outside")


def test_rules_too_big_for_one_set_still_match(world):
    """RE2 gives up on a set of patterns that exceeds its memory budget; the rules must still apply.

    Each of these patterns becomes a hundred thousand instructions, which takes RE2 some tenths of a second.
    """
    long = "abcdefghij" * 10
    big = "".join(f"  - {{match: '/n{number}({long}){{1000}}x', tproxy: first}}\n" for number in range(30))
    world.cgroups.make("target")
    start(world, "rules:\n" + big + "  - {match: /target$, drop: true}\n")
    check(world, "control", "outside")
    check(world, "target", "dropped")
    world.client("n29" + long).await_answer_by("outside")


@pytest.mark.parametrize("rules", ["", "rules: []\n"])
def test_without_rules_everything_goes_direct(world, rules):
    start(world, rules)
    for protocol, family in ALL_TRAFFIC:
        assert world.client("any").ask(protocol, family).who == "outside"


def test_the_built_in_config_sends_everything_direct(world):
    """No config at the default place: a warning, and no traffic is touched."""
    empty = world.scratch.directory / "empty"
    empty.mkdir()
    daemon = world.launch(binary(), CONFIGURATION_DIRECTORY=str(empty)).wait_ready()
    assert str(empty / "config.yaml") in daemon.log
    for protocol, family in ALL_TRAFFIC:
        assert world.client("any").ask(protocol, family).who == "outside"


def test_the_config_of_the_configuration_directory(world):
    directory = world.scratch.directory / "etc"
    directory.mkdir()
    (directory / "config.yaml").write_text("version: 1\nrules: [{match: /dropped$, drop: true}]\n")
    world.cgroups.make("dropped")
    world.launch(binary(), CONFIGURATION_DIRECTORY=str(directory)).wait_ready()
    check(world, "control", "outside")
    check(world, "dropped", "dropped")


def test_the_config_at_the_default_place(world):
    etc = world.scratch.directory / "etc"
    (etc / "cgtproxy").mkdir(parents=True)
    (etc / "cgtproxy" / "config.yaml").write_text("version: 1\nrules: [{match: /dropped$, drop: true}]\n")
    world.cgroups.make("dropped")
    as_etc = f"mount --bind {etc} /etc"
    world.launch(binary(), wrap=lambda argv: in_private_mounts(as_etc, argv)).wait_ready()
    check(world, "control", "outside")
    check(world, "dropped", "dropped")
