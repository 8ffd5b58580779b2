# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A newcomer's first steps, typed on one terminal: the README's, from a machine without cgtproxy to Telegram through mihomo,
and back.

mihomo is not in Debian, so v2ray runs under its name: a real TPROXY proxy, which forwards what it gets. Telegram is the
lab's client, in a cgroup like those of GNOME, with a .desktop file. Of the seconds that the steps take none is asserted.
"""

import json
import re
import shutil

import pytest
from lab.addresses import OUTSIDE, SERVICE_PORT, TCP, V4, V6
from lab.documents import TOP, blocks
from lab.waiting import wait_until
from programs import LAB, PROXY_PORT, Program
from service import Service, installation
from steps import Steps, open_terminal

UNIT = """\
[Service]
DynamicUser=true
AmbientCapabilities=CAP_NET_ADMIN
ExecStart=/usr/local/bin/mihomo -config /etc/mihomo/config.json
"""
ENTRY = "[Desktop Entry]\nType=Application\nName=Telegram\n"
README = {"README.md": ({"three": 3, "four": 4}, r"makes (\w+)\s+commands"),
          "README.zh_CN.md": ({"三": 3, "四": 4}, r"一共(\w)条命令")}


def first_steps(name="README.md"):
    """The README's commands after the installation."""
    return [step for block in blocks(TOP / name) if "first-steps" in block.words for step, _ in block.steps]


@pytest.fixture(name="mihomo")
def fixture_mihomo(own_world, bare_machine):
    """The proxy, which was there before: mihomo.service."""
    config = json.loads((TOP / "data/samples/v2ray/v2ray.json").read_text(encoding="utf-8"))
    for inbound in config["inbounds"]:
        inbound["port"] = PROXY_PORT
    bare_machine.run("ln", "-s", shutil.which("v2ray"), "/usr/local/bin/mihomo")
    bare_machine.write("/etc/mihomo/config.json", json.dumps(config))
    bare_machine.write("/etc/systemd/system/mihomo.service", UNIT)
    bare_machine.run("systemctl", "start", "mihomo.service")
    wait_until(lambda: own_world.host.listens(TCP, PROXY_PORT), "the proxy listens")


@pytest.fixture(name="telegram")
def fixture_telegram(bare_machine, newcomer):
    """The application, which is connected, so that it is listed."""
    bare_machine.write("/usr/share/applications/org.telegram.desktop.desktop", ENTRY)
    program = Program(bare_machine, "app.slice", newcomer, "app-gnome-org.telegram.desktop-4711.scope", scope=True)
    program.ask(TCP, V4, hold=True)
    yield program
    program.close()


class Traffic:
    """What becomes of Telegram's new connections. They are answered from outside in any case."""

    def __init__(self, world, machine, telegram):
        self._world, self._machine, self._telegram = world, machine, telegram

    def _is_direct(self, family):
        result = self._telegram.ask(TCP, family)
        assert result.who == "outside"
        is_direct = self._world.wire.saw(result)
        # otherwise another socket than Telegram's has asked
        assert is_direct == (result.answer.peer[1] == result.port)
        self._last = result
        return is_direct

    def check_direct(self):
        """Its own packets leave the machine."""
        for family in (V4, V6):
            assert self._is_direct(family), family

    def check_proxied(self):
        """None of them does: at once, as soon as somebody is told so."""
        for family in (V4, V6):
            assert not self._is_direct(family), family

    def check_log(self):
        """The proxy has noted the last connection."""
        noted = rf":{self._last.port} accepted tcp:.*{re.escape(OUTSIDE[V6])}.*:{SERVICE_PORT}"
        entries = []

        def is_noted():
            entries[:] = [entry["MESSAGE"] for entry in self._machine.journal("_SYSTEMD_UNIT=mihomo.service")]
            return any(re.search(noted, message) for message in entries)

        wait_until(is_noted, lambda: f"{noted} in the proxy's log; there is {entries}")


@pytest.fixture(name="traffic")
def fixture_traffic(own_world, bare_machine, telegram):
    """Where Telegram's goes."""
    return Traffic(own_world, bare_machine, telegram)


@pytest.fixture(name="screen")
def fixture_screen(own_world, bare_machine, newcomer):
    """The newcomer's terminal, in the directory where the package was built."""
    return open_terminal(own_world, bare_machine, newcomer, LAB)


def install(steps):
    with steps.command(installation(), counts=True):
        said = steps.await_end()
    assert "Setting up cgtproxy" in said


def init(screen, steps, command):
    """Take all defaults. Returns the advised commands."""
    with steps.command(command, counts=True):
        screen.wait("Name of the proxy in rules [mihomo]:")
        screen.press("Enter")
        screen.wait("Write it? [Y/n]:")
        screen.press("Enter")
        said = steps.await_end()
    assert "mihomo on port 7893 (process " in said
    return re.findall(r"^  ((?:sudo )?(?:cgtproxy|systemctl) .*)$", said, re.M)


def look(steps, command, *expected):
    """A command that changes nothing."""
    with steps.command(command):
        said = steps.await_end()
    assert all(re.search(text, said, re.M) for text in expected), said


def change_in_top(screen, steps, traffic):
    """Send Telegram direct, and undo that, by keys alone."""
    with steps.command("sudo cgtproxy top"):
        screen.wait("cgtproxy top: ")
        screen.wait("Telegram")
    screen.press("/")
    screen.write("telegram")
    screen.wait("/telegram_")
    screen.press("Enter")
    wait_until(lambda: re.search(r"^cgtproxy top: /telegram, 1 .*^> Telegram .* mihomo ", screen.text, re.M | re.S),
               lambda: screen.text)
    screen.press("Enter")
    screen.wait("Target of Telegram (app:org.telegram.desktop)")
    screen.press("Home")
    wait_until(lambda: re.search(r"^> direct ", screen.text, re.M), lambda: screen.text)
    with steps.timed("Enter, on \"direct\""):
        screen.press("Enter")
        screen.wait("Telegram -> direct. u undoes it")
        traffic.check_direct()
    with steps.timed("u"):
        screen.press("u")
        screen.wait("Telegram -> mihomo")
        traffic.check_proxied()
    with steps.timed("q"):
        screen.press("q")
        steps.await_end()


@pytest.mark.usefixtures("mihomo")
def test_the_steps_of_the_readme(bare_machine, screen, traffic, record_property):
    """And between them the looks around that they and `init` suggest."""
    initialize, route = first_steps()
    steps = Steps(screen)
    assert bare_machine.try_run("which", "cgtproxy").stdout == ""
    traffic.check_direct()

    install(steps)
    assert Service(bare_machine).show("ActiveState") == "active"
    advised = init(screen, steps, initialize)
    assert advised[:3] == ["sudo cgtproxy check", route, "sudo systemctl reload cgtproxy"]
    look(steps, advised[0], "^ok .*kernel")
    look(steps, "cgtproxy apps", r"^Telegram .* direct ")
    traffic.check_direct()
    with steps.command(route, counts=True):
        screen.wait("Telegram (app:org.telegram.desktop) -> mihomo")
        traffic.check_proxied()
    traffic.check_log()
    steps.await_end()

    change_in_top(screen, steps, traffic)
    traffic.check_log()
    look(steps, "sudo cgtproxy status", r"^mihomo  +1 ")
    with steps.command("sudo cgtproxy route --forget telegram"):
        screen.wait("no longer has its own rule")
        traffic.check_direct()
    steps.await_end()
    record_property("measured", f"From a machine without cgtproxy to Telegram through the proxy, and back:\n{steps.table()}")


@pytest.mark.parametrize("name", README)
def test_how_many_the_readme_says(name):
    """With the installation."""
    numbers, sentence = README[name]
    (said,) = re.findall(sentence, (TOP / name).read_text(encoding="utf-8"))
    assert numbers[said] == 1 + len(first_steps(name))
