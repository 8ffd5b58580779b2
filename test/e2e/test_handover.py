# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one run to the next: a restart that leaves no gap, a start that fails, an environment that makes no sense."""

import re
import signal
from pathlib import Path

import pytest
from lab.addresses import UDP, V4
from lab.checks import OURS, routing, table
from lab.daemon import as_nobody
from lab.reloading import Reloadable
from lab.waiting import wait_until

CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
STRICT = {"not strict": "", "strict": "strict: true\n"}
CGROUPS = {"proxied": "proxy mihomo", "dropped": "dropped", "other": "outside"}
BAD_CONFIG = CONFIG.replace("tproxy: mihomo", "tproxy: nobody")
# EX_CONFIG of sysexits.h, which cgtproxy.service names.
EXIT_CONFIG = 78


def in_force(world):
    """Policy rules, routes, and the table without its owner, its elements and the levels that others' cgroups are at."""
    rules = [line for line in table(world)[0].splitlines()
             if not line.lstrip().startswith(("flags", "table", "socket cgroupv2 level"))]
    return rules, routing(world)


@pytest.mark.parametrize("strict", STRICT.values(), ids=STRICT)
def test_a_run_that_ends_by_sigusr1_leaves_everything_to_the_next(world, strict):
    world.proxy("mihomo")
    before = world.footprint()
    daemon = world.daemon(CONFIG + strict)
    world.check(CGROUPS)
    kept = in_force(world)
    with world.client("dropped").flooding() as flood:
        for _ in range(3):
            flood.await_more()
            assert daemon.stop(signal.SIGUSR1) == 0
            assert in_force(world) == kept
            flood.await_more()
            daemon = world.daemon(CONFIG + strict)
    assert flood.sent == 0 and flood.refused > 300
    world.check(CGROUPS)
    assert daemon.stop() == 0
    assert world.footprint() == before


def is_stopped(daemon):
    """Whether SIGSTOP has taken effect (proc_pid_stat(5))."""
    return Path(f"/proc/{daemon.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("order", [(signal.SIGUSR1, signal.SIGTERM), (signal.SIGTERM, signal.SIGUSR1)],
                         ids=["before SIGTERM", "after SIGTERM"])
def test_sigusr1_counts_also_when_sigterm_waits_as_well(world, order):
    """As when systemd ends a daemon that was too busy to read its signals."""
    daemon = world.daemon(CONFIG)
    kept = in_force(world)
    daemon.send_signal(signal.SIGSTOP)
    wait_until(lambda: is_stopped(daemon), "the daemon is stopped")
    for number in (*order, signal.SIGCONT):
        daemon.send_signal(number)
    assert daemon.wait_exit() == 0
    assert in_force(world) == kept


def test_a_bad_config_at_the_start_without_rules_in_force(world):
    before = world.footprint()
    daemon = world.start_daemon(BAD_CONFIG)
    assert daemon.wait_refused() == EXIT_CONFIG
    assert re.search(r":5:\d+: .*nobody", daemon.log)
    assert "no rules are in force" in daemon.log
    assert world.footprint() == before


@pytest.mark.parametrize("end", [signal.SIGUSR1, signal.SIGKILL])
def test_a_bad_config_at_the_start_with_rules_in_force(world, end):
    """They stay, and the way to remove them is said."""
    first = world.daemon(CONFIG)
    first.send_signal(end)
    first.process.wait()
    kept = in_force(world)
    daemon = world.start_daemon(BAD_CONFIG)
    assert daemon.wait_refused() == EXIT_CONFIG
    assert "stay in force" in daemon.log and '"cgtproxy clear"' in daemon.log
    assert in_force(world) == kept


def test_what_keeps_an_ordinary_user_from_reading_the_config(world):
    """The commands that are shown, typed one after the other, let it be read."""
    directory = world.scratch.directory / "closed"
    path, dropin = directory / "config.yaml", directory / "config.d/rules.yaml"
    dropin.parent.mkdir(parents=True)
    path.write_text(CONFIG, encoding="ascii")
    dropin.write_text("rules: []\n", encoding="ascii")
    for place, mode in ((path, 0o600), (dropin, 0o640), (dropin.parent, 0o700), (directory, 0o700)):
        place.chmod(mode)

    def check():
        return world.cgtproxy("check", "config", "-c", path, wrap=as_nobody, program=world.scratch.program())

    for command in (f"chmod o+x {directory}", f"chmod o+r {path}", f"chmod o+rx {dropin.parent}", f"chmod o+r {dropin}"):
        done = check()
        assert done.returncode != 0
        assert command in (line.strip() for line in done.stdout.splitlines())
        world.host.run(*command.split())
    assert check().returncode == 0


def test_no_command_is_shown_that_a_shell_would_take_differently(world):
    path = world.scratch.path("; rm -rf $HOME.yaml")
    path.write_text(CONFIG, encoding="ascii")
    path.chmod(0o600)
    done = world.cgtproxy("check", "config", "-c", path, wrap=as_nobody, program=world.scratch.program())
    assert done.returncode != 0
    assert "Permission denied" in done.stdout and "chmod" not in done.stdout + done.stderr


@pytest.mark.parametrize("environment", [
    {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "-1"}, {"WATCHDOG_USEC": ""},
    {"WATCHDOG_USEC": "18446744073709551615"}, {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "me"}],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()))
def test_a_watchdog_that_makes_no_sense_is_none(world, environment):
    daemon = world.daemon(CONFIG, **environment)
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_log("the new config is in force")
    assert "no watchdog" in daemon.log and "WATCHDOG_USEC" in daemon.log
    world.client("dropped").await_answer_by("dropped")


def test_a_sensible_watchdog_is_fed(world):
    daemon = world.daemon(CONFIG, WATCHDOG_USEC="30000000")
    wait_until(lambda: daemon.is_ready() and "WATCHDOG=1" in daemon.notifications, "a sign of life")
    assert "no watchdog" not in daemon.log


def test_a_reload_logs_how_many_cgroups_have_another_target(world):
    """And, for debugging, which: those alone."""
    paths = {name: world.cgroups.make(name) for name in (*CGROUPS, "dropped/a", "dropped/a/b")}
    reloadable = Reloadable(world, CONFIG, LOG_LEVEL="debug")
    known = len(reloadable.daemon.log)
    reloadable.reload(CONFIG.replace("drop: true", "refuse: true"))
    said = reloadable.daemon.log[known:]
    assert re.search(r"the new config is in force; rules: 2, proxies: 1, cgroups with another target: 3 of \d+\n", said)
    moved = [line for line in said.splitlines() if world.cgroups.top in line]
    assert {line.split(":")[1].strip() for line in moved} == {paths[name] for name in paths if "dropped" in name}


def test_a_path_in_the_log_can_be_pasted_into_explain(world):
    """With its backslashes, of which names of units have many."""
    path = world.cgroups.make(r"a\x2db.slice/dropped")
    daemon = world.daemon(CONFIG, LOG_LEVEL="debug")
    (shown,) = {line.split(":")[1].strip() for line in daemon.log.splitlines() if r"\x2db.slice/dropped" in line}
    assert shown == path
    done = world.cgtproxy("explain", shown, "-c", world.scratch.write(CONFIG))
    assert "drop, by rule 2" in done.stdout


def test_what_the_fence_stopped_between_two_runs_is_reported(world):
    """Nobody corrects policy rules then."""
    world.proxy("mihomo")
    client = world.client("proxied")
    daemon = world.daemon(CONFIG)
    client.await_answer_by("proxy mihomo")
    assert daemon.stop(signal.SIGUSR1) == 0
    for family in ("-4", "-6"):
        world.host.run("ip", family, "rule", "del", "fwmark", "3000")
    for _ in range(3):
        result = client.ask(UDP, V4)
        assert result.outcome != "answered" and not world.wire.saw(result)
    daemon = world.daemon(CONFIG)
    daemon.wait_log("while no cgtproxy was running")
    client.await_answer_by("proxy mihomo")
