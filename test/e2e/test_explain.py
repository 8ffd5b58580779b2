# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy explain`: where a cgroup's traffic goes, by which rule, and whether the kernel agrees."""

import json
import os
import pty
import re
import subprocess

import pytest
from lab.cgroups import cgroup2_mount
from lab.daemon import as_nobody, binary

CONFIG = """\
version: 1
strict: STRICT
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - unit: dropped.service
    drop: true
  - match: ^/cgtproxy-test-[^/]+/proxied$
    tproxy: mihomo
  - {match: /proxied/exempt$, direct: true}
  - {match: /pro, drop: true}
"""
LENIENT, STRICT = (CONFIG.replace("STRICT", word) for word in ("false", "true"))
LINES = {1: 6, 2: 8, 3: 10, 4: 11}
# cgroup: rule, target, and the cgroup that it is inherited from
EXPECTED = {
    "dropped.service": (1, "drop", None),
    "dropped.service/below": (1, "drop", None),
    "proxied": (2, "mihomo", None),
    "proxied/exempt": (3, "direct", None),
    "proxied/exempt/below": (4, "drop", None),
    "other": (None, "direct", None),
    "other/below": (None, "direct", None),
}
INHERITED = "version: 1\nrules:\n  - {match: /dropped$, drop: true}\n  - {match: /dropped/a/b$, direct: true}\n"


def explain(world, config, *arguments, **options):
    """The finished command, and what it says in JSON."""
    done = world.cgtproxy("-c", world.scratch.write(config), "explain", "--json", *arguments, **options)
    return done, json.loads(done.stdout) if done.stdout else None


@pytest.mark.parametrize("config", [LENIENT, STRICT], ids=["lenient", "strict"])
def test_the_kernel_agrees_with_the_config(world, config):
    for cgroup in EXPECTED:
        world.cgroups.make(cgroup)
    world.daemon(config)
    for cgroup, (rule, target, inherited_from) in EXPECTED.items():
        path = world.cgroups.path(cgroup)
        done, said = explain(world, config, path)
        assert done.returncode == 0, done.stderr
        rules = said.pop("rules")
        assert os.path.isfile(said.pop("file"))
        assert "sudo cgtproxy -c " in said.pop("advice")
        assert said == {"path": path, "rule": rule, "line": LINES.get(rule), "dropin": None, "target": target,
                        "inherited_from": inherited_from, "kernel": target, "agrees": True, "traffic": None, "to": None,
                        "processes": [], "sockets": [], "containers": None}
        assert [(r["rule"], r["line"]) for r in rules] == list(LINES.items())
        assert [r["rule"] for r in rules if r["matches"]][:1] == ([rule] if rule else [])
        assert [r["target"] for r in rules] == ["drop", "mihomo", "direct", "drop"]
        assert rules[0]["selector"] == "unit: dropped.service"


def test_every_rule_is_told_of(world):
    """Not only the one that wins."""
    _, said = explain(world, LENIENT, world.cgroups.path("proxied"))
    assert [rule["matches"] for rule in said["rules"]] == [False, True, False, True]


def test_inherited(world):
    """From the nearest ancestor that a rule matches, and the kernel says so too."""
    world.cgroups.make("dropped/a/b/c/d")
    world.daemon(INHERITED)
    for cgroup, rule, ancestor in (("dropped", 1, None), ("dropped/a", 1, "dropped"), ("dropped/a/b", 2, None),
                                   ("dropped/a/b/c/d", 2, "dropped/a/b")):
        done, said = explain(world, INHERITED, world.cgroups.path(cgroup))
        assert done.returncode == 0
        assert said["rule"] == rule
        assert said["inherited_from"] == (world.cgroups.path(ancestor) if ancestor else None)
        assert said["kernel"] == said["target"] == ("drop", "direct")[rule - 1]


def test_text(world):
    world.cgroups.make("dropped/a")
    path = world.scratch.write(INHERITED)
    world.launch(binary(), "-c", path).wait_ready()
    done = world.cgtproxy("-c", path, "explain", world.cgroups.path("dropped/a"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["cgroup", world.cgroups.path("dropped/a")]
    assert re.fullmatch(rf"target +drop, by rule 1 \({re.escape(str(path))}:3\)", lines[1])
    assert lines[2].split() == ["inherited", "from", world.cgroups.path("dropped")]
    assert re.fullmatch(r"kernel +drop, too", lines[3])
    assert lines[-2] == ""
    assert [line.split(maxsplit=6) for line in lines[-4:-2]] == [
        ["->", "1", "line", "3", "matches", "drop", "match: /dropped$"],
        ["2", "line", "4", "no", "direct", "match:", "/dropped/a/b$"]]
    assert "\033" not in done.stdout


def test_the_kernel_disagrees(world):
    """A config that was not loaded: the exit code is 3, and both are reported."""
    world.cgroups.make("dropped.service")
    world.cgroups.make("proxied/other")
    world.daemon(LENIENT)
    changed = LENIENT.replace("dropped.service", "another.service").replace("/pro,", "/xpro,")
    done, said = explain(world, changed, world.cgroups.path("dropped.service"))
    assert done.returncode == 3
    assert (said["rule"], said["target"], said["kernel"], said["agrees"]) == (None, "direct", "drop", False)
    done, said = explain(world, changed, world.cgroups.path("proxied/other"))
    assert done.returncode == 3
    assert (said["rule"], said["target"], said["kernel"], said["agrees"]) == (2, "mihomo", "drop", False)
    done = world.cgtproxy("-c", world.scratch.write(changed), "explain", world.cgroups.path("dropped.service"))
    assert done.returncode == 3
    assert re.search(r"^target +direct\b", done.stdout, re.M)
    assert re.search(r"^kernel +drop, .*which differs from this config", done.stdout, re.M)


def test_strict_refuses_what_it_does_not_know(world):
    """Where the daemon was killed, a cgroup made since has no element, and is refused."""
    world.cgroups.make("other")
    world.daemon(STRICT).kill()
    world.cgroups.make("other/late")
    done, said = explain(world, STRICT, world.cgroups.path("other/late"))
    assert done.returncode == 3
    assert (said["target"], said["kernel"]) == ("direct", "drop")
    assert explain(world, STRICT, world.cgroups.path("other"))[0].returncode == 0


def test_rules_that_outlived_their_daemon(world):
    """What the kernel still does is no reason to call all well."""
    world.cgroups.make("proxied")
    daemon = world.daemon(LENIENT)
    assert "does not run" not in (explain(world, LENIENT, world.cgroups.path("proxied"))[1]["advice"] or "")
    daemon.kill()
    done, said = explain(world, LENIENT, world.cgroups.path("proxied"))
    assert (said["target"], said["kernel"]) == ("mihomo", "mihomo")
    assert said["advice"].startswith("Start cgtproxy, which does not run")


def test_without_a_daemon(world):
    world.cgroups.make("proxied")
    done, said = explain(world, LENIENT, world.cgroups.path("proxied"))
    assert done.returncode == 0
    assert (said["target"], said["kernel"], said["agrees"]) == ("mihomo", None, None)
    done = world.cgtproxy("-c", world.scratch.write(LENIENT), "explain", world.cgroups.path("proxied"))
    assert "cgtproxy is not running" in done.stdout


def test_a_cgroup_that_does_not_exist(world):
    world.daemon(LENIENT)
    done, said = explain(world, LENIENT, world.cgroups.path("proxied"))
    assert done.returncode == 0
    assert (said["rule"], said["target"], said["kernel"]) == (2, "mihomo", None)
    done = world.cgtproxy("-c", world.scratch.write(LENIENT), "explain", world.cgroups.path("proxied"))
    assert "the cgroup does not exist" in done.stdout


def test_without_privileges(world):
    world.cgroups.make("proxied")
    world.daemon(LENIENT)
    as_user = {"wrap": as_nobody, "program": world.scratch.program()}
    done, said = explain(world, LENIENT, world.cgroups.path("proxied"), **as_user)
    assert done.returncode == 0, done.stderr
    assert (said["rule"], said["target"], said["kernel"], said["agrees"]) == (2, "mihomo", None, None)
    done = world.cgtproxy("-c", world.scratch.write(LENIENT), "explain", world.cgroups.path("proxied"), **as_user)
    assert re.search(r"^kernel +unknown: needs CAP_NET_ADMIN$", done.stdout, re.M)


def test_spellings_of_a_path(world):
    path = world.cgroups.path("proxied")
    mount = str(cgroup2_mount())
    for spelling in (path, path + "/", mount + path, mount + path + "//", "/" + path.replace("/", "//")):
        _, said = explain(world, LENIENT, spelling)
        assert said["path"] == path
        assert said["rule"] == 2
    for spelling in ("/", mount, mount + "/", "///"):
        _, said = explain(world, LENIENT + "  - {match: .*, drop: true}\n", spelling)
        assert (said["path"], said["rule"], said["target"]) == ("/", None, "direct")


def test_pid(world):
    world.client("proxied")
    pid = world.cgroups.directory(world.cgroups.path("proxied")).joinpath("cgroup.procs").read_text("ascii").split()[0]
    world.daemon(LENIENT)
    for arguments in (["--pid", pid], [f"--pid={pid}"]):
        done, said = explain(world, LENIENT, *arguments)
        assert done.returncode == 0
        assert (said["path"], said["rule"], said["kernel"]) == (world.cgroups.path("proxied"), 2, "mihomo")


def test_a_process_whose_cgroup_is_gone(world):
    """The kernel shows " (deleted)" behind the path of a zombie, which is not a part of it."""
    directory = world.cgroups.directory(world.cgroups.make("proxied"))
    with subprocess.Popen(["sh", "-c", 'echo 0 >"$1/cgroup.procs"', "sh", directory]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        directory.rmdir()
        done, said = explain(world, LENIENT, "--pid", zombie.pid)
    assert done.returncode == 0
    assert (said["path"], said["rule"], said["kernel"]) == (world.cgroups.path("proxied"), 2, None)


def test_a_cgroup_that_is_named_deleted(world):
    """A user chose that name, and it can't hide the cgroup."""
    world.client("proxied (deleted)")
    path = world.cgroups.path("proxied (deleted)")
    pid = world.cgroups.directory(path).joinpath("cgroup.procs").read_text("ascii").split()[0]
    _, said = explain(world, LENIENT, "--pid", pid)
    assert (said["path"], said["rule"]) == (path, 4)


def test_a_process_that_is_gone(world):
    with subprocess.Popen(["true"]) as ended:
        pass
    done = world.cgtproxy("-c", world.scratch.write(LENIENT), "explain", "--pid", ended.pid)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"no process {ended.pid}" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["/a", "/b"], ["/a", "--pid", "1"], ["relative/path"], [""], ["/a/../b"],
                                       ["/a/./b"], ["/" + "x" * 256], ["--pid", "0"], ["--pid", "-1"], ["--pid", "1x"],
                                       ["--pid", ""], ["--pid", "4294967297"], ["--watch", "/a"]])
def test_wrong_questions(world, arguments):
    done = world.cgtproxy("-c", world.scratch.write(LENIENT), "explain", *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr != ""


def test_a_bad_config(world):
    done = world.cgtproxy("-c", world.scratch.write(LENIENT.replace("7893", "0")), "explain", "/a")
    assert done.returncode == 1
    assert done.stdout == ""


def test_hostile_names(world):
    """No name can control a terminal, and JSON stays valid."""
    for name in ("a\x1b[31mb", "a\u202eb", os.fsdecode(b"a\xffb"), 'a"b\\'):
        path = world.cgroups.path(name)
        done = world.cgtproxy("-c", world.scratch.write(LENIENT), "explain", path)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout and "\u202e" not in done.stdout and "\udcff" not in done.stdout
        done, said = explain(world, LENIENT, path)
        assert done.stdout.isascii() and "\x1b" not in done.stdout
        if "\udcff" not in name:
            assert said["path"] == path


def test_deep_paths(world):
    """Below level 255, where the kernel's lookup ends, cgroups are treated as their ancestor at that level."""
    _, said = explain(world, "version: 1\n", "/a" * 300)
    assert said["path"] == "/a" * 255


def read_all(master):
    """Everything written to a terminal that nobody has open any more; the kernel hands it on piece by piece."""
    said = b""
    while True:
        try:
            said += os.read(master, 65536)
        except OSError:  # EIO: that was all
            return said.decode()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours(world, no_color):
    """On a terminal, for those who want them."""
    master, terminal = pty.openpty()
    shell = (f"TERM=xterm NO_COLOR={no_color} {binary()} --no-pager -c {world.scratch.write(LENIENT)} "
             f"explain {world.cgroups.path('proxied')}")
    world.host.run("sh", "-c", f"{shell} >/dev/pts/{os.path.basename(os.ttyname(terminal))}")
    os.close(terminal)
    said = read_all(master)
    os.close(master)
    assert "mihomo" in said
    assert ("\033[" in said) == (no_color == "")
