# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy explain NAME`: applications, units, slices and users by the names that people know."""

import json
import os
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.addresses import OUTSIDE, TCP, V4
from lab.client import Client
from lab.daemon import binary, in_private_mounts
from lab.managers import ManagerTree

# Every test has names of its own, since their cgroups are on the same host: UID is the user's number.
CONFIG = """\
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - match: /app-org\\.telegramUID\\.desktop-2\\.scope$
    drop: true
  - app: org.telegramUID.desktop
    tproxy: mihomo
  - unit: droppedUID.service
    drop: true
"""
ENTRY = "[Desktop Entry]\nType=Application\nName="
ESCAPE, OVERRIDE = "\x1b[31m", "\u202e"


@pytest.fixture(name="desktop")
def fixture_desktop(world):
    """A user with a manager whom only run() knows as alice, and .desktop files."""
    manager = world.keep(ManagerTree())
    shared = world.scratch.directory / "share"
    (shared / "applications").mkdir(parents=True, mode=0o755)
    passwd = world.scratch.write(f"root:x:0:0::/root:/bin/sh\nalice:x:{manager.uid}:{manager.uid}::/nonexistent:/bin/sh\n",
                                 ".passwd")

    def entry(name, text):
        (shared / "applications" / f"{name}.desktop").write_text(ENTRY + text + "\n", encoding="utf-8")

    def client(tree, cgroup):
        tree.make(cgroup)
        return world.keep(Client(world.host, tree.directory(tree.path(cgroup))))

    ours = CONFIG.replace("UID", str(manager.uid))

    def as_known(argv):
        return in_private_mounts(f"mount --bind {passwd} /etc/passwd", argv)

    def run(*arguments, config=ours, **env):
        path = config if isinstance(config, Path) else world.scratch.write(config)
        return world.cgtproxy("-c", path, *arguments, wrap=as_known, XDG_DATA_DIRS=str(shared), **env)

    def explain(*arguments, code=0, **options):
        done = run("explain", *arguments, "--json", **options)
        assert code in (None, done.returncode), done.stderr
        return json.loads(done.stdout) if done.stdout else None

    return SimpleNamespace(manager=manager, entry=entry, client=client, run=run, explain=explain, uid=manager.uid, config=ours, wrap=as_known,
                           app=f"org.telegram{manager.uid}.desktop", name=f"Telegram{manager.uid}",
                           dropped=f"dropped{manager.uid}.service",
                           scope=f"app.slice/app-org.telegram{manager.uid}.desktop-{{}}.scope".format)


def targets(said):
    """The target of each cgroup."""
    return {cgroup["path"]: cgroup["kernel"] or cgroup["target"] for cgroup in said["cgroups"]}


def test_an_application_with_several_cgroups(world, desktop):
    """Each has its target, as real packets show; the text groups them."""
    desktop.entry(desktop.app, f"{desktop.name} Desktop\nExec=program{desktop.uid} -- %u")
    world.proxy("mihomo")
    world.daemon(desktop.config)
    clients = [desktop.client(desktop.manager, desktop.scope(number)) for number in (1, 2, 3)]
    paths = [desktop.manager.path(desktop.scope(number)) for number in (1, 2, 3)]
    for client, who in zip(clients, ("proxy mihomo", "dropped", "proxy mihomo")):
        client.await_answer_by(who, protocol=TCP)
    for word in (desktop.name.lower(), f"{desktop.name} Desktop", f"program{desktop.uid}", desktop.app, f"app:{desktop.name}"):
        said = desktop.explain(word, "--to", f"tcp/{OUTSIDE[V4]}:80")
        assert (said["kind"], said["id"], said["name"], said["users"], said["running"]) == (
            "app", desktop.app, f"{desktop.name} Desktop", "alice", True)
        assert targets(said) == dict(zip(paths, ("mihomo", "drop", "mihomo")))
        assert [cgroup["traffic"][0]["outcome"] for cgroup in said["cgroups"]] == ["proxy", "drop", "proxy"]
        assert {(one["pid"], one["cgroup"]) for one in said["processes"]} == set(zip([c.pid for c in clients], paths))
        assert said["sockets"] == []
    text = desktop.run("explain", desktop.app).stdout
    assert text.splitlines()[0] == f"app     {desktop.app} ({desktop.name} Desktop), of alice"
    groups = [re.findall(r"^(?:cgroup|target) +([^,\n]+)", group, re.M) for group in text.split("\n\n")[:2]]
    assert groups == [[paths[0], paths[2], "mihomo"], [paths[1], "drop"]]
    assert "The rules" not in text


def test_units(world, desktop):
    world.daemon(desktop.config)
    other = f"other{desktop.uid}.service"
    world.cgroups.make(f"{desktop.dropped}/below")
    world.cgroups.make(other)
    said = desktop.explain(desktop.dropped)
    assert (said["kind"], said["id"], said["users"]) == ("unit", desktop.dropped, None)
    assert targets(said) == {world.cgroups.path(desktop.dropped): "drop"}
    assert targets(desktop.explain(desktop.dropped.removesuffix(".service"))) == targets(said)
    text = desktop.run("explain", other).stdout
    assert "direct, since no rule matches" in text and "direct, too" in text
    assert f"route unit:{other} mihomo" in text


def test_the_advice_is_right(world, desktop):
    """The command as printed sends it where it says, in the kernel as well."""
    world.cgroups.make(desktop.dropped)
    odd = world.cgroups.make("some'quoted $(thing)")
    desktop.manager.make(desktop.scope(1))
    config = world.scratch.path("") / "config.yaml"
    config.parent.mkdir()
    config.write_text(desktop.config, encoding="utf-8")
    world.launch(binary(), "-c", config, wrap=desktop.wrap).wait_ready()
    for word in (desktop.dropped, desktop.app, desktop.manager.path("app.slice"), odd, f"user-{desktop.uid}.slice"):
        done = desktop.run("explain", word, config=config)
        assert done.returncode == 0, done.stderr
        command = re.search(r"^To (?:proxy it|send it direct): sudo cgtproxy (-c .* route .*)$", done.stdout, re.M).group(1)
        done = desktop.run(*shlex.split(command)[2:], config=config)
        assert done.returncode == 0, done.stderr
        found = desktop.explain(word, config=config)
        found = found.get("cgroups", [found])[0]
        assert found["target"] == found["kernel"] == command.split()[-1]
        assert found["dropin"] == "config.d/50-route.yaml"


def test_advice_where_a_route_would_not_win(world, desktop):
    config = world.scratch.path("") / "config.yaml"
    (config.parent / "config.d").mkdir(parents=True)
    config.write_text(desktop.config, encoding="utf-8")
    (config.parent / "config.d" / "10-first.yaml").write_text(f"rules:\n  - {{unit: {desktop.dropped}, drop: true}}\n",
                                                            encoding="utf-8")
    world.launch(binary(), "-c", config).wait_ready()
    world.cgroups.make(desktop.dropped)
    assert "edit the rule on line 2 of config.d/10-first.yaml" in desktop.explain(desktop.dropped, config=config)["advice"]


def test_a_user_and_what_differs_below(world, desktop):
    desktop.manager.make(desktop.scope(1))
    desktop.manager.make("app.slice/app-other-1.scope")
    world.daemon(desktop.config)
    session = os.path.dirname(desktop.manager.top)
    for word in ("alice", "user:alice", f"user-{desktop.uid}.slice"):
        said = desktop.explain(word)
        assert said["kind"] == ("slice" if word.endswith("slice") else "user")
        assert targets(said) == {session: "direct", desktop.manager.path(desktop.scope(1)): "mihomo"}


def test_not_running(desktop):
    """What is installed is explained where systemd would start it."""
    desktop.entry(desktop.app, desktop.name)
    said = desktop.explain(desktop.name, SUDO_UID="1234")
    assert not said["running"] and said["processes"] == []
    assert targets(said) == {f"/user.slice/user-1234.slice/user@1234.service/app.slice/app-{desktop.app}-1.scope": "mihomo"}
    assert "not running; systemd would start it in this cgroup" in desktop.run("explain", desktop.app).stdout


def commands(text):
    """The commands that are offered."""
    return [shlex.split(line.strip(), comments=True) for line in text.splitlines() if line.startswith("  cgtproxy explain ")]


def test_several_matches(world, desktop):
    """The commands offered are unambiguous, also where two things have the same ID."""
    first, second = f"two-parts{desktop.uid}.service", f"parts{desktop.uid}-two.service"
    for cgroup in (first, second):
        world.cgroups.make(cgroup)
    desktop.manager.make(f"app.slice/{first}")
    done = desktop.run("explain", f"parts{desktop.uid}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f'"parts{desktop.uid}" is ambiguous' in done.stderr
    offered = commands(done.stderr)
    assert {command[2] for command in offered} == {f"unit:{first}", f"user-unit:{first}", f"unit:{second}"}
    assert f"# {first.removesuffix('.service')}, of alice" in done.stderr
    for command in offered:
        assert command[2].endswith(desktop.explain(*command[2:])["id"])


def test_no_match(world, desktop):
    world.cgroups.make(f"wiseapp-of-{desktop.uid}.service")
    done = desktop.run("explain", f"wiseapq-of-{desktop.uid}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f'called "wiseapq-of-{desktop.uid}" is running or installed; did you mean "wiseapp-of-{desktop.uid}"? "cgtproxy' in done.stderr
    done = desktop.run("explain", "zxqj-nothing-like-it")
    assert done.returncode == 2
    assert 'called "zxqj-nothing-like-it"' in done.stderr and "did you mean" not in done.stderr


@pytest.mark.parametrize("word", [ESCAPE, OVERRIDE, "x" * 100000, os.fsdecode(b"\xff"), "%s%n", "app:", ":", "unit:app:x", " ",
                                  "'; true", "$(true)"])
def test_hostile_words(desktop, word):
    done = desktop.run("explain", word)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "\x1b" not in done.stderr and "\u202e" not in done.stderr and "\udcff" not in done.stderr
    assert 0 < len(done.stderr) < 3000


def test_hostile_names(desktop):
    """Of users' .desktop files and cgroups: nothing reaches the terminal, and what is offered is no command of theirs."""
    desktop.entry("hostile.one", f"Evil {ESCAPE}{OVERRIDE}")
    desktop.manager.make("app.slice/app-hostile.one-1.scope")
    desktop.manager.make("app.slice/app-hostile.two-1.scope/" + f"{ESCAPE}; rm")
    text = desktop.run("explain", "hostile.one").stdout
    assert "Evil" in text and "\x1b" not in text and OVERRIDE not in text
    done = desktop.run("explain", "hostile")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr and OVERRIDE not in done.stderr
    assert {command[2] for command in commands(done.stderr)} == {"app:hostile.one", "app:hostile.two"}
    assert desktop.explain("evil")["name"] == f"Evil {ESCAPE}{OVERRIDE}"


def test_a_broken_file(world, desktop):
    """What is in force counts, and that the file is broken is said."""
    world.proxy("mihomo")
    world.daemon(desktop.config)
    client = desktop.client(desktop.manager, desktop.scope(1))
    client.await_answer_by("proxy mihomo", protocol=TCP)
    broken = desktop.config.replace("port: 7893", "port: nonsense")
    for arguments in ([desktop.app], ["--pid", client.pid], [desktop.manager.path(desktop.scope(1))]):
        done = desktop.run("explain", *arguments, config=broken)
        assert done.returncode == 1
        assert "port" in done.stderr
        assert re.search(r"^kernel +mihomo$", done.stdout, re.M)
        assert not re.search(r"^target ", done.stdout, re.M)
        assert "Correct the config file" in done.stdout and "cgtproxy check config" in done.stdout
    said = desktop.explain("--pid", client.pid, config=broken, code=1)
    assert (said["kernel"], said["target"], said["rule"], said["agrees"], said["rules"]) == ("mihomo", None, None, None, [])


def test_a_broken_file_and_no_daemon(world, desktop):
    done = desktop.run("explain", world.cgroups.path("x"), config="version: 2\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "cgtproxy is not running" in done.stderr


def in_force(world, desktop, text):
    """The path of a config that a daemon has loaded."""
    config = world.scratch.path("") / "config.yaml"
    config.parent.mkdir()
    config.write_text(text, encoding="utf-8")
    world.launch(binary(), "-c", config, wrap=desktop.wrap).wait_ready()
    return config


def test_a_proxy_is_not_advised_to_be_sent_to_itself(world, desktop):
    config = desktop.config.replace("rules:", f"rules:\n  - unit: kept{desktop.uid}.service\n    direct: true", 1)
    config = in_force(world, desktop, config)
    served = [f"kept{desktop.uid}.service", f"plain{desktop.uid}.service"]
    for number, unit in enumerate(served):
        world.client(unit).serve("mihomo", 7893, addresses=[("127.0.0.1", "127.0.0.2")[number]], transparent=True)
        text = desktop.run("explain", f"unit:{unit}", config=config).stdout
        assert "This is the proxy mihomo itself" in text and "To proxy it" not in text
    world.cgroups.make("sing-box@home.service")
    text = desktop.run("explain", "unit:sing-box@home.service", config=config).stdout
    assert "sing-box is a proxy server" in text and "To proxy it" not in text
    inner = desktop.client(desktop.manager, "app.slice/inner.service")
    inner.serve("mihomo", 7893, addresses=["127.0.0.3"], transparent=True)
    text = desktop.run("explain", "alice", config=config).stdout
    assert "The proxy mihomo runs in it" in text and "route user-unit:inner.service direct" in text and "To proxy it" not in text
    assert text.splitlines()[0] == "user    alice"


def test_a_proxy_that_does_not_listen(world, desktop):
    world.cgroups.make(f"sent{desktop.uid}.service")
    config = desktop.config.replace("rules:", f"rules:\n  - unit: sent{desktop.uid}.service\n    tproxy: mihomo", 1)
    config = in_force(world, desktop, config)

    def advice():
        return desktop.explain(f"unit:sent{desktop.uid}.service", config=config)["advice"]

    assert advice().startswith("Start the proxy mihomo, or correct its port: nothing listens on port 7893")
    assert "To send it direct: " in advice()
    world.proxy("mihomo")
    assert advice().startswith("To send it direct: ")


@pytest.mark.parametrize(("word", "text"), [("278", "cgtproxy explain --pid 278"), ("app：telegram", 'write "app:telegram"')])
def test_what_to_type_instead(desktop, word, text):
    done = desktop.run("explain", word)
    assert done.returncode == 2 and text in done.stderr


def test_a_slice_that_is_not_there_is_named(world, desktop):
    config = in_force(world, desktop, desktop.config)
    assert "route slice:nope.slice mihomo" in desktop.run("explain", "/nope.slice", config=config).stdout
