# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy route`: from what a person says to a rule in force, and back."""

import fcntl
import json
import os
import shlex
import signal
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from lab.addresses import TCP, UDP, V4
from lab.client import Client
from lab.daemon import as_nobody, binary, in_private_mounts
from lab.managers import ManagerTree
from lab.terminal import Terminal

CONFIG = """\
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - app: org.mozilla.firefox
    drop: true
"""
TELEGRAM = "app.slice/app-gnome-org.telegram.desktop-4711.scope"
FIREFOX = "app.slice/app-gnome-org.mozilla.firefox-4712.scope"
ENTRY = "[Desktop Entry]\nType=Application\nExec={0}\nName={0}\n"


@pytest.fixture(name="desktop")
def fixture_desktop(world):
    """A user with two applications, whose names are known to run(), and the config in a directory of its own."""
    manager = world.keep(ManagerTree())
    directory = world.scratch.path("")
    applications = directory / "share" / "applications"
    applications.mkdir(parents=True)
    for name, identifier in (("Telegram", "org.telegram.desktop"), ("Firefox", "org.mozilla.firefox"),
                             ("Firefox Nightly", "org.mozilla.nightly")):
        (applications / f"{identifier}.desktop").write_text(ENTRY.format(name), encoding="utf-8")
    passwd = world.scratch.write(f"root:x:0:0::/root:/bin/sh\nalice:x:{manager.uid}:{manager.uid}::{directory}:/bin/sh\n",
                                 ".passwd")
    config = directory / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")

    program = world.scratch.program()  # before it is run several times at once

    def client(cgroup):
        manager.make(cgroup)
        return world.keep(Client(world.host, manager.directory(manager.path(cgroup))))

    def as_known(argv):
        return in_private_mounts(f"mount --bind {passwd} /etc/passwd", argv)

    def run(*arguments, user=lambda argv: argv):
        return world.cgtproxy("-c", config, "route", *arguments, program=program,
                              wrap=lambda argv: as_known(user(argv)),
                              XDG_DATA_DIRS=str(directory / "share"))

    def routes():
        return [(rule["selector"], rule["name"], rule["target"]) for rule in json.loads(run("--list", "--json").stdout)]

    return SimpleNamespace(client=client, run=run, routes=routes, config=config, manager=manager,
                           file=directory / "config.d" / "50-route.yaml",
                           daemon=lambda: world.launch(binary(), "-c", config, wrap=as_known).wait_ready())


def who(client):
    return client.ask(TCP, V4).who


def undo(desktop, done):
    """Type what the command says undoes it."""
    begin = f"Undo: sudo cgtproxy -c {desktop.config} route "
    line = [line for line in done.stdout.splitlines() if line.startswith(begin)][-1]
    return desktop.run(*shlex.split(line.removeprefix(begin)))


def test_a_route_is_in_force_when_the_command_ends_and_can_be_undone(world, desktop):
    world.proxy("mihomo")
    telegram = desktop.client(TELEGRAM)
    desktop.daemon()
    assert who(telegram) == "outside"
    done = desktop.run("telegram", "mihomo")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Telegram (app:org.telegram.desktop) -> mihomo\n")
    assert desktop.manager.path(TELEGRAM) in done.stdout
    assert who(telegram) == "proxy mihomo"
    assert desktop.routes() == [("app", "org.telegram.desktop", "mihomo")]

    again = desktop.run("Telegram", "drop")
    assert again.returncode == 0
    result = telegram.ask(TCP, V4)
    assert result.outcome != "answered" and not world.wire.saw(result)
    assert undo(desktop, again).returncode == 0
    assert who(telegram) == "proxy mihomo"
    assert undo(desktop, done).returncode == 0
    assert who(telegram) == "outside"
    assert desktop.routes() == []


def test_nothing_is_said_before_it_is_so(world, desktop):
    """On a terminal, where each line is seen at once. The daemon has just loaded its config, so the reload takes a while."""
    world.proxy("mihomo")
    telegram = desktop.client(TELEGRAM)
    screen = world.keep(Terminal(world.host, world.scratch))
    command = f"{world.scratch.program()} -c {desktop.config} route"
    desktop.daemon()
    screen.type(f"{command} app:org.telegram.desktop mihomo")
    screen.wait("app:org.telegram.desktop -> mihomo")
    assert who(telegram) == "proxy mihomo"
    screen.type(f"{command} --forget app:org.telegram.desktop")
    screen.wait("app:org.telegram.desktop no longer has its own rule")
    assert who(telegram) == "outside"


def test_a_route_comes_before_the_rules_of_the_config(world, desktop):
    world.proxy("mihomo")
    firefox = desktop.client(FIREFOX)
    desktop.daemon()
    assert desktop.run("app:org.mozilla.firefox", "direct").returncode == 0
    assert who(firefox) == "outside"
    assert desktop.config.read_text(encoding="utf-8") == CONFIG


@pytest.mark.parametrize("user_first", [False, True])
def test_an_application_keeps_its_route_whatever_its_user_has(world, desktop, user_first):
    world.proxy("mihomo")
    telegram, firefox = desktop.client(TELEGRAM), desktop.client("app.slice/other.service")
    desktop.daemon()
    routes = [("alice", "refuse"), ("telegram", "mihomo")]
    for route in routes if user_first else reversed(routes):
        assert desktop.run(*route).returncode == 0
    assert who(telegram) == "proxy mihomo"
    assert firefox.ask(TCP, V4).outcome != "answered"


WRONG = {
    "an ambiguous name": (["mozilla", "mihomo"], 2, ["app:org.mozilla.firefox", "app:org.mozilla.nightly"]),
    "a name of nothing": (["telegrm", "mihomo"], 2, ["did you mean", "elegram"]),
    "a target of nothing": (["telegram", "mihom"], 2, ["mihom", "direct, drop, refuse, mihomo"]),
    "a name that no unit can have": (["unit:a b", "drop"], 2, ["unit:a b: expected", "nothing was changed"]),
    "a user that does not exist": (["user:nobody-there", "drop"], 2, ["user:nobody-there: expected", "nothing was changed"]),
    "an expression that is none": (["match:a(", "drop"], 2, ["match:a(: ", "nothing was changed"]),
    "a name of control characters": (["app:\x1b[31m\n", "drop"], 2, ["\\x1b", "control characters"]),
    "a route that is not there": (["--forget", "app:org.telegram.desktop"], 1, ["no route", "org.telegram.desktop"]),
    "a word too few": (["telegram"], 2, ["Usage"]),
    "a word too many": (["telegram", "mihomo", "now"], 2, ["Usage"]),
    "two things at once": (["--list", "--forget", "telegram"], 2, ["Usage"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_words_change_nothing(desktop, what):
    arguments, code, texts = WRONG[what]
    done = desktop.run(*arguments)
    assert done.returncode == code, done.stderr
    for text in texts:
        assert text in done.stderr
    assert "\x1b" not in done.stderr
    assert not desktop.file.exists()


def test_a_file_of_the_administrator_stays_as_it_is_but_for_the_rule(desktop):
    before = "# mine\nrules:\n# browsers\n- app: a # why\n  direct: true\n\n- app: [b, c]\n  drop: true\n# end\n"
    desktop.file.parent.mkdir()
    desktop.file.write_text(before, encoding="utf-8")
    done = desktop.run("app:d", "mihomo")
    assert done.returncode == 0
    assert desktop.file.read_text(encoding="utf-8") == before.replace("rules:\n", "rules:\n- app: d\n  tproxy: mihomo\n")
    assert undo(desktop, done).returncode == 0
    assert desktop.file.read_text(encoding="utf-8") == before
    desktop.file.write_text("rules: [{app: a, drop: true}, {app: b, drop: true}]\n", encoding="utf-8")
    done = desktop.run("app:a", "direct")
    assert done.returncode == 1 and str(desktop.file) in done.stderr
    assert desktop.file.read_text(encoding="utf-8").startswith("rules: [{app: a, drop: true}")


def test_no_daemon_and_a_daemon_with_another_config(world, desktop):
    done = desktop.run("telegram", "drop")
    assert done.returncode == 0 and "not running" in done.stdout
    world.daemon(CONFIG)
    done = desktop.run("telegram", "direct")
    assert done.returncode == 1 and "another config" in done.stderr


def test_a_daemon_that_does_not_answer(desktop):
    daemon = desktop.daemon()
    daemon.send_signal(signal.SIGSTOP)
    done = desktop.run("telegram", "drop")
    daemon.send_signal(signal.SIGCONT)
    assert done.returncode == 1 and "has not applied" in done.stderr


def test_without_permission(desktop):
    done = desktop.run("telegram", "drop", user=as_nobody)
    assert done.returncode == 1 and "Run it as root" in done.stderr


def test_many_at_a_time(desktop):
    """None is lost."""
    names = [f"app:a{i}" for i in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        done = list(pool.map(lambda name: desktop.run(name, "drop"), names))
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * len(names)
    assert sorted(f"app:{name}" for _, name, _ in desktop.routes()) == names


def test_a_daemon_in_another_pid_namespace(world, desktop):
    """Its netlink port is its process ID there, which here is another process's."""
    world.proxy("mihomo")
    telegram = desktop.client(TELEGRAM)
    daemon = world.launch(binary(), "-c", desktop.config,
                          wrap=lambda argv: ["unshare", "--pid", "--fork", "--kill-child", *argv]).wait_ready()
    done = desktop.run("telegram", "mihomo")
    assert (done.returncode, done.stderr) == (0, "")
    assert who(telegram) == "proxy mihomo"
    daemon.kill()  # unshare(1) passes no other signal on


def test_a_lock_of_somebody_else_keeps_nobody_waiting(desktop):
    """Anybody can lock a directory that anybody can read."""
    desktop.file.parent.mkdir()
    directory = os.open(desktop.file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        assert desktop.run("telegram", "drop").returncode == 0
    finally:
        os.close(directory)


def test_a_proxy_is_not_sent_its_own_traffic(world, desktop):
    """Neither by its own name nor by its user's, nor by forgetting the rule that keeps it direct."""
    proxy = desktop.client("app.slice/app-gnome-org.proxy.mihomo-4713.scope")
    proxy.serve("mihomo", 7893, transparent=True)
    other = desktop.client(TELEGRAM)
    desktop.daemon()
    for name, fix in (("app:org.proxy.mihomo", "is the proxy itself"), ("match:/app-gnome-org", "- app: org.proxy.mihomo\n"),
                      ("alice", f"sudo cgtproxy -c {desktop.config} route app:org.proxy.mihomo direct")):
        done = desktop.run(name, "mihomo")
        assert done.returncode == 1, name
        assert "the proxy mihomo listens in " in done.stderr and fix in done.stderr
        assert not desktop.file.exists() and done.stdout == ""
    assert desktop.run("app:org.proxy.mihomo", "direct").returncode == 0  # as it was advised to
    assert desktop.run("alice", "mihomo").returncode == 0
    assert who(other) == "mihomo"
    assert who(proxy) == "outside"
    before = desktop.file.read_text(encoding="utf-8")
    done = desktop.run("--forget", "app:org.proxy.mihomo")
    assert done.returncode == 1 and "cgtproxy route" not in done.stdout
    assert desktop.file.read_text(encoding="utf-8") == before
    assert desktop.run("app:org.proxy.mihomo", "drop").returncode == 0  # no loop, whatever it is good for


@pytest.mark.parametrize("transparent", [True, False])
def test_a_proxy_for_udp_alone(desktop, transparent):
    """It is a proxy as well, while any socket at its port is none: any user can have one."""
    proxy = desktop.client("app.slice/app-gnome-org.proxy.mihomo-4713.scope")
    proxy.serve("mihomo", 7893, transparent=transparent, protocols=(UDP,))
    desktop.daemon()
    done = desktop.run("app:org.proxy.mihomo", "mihomo")
    assert done.returncode == (1 if transparent else 0)
    assert ("is the proxy itself" in done.stderr) == transparent


def test_a_proxy_of_the_session_that_the_config_keeps_direct(world, desktop):
    """The rules of routes come before those of the config, so one for its user would override that."""
    cgroup = world.cgroups.make("session-3.scope")
    world.client("session-3.scope").serve("mihomo", 7893, transparent=True)
    desktop.config.write_text(CONFIG + "  - {match: 'session-3', direct: true}\n", encoding="utf-8")
    desktop.daemon()
    done = desktop.run(f"match:^{world.cgroups.top}", "mihomo")
    assert done.returncode == 1 and "first write a rule for the proxy itself" in done.stderr and cgroup
    assert not desktop.file.exists()


def test_an_earlier_rule_is_named(desktop):
    earlier = desktop.file.parent / "10-a.yaml"
    earlier.parent.mkdir()
    earlier.write_text("rules:\n- app: org.telegram.desktop\n  direct: true\n", encoding="utf-8")
    desktop.manager.make(TELEGRAM)
    done = desktop.run("telegram", "drop")
    assert done.returncode == 0
    assert "line 2 of config.d/10-a.yaml" in done.stderr and "app: org.telegram.desktop" in done.stderr
    assert "no cgroup" not in done.stdout
    earlier.write_text("rules:\n- app: org.telegram.desktop\n  drop: true\n", encoding="utf-8")
    done = desktop.run("telegram", "drop")
    assert "warning" not in done.stderr and "no cgroup" not in done.stdout


def test_a_proxy_that_does_not_listen(world, desktop):
    done = desktop.run("telegram", "mihomo")
    assert done.returncode == 0 and "nothing listens on port 7893" in done.stderr and "Start the proxy mihomo" in done.stderr
    world.proxy("mihomo")
    assert desktop.run("telegram", "mihomo").stderr == ""


@pytest.mark.parametrize(("words", "text"), [
    (["docker.service", "drop"], "name the selector: unit:docker.service"),
    (["box.slice", "drop"], "name the selector: slice:box.slice"),
    (["telegrm", "drop"], '"Telegram"? "cgtproxy apps"'),
    (["app：telegram", "drop"], 'write "app:telegram"'),
])
def test_what_to_type_instead(desktop, words, text):
    done = desktop.run(*words)
    assert done.returncode == 2 and text in done.stderr


def test_no_routes(desktop):
    assert "No routes" in desktop.run().stdout
    assert desktop.run("--list", "--no-legend").stdout == ""


def test_a_config_that_appeared_after_the_daemon_had_started(world, desktop):
    """The daemon has the built-in config, and reads the file when it reloads."""
    desktop.config.unlink()
    environment = {"CONFIGURATION_DIRECTORY": str(desktop.config.parent)}
    client = world.client("telling.service")
    world.launch(binary(), **environment).wait_ready()
    desktop.config.write_text(CONFIG, encoding="utf-8")
    world.proxy("mihomo")
    done = world.cgtproxy("route", "unit:telling.service", "mihomo", **environment)
    assert done.returncode == 0 and done.stderr == ""
    assert "Undo: sudo cgtproxy route --forget unit:telling.service" in done.stdout
    assert who(client) == "proxy mihomo"


def test_a_socket_on_the_proxys_port_that_is_none_for_tproxy_keeps_nobody_from_it(desktop):
    """Anybody can listen there, at another loopback address."""
    client = desktop.client(TELEGRAM)
    client.serve("somebody", 7893, addresses=["127.0.0.9"])
    assert desktop.run("telegram", "mihomo").returncode == 0


def test_a_link_to_a_file_elsewhere_stays_a_link(desktop):
    elsewhere = desktop.config.parent / "dotfile.yaml"
    elsewhere.write_text("rules: []\n", encoding="utf-8")
    desktop.file.parent.mkdir()
    desktop.file.symlink_to(elsewhere)
    assert desktop.run("telegram", "drop").returncode == 0
    assert desktop.file.is_symlink()
    assert "org.telegram.desktop" in elsewhere.read_text(encoding="utf-8")
