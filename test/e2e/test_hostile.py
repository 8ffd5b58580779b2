# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users create cgroups with any names, at any depth, at any rate: nothing stalls and nothing breaks."""

import os
import re
import subprocess
import sys
import unicodedata
from contextlib import contextmanager

import pytest
from lab.addresses import UDP, V4
from lab.checks import DROP_CHAIN, OURS, await_chains, deepest_level
from lab.client import Client
from lab.netfilter import cgroup_elements
from lab.storms import Storm

# Control characters of ASCII and C1 that the daemon must not write: all except newline.
CONTROL_BYTES = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")
# The kernel refuses an end of line (kernel/cgroup/cgroup.c, cgroup_mkdir); '/' and NUL end a name.
BYTES_OF_NAMES = sorted(set(range(1, 256)) - set(b"/\n"))
CHURNS = 20_000

CONFIG = f"""
version: 1
rules:
  - {{match: '{OURS}direct[^/]*$', direct: true}}
  - {{match: '{OURS}bytes/', drop: true}}
  - {{match: '{OURS}dropped[^/]*$', drop: true}}
"""
TRICKS = [
    b"\x1b[2J\x1b]0;title\x07\x1b[31mred", b"\xff\xfe\x80\xc0\xaf", b"\xed\xa0\x80\xf4\x90\x80\x80", b"\xc2\x9b31m",
    "\u202egnp.exe\u2066\u200b\u2028\u2029\ufeff".encode(), b"a\rb\bc\x7f", b"\\x1b\\",
    b'"; drop } # \' $(reboot) %s%n',
    b" ", b"...", b"-", b"~", b"\xc3", b"error: dropped", b"x" * 255, b"\x1b" * 255, "\u00e9".encode() * 127,
    b"system.slice", b"user-0.slice", b"*", b"[a", b"flush ruleset;", b"\t", b"name=\xffvalue",
]


def check_output(output):
    """Check that bytes are safe on a terminal: valid UTF-8 without control characters."""
    assert not CONTROL_BYTES.search(output), CONTROL_BYTES.search(output)
    shown = set(output.decode()) - {"\n"}
    assert not {char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")}


def log_of(daemon):
    """What the daemon wrote, as bytes."""
    return daemon.log.encode(errors="surrogateescape")


def make(world, below, *names):
    """Make cgroups of these names, bytes, below another; return their numbers."""
    directory = os.fsencode(world.cgroups.directory(world.cgroups.make(below)))
    for name in names:
        os.mkdir(os.path.join(directory, name))
    return [os.stat(os.path.join(directory, name)).st_ino for name in names]


def render(world, config):
    """What `render` prints, as bytes."""
    done = world.cgtproxy("render", "-c", world.scratch.write(config), LOG_LEVEL="debug")
    assert done.returncode == 0, done.stderr
    check_output(done.stderr.encode(errors="surrogateescape"))
    return done.stdout.encode(errors="surrogateescape")


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_byte_and_every_trick(world, when):
    """All have their verdict, the log shows all of them, and neither there nor in `render` is a byte of theirs unescaped."""
    world.cgroups.make("bytes")
    daemon = world.daemon(CONFIG, LOG_LEVEL="debug") if when == "after" else None
    names = [b"a%cb" % byte for byte in BYTES_OF_NAMES] + [b"%c" % byte for byte in BYTES_OF_NAMES if byte != ord(".")]
    ids = make(world, "bytes", *dict.fromkeys(names + TRICKS))
    daemon = daemon or world.daemon(CONFIG, LOG_LEVEL="debug")
    await_chains(world, dict.fromkeys(ids, DROP_CHAIN))
    log = log_of(daemon)
    assert log.count(b"/bytes/") >= len(ids)
    for shown in (rb"/bytes/a\x1bb", rb"/bytes/a\x80b", rb"/bytes/a\b:", rb"/bytes/a\x07b", rb"/bytes/a%b:"):
        assert shown in log, shown
    check_output(log)
    check_output(re.sub(rb"(?m)^\t+", b"", render(world, CONFIG)).replace(b"\t", b""))


def test_a_rendered_ruleset_of_hostile_names_is_harmless(world):
    """No name can add a rule, end the map or keep nft from reading it."""
    make(world, "bytes", *TRICKS)
    world.cgroups.make("plain/dropped")
    rendered = render(world, CONFIG).decode()
    assert world.cgroups.path("plain/dropped") in rendered
    world.host.run("nft", "-f", "-", text_in=rendered)
    assert world.cgroups.id(world.cgroups.path("plain/dropped")) in cgroup_elements(world.host)
    empty = world.host.run("nft", "--stateless", "list", "chains")
    world.host.run("nft", "flush", "ruleset")
    world.daemon(CONFIG)
    assert empty == world.host.run("nft", "--stateless", "list", "chains")


@pytest.mark.parametrize("name", [b"evil\xff", b"evil\xed\xa0\x80", b"evil\r", b"evil\x0b\x0c\x85", b"\x80",
                                  "\u2028x".encode(), b"evil\\", b"$", b"direct-no\xff"])
def test_no_byte_evades_a_rule(world, name):
    """`.` and `[^/]` match whatever there is, and `$` matches at the end only."""
    config = f"""
version: 1
rules:
  - {{match: '{OURS}jail/evil$', direct: true}}
  - {{match: '{OURS}jail/[^/]+/inner$', direct: true}}
  - {{match: '{OURS}jail/.+$', drop: true}}
"""
    jail = world.cgroups.make("jail")
    world.daemon(config)
    (number,) = make(world, "jail", name)
    await_chains(world, {number: DROP_CHAIN})
    directory = os.path.join(os.fsencode(world.cgroups.directory(jail)), name)
    os.mkdir(os.path.join(directory, b"inner"))
    await_chains(world, {os.stat(os.path.join(directory, b"inner")).st_ino: "return"})
    client = world.keep(Client(world.host, os.fsdecode(directory)))
    result = client.ask_in_vain(UDP, V4)
    assert result.dropped
    assert not world.wire.saw(result)


def test_a_users_path_that_ends_like_the_systems(world):
    """An anchored rule doesn't match what a user creates below their own slice."""
    config = f"""
version: 1
rules:
  - {{match: '^{re.escape(world.cgroups.top)}/system[.]slice/trusted[.]service(/|$)', direct: true}}
  - {{match: '{OURS}', drop: true}}
"""
    user = "user.slice/user-1000.slice/user@1000.service"
    world.cgroups.make("system.slice/trusted.service")
    world.daemon(config)
    for path in (f"{user}/system.slice/trusted.service", f"{user}/{world.cgroups.top[1:]}/system.slice/trusted.service",
                 "system.slice/trusted.service.evil", "system.slice/trusted.service\r", "system.slice-/trusted.service",
                 "System.slice/trusted.service"):
        client = world.client(path)
        client.await_answer_by("dropped")
    assert world.client("system.slice/trusted.service").ask(UDP, V4).who == "outside"
    world.client("system.slice/trusted.service/below").await_answer_by("outside")


@contextmanager
def deep_cgroup(world, names):
    """A cgroup below the top for each of the names, each in the one before; yields open directories, the deepest last.

    A path may be longer than any system call takes, and so nobody else could remove it.
    """
    opened = [os.open(world.cgroups.directory(world.cgroups.top), os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for name in names:
            os.mkdir(name, dir_fd=opened[-1])
            opened.append(os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=opened[-1]))
        yield opened
    finally:
        for name in reversed(names[:len(opened) - 1]):
            os.close(opened.pop())
            os.rmdir(name, dir_fd=opened[-1])
        os.close(opened.pop())


@pytest.mark.parametrize(("name", "beyond", "when"), [
    (b"n" * 200, -133, "before"), (b"n" * 200, -133, "after"), (b"\xff" * 255, 0, "before"), (b"\x1b" * 255, 0, "after"),
    ("\U0001f600".encode() * 63, 0, "after"), (b"d", 1, "before"), (b"d", 1, "after"), (b"d", 47, "before"),
    (b"d", 47, "after")],
    ids=["long", "long, after", "invalid", "escapes, after", "letters, after", "too deep by one",
         "too deep by one, after", "too deep", "too deep, after"])
def test_the_deepest_paths(world, name, beyond, when):
    """Those of 24 KB and of 64 KB have their own verdicts; cgroups too deep for the kernel get their ancestor's."""
    is_too_deep = beyond > 0
    daemon = world.daemon(CONFIG, LOG_LEVEL="debug") if when == "after" else None
    names = [*[name] * (deepest_level() + beyond - 2), b"dropped"]  # below the world's top, which is at level 1
    with deep_cgroup(world, names) as opened:
        daemon = daemon or world.daemon(CONFIG, LOG_LEVEL="debug")
        expected = None if is_too_deep else DROP_CHAIN
        await_chains(world, {os.fstat(opened[-1]).st_ino: expected})
        late = world.cgroups.make("late/dropped")
        await_chains(world, {world.cgroups.id(late): DROP_CHAIN})
        client = Client(world.host, f"/proc/{os.getpid()}/fd/{opened[-1]}")
        try:
            result = client.ask_in_vain(UDP, V4)
            assert result.dropped != is_too_deep
            assert world.wire.saw(result) == is_too_deep
        finally:
            client.close()
        check_output(log_of(daemon))
        check_output(re.sub(rb"(?m)^\t+", b"", render(world, CONFIG)).replace(b"\t", b""))


def test_expressions_that_make_others_explode(world):
    """Nested repetitions against names that nearly match, in number: new cgroups have their verdicts all the while."""
    patterns = ["(a*)*b$", "(a+)+!$", "(a|aa)+!$", "(.*a){12}x$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a?){50}a{50}b",
                "((a{0,9}){0,9}){0,9}b$", "(.*)*(.*)*(.*)*z$"]
    config = "version: 1\nrules:\n" + "".join(f"  - {{match: '{pattern}', direct: true}}\n" for pattern in patterns)
    config += f"  - {{match: '{OURS}dropped[^/]*$', drop: true}}\n"
    daemon = world.daemon(config)
    with deep_cgroup(world, [b"a" * 250] * 100):
        for number in range(500):
            world.cgroups.make(f"many/{'a' * 240}-{number}")
        storm = Storm(world, "storm", 500, "dropped-" + "a" * 200).make()
        await_chains(world, dict.fromkeys(storm.ids(), DROP_CHAIN))
    assert daemon.process.poll() is None
    assert world.client("other").ask(UDP, V4).who == "outside"


def test_cgroups_made_and_removed_without_end(world):
    """Two processes do nothing else; another's new cgroup gets its verdict nevertheless."""
    daemon = world.daemon(CONFIG)
    directory = world.cgroups.directory(world.cgroups.make("churn"))
    churn = f"import os\nfor n in range({CHURNS}): os.mkdir(path); os.rmdir(path)\n"
    processes = [subprocess.Popen([sys.executable, "-I", "-S", "-c", f"path = {str(directory / name)!r}\n{churn}"])
                 for name in ("dropped-1", "dropped-2")]
    try:
        meanwhile = 0
        while any(process.poll() is None for process in processes):
            path = world.cgroups.make(f"meanwhile/dropped-{meanwhile}")
            await_chains(world, {world.cgroups.id(path): DROP_CHAIN})
            meanwhile += 1
        assert [process.returncode for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert meanwhile > 1
    assert daemon.process.poll() is None
    world.client("afterwards/dropped").await_answer_by("dropped")
