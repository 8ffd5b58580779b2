# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy top`, on a terminal: each key, sizes, names, what a route does to packets, and giving the terminal back."""

import contextlib
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import unicodedata
from pathlib import Path
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
    first = [re.split(r"  +", line[2:])[0] for line in screen.text.splitlines()]
    return [name for name in first if name in names]


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
    screen.wait(f"Target of Telegram (app:{TELEGRAM})")
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


def test_a_relay_in_the_menu(world, desk):
    """With its upstream, and without the password."""
    desk.config.write_text(CONFIG.replace("7893}", "7893, relay: {upstream: 'socks5://alice:secret@127.0.0.1:1080'}}"), encoding="utf-8")
    listening(desk.client(TELEGRAM))
    desk.daemon()
    screen = desk.top(desk.terminal())
    wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
    screen.press("/")
    screen.type("telegram")
    await_chosen(screen, "Telegram")
    screen.press("Enter")
    screen.wait("relay to socks5://127.0.0.1:1080")
    assert "secret" not in screen.text and "alice" not in screen.text


def test_keys_of_the_list(world, desk):
    """Each moves, sorts or shows what it says."""
    names = ("Alpha", "Beta", "Gamma", "Delta", "Firefox")
    for name in names[:4]:
        desk.entry(name.lower(), name)
        listening(desk.client(name.lower()))
    listening(desk.client(FIREFOX))
    desk.manager.make("app.slice/app-silent-1.scope")
    desk.daemon()
    screen = desk.top(desk.terminal(rows=40))
    wait_until(lambda: order(screen, *names) == sorted(names), lambda: screen.text)
    screen.press("/", *str(desk.manager.uid), "Enter", "N")  # only ours: other tests have cgroups, too
    screen.wait("by name")
    for keys, expected in {("Home",): "Alpha", ("Down",): "Beta", ("j", "j"): "Firefox", ("Up",): "Delta", ("k",): "Beta"}.items():
        screen.press(*keys)
        await_chosen(screen, expected)
    screen.press("N")  # the other way round; what was chosen stays chosen
    screen.wait("by name reversed")
    wait_until(lambda: order(screen, *names) == sorted(names, reverse=True), lambda: screen.text)
    assert chosen(screen) == "Beta"
    screen.press("T")
    screen.wait("by target")
    wait_until(lambda: order(screen, *names)[-1] == "Firefox", lambda: screen.text)  # dropped, behind direct
    screen.press("U")
    screen.wait("by up")
    screen.press("D")
    screen.wait("by down")

    assert row(screen, "silent") is None
    screen.press("a", "N", "End")
    wait_until(lambda: row(screen, "silent"), lambda: screen.text)
    screen.resize(100, 8)
    screen.press("Home")
    await_chosen(screen, "Alpha")
    screen.press("PageDown")
    await_chosen(screen, "silent")
    screen.press("PageUp")
    await_chosen(screen, "Alpha")
    screen.press("End")
    await_chosen(screen, "silent")
    assert screen.text.splitlines()[-2].startswith("> silent")

    screen.press("?")
    screen.wait("choose a row")
    screen.press("End")
    screen.wait("some sockets have another")
    screen.press("Escape")
    await_chosen(screen, "silent")
    screen.press("C-c")
    await_back(screen)


def test_a_filter(world, desk):
    desk.entry("feishu", "飞书")
    for identifier in (TELEGRAM, FIREFOX, "feishu"):
        listening(desk.client(identifier))
    screen = desk.top(desk.terminal())
    wait_until(lambda: row(screen, "飞书"), lambda: screen.text)
    screen.press("/", "F", "i", "R", "e")
    wait_until(lambda: row(screen, "Firefox") and not row(screen, "Telegram"), lambda: screen.text)
    screen.wait("/FiRe_")
    screen.press("BSpace", "BSpace", "BSpace", "BSpace", "飞", "x", "BSpace")
    wait_until(lambda: row(screen, "飞书") and not row(screen, "Firefox"), lambda: screen.text)
    screen.press("q")  # a letter of the filter, and no command
    screen.wait("nothing has this text")
    screen.press("Escape")
    wait_until(lambda: row(screen, "Telegram") and row(screen, "飞书"), lambda: screen.text)
    screen.press("/", *"telegram")
    screen.wait("/telegram_")
    hints = "Enter target  / filter "
    assert hints not in screen.text and "cgtproxy top: 1 of " in screen.text
    screen.press("Enter")
    text = screen.wait("cgtproxy top: /telegram, 1 of ")
    assert hints + " Esc no filter " in text
    screen.press("Enter")
    screen.wait(f"Target of Telegram (app:{TELEGRAM})")
    screen.press("Escape", "Escape")
    wait_until(lambda: row(screen, "Firefox"), lambda: screen.text)
    assert "/telegram" not in screen.text and "Esc no filter" not in screen.text


def test_rates(world, desk):
    telegram = desk.client(TELEGRAM)
    desk.daemon()
    talk(telegram)
    screen = desk.top(desk.terminal())
    wait_until(lambda: (cells := row(screen, "Telegram")) and cells[-2:] == ["0 B", "0 B"], lambda: screen.text)

    def has_rates():
        talk(telegram)
        return (cells := row(screen, "Telegram")) and "0 B" not in cells[-2:] and cells
    cells = wait_until(has_rates, lambda: screen.text)
    assert all(re.fullmatch(r"\d+(\.\d)? k?M?B", cell) for cell in cells[-2:]), cells
    assert not re.search(r" 0 B/s (down|up)", screen.text)
    wait_until(lambda: row(screen, "Telegram")[-2:] == ["0 B", "0 B"], lambda: screen.text)
    assert "-" not in "".join(row(screen, "Telegram"))


HOSTILE = {"feishu": "飞书" * 40, "evil": "A\x1b[31mB\u202eC\x9b5mD", "long": "x" * 5000, "marks": "e" + "\u0301" * 50}


def width_of(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else not unicodedata.combining(character) for character in line)


def test_sizes_and_names(world, desk):
    """What does not fit is cut or left out, on every line, and no name gets through to the terminal."""
    for identifier, name in HOSTILE.items():
        desk.entry(identifier, name)
        listening(desk.client(identifier))
    listening(desk.client(TELEGRAM))
    desk.daemon()
    screen = desk.top(desk.terminal(columns=100, rows=20))
    wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
    assert "A\\x1b[31mB\\xe2\\x80\\xaeC" in screen.text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202e]", screen.text)
    assert "\x1b[31m" not in screen.escapes
    columns = {(100, 20): "NAME USER TARGET RULE SOCKETS DOWN/S UP/S", (40, 5): "NAME TARGET DOWN/S UP/S", (25, 5): "NAME TARGET",
               (12, 5): "NAME"}
    for (width, height), headings in columns.items():
        screen.resize(width, height)
        text = wait_until(lambda: re.search(rf"^\s*{re.sub(' ', ' +', headings)}$", screen.text, re.M) and screen.text,
                          lambda: f"{headings} in {width}; there is:\n{screen.text}")
        lines = [line for line in text.splitlines() if line.strip()]
        assert len(lines) <= height and all(width_of(line) <= width for line in lines), text
    for size in ((3, 2), (1, 1), (2, 30), (200, 2)):
        screen.resize(*size)
    screen.resize(100, 20)
    cells = wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
    assert cells[2] == "direct"
    cut = [line for line in screen.text.splitlines() if "飞书" in line]
    assert len(cut) == 1 and "…" in cut[0] and cut[0].split()[-6:] == ["direct", "4", "0", "B", "0", "B"]
    ends = {width_of(line) for line in screen.text.splitlines() if line.endswith(" 0 B")}
    assert len(ends) == 1, screen.text


@pytest.mark.parametrize("size", [(40, 5), (12, 3)])
def test_a_route_on_a_small_terminal(world, desk, size):
    world.proxy("mihomo")
    telegram = listening(desk.client(TELEGRAM))
    desk.daemon()
    screen = desk.terminal(columns=size[0], rows=size[1])
    screen.type(f"cgtproxy -c {desk.config} top")
    wait_until(lambda: screen.show("alternate_on") == "1", "it runs")
    screen.press("/", *"telegram", "Enter")
    wait_until(lambda: (name := chosen(screen)) and name.startswith("Teleg"), lambda: screen.text)
    screen.press("Enter", "End")
    wait_until(lambda: "> mihomo" in screen.text, lambda: screen.text)
    screen.press("Enter")
    telegram.await_answer_by("proxy mihomo")


def test_an_application_that_is_gone_when_its_target_is_chosen(world, desk):
    """The rule is for what was chosen, and not for what is in its row by then."""
    telegram = listening(desk.client(TELEGRAM))
    listening(desk.client(FIREFOX))
    desk.daemon()
    screen = desk.top(desk.terminal())
    screen.press("N")
    wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
    screen.press("/", *TELEGRAM, "Enter", "Enter")
    screen.wait(f"Target of Telegram (app:{TELEGRAM})")
    telegram.close()
    screen.press("Home", "Down", "Enter")
    screen.wait("Telegram -> drop")
    assert desk.routes() == [("app", TELEGRAM, "drop")]


def test_colours_and_locales(world, desk):
    listening(desk.client(TELEGRAM))
    desk.entry("feishu", "飞书")
    listening(desk.client("feishu"))
    screen = desk.terminal()
    for before, has_colours, has_unicode in (("", True, True), ("NO_COLOR=1 ", False, True), ("TERM=vt100 ", False, True),
                                             ("LC_ALL=C ", True, False)):
        desk.top(screen, before)
        wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
        assert ("\x1b[32m" in screen.escapes) == has_colours, before
        assert re.search(r"\x1b\[(0;)?7m", screen.escapes), before  # the row chosen is also marked without colours
        assert ("飞书" in screen.text) == has_unicode, before
        assert (r"\xe9\xa3\x9e" in screen.text) != has_unicode, before
        screen.press("q")
        wait_until(lambda: pid_of(world) is None, "it ends")  # a vt100 has no other screen to tell it by
        screen.type("clear")
        wait_until(lambda: "top" not in screen.text, lambda: f"an empty screen; there is:\n{screen.text}")


def pid_of(world):
    """The process id of the program."""
    path = str(world.scratch.directory / "cgtproxy-top")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe") == path:
                return int(process.name)
        except OSError:
            continue
    return None


@pytest.mark.parametrize("end", ["C-c", "q", signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_given_back(world, desk, end):
    screen = desk.terminal()
    screen.type("stty -a >before; echo some text")
    screen.wait("some text")
    desk.top(screen)
    assert (screen.show("alternate_on"), screen.show("cursor_flag")) == ("1", "0")
    if isinstance(end, str):
        screen.press(end)
    else:
        os.kill(pid_of(world), end)
    await_back(screen)
    screen.type("echo exit code $?")
    screen.wait("exit code 0")
    assert (screen.show("cursor_flag"), screen.show("wrap_flag"), screen.show("keypad_flag")) == ("1", "1", "0")
    screen.type("stty -a | cmp - before && echo the same")
    screen.wait("\nthe same")


@pytest.mark.parametrize("how", ["C-z", signal.SIGTSTP, signal.SIGSTOP])
def test_put_to_sleep(world, desk, how):
    """The shell gets the terminal, and `fg` gives it back, in whatever size it has by then."""
    listening(desk.client(TELEGRAM))
    screen = desk.terminal()
    screen.type("stty -a >before")
    desk.top(screen)
    if isinstance(how, str):
        screen.press(how)
    else:
        os.kill(pid_of(world), how)
    if how != signal.SIGSTOP:  # which no program can prepare for
        await_back(screen)
        screen.type("stty -a | cmp - before && echo the same")
        screen.wait("\nthe same")
    screen.wait("Stopped")
    screen.resize(60, 10)
    screen.type("clear; fg")
    wait_until(lambda: row(screen, "Telegram") and "Stopped" not in screen.text, lambda: screen.text)
    assert max(map(width_of, screen.text.splitlines())) <= 60
    screen.press("q")
    await_back(screen)


def test_ctrl_z_where_no_shell_could_continue_it(world, desk):
    """As in a terminal window of its own: it goes on. Not in tmux, which continues what is stopped."""
    ours, theirs = os.openpty()
    argv = world.host.command("setsid", "--ctty", str(world.scratch.program()), "-c", str(desk.config), "top")
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(TERM="vt100")) as process:
        os.close(theirs)
        os.set_blocking(ours, False)
        seen = bytearray()

        def shows(text):
            with contextlib.suppress(BlockingIOError):
                seen.extend(os.read(ours, 65536))
            return text in seen
        try:
            wait_until(lambda: shows(b"by down"), lambda: f"it runs; there is {seen}")
            os.write(ours, b"\x1a")
            os.write(ours, b"?")
            wait_until(lambda: shows(b"choose a row"), lambda: f"it goes on; there is {seen}")
            os.write(ours, b"\x1bq")
            assert process.wait() == 0
        finally:
            process.kill()
            os.close(ours)


def test_without_permission(world, desk):
    """It shows what the config says, and the command that root would type."""
    listening(desk.client(TELEGRAM))
    desk.daemon()
    screen = desk.terminal(columns=200)
    desk.top(screen, before=" ".join(as_nobody([])) + " ")
    screen.wait("without CAP_NET_ADMIN")
    screen.press("/", *"telegram", "Enter", "Enter", "End", "Enter")
    text = screen.wait("As root: sudo ")
    command = shlex.split(next(line for line in text.splitlines() if "As root: sudo " in line).split("As root: sudo ")[1])
    assert command == ["cgtproxy", "-c", str(desk.config), "route", f"app:{TELEGRAM}", "mihomo"]
    assert desk.routes() == []
    subprocess.run(world.host.command(str(binary()), *command[1:]), check=True, env=environment())
    assert desk.routes() == [("app", TELEGRAM, "mihomo")]


def test_a_route_that_would_loop_is_refused(world, desk):
    desk.client(TELEGRAM).serve("mihomo", 7893, transparent=True)
    desk.daemon()
    screen = desk.top(desk.terminal(columns=200))
    screen.press("/")
    screen.type("telegram")
    await_chosen(screen, "Telegram")
    screen.press("Enter")
    screen.wait("Target of Telegram")
    screen.press("End")
    await_chosen(screen, "mihomo")
    screen.press("Enter")
    screen.wait("the proxy mihomo listens in ")
    assert desk.routes() == []
    screen.press("q")


def test_what_goes_wrong_is_shown_and_nothing_is_printed(world, desk):
    """No daemon; a config with errors, put right; a name that no rule can have."""
    listening(desk.client(TELEGRAM))
    desk.manager.make("app.slice/app-a\tb-1.scope")
    screen = desk.top(desk.terminal(columns=200))
    screen.wait("cgtproxy does not run")
    wait_until(lambda: row(screen, "Telegram"), lambda: screen.text)
    screen.press("/", *"telegram", "Enter", "Enter", "End", "Enter")
    screen.wait("is not running; this takes effect when it starts")
    desk.config.write_text("version: 1\nrules: [", encoding="utf-8")
    screen.wait("config.yaml")
    screen.press("Enter")
    screen.wait("the config has errors, so no route can be changed")
    assert screen.text.startswith("cgtproxy top: ")
    desk.config.write_text(CONFIG, encoding="utf-8")
    wait_until(lambda: "config.yaml" not in screen.text, lambda: screen.text)
    screen.press("Escape", "a", "/", *"b-1.sc", "Enter")
    wait_until(lambda: (name := chosen(screen)) and name.startswith("/user.slice"), lambda: screen.text)
    screen.press("Enter")
    screen.wait("Target of /user.slice")
    assert "app-a\\x09b-1.scope (match:" in screen.text
    screen.press("Enter")
    screen.wait("control characters in its name")
    assert desk.routes() == [("app", TELEGRAM, "mihomo")]
    assert screen.text.startswith("cgtproxy top: ")
    screen.press("q")
    await_back(screen)
    assert "config.yaml" not in screen.text.replace(f"-c {desk.config}", "")


@pytest.mark.parametrize("before, expected", [("TERM=dumb ", "can't move the cursor"), ("TERM=no-such ", "TERM=xterm"),
                                              ("TERM= ", "TERM is not set"), ("", "needs a terminal")])
def test_no_terminal(world, desk, before, expected):
    """A clear error, and nothing else on the screen."""
    screen = desk.terminal(columns=200)
    screen.type(f"{before}cgtproxy -c {desk.config} top{'' if before else ' | cat'}")
    screen.wait(expected)
    screen.type("echo exit codes ${PIPESTATUS[*]}")
    screen.wait("exit codes 1")
    assert "cgtproxy apps" in screen.text
    done = world.cgtproxy("top", "something")
    assert done.returncode == 2 and "takes no arguments" in done.stderr


PLACES = {
    "beside it": True,
    "in the working directory and in $PATH": False,
    "beside it, in a directory that others can write to": False,
    "beside it, writable by others": False,
    "beside it, of another user": False,
    "beside it, as a link": False,
}


@pytest.mark.parametrize("place", PLACES)
def test_only_a_program_that_can_be_trusted_is_executed(world, place):
    if Path("/usr/local/libexec/cgtproxy/cgtproxy-top").exists():
        pytest.skip("it is installed here")
    directory, elsewhere = world.scratch.path(".beside"), world.scratch.path(".elsewhere")
    directory.mkdir()
    elsewhere.mkdir()
    program_copy = directory / "cgtproxy"
    shutil.copy(binary(), program_copy)
    at = directory if place.startswith("beside") and "link" not in place else elsewhere
    other = at / "cgtproxy-top"
    other.write_text('#!/bin/sh\necho "executed: $*"\n', encoding="utf-8")
    other.chmod(0o757 if "writable by" in place else 0o755)
    if "directory that" in place:
        directory.chmod(0o777)
    if "another user" in place:
        os.chown(other, NOBODY, NOBODY)
    if "link" in place:
        (directory / "cgtproxy-top").symlink_to(other)
    done = subprocess.run([program_copy, "-c", "/some/file", "top"], cwd=elsewhere, capture_output=True, text=True, check=False,
                          env=environment(PATH=f"{elsewhere}:{os.environ['PATH']}"))
    if PLACES[place]:
        assert done.stdout == "executed: -c /some/file\n"
    else:
        assert done.returncode == 1 and not done.stdout
        assert "cgtproxy/cgtproxy-top is not there" in done.stderr and "libncurses-dev" in done.stderr


def test_the_daemon_does_not_load_ncurses():
    needed = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
    assert "libc.so" in needed and "ncurses" not in needed and "tinfo" not in needed
