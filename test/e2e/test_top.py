# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy top`, on a terminal: each key, sizes, names, what a route does to packets, and giving the terminal back."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from types import SimpleNamespace

import pytest
from lab.addresses import TCP, V4
from lab.client import Client
from lab.daemon import NOBODY, as_nobody, binary, environment
from lab.managers import ManagerTree
from lab.terminal import Terminal
from lab.waiting import wait_until

CONFIG = """\
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - app: org.mozilla.firefox
    drop: true
"""
ENTRY = "[Desktop Entry]\nType=Application\nName={0}\n"
_ports = itertools.count(4711)
TELEGRAM, FIREFOX = "org.telegram.desktop", "org.mozilla.firefox"


def program():
    """The program that `cgtproxy top` executes."""
    path = binary().parent / "cgtproxy-top"
    if not path.exists():
        pytest.skip("built without ncurses")
    return path


@pytest.fixture(name="desk")
def fixture_desk(world):
    """A user with applications, a config in a directory of its own, and a terminal with both programs."""
    manager = world.keep(ManagerTree())
    scratch = world.scratch
    shutil.copy(program(), scratch.program().parent)
    directory = scratch.path("")
    applications = directory / "share" / "applications"
    applications.mkdir(parents=True)
    config = directory / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")

    def entry(identifier, name):
        (applications / f"{identifier}.desktop").write_text(ENTRY.format(name), encoding="utf-8")

    def client(identifier):
        cgroup = f"app.slice/app-{identifier}-4711.scope"
        manager.make(cgroup)
        return world.keep(Client(world.host, manager.directory(manager.path(cgroup))))

    def terminal(**options):
        path = f"{scratch.directory}:{os.environ['PATH']}"
        return world.keep(Terminal(world.host, scratch, PATH=path, XDG_DATA_DIRS=str(directory / "share"), **options))

    def top(screen, before="", command="cgtproxy"):
        """Type the command, and await its screen."""
        screen.type(f"{before}{command} -c {config} top")
        screen.wait("cgtproxy top: ")
        return screen

    def routes():
        done = world.cgtproxy("-c", config, "route", "--list", "--json")
        return [(rule["selector"], rule["name"], rule["target"]) for rule in json.loads(done.stdout)]

    entry(TELEGRAM, "Telegram")
    entry(FIREFOX, "Firefox")
    return SimpleNamespace(entry=entry, client=client, terminal=terminal, top=top, routes=routes, config=config, manager=manager,
                           daemon=lambda: world.launch(binary(), "-c", config).wait_ready())


def listening(client):
    """A client that has a socket, so that its application is listed."""
    client.serve("somebody", next(_ports))
    return client


def row(screen, name):
    """The cells of a row, without the mark of the chosen one; or None."""
    for line in screen.text.splitlines():
        cells = re.split(r"  +", line[2:].strip())
        if cells[0] == name:
            return cells
    return None


def order(screen, *names):
    """Those of the names that are on the screen, from top to bottom."""
    found = [(screen.text.find(f"  {name} "), name) for name in names]
    return [name for place, name in sorted(found) if place >= 0]


def chosen(screen):
    """The name in the row that is marked."""
    lines = [line for line in screen.text.splitlines() if line.startswith("> ")]
    return re.split(r"  +", lines[0][2:].strip())[0] if lines else None


def await_chosen(screen, name):
    wait_until(lambda: chosen(screen) == name, lambda: f"{name} is chosen; there is:\n{screen.text}")


def await_back(screen):
    """Await the shell, on the screen that was there before."""
    wait_until(lambda: screen.show("alternate_on") == "0", lambda: f"the terminal is given back; there is:\n{screen.text}")


def talk(client):
    result = client.ask(TCP, V4, times=20, hold=True)
    assert result.outcome == "answered"


def test_a_route_is_changed_and_undone(world, desk):
    """By keys alone, and packets go where the screen says."""
    world.proxy("mihomo")
    telegram = desk.client(TELEGRAM)
    desk.daemon()
    talk(telegram)
    screen = desk.top(desk.terminal())
    wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
    assert row(screen, "Telegram")[2] == "direct"
    screen.press("/")
    screen.type("telegram")
    await_chosen(screen, "Telegram")
    assert telegram.ask(TCP, V4).who == "outside"

    screen.press("Enter")
    screen.wait(f"Telegram (app:{TELEGRAM}) to")
    assert chosen(screen) == "direct"
    screen.press("End")
    await_chosen(screen, "mihomo")
    screen.press("Enter")
    screen.wait("Telegram -> mihomo. u undoes it")
    assert telegram.ask(TCP, V4).who == "proxy mihomo"
    assert row(screen, "Telegram")[2] == "mihomo"
    assert desk.routes() == [("app", TELEGRAM, "mihomo")]

    screen.press("Enter")
    screen.wait("as the other rules say")
    screen.press("Home", "Down")
    await_chosen(screen, "drop")
    screen.press("Enter")
    screen.wait("Telegram -> drop")
    assert telegram.ask(TCP, V4).outcome != "answered"
    screen.press("u")
    screen.wait("Telegram -> mihomo")
    assert telegram.ask(TCP, V4).who == "proxy mihomo"
    screen.press("u")
    screen.wait("nothing to undo")

    screen.press("t")
    screen.wait("as the other rules say")
    screen.press("End", "Enter")
    screen.wait("Telegram no longer has its own rule. u undoes it")
    assert telegram.ask(TCP, V4).who == "outside"
    assert desk.routes() == []
    screen.press("u")
    screen.wait("Telegram -> mihomo")
    assert desk.routes() == [("app", TELEGRAM, "mihomo")]
    screen.press("q")
    await_back(screen)
    screen.type("echo exit code $?")
    screen.wait("exit code 0")
