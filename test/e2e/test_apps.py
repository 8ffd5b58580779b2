# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy apps`: what runs by the names that people know, where its traffic goes, and how much of it."""

import json
import os
import re
import subprocess
import unicodedata
from types import SimpleNamespace

import pytest
from lab.addresses import TCP, UDP, V4, V6
from lab.client import Client
from lab.daemon import as_nobody, binary, environment, in_private_mounts
from lab.managers import ManagerTree
from lab.terminal import Terminal

CONFIG = """\
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - unit: quiet.service
    drop: true
  - app: [org.telegram.desktop, org.gnome.Terminal]
    tproxy: mihomo
"""
TELEGRAM = "app.slice/app-gnome-org.telegram.desktop-4711.scope"
UUID = "5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10"
ENTRY = "[Desktop Entry]\nType=Application\nName="
ESCAPE, OVERRIDE = "\x1b[31m", "\u202e"


@pytest.fixture(name="desktop")
def fixture_desktop(world):
    """A user with a manager, a home and a name that only wrap() makes known, and the system's .desktop files."""
    manager = world.keep(ManagerTree())
    home = world.scratch.directory / "home"
    shared = world.scratch.directory / "share"
    for directory in (home, shared):
        directory.mkdir(mode=0o755)
    passwd = world.scratch.write(f"root:x:0:0::/root:/bin/sh\nalice:x:{manager.uid}:{manager.uid}::{home}:/bin/sh\n", ".passwd")

    def entry(name, text, at=shared / "applications"):
        at.mkdir(parents=True, exist_ok=True)
        (at / f"{name}.desktop").write_text(ENTRY + text + "\n", encoding="utf-8")
        return at / f"{name}.desktop"

    def client(tree, cgroup):
        tree.make(cgroup)
        return world.keep(Client(world.host, tree.directory(tree.path(cgroup))))

    def run(*arguments, config=CONFIG, more="", user=lambda argv: argv, **env):
        script = f"mount --bind {passwd} /etc/passwd\n{more}"
        program = world.scratch.program()
        return world.cgtproxy("-c", world.scratch.write(config), "apps", *arguments, program=program,
                              wrap=lambda argv: in_private_mounts(script, user(argv)), XDG_DATA_DIRS=str(shared), **env)

    def listed(*arguments, **options):
        """Of our user and slice, by name; other tests' cgroups are on the same host."""
        done = run("--json", *arguments, **options)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        ours = (f"/user.slice/user-{manager.uid}.slice/", world.cgroups.top)
        return {one["name"]: one for one in said["apps"] if any(path.startswith(ours) for path in one["cgroups"])}

    return SimpleNamespace(manager=manager, home=home, entry=entry, client=client, run=run, listed=listed, uid=manager.uid)


def row(text, name):
    """The cells of the row with this name."""
    lines = [line for line in text.splitlines() if line.startswith(name + " ")]
    assert len(lines) == 1, text
    return re.split(r"  +", lines[0])


def talk(client, family=V4):
    """Transfer something on a connection that stays open."""
    result = client.ask(TCP, family, times=20, hold=True)
    assert result.outcome == "answered"
    return result


def test_names_targets_and_traffic(world, desktop):
    desktop.entry("org.telegram.desktop", "Telegram")
    world.proxy("mihomo")
    world.daemon(CONFIG)
    telegram = desktop.client(desktop.manager, TELEGRAM)
    other = desktop.client(world.cgroups, "other.service")
    telegram.await_answer_by("proxy mihomo")
    first, second = talk(telegram), talk(other, V6)
    tokens = sum(map(len, first.tokens))

    listed = desktop.listed()
    said = listed["Telegram"]
    path = desktop.manager.path(TELEGRAM)
    received, sent = said.pop("received"), said.pop("sent")
    sockets = said.pop("sockets")
    assert sockets >= 1
    assert said == {"selector": "app", "value": "org.telegram.desktop", "name": "Telegram", "user": "alice", "uid": desktop.uid,
                    "cgroups": [path], "targets": [{"target": "mihomo", "rule": 2, "dropin": None, "line": 7, "differs": False, "cgroups": 1,
                                                    "sockets": sockets}], "container": None}
    assert tokens <= sent < received  # an answer repeats the question, and says more
    assert listed["other"]["received"] >= sum(map(len, second.tokens))
    assert listed["other"]["targets"][0]["target"] == "direct" and listed["other"]["targets"][0]["rule"] is None
    assert listed["other"]["user"] is listed["other"]["uid"] is None
    assert listed["other"]["selector"] == "unit" and listed["other"]["value"] == "other.service"

    text = desktop.run().stdout
    assert text.splitlines()[0].split() == ["NAME", "USER", "TARGET", "RULE", "LINE", "DOWN", "UP"]
    cells = row(text, "Telegram")
    assert cells[:5] == ["Telegram", "alice", "mihomo", "2", "7"]
    assert all(re.fullmatch(r"\d+(\.\d)? k?B", cell) for cell in cells[5:]), cells
    assert row(text, "other")[1] == "direct"
    assert "CAP_NET_ADMIN" not in text and "does not run" not in text and "kernel has" not in text


def test_sockets_decide_what_is_listed(world, desktop):
    world.cgroups.make("quiet.service")
    desktop.manager.make("app.slice/app-silent-1.scope")
    desktop.client(world.cgroups, "talking.service").serve("somebody", 4711)
    assert set(desktop.listed()) == {"talking"}
    listed = desktop.listed("--all")
    assert set(listed) == {"talking", "quiet", "silent"}
    assert listed["quiet"]["sockets"] == listed["quiet"]["received"] == listed["quiet"]["sent"] == 0
    assert listed["quiet"]["targets"] == [{"target": "direct", "rule": 1, "dropin": None, "line": 5, "differs": False,
                                           "cgroups": 1, "sockets": 0}]
    assert "--all lists all" in desktop.run().stdout and "--all lists" not in desktop.run("--all").stdout


def test_what_desktops_make(world, desktop):
    """Each by the name of its .desktop file, whichever way it is named there."""
    desktop.entry("org.gnome.Terminal", "Terminal")
    desktop.entry("org.mozilla.firefox", "Firefox\nX-SnapInstanceName=firefox\nX-SnapAppName=firefox")
    desktop.entry("Dota 2", "Dota 2\nExec=steam steam://rungameid/570")
    cgroups = {
        "app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope": ("Terminal", "app", "org.gnome.Terminal"),
        f"app.slice/snap.firefox.firefox-{UUID}.scope": ("Firefox", "app", "firefox_firefox"),
        "app.slice/app-steam-app570-4711.scope": ("Dota 2", "app", "app570"),
        "app.slice/app-flatpak-org.kde.kate-1.scope": ("org.kde.kate", "app", "org.kde.kate"),
        "app.slice/syncthing.service": ("syncthing", "user-unit", "syncthing.service"),
    }
    for cgroup in cgroups:
        desktop.manager.make(cgroup)
    session = desktop.manager.directory(desktop.manager.top).parent / "session-1.scope"
    session.mkdir()
    try:
        listed = desktop.listed("--all")
    finally:
        session.rmdir()
    assert {(one["name"], one["selector"], one["value"]) for one in listed.values()} == {*cgroups.values(), ("alice", "user", "alice")}
    assert {one["user"] for one in listed.values()} == {"alice"}
    assert listed["Terminal"]["targets"][0]["target"] == "direct"  # nobody runs


def test_several_targets(world, desktop):
    """An application whose cgroups go to different targets has a row for each with sockets, the most used first."""
    config = CONFIG + "  - {match: /many.service/two, drop: true}\n"
    world.proxy("mihomo")
    world.daemon(config)
    world.cgroups.make("many.service/three")
    for cgroup, ports in (("many.service/one", (5000, 5001)), ("many.service/two", (5002,))):
        desktop.client(world.cgroups, cgroup).serve("somebody", *ports)
    said = desktop.listed(config=config)["many"]["targets"]
    assert [(one["target"], one["rule"]) for one in said] == [("direct", None), ("drop", 3)]
    assert [one["cgroups"] for one in said] == [3, 1]
    lines = desktop.run(config=config).stdout.splitlines()
    at = [line.split()[:2] for line in lines].index(["many", "direct"])
    assert lines[at + 1].split() == ["drop", "3", "9"]


def test_without_permission(world, desktop):
    desktop.entry("org.telegram.desktop", "Telegram")
    world.daemon(CONFIG.replace("tproxy: mihomo", "drop: true"))
    desktop.manager.make(TELEGRAM)
    listed = desktop.listed("--all", user=as_nobody)
    assert listed["Telegram"]["targets"][0]["target"] == "mihomo"
    done = desktop.run("--all", user=as_nobody)
    assert "The targets are the config's: without CAP_NET_ADMIN" in done.stdout and done.returncode == 0
    assert json.loads(desktop.run("--json", user=as_nobody).stdout)["targets_of"] == "config"


def test_the_kernel_has_other_targets(world, desktop):
    world.daemon(CONFIG.replace("tproxy: mihomo", "drop: true"))
    desktop.manager.make(TELEGRAM)
    route = desktop.listed("--all")["org.telegram.desktop"]["targets"][0]
    assert (route["target"], route["differs"]) == ("drop", True)
    assert "The kernel has other targets for some of these than the config." in desktop.run("--all").stdout
    done = desktop.run("--all", "--json", config="version: 1\nrules: nonsense\n")
    assert done.returncode == 0 and "rules" in done.stderr
    assert json.loads(done.stdout)["targets_of"] == "kernel"


def test_rules_that_outlived_their_daemon(world, desktop):
    """They are still in force, but nobody keeps them up."""
    daemon = world.daemon(CONFIG)
    desktop.manager.make(TELEGRAM)
    left = "cgtproxy does not run. The rules of an earlier run are still in force"
    assert left not in desktop.run("--all").stdout
    daemon.kill()
    assert left in desktop.run("--all").stdout
    assert desktop.run("--all", "--json").returncode == 0


def test_neither_kernel_nor_config(desktop):
    done = desktop.run(config="version: 1\nrules: nonsense\n", user=as_nobody)
    assert (done.returncode, done.stdout) == (1, "")
    assert "CAP_NET_ADMIN" in done.stderr


def test_without_glib(desktop):
    """Applications are known by their IDs then."""
    desktop.entry("org.telegram.desktop", "Telegram")
    desktop.manager.make(TELEGRAM)
    assert "Telegram" in desktop.listed("--all")
    library = "for library in /lib/*/libglib-2.0.so.0 /usr/lib/*/libglib-2.0.so.0; do mount --bind /dev/null $library; done"
    assert "org.telegram.desktop" in desktop.listed("--all", more=library)


def test_the_daemon_does_without_glib(world):
    daemon = world.daemon(CONFIG)
    with open(f"/proc/{daemon.pid}/maps", encoding="utf-8") as maps:
        assert "libglib" not in maps.read()


def test_languages_and_homes(desktop):
    """A user's own file comes first; names are in the language of whoever asks."""
    desktop.entry("org.telegram.desktop", "Telegram\nName[zh_CN]=电报")
    desktop.manager.make(TELEGRAM)
    assert "电报" in desktop.listed("--all", LANGUAGE="zh_CN", LC_ALL="zh_CN.UTF-8")
    desktop.entry("org.telegram.desktop", "Mine", at=desktop.home / ".local/share/applications")
    assert "Mine" in desktop.listed("--all")


def test_a_users_link_leads_nowhere_else(desktop):
    """Root reads users' files with no more rights than theirs, and only regular ones."""
    secret = desktop.entry("secret", "Secret", at=desktop.home.parent / "private")
    secret.chmod(0o600)
    applications = desktop.home / ".local/share/applications"
    applications.mkdir(parents=True)
    (applications / "org.telegram.desktop.desktop").symlink_to(secret)
    os.mkfifo(applications / "pipe.desktop", 0o666)
    (applications / "zero.desktop").symlink_to("/dev/zero")
    desktop.manager.make(TELEGRAM)
    assert "org.telegram.desktop" in desktop.listed("--all")
    secret.chmod(0o644)
    assert "Secret" in desktop.listed("--all")


def width_of(text):
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_hostile_names(world, desktop):
    desktop.entry("a", f"A{ESCAPE}B{OVERRIDE}C\\nD")
    desktop.entry("b", "飞书飞书")
    desktop.entry("c", "x" * 5000)
    for name in "abc":
        desktop.manager.make(f"app.slice/app-{name}-1.scope")
    for name in (b"a\tb.service", b"\xff\xfe.service", b"esc\x1b[31m.scope", b"app-x\x1b-1.scope"):
        os.mkdir(os.path.join(os.fsencode(desktop.manager.directory(desktop.manager.top)), name))
    done = desktop.run("--all")
    assert done.returncode == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\udc80-\udcff]", done.stdout)
    lines = done.stdout.split("\n\n")[0].splitlines()
    ends = {width_of(line[:line.index("alice")]) for line in lines if "  alice  " in line}
    assert len(ends) == 1, done.stdout
    said = json.loads(desktop.run("--all", "--json").stdout)["apps"]
    names = {one["name"] for one in said if one["user"] == "alice"}
    assert {f"A{ESCAPE}B{OVERRIDE}C\nD", "飞书飞书", "x" * 5000} <= names
    expression = next(one for one in said if "a\tb.service" in one["name"])
    assert expression["selector"] == "match" and expression["value"].endswith("(/|$)")


def test_a_narrow_terminal(world, desktop):
    """Names are cut, and rows fit."""
    desktop.entry("org.telegram.desktop", "飞书" * 30)
    desktop.manager.make(TELEGRAM)
    screen = world.keep(Terminal(world.host, world.scratch, columns=60, XDG_DATA_DIRS=str(world.scratch.directory / "share")))
    screen.type(f"clear; {binary()} -c {world.scratch.write(CONFIG)} apps --all")
    text = screen.wait("listed")
    cut = next(line for line in text.splitlines() if line.startswith("飞书"))
    assert "…" in cut and width_of(cut) <= 60
    assert cut.split()[-4:] == ["0", "B", "0", "B"]


def test_options(world, desktop):
    desktop.manager.make(TELEGRAM)
    done = desktop.run("--all", "--no-legend")
    assert "NAME" not in done.stdout and "listed" not in done.stdout
    assert re.search(r"^org.telegram.desktop +alice +direct +2 +7 +0 B +0 B$", done.stdout, re.M), done.stdout
    assert desktop.run("something").returncode == 2
    assert world.cgtproxy("status", "--all").returncode == 2
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([binary(), "apps", "--all"], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False)
    assert done.returncode == 1


def test_no_sockets_of_others(world, desktop):
    """Traffic of UDP is not counted, and sockets in other network namespaces are not ours."""
    client = desktop.client(world.cgroups, "udp.service")
    assert client.ask(UDP, V4, hold=True).outcome == "answered"
    said = desktop.listed()["udp"]
    assert (said["sockets"], said["received"], said["sent"]) == (1, 0, 0)
    world.cgroups.make("outside.service")
    outside = world.keep(Client(world.outside, world.cgroups.directory(world.cgroups.path("outside.service"))))
    outside.serve("somebody", 4711)
    assert "outside" not in desktop.listed()
