# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all commands have in common on stdout: output that can't be written, colours, the pager, JSON's forms, help."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from lab.daemon import as_nobody, binary, environment
from lab.terminal import Terminal

CONFIG = "version: 1\nrules:\n" + "".join(f"  - {{match: ^/none-{i}$, drop: true}}\n" for i in range(100))
COMMANDS = [["--help"], ["--version"], ["help"], ["help", "check"], ["check", "config"], ["check", "config", "--json"],
            ["check", "system"], ["explain", "/"], ["explain", "/", "--json"], ["render"], ["targets"], ["apps"],
            ["apps", "--json"]]
STATUS = [["status"], ["status", "--json"], ["status", "--watch"], ["status", "--watch", "--json"]]


def config(world):
    """The config of the commands, and of the daemon if one runs."""
    path = world.scratch.directory / "config.yaml"
    if not path.exists():
        path.write_text(CONFIG, encoding="utf-8")
    return path


def run(world, words, stdout, **options):
    """Run a command with this stdout; its exit code and what it says on stderr."""
    argv = world.host.command(str(binary()), *words, "-c", str(config(world)))
    done = subprocess.run(argv, env=environment(), stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False, **options)
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", COMMANDS + STATUS, ids=" ".join)
def test_a_full_disk(world, words):
    """What could not be written must not look like an answer."""
    if "status" in words:
        world.launch(binary(), "-c", config(world)).wait_ready()
    with open("/dev/full", "wb") as full:
        code, said = run(world, words, full)
    assert code == 1
    assert "can't write" in said and "No space left on device" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", COMMANDS + STATUS, ids=" ".join)
@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_pipe(world, words, ignored):
    """Whoever reads has seen enough: no error, and none where SIGPIPE is ignored, as in services."""
    if "status" in words:
        world.launch(binary(), "-c", config(world)).wait_ready()
    reader, writer = os.pipe()
    os.close(reader)
    code, said = run(world, words, writer,
                     preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL))
    os.close(writer)
    assert said == ""
    assert code == (0 if ignored else -signal.SIGPIPE)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_closed_stdout(world, words):
    """The first file or socket that is opened must not get its number, and then the output."""
    script = '"$@" >&-'
    done = subprocess.run(["sh", "-c", script, "sh", *world.host.command(
        str(binary()), *words, "-c", str(world.scratch.write(CONFIG)))], env=environment(), capture_output=True,
        text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "can't write" in done.stderr and "Bad file descriptor" in done.stderr


def test_closed_streams_of_the_daemon(world):
    """What it opens first must not be taken for them: no socket, no file."""
    daemon = world.launch("sh", "-c", 'exec "$@" <&- >&-', "sh", binary(), "-c", world.scratch.write(CONFIG)).wait_ready()
    assert {os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in (0, 1)} == {"/dev/null"}


def on_terminal(world, words, terminal="xterm", stderr_only=False, **env):
    """What a command writes to a terminal, all of it."""
    master, slave = pty.openpty()
    argv = world.host.command(str(binary()), *words, "-c", str(world.scratch.write(CONFIG)))
    env = {"SYSTEMD_PAGER": "", **({} if terminal is None else {"TERM": terminal}), **env}
    subprocess.run(argv, env=environment(**env), stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL if stderr_only else slave, stderr=slave, timeout=60, check=False)
    os.close(slave)
    seen = b""
    try:
        while part := os.read(master, 65536):
            seen += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    return seen.decode()


@pytest.mark.parametrize("words,stderr_only", [(["check", "config"], False), (["render", "x"], True)])
@pytest.mark.parametrize("env,coloured", [
    ({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": "0"}, False),
    ({"terminal": "dumb"}, False), ({"terminal": None}, False), ({"SYSTEMD_COLORS": "0"}, False),
    ({"SYSTEMD_COLORS": "FALSE"}, False), ({"SYSTEMD_COLORS": "1", "NO_COLOR": "1"}, True),
    ({"SYSTEMD_COLORS": "16", "terminal": "dumb"}, True), ({"SYSTEMD_COLORS": "nonsense"}, True),
    ({"SYSTEMD_COLORS": "nonsense", "NO_COLOR": "1"}, False), ({"SYSTEMD_COLORS": "auto-16", "NO_COLOR": "1"}, False)])
def test_colours(world, words, stderr_only, env, coloured):
    """The same for output and for messages."""
    seen = on_terminal(world, words, stderr_only=stderr_only, **env)
    assert ("ok" in seen) != stderr_only and ("Usage" in seen) == stderr_only
    assert ("\x1b[" in seen) == coloured


def test_colours_in_a_pipe(world):
    path = world.scratch.write(CONFIG)
    assert "\x1b[32m" not in world.cgtproxy("check", "config", "-c", path).stdout
    assert "\x1b[32m" in world.cgtproxy("check", "config", "-c", path, SYSTEMD_COLORS="yes").stdout


@pytest.fixture(name="terminal")
def fixture_terminal(world):
    """A terminal for the program under test, with a config of a hundred rules in $CONFIG."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux")
    terminal = Terminal(world.host, world.scratch, 100, 24, CONFIG=str(world.scratch.write(CONFIG)),
                        PATH=f"{binary().parent}:{os.environ['PATH']}")
    yield terminal
    terminal.close()


def stand_in(world, name):
    """A pager that says how it was called, and then all that it is given."""
    directory = world.scratch.path(".bin")
    directory.mkdir(mode=0o755)
    path = directory / name
    path.write_text('#!/bin/sh\necho "PAGER $0 $# SECURE=$LESSSECURE LESS=$LESS"\nexec tail -n 1\n', encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("words", ["check config", "explain /", "render", "help", "status"])
def test_long_output_goes_through_less(world, terminal, words):
    """From its first line on, in colours; q leaves it, and the exit code is the command's."""
    if words == "status":
        for i in range(30):
            world.cgroups.make(f"none-{i}/x")
        world.daemon(CONFIG.replace("^/none", f"^{world.cgroups.top}/none").replace("$,", ","))
    option = "-c $CONFIG" if words != "status" else ""
    terminal.type(f"cgtproxy {option} {words}; echo code $?")
    terminal.wait("lines 1-")
    assert "code" not in terminal.text.splitlines()[-1]
    terminal.press("q")
    terminal.wait("\ncode 0")


@pytest.mark.parametrize("words", ["help render", "check config -c $WIDE"])
def test_short_output_does_not_wait_for_a_key(world, terminal, words):
    """Nor where a line is wider than the screen."""
    path = world.scratch.write(f"version: 1\nrules:\n  - {{match: '^/{'x' * 150}-end$', drop: true}}\n")
    terminal.type(f"WIDE={path}; clear")
    terminal.type(f"cgtproxy {words}; echo code $?")
    text = terminal.wait("\ncode 0")
    assert ("-end$" in text.replace("\n", "")) == ("WIDE" in words)


def test_leaving_the_pager_early_is_no_error(world, terminal):
    """Also with more output than a pipe holds."""
    path = world.scratch.write("version: 1\nrules:\n" + "".join(
        f"  - {{match: ^/a-very-long-name-so-that-a-pipe-is-full-soon-{i}$, drop: true}}\n" for i in range(5000)))
    terminal.type(f"cgtproxy explain / -c {path}; echo code $?")
    terminal.wait("lines 1-23")
    terminal.press("q")
    seen = terminal.wait("\ncode 0")
    assert "error" not in seen
    assert max(map(int, re.findall(r"soon-(\d+)", seen))) < 30  # nor does the rest come after it


@pytest.mark.parametrize("how", ["cgtproxy --no-pager check config", "cgtproxy check config --no-pager",
                                 "SYSTEMD_PAGER= cgtproxy check config", "PAGER=cat cgtproxy check config",
                                 "SYSTEMD_PAGER=cat PAGER=less cgtproxy check config", "TERM=dumb cgtproxy check config",
                                 "cgtproxy check config | cat"])
def test_without_a_pager(terminal, how):
    terminal.type(f"{how} -c $CONFIG; echo code $?".replace("| cat -c $CONFIG", "-c $CONFIG | cat"))
    terminal.wait("\ncode 0")


def test_errors_are_seen_beside_the_pager(terminal):
    """They go through it as well, so that it does not draw over them."""
    terminal.type("cgtproxy -c /does/not/exist check config; echo code $?")
    terminal.wait("/does/not/exist: can't read")
    terminal.wait("\ncode 1")


@pytest.mark.parametrize("variable", ["SYSTEMD_PAGER", "PAGER"])
@pytest.mark.parametrize("secure,trusted", [("SYSTEMD_PAGERSECURE=1 ", True), ("SYSTEMD_PAGERSECURE=0 ", True), ("", False)])
def test_a_pager_of_ones_own(world, terminal, variable, secure, trusted):
    """It is not run for somebody who does not own the session, unless they say that it is meant to be.

    There is no session here, which is as under sudo."""
    path = stand_in(world, "mine")
    terminal.type(f"clear; {secure}{variable}='{path} a b' cgtproxy -c $CONFIG check config; echo code $?")
    if trusted:
        seen = terminal.wait("\ncode 0")
        assert f"PAGER {path} 2 SECURE={'1' if '=1' in secure else ''} LESS=FRXMK" in seen
    else:
        assert "PAGER" not in terminal.wait("lines 1-23").replace("_PAGER", "").replace("PAGER='", "")
        terminal.press("q")
        terminal.wait("\ncode 0")


def test_less_options(world, terminal):
    path = stand_in(world, "mine")
    terminal.type(f"SYSTEMD_LESS=FRX SYSTEMD_PAGERSECURE=1 PAGER={path} cgtproxy -c $CONFIG check config; echo code $?")
    assert "LESS=FRX\n" in terminal.wait("\ncode 0")


def test_a_less_in_the_path_of_somebody_else(world, terminal):
    """As root via sudo without secure_path: the caller's PATH must not choose what root runs."""
    path = stand_in(world, "less")
    for name in ("pager", "more"):
        shutil.copy(path, path.parent / name)
    terminal.type(f"PATH={path.parent}:$PATH cgtproxy -c $CONFIG check config; echo code $?")
    assert "SECURE=" not in terminal.wait("lines 1-23")
    terminal.press("q")
    terminal.wait("\ncode 0")


def test_the_pager_starts_no_shell(terminal):
    """less's secure mode."""
    terminal.type("cgtproxy -c $CONFIG check config; echo code $?")
    terminal.wait("lines 1-23")
    terminal.press("!")
    terminal.wait("Command not available")
    terminal.press("Enter", "q")
    terminal.wait("\ncode 0")


@pytest.mark.parametrize("words", [["check", "config"], ["explain", "/"]])
def test_forms_of_json(world, words):
    path = world.scratch.write(CONFIG)

    def said(*more):
        return world.cgtproxy(*words, *more, "-c", path).stdout

    pretty, short, off = said("--json"), said("--json=short"), said("--json=off")
    assert said("--json=pretty") == pretty
    assert json.loads(short) == json.loads(pretty)
    assert short.count("\n") == 1 < pretty.count("\n")
    assert off == said()
    assert said("--json", "--json=off") == off


@pytest.mark.parametrize("word", ["Short", "", "json", "\x1b[31m"])
def test_a_form_of_json_that_there_is_not(world, word):
    done = world.cgtproxy("explain", "/", f"--json={word}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pretty, short or off" in done.stderr and "\x1b" not in done.stderr


def test_no_legend(world):
    """Tables without their headings, for scripts."""
    path = world.scratch.write(CONFIG)
    world.client("dropped")
    world.daemon(CONFIG.replace("none-0$", f"{world.cgroups.top.strip('/')}/dropped$"))
    for words, heading in ((["explain", "/"], "The rules:"), (["status"], "TARGET"), (["status"], "CGROUPS")):
        with_it = world.cgtproxy(*words, "-c", path).stdout.splitlines()
        without = world.cgtproxy(*words, "--no-legend", "-c", path).stdout.splitlines()
        assert any(line.startswith(heading) for line in with_it)
        assert not any(line.startswith(heading) for line in without)
        assert len(with_it) - len(without) == (1 if words[0] == "explain" else 2)


def test_help_is_a_command(world):
    def said(*words):
        return world.cgtproxy(*words, wrap=as_nobody, program=world.scratch.program())

    assert said("help").stdout == said("--help").stdout
    for command in ("check", "exec", "status", "help"):
        assert said("help", command).stdout == said(command, "--help").stdout != ""
    for words in (["help", "no-such-command"], ["help", "check", "exec"]):
        done = said(*words)
        assert (done.returncode, done.stdout) == (2, "")


def test_one_word_for_each_thing(world):
    """What is to be filled in has one name in --help and in the manual."""
    said = world.cgtproxy("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    manual = (Path(__file__).resolve().parents[2] / "man/cgtproxy.8.scd").read_text(encoding="utf-8")
    synopsis = manual.partition("# SYNOPSIS")[2].partition("# DESCRIPTION")[0]
    commands = re.findall(r"^  (\w+)(.*?)(?:  |$)", said, re.M)
    assert {"exec", "explain", "help"} <= {command for command, _ in commands}
    for command, rest in commands:
        lines = "".join(line for line in synopsis.splitlines() if f" *{command}*" in line)
        wanted = set(re.findall(r"_([A-Z]+)_", lines)) - {"FILE", "ARGUMENT"}
        assert set(re.findall(r"[A-Z]+", rest)) - {"OPTION"} == wanted, command
