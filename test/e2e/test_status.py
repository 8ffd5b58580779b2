# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`status`: what it reports about a daemon that runs, hangs, was killed or never ran, as text and JSON."""

import datetime
import json
import os
import re
import signal
import subprocess
import time

import pytest
from lab.addresses import TCP, UDP, V4, V6
from lab.checks import OURS, kernel_owns_tables
from lab.daemon import as_nobody, binary, environment
from lab.reloading import Reloadable
from lab.terminal import Terminal
from lab.waiting import wait_until

CONFIG = f"""\
version: 1
tproxies:
  mihomo: {{mark: 3000, port: 7893}}
  another: {{mark: 3001, port: 7894}}
rules:
  - {{match: '{OURS}dropped$', drop: true}}
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}another$', tproxy: another}}
  - {{match: '{OURS}direct$', direct: true}}
"""
RUNNING, INCOMPLETE, NOT_RUNNING, NO_PERMISSION = 0, 1, 3, 4


def read(world, *arguments, code=None, **options):
    """The output of `status --json`; checks its exit code, which follows from the problems unless it is given."""
    done = world.cgtproxy(*arguments, "status", "--json", **options)
    assert done.stderr == ""
    state = json.loads(done.stdout)
    expected = INCOMPLETE if state["problems"] else RUNNING
    assert done.returncode == (expected if code is None else code), done.stdout
    return state


def show(world, *arguments, code=None, **options):
    """Its text output; checks its exit code likewise."""
    done = world.cgtproxy("status", *arguments, **options)
    expected = INCOMPLETE if "Problem: " in done.stdout else RUNNING
    assert done.returncode == (expected if code is None else code), done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def target(state, name):
    """The part about a target."""
    (one,) = [one for one in state["targets"] if one["name"] == name]
    return one


def ours(world, state):
    """The cgroups below our top with their own target: path below it -> target."""
    top = world.cgroups.top + "/"
    return {one["path"].removeprefix(top): one["target"] for one in state["cgroups"] if one["path"].startswith(top)}


def without_others(state):
    """What is said without the target under which the cgroups of others are, which come and go."""
    return {**state, "targets": [one for one in state["targets"] if one["name"] != "direct"]}


def moment(text):
    """A time of the JSON, in seconds since 1970."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def counters(world):
    """The counters of the table as nft lists them: name -> packets and bytes."""
    listed = json.loads(world.host.run("nft", "-j", "list", "counters", "table", "inet", "cgtproxy"))["nftables"]
    found = [one["counter"] for one in listed if "counter" in one]
    return {one["name"]: (one["packets"], one["bytes"]) for one in found}


def test_nothing_runs(world):
    state = read(world, code=NOT_RUNNING)
    assert (state["running"], state["ready"], state["complete"]) == (False, False, False)
    assert (state["daemon"], state["table"]) == (None, None)
    assert (state["targets"], state["cgroups"]) == ([], [])
    said = show(world, code=NOT_RUNNING)
    assert "not running" in said
    assert "all traffic goes direct" in said


def test_a_daemon_that_runs(world):
    begin = int(time.time())
    subject = Reloadable(world, CONFIG)
    state = read(world)
    assert (state["running"], state["ready"], state["complete"]) == (True, True, True)
    assert state["daemon"]["pid"] == subject.daemon.pid
    # the start of a process is known to a hundredth of a second since the boot, and cut to a second twice
    assert begin - 2 <= moment(state["daemon"]["since"]) <= time.time() + 2
    assert (state["config"]["file"], state["config"]["state"]) == (str(subject.path), "current")
    assert begin <= moment(state["config"]["loaded"]) <= time.time()
    assert state["table"]["complete"] is True
    assert state["table"]["protected"] is kernel_owns_tables()
    assert state["table"]["owner"] == (subject.daemon.pid if kernel_owns_tables() else None)
    assert state["policy_rules"] == state["routes"] == {"ipv4": True, "ipv6": True}
    assert [one["name"] for one in state["targets"]] == ["direct", "drop", "refuse", "mihomo", "another"]


def test_what_a_person_reads(world):
    world.client("dropped")
    world.client("proxied").serve("proxy", 7893)
    subject = Reloadable(world, CONFIG)
    said = show(world)
    lines = said.splitlines()
    assert re.fullmatch(r"● cgtproxy: running since \w+ [-\d]+ [:\d]+ \w+; (\d+\w+ )+ago, 2 problems", lines[0]), said
    assert re.search(rf"^ +Daemon: process {subject.daemon.pid} \(cgtproxy\), ready$", said, re.M), said
    assert re.search(rf"^ +Config: {re.escape(str(subject.path))}, loaded \w+ [-\d]+ [:\d]+ \w+; .* ago$", said, re.M)
    assert re.search(r"^ +Table: inet cgtproxy, in place, owned by .*, \d+ elements$", said, re.M), said
    assert re.search(r"^ +Policy rules: in place for IPv4, in place for IPv6$", said, re.M), said
    assert re.search(r"^ +Routes: in place for IPv4, in place for IPv6$", said, re.M), said
    assert re.search(r"^TARGET +CGROUPS +SOCKETS +PACKETS SENT +BYTES SENT +PROXY$", said, re.M), said
    assert re.search(r"^direct +\d+ +\d+ +- +-$", said, re.M), said
    assert re.search(r"^drop +1 +0 +0 +0B$", said, re.M), said
    listener = re.escape(world.cgroups.path("proxied"))
    assert re.search(rf"^mihomo +1 +4 +0 +0B +port 7893, mark 3000: {listener}$", said, re.M), said
    assert re.search(r"^another +0 +0 +0 +0B +port 7894, mark 3001: nothing listens$", said, re.M), said
    assert "\x1b" not in said


def test_the_tree(world):
    for path in ("dropped", "proxied/a/b", "proxied/a/dropped", "x/y/proxied", "x/y/other"):
        world.cgroups.make(path)
    world.daemon(CONFIG)
    name = world.cgroups.top[1:]
    said = show(world)
    tree = said[said.index(name):]
    for edge, corner, bar, language in (("├─", "└─", "│ ", "C.UTF-8"), ("|-", "`-", "| ", "C")):
        assert tree.startswith("\n".join([
            name,
            f"  {edge}dropped drop",
            f"  {edge}proxied mihomo",
            f"  {bar}{corner}a/dropped drop",
            f"  {corner}x/y/proxied mihomo"]).replace("\n  ", "\n" + tree.splitlines()[1][:2])), said
        said = show(world, LANG=language if language == "C" else "C")
        tree = said[said.index(name):]
        assert said.isascii()
        assert said.startswith("* ")


def test_cgroups_of_each_target(world):
    before = len(world.cgroups.paths())
    for path in ("dropped", "proxied/a/b", "proxied/a/dropped", "proxied/direct/c", "x/another"):
        world.cgroups.make(path)
    world.daemon(CONFIG)
    state = read(world)
    assert ours(world, state) == {"dropped": "drop", "proxied": "mihomo", "proxied/a/dropped": "drop",
                                  "proxied/direct": "direct", "x/another": "another"}
    assert [target(state, name)["cgroups"] for name in ("drop", "mihomo", "another")] == [2, 3, 1]
    assert target(state, "direct")["cgroups"] >= before
    assert state["table"]["elements"] == 5


def test_with_strict(world):
    """Every cgroup has an element then; those with their parent's target are not listed."""
    for path in ("dropped", "proxied/a/b", "other"):
        world.cgroups.make(path)
    world.daemon(CONFIG + "strict: true\n")
    state = read(world)
    assert ours(world, state) == {"dropped": "drop", "proxied": "mihomo"}
    assert target(state, "mihomo")["cgroups"] == 3
    assert state["table"]["elements"] > 5


def test_packets_and_bytes(world):
    world.proxy("mihomo")
    for path in ("dropped", "proxied", "other"):
        world.client(path)
    world.daemon(CONFIG)
    assert (target(read(world), "mihomo")["packets"], target(read(world), "drop")["packets"]) == (0, 0)
    assert world.client("proxied").ask(UDP, V4, times=3).who == "proxy mihomo"
    assert world.client("proxied").ask(TCP, V6).who == "proxy mihomo"
    assert world.client("dropped").ask_in_vain(UDP, V6).dropped
    assert world.client("other").ask(UDP, V4).who == "outside"
    counted = counters(world)
    state = read(world)
    assert target(state, "mihomo")["packets"] > 3
    assert target(state, "drop")["packets"] > 0
    for name, counter in (("mihomo", "proxy-mihomo"), ("another", "proxy-another"), ("drop", "DROP-CHAIN")):
        assert (target(state, name)["packets"], target(state, name)["bytes"]) == counted[counter]
    assert (target(state, "direct")["packets"], target(state, "direct")["bytes"]) == (None, None)


def test_live_sockets(world):
    world.proxy("mihomo")
    world.client("proxied")
    world.daemon(CONFIG)
    assert target(read(world), "mihomo")["sockets"] == 0
    for protocol, family in ((TCP, V4), (UDP, V6), (UDP, V4)):
        assert world.client("proxied").ask(protocol, family, hold=True).who == "proxy mihomo"
    before = read(world)
    assert target(before, "mihomo")["sockets"] == 3
    assert world.client("proxied").ask(TCP, V4).who == "proxy mihomo"  # and closed; the kernel remembers it
    world.client("other").serve("a server", 7777)
    after = read(world)
    assert target(after, "mihomo")["sockets"] == 3
    assert target(after, "direct")["sockets"] >= target(before, "direct")["sockets"] + 4


def test_a_socket_that_its_process_has_left(world):
    """The kernel keeps retransmitting, but no process has it open any more."""
    world.daemon(CONFIG)
    before = target(read(world), "direct")["sockets"]
    client = world.new_client(world.cgroups.make("other").removeprefix(world.cgroups.top + "/"))
    assert client.ask(TCP, V4, hold=True).who == "outside"
    assert target(read(world), "direct")["sockets"] == before + 1
    world.host.ip("link set cable down")
    client.close()
    assert "FIN-WAIT-1" in world.host.run("ss", "-tn")
    assert target(read(world), "direct")["sockets"] == before


def test_listeners(world):
    world.client("x/server").serve("proxy", 7893)
    world.client("y/server").serve("another", 7895)
    world.daemon(CONFIG)
    state = read(world)
    assert target(state, "mihomo")["port"] == 7893
    assert target(state, "mihomo")["listening"] is True
    assert target(state, "mihomo")["listeners"] == [world.cgroups.path("x/server")]
    assert target(state, "another")["listening"] is False
    assert target(state, "another")["listeners"] == []
    assert "port" not in target(state, "direct")


def test_a_daemon_that_hangs(world):
    """It queries the kernel, not the daemon."""
    world.client("dropped")
    daemon = world.daemon(CONFIG)
    before = read(world)
    daemon.send_signal(signal.SIGSTOP)
    assert without_others(read(world)) == without_others(before)


def test_rules_that_were_kept(world):
    world.client("dropped")
    subject = Reloadable(world, CONFIG + "on-stop: keep\n")
    assert subject.daemon.stop() == 0
    state = read(world, code=NOT_RUNNING)
    assert (state["running"], state["ready"], state["complete"], state["daemon"]) == (False, False, True, None)
    assert state["table"]["owner"] is None
    assert ours(world, state) == {"dropped": "drop"}
    assert state["config"]["file"] == str(subject.path)
    said = show(world, code=NOT_RUNNING)
    assert said.startswith("○ cgtproxy: not running, 3 problems\n")
    assert "still in place, owned by" in said


@pytest.mark.parametrize("strict", [False, True])
def test_a_killed_daemon(world, strict):
    world.client("dropped")
    daemon = world.daemon(CONFIG + f"strict: {str(strict).lower()}\n")
    daemon.kill()
    state = read(world, code=NOT_RUNNING)
    assert (state["running"], state["complete"]) == (False, True)
    assert ours(world, state) == {"dropped": "drop"}
    left = state["problems"][0]
    assert (left["kind"], left["about"]) == ("not-running", "the table inet cgtproxy")
    assert ("new ones are dropped" in left["text"]) == strict
    assert left["cure"].splitlines()[0] == "systemctl start cgtproxy"
    assert "reload" not in show(world, code=NOT_RUNNING)  # which fails when none is running
    assert left["cure"].endswith(": cgtproxy clear")
    assert world.cgtproxy("clear").returncode == 0
    assert read(world, code=NOT_RUNNING)["problems"] == []


@pytest.mark.parametrize("is_default", [True, False])
def test_a_daemon_that_can_not_start(world, is_default):
    """Nothing is in force, and the config is why."""
    directory = world.scratch.path(".etc")
    directory.mkdir()
    path = directory / "config.yaml"
    path.write_text("version: 2\n", encoding="utf-8")
    options = {"CONFIGURATION_DIRECTORY": str(directory)} if is_default else {}
    words = [] if is_default else ["-c", path]
    (problem,) = read(world, *words, code=NOT_RUNNING, **options)["problems"]
    assert (problem["kind"], problem["about"]) == ("config-errors", str(path))
    assert f"so cgtproxy can't be started: {path}:1:10: " in problem["text"]
    assert problem["cure"].endswith(", then: systemctl start cgtproxy")
    assert "Problem: the file" in show(world, *words, code=NOT_RUNNING, **options)
    path.write_text("version: 1\n", encoding="utf-8")
    assert read(world, *words, code=NOT_RUNNING, **options)["problems"] == []


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("version", [1, 2])
def test_cures_that_can_be_typed(world, version, running):
    """A daemon that does not run can't be reloaded."""
    subject = Reloadable(world, CONFIG)
    subject.path.write_text(CONFIG.replace("version: 1", f"version: {version}"), encoding="utf-8")
    if not running:
        subject.daemon.kill()
    cures = [one["cure"] for one in read(world, code=INCOMPLETE if running else NOT_RUNNING)["problems"]]
    verb, other = ("reload", "start") if running else ("start", "reload")
    assert any(f"systemctl {verb} cgtproxy" in cure for cure in cures)
    assert not any(f"systemctl {other} cgtproxy" in cure for cure in cures)
    if not running:
        world.cgtproxy("clear")


@pytest.mark.parametrize(("family", "key"), [("-4", "ipv4"), ("-6", "ipv6")])
def test_missing_rules_and_routes(world, family, key):
    """The daemon would put them back at once, so it is stopped."""
    daemon = world.daemon(CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    world.host.run("ip", family, "rule", "del", "fwmark", "3001")
    state = read(world, code=INCOMPLETE)
    assert (state["running"], state["complete"]) == (True, False)
    assert state["policy_rules"] == {"ipv4": True, "ipv6": True, key: False}
    assert state["routes"] == {"ipv4": True, "ipv6": True}
    world.host.run("ip", family, "route", "flush", "table", "300")
    state = read(world, code=INCOMPLETE)
    assert state["routes"] == {"ipv4": True, "ipv6": True, key: False}
    said = show(world, code=INCOMPLETE)
    name = {"ipv4": "IPv4", "ipv6": "IPv6"}[key]
    for what in ("Policy rules", "Routes"):
        assert re.search(rf"^ +{what}: .*missing for {name}", said, re.M), said


def test_missing_parts_of_the_table(world):
    """Where the kernel doesn't protect it: a table with that name and little in it."""
    world.host.run("nft", "add table inet cgtproxy; add chain inet cgtproxy proxy-mihomo")
    state = read(world, code=NOT_RUNNING)
    assert (state["table"]["complete"], state["complete"]) == (False, False)
    assert [one["name"] for one in state["targets"]] == ["direct", "drop", "refuse", "mihomo"]
    assert (target(state, "mihomo")["packets"], target(state, "mihomo")["port"]) == (None, None)
    assert state["config"] == {"file": None, "state": "unknown", "loaded": None}
    assert "parts are missing" in show(world, code=NOT_RUNNING)


def test_the_lock_table(world):
    """Before Linux 6.9 our table has no owner; a second one identifies the instance that runs. Here nft plays it."""
    world.host.run("nft", "add table inet cgtproxy; add chain inet cgtproxy proxy-mihomo")
    with subprocess.Popen(world.host.command("nft", "-i"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          text=True) as daemon:
        daemon.stdin.write("add table inet cgtproxy-lock { flags owner; }\n")
        daemon.stdin.flush()
        wait_until(lambda: "cgtproxy-lock" in world.host.run("nft", "list", "tables"), "the lock table")
        state = read(world, code=INCOMPLETE)
        assert (state["running"], state["daemon"]["pid"]) == (True, daemon.pid)
        assert (state["table"]["owner"], state["table"]["protected"]) == (None, False)
        assert f"process {daemon.pid} (nft)" in show(world, code=INCOMPLETE)
        daemon.stdin.close()
    assert read(world, code=NOT_RUNNING)["running"] is False


def test_a_config_without_proxies(world):
    world.client("dropped")
    world.daemon(f"version: 1\nrules:\n  - {{match: '{OURS}dropped$', drop: true}}\n")
    state = read(world)
    assert state["complete"] is True
    assert state["policy_rules"] == state["routes"] == {"ipv4": None, "ipv6": None}
    assert "not needed for IPv4, not needed for IPv6" in show(world)


def test_the_built_in_config(world):
    directory = world.scratch.path(".empty")
    directory.mkdir()
    env = {"CONFIGURATION_DIRECTORY": str(directory)}
    world.launch(binary(), **env).wait_ready()
    state = read(world, **env)
    assert (state["config"]["file"], state["config"]["state"]) == (None, "built-in")
    assert state["complete"] is True
    assert "built-in" in show(world, **env)


def test_a_file_that_came_after_the_daemon(world):
    """Whatever its time, it is not in force until the daemon reads it."""
    directory = world.scratch.path(".etc")
    directory.mkdir()
    env = {"CONFIGURATION_DIRECTORY": str(directory)}
    daemon = world.launch(binary(), **env).wait_ready()
    path = directory / "config.yaml"
    path.write_text("version: 1\n", encoding="utf-8")
    os.utime(path, (0, 0))
    (problem,) = read(world, **env)["problems"]
    assert (problem["kind"], problem["about"], problem["cure"]) == ("config-changed", str(path), "systemctl reload cgtproxy")
    assert "the built-in config" in problem["text"]
    done = world.cgtproxy("check", "system", **env)
    assert re.search("^warning +daemon: it has not loaded this config as it is now: systemctl reload cgtproxy$", done.stdout, re.M)
    path.write_text("version: 2\n", encoding="utf-8")
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_log("is rejected")
    (problem,) = read(world, **env)["problems"]
    assert problem["kind"] == "config-errors" and f"{path}:1:10: " in problem["text"]
    path.write_text("version: 1\n", encoding="utf-8")
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.notifications.count("READY=1") > 2, "the reload is over")
    assert read(world, **env)["problems"] == []
    assert re.search("^ok +daemon: it has loaded this config$", world.cgtproxy("check", "system", **env).stdout, re.M)


def test_a_host_without_ipv6():
    from lab.world import World
    with World(ipv6=False) as world:
        world.daemon(CONFIG)
        state = read(world)
        assert state["policy_rules"] == state["routes"] == {"ipv4": True, "ipv6": None}


def test_a_config_that_was_changed(world):
    """What it says now need not be in force: nothing is called missing by it."""
    subject = Reloadable(world, CONFIG)
    subject.path.write_text(CONFIG.replace("3001", "3002").replace("7893", "7999"), encoding="utf-8")
    state = read(world)
    assert state["config"]["state"] == "changed"
    assert state["policy_rules"] == state["routes"] == {"ipv4": True, "ipv6": True}
    assert (target(state, "mihomo")["port"], target(state, "mihomo")["file_port"]) == (7893, 7999)
    assert "changed since" in show(world)


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_the_time_of_a_config(world, seconds):
    """Whatever it is, the file is that which was loaded until it has another one: an older file may be put back."""
    subject = Reloadable(world, CONFIG)
    moment = time.time() + seconds
    os.utime(subject.path, (moment, moment))
    subject.reload()
    assert read(world)["config"]["state"] == "current"
    os.utime(subject.path, (moment, moment - 1))
    assert read(world)["config"]["state"] == "changed"


@pytest.mark.parametrize("what", ["gone", "bad"])
def test_a_config_that_cant_be_read(world, what):
    """The kernel's state has the proxies' names and the traffic of each."""
    world.client("proxied")
    subject = Reloadable(world, CONFIG)
    if what == "gone":
        subject.path.unlink()
    else:
        subject.path.write_text("version: 2\n", encoding="utf-8")
    state = read(world)
    assert (state["config"]["file"], state["config"]["state"]) == (str(subject.path), "unreadable")
    assert [one["name"] for one in state["targets"]] == ["direct", "drop", "refuse", "mihomo", "another"]
    mihomo = target(state, "mihomo")
    assert (mihomo["packets"], mihomo["port"], mihomo["listening"], mihomo["listeners"]) == (0, 7893, False, [])
    assert state["policy_rules"] == state["routes"] == {"ipv4": True, "ipv6": True}
    assert ours(world, state) == {"proxied": "mihomo"}
    assert "can't be loaded" in show(world)


def test_another_config(world):
    """-c compares with a config of one's choice."""
    world.daemon(CONFIG)
    other = world.scratch.write(CONFIG.replace("3001", "3002"))
    state = read(world, "-c", other, code=INCOMPLETE)
    assert state["policy_rules"] == {"ipv4": False, "ipv6": False}
    assert state["config"]["state"] == "other"


@pytest.mark.parametrize("what", ["missing", "bad", "other", "same"])
def test_a_file_that_is_not_the_daemons(world, what):
    """It is named as such, and what the daemon has loaded is not blamed for it."""
    subject = Reloadable(world, CONFIG)
    other = world.scratch.path(".yaml")
    if what in ("bad", "other"):
        other.write_text("version: 2\n" if what == "bad" else CONFIG, encoding="utf-8")
    elif what == "same":
        other.symlink_to(subject.path)
    state = read(world, "-c", other)
    named = [one for one in state["problems"] if one["kind"] == "config-other"]
    assert len(named) == (what != "same")
    assert state["config"]["file"] == str(subject.path)
    assert state["config"]["state"] == ("other" if what == "other" else "current")
    assert [one["kind"] for one in state["problems"] if one not in named] == [one["kind"] for one in read(world)["problems"]]
    for problem in named:
        assert problem["about"] == str(other)
        assert f"{other} is not what is in force, which is {subject.path}" in problem["text"]
        assert ("can't be loaded" in problem["text"]) == (what != "other")


def test_without_permission(world):
    world.daemon(CONFIG)
    for arguments in (["status"], ["status", "--json"], ["status", "--watch"]):
        done = world.cgtproxy(*arguments, wrap=as_nobody, program=world.scratch.program())
        assert done.returncode == NO_PERMISSION
        assert done.stdout == ""
        assert "CAP_NET_ADMIN" in done.stderr


def test_with_nothing_but_the_capability(world):
    world.client("dropped")
    world.daemon(CONFIG)
    state = read(world, program=world.scratch.program(), wrap=lambda argv: as_nobody(argv, "net_admin"))
    assert without_others(state) == without_others(read(world))


HOSTILE = ["\x1b[2J", "a\tb", "\u202eevil", "\\x2d", "ä"]


def test_hostile_names(world):
    """Nothing raw reaches a terminal; programs get the path unchanged as far as JSON can express it."""
    for name in HOSTILE:
        world.cgroups.make(f"{name}/dropped")
    raw = os.fsencode(str(world.cgroups.directory(world.cgroups.path("")))) + b"/bad\xff"
    os.makedirs(raw + b"/dropped")
    world.daemon(CONFIG.replace("dropped$", "(?s:.*)dropped$"))
    said = show(world)
    for bad in ("\x1b", "\u202e", "a\tb", "\udcff"):
        assert bad not in said
    for shown in (r"\x1b[2J", r"a\x09b", r"\x2d/", "ä/", r"bad\xff"):
        assert shown in said
    paths = ours(world, read(world))
    assert {f"{name}/dropped" for name in HOSTILE} < set(paths)
    assert r"bad\xff/dropped" in paths
    assert len(paths) == len(HOSTILE) + 1


@pytest.mark.parametrize("arguments", [["status", "word"], ["status", "--pid", "1"]])
def test_wrong_usage(world, arguments):
    done = world.cgtproxy(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_full_disk(world):
    """Where it can't write, it says so."""
    world.daemon(CONFIG)
    for options in ("", "--json", "--watch"):
        script = f'exec "$0" status {options} >/dev/full'
        done = world.cgtproxy(wrap=lambda argv, script=script: ["sh", "-c", script, *argv])
        assert done.returncode == 1
        assert "can't write the output: No space left on device" in done.stderr


def test_watch_in_a_pipe_as_json(world):
    """One object a line, with rates from the second on; the first has nothing to compare with."""
    world.proxy("mihomo")
    world.client("proxied")
    world.daemon(CONFIG)
    argv = world.host.command(str(binary()), "status", "--watch", "--json")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        first = target(json.loads(process.stdout.readline()), "mihomo")
        assert "packets_per_second" not in first
        assert world.client("proxied").ask(UDP, V4, times=5).who == "proxy mihomo"
        while (second := target(json.loads(process.stdout.readline()), "mihomo"))["packets"] == 0:
            assert second["packets_per_second"] == 0
        assert second["packets"] == 5
        assert 0 < second["packets_per_second"] <= 5
        assert second["bytes_per_second"] == pytest.approx(second["packets_per_second"] * second["bytes"] / 5)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0


def test_watch_in_a_pipe(world):
    """One report after another, without terminal control sequences."""
    world.daemon(CONFIG)
    argv = world.host.command(str(binary()), "status", "--watch")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        lines = []
        while sum(line.startswith("● cgtproxy: running") for line in lines) < 2:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait() == 0
    assert "\x1b" not in "".join(lines) + rest
    assert "PACKETS/S" in rest


@pytest.fixture(name="terminal")
def fixture_terminal(world):
    """A terminal on the host, with the program under test in its path."""
    world.scratch.program()
    return world.keep(Terminal(world.host, world.scratch, PATH=f"{world.scratch.directory}:{os.environ['PATH']}"))


def test_watch_on_a_terminal(world, terminal):
    """It redraws in place, and restores the terminal afterwards."""
    world.proxy("mihomo")
    for path in ("proxied", "dropped"):
        world.client(path)
    daemon = world.daemon(CONFIG)
    terminal.type("stty -a >before; echo some text")
    before = terminal.wait("some text")
    terminal.type("cgtproxy status --watch")
    seen = terminal.wait("PACKETS/S")
    assert "some text" not in seen
    assert terminal.show("alternate_on") == "1"
    assert terminal.show("cursor_flag") == "0"
    assert seen.startswith("● cgtproxy: running since")
    assert re.search(r"^mihomo +1 +0 +0 +0B +0 +0B +port 7893", seen, re.M), seen
    assert "dropped drop" in seen
    assert "\x1b[36mmihomo" in terminal.escapes
    with world.client("proxied").flooding():
        def rate():
            match = re.search(r"^mihomo +1 +1 +\d+ +\S+ +(\d+) +([\d.]+)([BKMG]) +port", terminal.text, re.M)
            return match and int(match.group(1)) > 1000 and match.groups()
        packets, number, unit = wait_until(rate, lambda: f"a rate; there is:\n{terminal.text}")
    # a datagram of the flood has 33 bytes
    assert float(number) * 1024 ** "BKMG".index(unit) == pytest.approx(33 * int(packets), rel=0.1)
    daemon.stop()
    terminal.wait("not running")  # a shorter text, and nothing of the longer one is left
    assert "mihomo" not in terminal.text
    terminal.type("what is typed meanwhile is for nobody")
    terminal.press("C-c")
    wait_until(lambda: terminal.show("alternate_on") == "0", "the terminal is given back")
    terminal.type("echo exit code $?")
    after = terminal.wait("exit code 0")
    assert before.splitlines()[1] in after
    assert "for nobody" not in after
    assert (terminal.show("alternate_on"), terminal.show("cursor_flag"), terminal.show("wrap_flag")) == ("0", "1", "1")
    terminal.type("stty -a | cmp - before && echo the same")
    terminal.wait("\nthe same")


def test_watch_on_a_small_terminal(world, terminal):
    """What does not fit is marked, and keys scroll to it."""
    for number in range(40):
        world.cgroups.make(f"some-{number}/dropped")
    for port in (7893, 7894):
        world.proxy("mihomo", port)
    world.daemon(CONFIG)
    terminal.type("cgtproxy status --watch")
    terminal.wait("some-0/dropped")
    terminal.resize(40, 6)
    seen = wait_until(lambda: "lines 1-5 of" in terminal.text and terminal.text, "it fits into 6 lines")
    assert seen.startswith("● cgtproxy: running since")
    assert len(seen.splitlines()) == 6
    assert seen.splitlines()[0].endswith("…") and len(seen.splitlines()[0]) == 40
    first = {"Down": 2, "j": 3, "PageDown": 8, "Space": 13, "Up": 12, "k": 11, "PageUp": 6, "b": 1}
    for key, line in first.items():
        terminal.press(key)
        terminal.wait(f"lines {line}-{line + 4} of ")
    terminal.press("End")
    last = wait_until(lambda: re.search(r"lines \d+-(\d+) of (\d+);", terminal.text), "a position")
    wait_until(lambda: (match := re.search(r"lines \d+-(\d+) of (\d+);", terminal.text)) and match[1] == match[2], "the end")
    assert int(last[2]) > 40
    for keys in (("Home",), ("G", "g"), ("M-x", "F5", "Home")):
        terminal.press(*keys)
        terminal.wait("lines 1-5 of")
    terminal.resize(120, 70)
    wait_until(lambda: "some-0/dropped" in terminal.text and "lines " not in terminal.text, "all of it fits")
    terminal.press("q")
    wait_until(lambda: terminal.show("alternate_on") == "0", "the terminal is given back")
    terminal.type("echo exit code $?")
    terminal.wait("exit code 0")


def test_watch_that_is_put_to_sleep(world, terminal):
    """Ctrl-Z gives the terminal back, and `fg` takes it again."""
    world.daemon(CONFIG)
    terminal.type("cgtproxy status --watch")
    terminal.wait("PACKETS/S")
    terminal.press("C-z")
    wait_until(lambda: terminal.show("alternate_on") == "0", "the terminal is given back")
    terminal.wait("prompt>")
    terminal.type("echo i am back")
    terminal.wait("\ni am back")
    terminal.type("fg")
    wait_until(lambda: terminal.show("alternate_on") == "1", "it goes on")
    terminal.wait("PACKETS/S")
    terminal.press("C-c")
    wait_until(lambda: terminal.show("alternate_on") == "0", "the terminal is given back")


def test_colours(world, terminal):
    """On a terminal, and not where NO_COLOR is set or in a pipe."""
    world.client("dropped")
    world.daemon(CONFIG)
    for command, has_colours in (("cgtproxy --no-pager status", True), ("NO_COLOR=1 cgtproxy --no-pager status", False),
                                 ("NO_COLOR= cgtproxy --no-pager status", True),
                                 ("cgtproxy status | cat", False)):
        terminal.type("clear")
        wait_until(lambda: "cgtproxy" not in terminal.text, "an empty screen")
        terminal.type(command)
        terminal.wait("dropped drop")
        assert ("\x1b[31" in terminal.escapes or "\x1b[1;31" in terminal.escapes
                or "\x1b[1m\x1b[31" in terminal.escapes) == has_colours, command


def test_a_departed_cgroup(world):
    """It is not listed, but its element stays for a minute, and its sockets keep their target."""
    client = world.client("x/dropped")
    world.daemon(CONFIG)
    client.ask_in_vain(UDP, V4, hold=True)
    state = read(world)
    assert (target(state, "drop")["cgroups"], target(state, "drop")["sockets"]) == (1, 1)
    directory = world.cgroups.directory(world.cgroups.path("x/dropped"))
    for pid in (directory / "cgroup.procs").read_text(encoding="ascii").split():
        (world.cgroups.directory(world.cgroups.top) / "cgroup.procs").write_text(pid, encoding="ascii")
    world.cgroups.remove(world.cgroups.path("x/dropped"))
    state = read(world)
    assert (target(state, "drop")["cgroups"], target(state, "drop")["sockets"]) == (0, 1)
    assert ours(world, state) == {}
    assert state["table"]["elements"] == 1
