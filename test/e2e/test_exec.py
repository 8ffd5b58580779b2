# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`exec`: how it calls systemd-run, here a stand-in, and when it refuses to start anything.

That the real systemd-run puts the program where its traffic goes to the target is tested in test/systemd.
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab.daemon import NOBODY, as_nobody, binary, environment, in_private_mounts
from lab.reloading import Reloadable
from lab.waiting import wait_until

CONFIG = """\
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
  a-b: {mark: 3001, port: 7894}
  a.b_c: {mark: 3002, port: 7895}
  a--b: {mark: 3003, port: 7896}
rules:
  - {match: '/cgtproxy-direct\\.slice/', direct: true}
  - {match: '/cgtproxy-drop\\.slice/', drop: true}
  - {match: '/cgtproxy-refuse\\.slice/', refuse: true}
  - {match: '/cgtproxy-mihomo\\.slice/', tproxy: mihomo}
  - {match: '/cgtproxy\\.slice/cgtproxy-a\\.slice/cgtproxy-a-b\\.slice/[^/]+\\.scope$', tproxy: a-b}
  - {match: '/cgtproxy-a\\.b_c\\.slice/', tproxy: a.b_c}
  - {match: '/cgtproxy\\.slice/cgtproxy-a\\\\x2d\\\\x2db\\.slice/', tproxy: a--b}
"""
SLICES = {"direct": "cgtproxy-direct.slice", "drop": "cgtproxy-drop.slice", "refuse": "cgtproxy-refuse.slice",
          "mihomo": "cgtproxy-mihomo.slice", "a-b": "cgtproxy-a-b.slice", "a.b_c": "cgtproxy-a.b_c.slice", "a--b": r"cgtproxy-a\x2d\x2db.slice"}
PORTS = {"mihomo": 7893, "a-b": 7894, "a.b_c": 7895, "a--b": 7896}
# Notes how it was called, and becomes the command, as `systemd-run --scope` does.
STAND_IN = f"""\
#!{sys.executable} -IS
import json, os, sys
with open(os.environ["RECORD"], "w", encoding="utf-8", errors="surrogateescape") as record:
    tty = os.ttyname(0) if os.isatty(0) else None
    json.dump({{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "tty": tty}}, record)
command = sys.argv[sys.argv.index("--") + 1:]
os.execvp(command[0], command)
"""
SUGGESTION = re.compile(r"^  - slice: .*\n    \w+: .*$", re.MULTILINE)


class Stage:
    """Where exec finds the stand-in before any real systemd-run."""

    def __init__(self, world):
        self.world = world
        self.program = world.scratch.program()
        self.record = world.scratch.write("", ".json")
        self.record.chmod(0o666)
        self.bin = world.scratch.path(".bin")
        self.bin.mkdir(mode=0o755)
        self.add("systemd-run", STAND_IN)
        self.subject = Reloadable(world, CONFIG)
        self.daemon = self.subject.daemon
        self.proxies = [world.proxy(name, port) for name, port in PORTS.items()]
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "RECORD": str(self.record),
                    "XDG_RUNTIME_DIR": "/run/user/4711"}

    def add(self, name, content, mode=0o755):
        """Put a file into the directory that PATH begins with; its path."""
        path = self.bin / name
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)
        return path

    def exec(self, *words, config=CONFIG, wrap=as_nobody, **env):
        """Run exec with these arguments, and with a config that the daemon has loaded."""
        if config != self.path.read_text(encoding="utf-8"):
            self.path.write_text(config, encoding="utf-8")
            os.utime(self.path, (0, 0))  # as if it were so when the daemon started: no user can see the reload
            self.subject.reload()
        return self.exec_as_is(*words, wrap=wrap, **env)

    def exec_as_is(self, *words, config=None, wrap=as_nobody, **env):
        """The same with whatever is in the file, or with another file."""
        return self.world.cgtproxy("-c", config or self.path, "exec", *words, wrap=wrap, program=self.program, **{**self.env, **env})

    def outlive_start(self):
        """Wait until a file that is changed has been so after the start of the daemon, which users know to two seconds."""
        late = time.time() + 3
        wait_until(lambda: time.time() > late, "the start is over")

    @property
    def path(self):
        """The daemon's config."""
        return self.subject.path

    @property
    def started(self):
        """How the stand-in was called, or None."""
        text = self.record.read_text(encoding="utf-8", errors="surrogateescape")
        return json.loads(text) if text else None


@pytest.fixture(name="stage")
def fixture_stage(world):
    """A stage of the test's own."""
    return Stage(world)


@pytest.mark.parametrize("name", SLICES)
def test_the_slice_of_a_users_manager(stage, name):
    done = stage.exec(name, "echo", "it", "runs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "it runs\n", "")
    assert stage.started["argv"] == ["--user", "--scope", "--quiet", "--collect", f"--slice={SLICES[name]}", "--",
                                     "echo", "it", "runs"]


def test_a_name_that_looks_like_an_option(stage):
    config = CONFIG.replace("a--b", "-x-").replace("a\\\\x2d\\\\x2db", "\\\\x2dx\\\\x2d")
    assert stage.exec("--", "-x-", "true", config=config).returncode == 0
    assert r"--slice=cgtproxy-\x2dx\x2d.slice" in stage.started["argv"]


def test_the_slice_of_the_system_for_root(stage):
    """Root's scope is in the system's manager, where a user's rules don't hold."""
    config = CONFIG.replace("'/cgtproxy-mihomo", f"'^/user\\.slice/user-{NOBODY}\\.slice/.*/cgtproxy-mihomo")
    done = stage.exec("mihomo", "true", config=config, wrap=lambda argv: argv)
    assert done.returncode == 1
    assert stage.started is None
    assert stage.exec("mihomo", "true", config=config).returncode == 0
    done = stage.exec("mihomo", "true", wrap=lambda argv: argv)
    assert done.returncode == 0
    assert stage.started["argv"] == ["--scope", "--quiet", "--collect", "--slice=cgtproxy-mihomo.slice", "--", "true"]


@pytest.mark.parametrize("words", [
    ["echo", "-h"], ["echo", "--help", "--version", "-c", "x"], ["--", "echo", "--", "-h"], ["echo", ""],
    ["echo", "a b", "$HOME", "%h", "*", "\\x2d", "ä"]])
def test_the_commands_own_words(stage, words):
    done = stage.exec("mihomo", *words)
    command = words[1:] if words[0] == "--" else words
    assert done.returncode == 0
    assert stage.started["argv"][-len(command) - 1:] == ["--", *command]
    assert done.stdout == " ".join(command[1:]) + "\n"


def test_directory_and_environment_are_kept(stage):
    directory = stage.world.scratch.path(".here")
    directory.mkdir(mode=0o755)
    done = stage.exec("mihomo", "pwd", wrap=lambda argv: ["env", "-C", str(directory), *as_nobody(argv)],
                      SOME_VARIABLE="a b\nc", EMPTY="")
    assert done.stdout == f"{directory}\n"
    assert stage.started["cwd"] == str(directory)
    assert stage.started["env"] == environment(**stage.env, SOME_VARIABLE="a b\nc", EMPTY="", CGTPROXY_TARGET="mihomo")


def popen(stage, *words, **options):
    """Start exec with these words."""
    argv = as_nobody([str(stage.program), "-c", str(stage.path), "exec", "mihomo", *words])
    return subprocess.Popen(stage.world.host.command(*argv), env=environment(**stage.env), **options)


def test_the_terminal_is_kept(stage):
    controller, terminal = pty.openpty()
    with popen(stage, "tty", stdin=terminal, stdout=subprocess.PIPE, text=True) as process:
        name = os.ttyname(terminal)
        assert process.communicate()[0] == f"{name}\n"
    os.close(controller)
    os.close(terminal)
    assert stage.started["tty"] == name


def test_standard_input_is_the_commands(stage):
    with popen(stage, "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.communicate("some text")[0] == "some text"


@pytest.mark.parametrize("code", [0, 1, 3, 126, 127, 255])
def test_the_exit_code(stage, code):
    assert stage.exec("mihomo", "sh", "-c", f"exit {code}").returncode == code


def test_signals_reach_the_command(stage):
    """It is the same process, from the first to the last."""
    with popen(stage, "sh", "-c", "echo $$; exec sleep 1000", stdout=subprocess.PIPE, text=True) as process:
        assert int(process.stdout.readline()) == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM


@pytest.mark.parametrize("name", ["no-such-program", "./no-such-program", "/etc/passwd/x"])
def test_a_program_that_is_not_there(stage, name):
    done = stage.exec("mihomo", name)
    assert done.returncode == 127
    assert name in done.stderr
    assert stage.started is None


def test_a_program_that_may_not_be_run(stage):
    text = stage.add("a-text", "", mode=0o644)
    for name in ("a-text", str(text), str(stage.bin)):
        done = stage.exec("mihomo", name)
        assert done.returncode == 126, name
        assert name in done.stderr
    assert stage.started is None


def test_a_program_that_may_be_run_further_on_in_the_path(stage):
    stage.add("true", "", mode=0o644)
    assert stage.exec("mihomo", "true").returncode == 0


def add_rule(config, said):
    """The config with the suggested rule at the suggested place."""
    rule = SUGGESTION.search(said).group()
    line = re.search(r"before the one on line (\d+)", said)
    if line is None:
        return config + rule + "\n"
    lines = config.splitlines()
    lines.insert(int(line.group(1)) - 1, rule)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", SLICES)
@pytest.mark.parametrize("catch_all", ["direct: true", "drop: true", "tproxy: a-b", None])
def test_a_config_that_sends_the_slice_elsewhere(stage, name, catch_all):
    """Nothing is started, and the rule that is shown changes it."""
    config = CONFIG.partition("rules:")[0] + "rules:\n  - {match: '^/nobody$', drop: true}\n"
    if catch_all is not None:
        config += f"  - {{match: '.*', {catch_all}}}\n"
    elsewhere = {"direct: true": "direct", "drop: true": "drop", "tproxy: a-b": "a-b", None: "direct"}[catch_all]
    done = stage.exec(name, "true", config=config)
    if elsewhere == name:
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert stage.started is None
    assert f"sends {SLICES[name]} to {elsewhere}, not to {name}" in done.stderr
    assert ("line 9" in done.stderr) == (catch_all is not None)
    done = stage.exec(name, "true", config=add_rule(config, done.stderr))
    assert (done.returncode, done.stderr) == (0, "")
    assert stage.started["argv"][4] == f"--slice={SLICES[name]}"


def test_a_rule_for_the_parent_of_a_nested_slice(stage):
    """cgtproxy-a-b.slice is in cgtproxy-a.slice, and inherits its target unless it has its own rule."""
    config = CONFIG.partition("rules:")[0] + "rules:\n  - {match: '/cgtproxy-a\\.slice$', tproxy: a-b}\n"
    assert stage.exec("a-b", "true", config=config).returncode == 0
    assert stage.exec("a-b", "true", config=config.replace("-a\\.slice$", "-a\\.slice/")).returncode == 0
    assert stage.exec("a-b", "true", config=config.replace("-a\\.slice$", "-b\\.slice$")).returncode == 1


@pytest.mark.parametrize("name", ["nobody", "", "Drop", "mihomo ", "\x1b[31m"])
def test_an_unknown_name(stage, name):
    done = stage.exec(name, "true")
    assert done.returncode == 2
    assert "direct, drop, refuse, mihomo, a-b, a.b_c, a--b" in done.stderr
    assert "\x1b" not in done.stderr
    assert stage.started is None


def test_without_a_target(stage):
    done = stage.exec()
    assert done.returncode == 2
    assert "cgtproxy [-c FILE] exec TARGET [[--] COMMAND...]" in done.stderr
    assert stage.started is None


@pytest.mark.parametrize("words", [["mihomo"], ["mihomo", "--"]])
def test_without_a_command_it_is_the_users_shell(stage, words):
    done = stage.exec(*words, SHELL=str(stage.add("zsh", "#!/bin/sh\necho \"in $0, for $CGTPROXY_TARGET\"\nexit 3\n")))
    assert (done.returncode, done.stdout) == (3, f"in {stage.bin}/zsh, for mihomo\n")
    assert stage.started["argv"][-2:] == ["--", f"{stage.bin}/zsh"]


@pytest.mark.parametrize("env", [{}, {"SHELL": ""}])
def test_the_login_shell(stage, env):
    """Of the user that it runs as, whatever that of another was."""
    passwd = f"nobody:x:{NOBODY}:{NOBODY}::/:{stage.add('login-shell', '#!/bin/sh' + chr(10) + 'echo it')}"
    table = stage.world.scratch.write(passwd + "\nroot:x:0:0::/:/bin/false\n", ".passwd")
    done = stage.exec("mihomo", **env, wrap=lambda argv: in_private_mounts(f"mount --bind {table} /etc/passwd",
                                                                           as_nobody(argv)))
    assert (done.returncode, done.stdout) == (0, "it\n")


def test_a_shell_that_is_not_there(stage):
    done = stage.exec("mihomo", SHELL="/no/such/shell")
    assert done.returncode == 127
    assert "/no/such/shell" in done.stderr
    assert stage.started is None


def test_nested(stage):
    """A shell for one target starts a program for another."""
    done = stage.exec("mihomo", "sh", "-c", f"{stage.program} -c $CONFIG exec direct sh -c 'echo $CGTPROXY_TARGET'",
                      CONFIG=str(stage.path), CGTPROXY_TARGET="drop")
    assert (done.returncode, done.stdout, done.stderr) == (0, "direct\n", "")
    assert "--slice=cgtproxy-direct.slice" in stage.started["argv"]


@pytest.mark.parametrize("name", ["direct", "drop", *PORTS])
def test_where_nothing_listens(stage, name):
    """It is said, and done, since the proxy may come."""
    for proxy in stage.proxies:
        proxy.close()
    done = stage.exec(name, "echo", "it runs")
    assert (done.returncode, done.stdout) == (0, "it runs\n")
    assert (f"nothing listens on port {PORTS.get(name)}," in done.stderr) == (name in PORTS)
    assert done.stderr.count("\n") == (name in PORTS)


def test_the_examples_commands(stage):
    """The slices of the example config are those that exec uses, for each of its targets."""
    example = (Path(__file__).resolve().parents[2] / "data/example.yaml").read_text(encoding="utf-8")
    path = stage.world.scratch.write(example)
    targets = stage.world.cgtproxy("targets", "-c", path).stdout.split()
    assert set(targets) == {"direct", "drop", "refuse", "mihomo"}
    for target in targets:
        done = stage.exec(target, "echo", "it runs", config=example)
        assert (done.returncode, done.stdout, done.stderr) == (0, "it runs\n", ""), target


def test_a_config_that_the_user_may_not_read(stage):
    path = stage.world.scratch.write(CONFIG)
    path.chmod(0o600)
    done = stage.world.cgtproxy("-c", path, "exec", "direct", "true", wrap=as_nobody, program=stage.program,
                                **stage.env)
    assert done.returncode == 1
    assert f"{path}: can't read the config file: Permission denied" in done.stderr
    assert "nothing was started" in done.stderr
    assert stage.started is None


def test_a_bad_config(stage):
    done = stage.exec("direct", "true", config=CONFIG.replace("7893", "70000"))
    assert done.returncode == 1
    assert "70000" in done.stderr
    assert stage.started is None


def test_without_a_users_manager(stage):
    """As after `su`: systemd-run would speak of a bus only."""
    del stage.env["XDG_RUNTIME_DIR"]
    done = stage.exec("mihomo", "true")
    assert done.returncode == 1
    assert "XDG_RUNTIME_DIR" in done.stderr
    assert stage.started is None
    assert stage.exec("mihomo", "true", DBUS_SESSION_BUS_ADDRESS="unix:path=/x").returncode == 0
    assert stage.exec("mihomo", "true", wrap=lambda argv: argv).returncode == 0


def as_root(argv):
    """The argument list as it is."""
    return argv


@pytest.mark.parametrize("wrap", [as_nobody, as_root])
@pytest.mark.parametrize("name", ["direct", "drop", "refuse", "mihomo"])
def test_without_a_daemon(stage, name, wrap):
    """The traffic would go direct, so only that is started. A user can't see whether an earlier run left its rules."""
    stage.daemon.stop()
    done = stage.exec_as_is(name, "echo", "it runs", wrap=wrap)
    assert (done.returncode, done.stdout) == ((0, "it runs\n") if name == "direct" else (1, ""))
    if (name, wrap) == ("direct", as_root):
        assert done.stderr == ""
    elif wrap == as_root:
        assert "cgtproxy is not running, and the program's traffic would go direct, so nothing was started" in done.stderr
    else:
        assert "cgtproxy does not seem to be running" in done.stderr and "CAP_NET_ADMIN" in done.stderr
    assert ("sudo systemctl start cgtproxy" in done.stderr) == (name != "direct")


@pytest.mark.parametrize("strict", ["", "strict: true\n"])
def test_what_a_killed_daemon_left(stage, strict):
    """Root sees where it sends a new cgroup: it has no element, and with strict is dropped."""
    stage.exec("direct", "true", config=CONFIG + strict)
    stage.daemon.kill()
    would = "drop" if strict else "direct"
    for name in ("direct", "drop", "mihomo"):
        stage.record.write_text("", encoding="utf-8")
        done = stage.exec_as_is(name, "echo", "it runs", wrap=as_root)
        assert (done.returncode, done.stdout) == ((0, "it runs\n") if name == would else (1, ""))
        assert (stage.started is not None) == (name == would)
        assert "cgtproxy is not running" in done.stderr and "sudo systemctl start cgtproxy" in done.stderr
        assert f"to {would}" in done.stderr
    assert stage.exec_as_is("mihomo", "true").returncode == 1
    stage.world.cgtproxy("clear")


NOT_LOADED = "the daemon has not loaded this config, so nothing was started. Load it: sudo systemctl reload cgtproxy"


def test_a_config_that_was_not_loaded(stage):
    """Root is told so, and a user that it can't be seen: the daemon may have been reloaded since."""
    stage.outlive_start()
    stage.path.write_text(CONFIG.replace("7893", "7890"), encoding="utf-8")
    for name in ("direct", "drop", "mihomo"):
        done = stage.exec_as_is(name, "true", wrap=as_root)
        assert (done.returncode, stage.started) == (1, None)
        assert NOT_LOADED in done.stderr
    done = stage.exec_as_is("drop", "echo", "it runs")
    assert (done.returncode, done.stdout) == (0, "it runs\n")
    assert "whether the daemon has loaded this config as it is now can't be seen without CAP_NET_ADMIN" in done.stderr


def test_a_time_in_the_future(stage):
    """Neither root nor a user takes a wrong time of the file for a change after the start."""
    stage.daemon.stop()
    os.utime(stage.path, (time.time() + 3600, time.time() + 3600))
    stage.world.launch(binary(), "-c", str(stage.path)).wait_ready()
    for wrap in (as_nobody, as_root):
        done = stage.exec_as_is("mihomo", "true", wrap=wrap)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("changed", "pid", "outcome"), [
    (-3600, "{pid}", "refused"), (3600, "{pid}", "started"), (3600, "1", "unknown")])
def test_what_a_user_knows_from_systemd(stage, changed, pid, outcome):
    """When it last started or reloaded the daemon, if it is this one."""
    stage.outlive_start()
    stage.path.touch()
    moment = int(stage.path.stat().st_mtime)
    answer = f"MainPID={pid.format(pid=stage.daemon.pid)}\nStateChangeTimestamp=@{moment + changed}\n"
    stage.add("systemctl", f"#!/bin/sh\nprintf '{answer}'\n")
    done = stage.exec_as_is("drop", "true")
    assert done.returncode == (1 if outcome == "refused" else 0)
    assert (NOT_LOADED in done.stderr) == (outcome == "refused")
    assert ("can't be seen" in done.stderr) == (outcome == "unknown")


@pytest.mark.parametrize("wrap", [as_nobody, as_root])
def test_a_file_that_is_not_the_daemons(stage, wrap):
    """Its rules may send the slice elsewhere. The same file by another name is no other one."""
    other = stage.world.scratch.write(CONFIG)
    done = stage.exec_as_is("mihomo", "true", config=other, wrap=wrap)
    assert (done.returncode, stage.started) == (1, None)
    assert f"the daemon has loaded {stage.path}, not {other}, so nothing was started" in done.stderr
    other.unlink()
    other.symlink_to(stage.path)
    done = stage.exec_as_is("mihomo", "true", config=other, wrap=wrap)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_came_after_the_daemon(stage):
    """The daemon has the built-in config until it is reloaded, and sends everything direct."""
    stage.daemon.stop()
    directory = stage.world.scratch.path(".etc")
    directory.mkdir()
    env = {"CONFIGURATION_DIRECTORY": str(directory)}
    daemon = stage.world.launch(binary(), **env).wait_ready()
    (directory / "config.yaml").write_text(CONFIG, encoding="utf-8")

    def run(name):
        return stage.world.cgtproxy("exec", name, "echo", "it runs", program=stage.program, **stage.env, **env)
    for name in ("drop", "mihomo"):
        done = run(name)
        assert (done.returncode, done.stdout, stage.started) == (1, "", None)
        assert NOT_LOADED in done.stderr
    assert run("direct").returncode == 0
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.notifications.count("READY=1") > 1, "the reload is over")
    assert [run(name).returncode for name in ("drop", "mihomo")] == [0, 0]


def test_without_systemd_run(stage):
    (stage.bin / "systemd-run").unlink()
    stage.bin.joinpath("true").symlink_to(Path("/bin/true"))
    done = stage.exec("mihomo", "true", wrap=lambda argv: as_nobody(["env", f"PATH={stage.bin}", *argv]))
    assert done.returncode == 1
    assert "systemd-run" in done.stderr
