# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy exec`, with a real user manager: where the program runs, and where its traffic goes."""

import re
import subprocess

import pytest
from checks import DROPPED, OUTSIDE, PROXIED, check
from programs import PYTHON, Program
from service import CONFIG

CGTPROXY = "/usr/bin/cgtproxy"
# mihomo.service plays three proxies: two have their names for the nesting of slices only.
NAMES = CONFIG.replace("rules:", "  a-b: {mark: 3001, port: 7893}\n  a--b: {mark: 3002, port: 7893}\nrules:")
RULES = r"""
  - slice: cgtproxy-mihomo.slice
    tproxy: mihomo
  - slice: cgtproxy-a-b.slice
    tproxy: a-b
  - slice: cgtproxy-a\x2d\x2db.slice
    tproxy: a--b
"""
WHERE = {"direct": OUTSIDE, "drop": DROPPED, "mihomo": PROXIED, "a-b": PROXIED, "a--b": PROXIED}
SUGGESTION = re.compile(r"^  - slice: .*\n    \w+: .*$", re.MULTILINE)


def slice_of(name):
    """Where systemd makes the slice for this name, below cgtproxy.slice."""
    odd = {"a-b": "cgtproxy-a.slice/cgtproxy-a-b.slice", "a--b": r"cgtproxy-a\x2d\x2db.slice"}
    return odd.get(name, f"cgtproxy-{name}.slice")


def as_unit(user, *argv, options=()):
    """The argument list that runs argv as a unit of the user's (None: the system's) manager, as a session would.

    What a test starts itself is outside of the machine's cgroups, from where no manager could move it.
    """
    manager = ["--user"] if user else []
    return ["systemd-run", "--quiet", "--collect", "--pipe", "--wait", *manager, *options, "--", *argv]


class Executed(Program):
    """A client that exec starts."""

    def __init__(self, machine, user, name):
        argv = as_unit(user, CGTPROXY, "exec", name, PYTHON, "-I", "-S", "-c", self.script(), "")
        self._process = machine.popen(*argv, user=user, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      start_new_session=True)
        self._read_reply()

    @staticmethod
    def script():
        """What makes Python a client."""
        return "import sys; sys.path.insert(0, '/usr/local/lib/cgtproxy-test'); from lab.agent import main; main()"


@pytest.fixture(name="configured")
def fixture_configured(service):
    """The service, with a slice for each of its proxies."""
    service.configure(NAMES + RULES)
    service.systemctl("reload")
    return service


@pytest.mark.usefixtures("configured", "proxy")
@pytest.mark.parametrize("name", WHERE)
@pytest.mark.parametrize("is_root", [False, True], ids=["user", "root"])
def test_where_the_traffic_goes(world, machine, user, name, is_root):
    program = Executed(machine, None if is_root else user, name)
    try:
        check(world, program, WHERE[name])
    finally:
        program.close()


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("name", WHERE)
@pytest.mark.parametrize("is_root", [False, True], ids=["user", "root"])
def test_where_the_program_runs(machine, user, name, is_root):
    """In the cgroup for which the config was asked before."""
    who = None if is_root else user
    said = machine.run(*as_unit(who, CGTPROXY, "exec", name, "cat", "/proc/self/cgroup"), user=who)
    path = said.splitlines()[-1]  # what is before it, on some systems, is of version 1
    manager = "" if is_root else f"/user.slice/user-{user.uid}.slice/user@{user.uid}.service"
    assert re.fullmatch(re.escape(f"0::{manager}/cgtproxy.slice/{slice_of(name)}/") + r"run-\w+\.scope", path), path


@pytest.mark.usefixtures("configured", "proxy")
def test_what_is_kept(machine, user):
    """Directory, environment, standard input, exit code."""
    script = 'pwd; echo "$SOME_VARIABLE"; cat; exit 7'
    argv = as_unit(user, CGTPROXY, "exec", "mihomo", "sh", "-c", script,
                   options=["--working-directory=/usr/share", "--setenv=SOME_VARIABLE=some text"])
    done = machine.try_run(*argv, user=user, text_in="some input\n")
    assert done.stdout == "/usr/share\nsome text\nsome input\n"
    assert done.returncode == 7
    assert all("have the same port" in line for line in done.stderr.splitlines()), done.stderr


@pytest.mark.usefixtures("configured", "proxy")
@pytest.mark.parametrize("is_root", [False, True], ids=["user", "root"])
def test_a_shell(machine, user, is_root):
    """In the slice, and its programs with it."""
    argv = as_unit(None if is_root else user, CGTPROXY, "exec", "mihomo", options=["--setenv=SHELL=/bin/sh"])
    said = machine.run(*argv, user=None if is_root else user, text_in="echo $CGTPROXY_TARGET; cat /proc/self/cgroup\n")
    assert said.startswith("mihomo\n")
    assert f"/cgtproxy.slice/{slice_of('mihomo')}/run-" in said.splitlines()[-1]


def test_the_rule_that_is_shown(machine, service, user):
    """Without a rule for the slice nothing is started; with the one that is shown, it is."""
    service.configure(NAMES)
    service.systemctl("reload")
    rules = NAMES
    for name in ("mihomo", "a-b", "a--b"):
        argv = as_unit(user, CGTPROXY, "exec", name, "echo", "it runs")
        refused = machine.try_run(*argv, user=user)
        assert (refused.returncode, refused.stdout) == (1, "")
        rules += SUGGESTION.search(refused.stderr).group() + "\n"
        service.configure(rules)
        service.systemctl("reload")
        assert machine.run(*argv, user=user) == "it runs\n"
