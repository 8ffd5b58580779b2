# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy whose own traffic the rules send back into it: reported at start, on reload and by `check`, with the fix."""

import re

import pytest
from lab.addresses import UDP, V4
from lab.checks import OURS, count_lines
from lab.daemon import as_nobody
from lab.reloading import Reloadable
from lab.waiting import wait_until

# The rule that makes the loop is in line 9.
CONFIG = f"""\
version: 1
tproxies:
  mihomo: {{mark: 3000, port: 7893}}
  another:
    mark: 3001
    port: 7894
rules:
  - {{match: '{OURS}dropped$', drop: true}}
  - match: '{OURS}looping'
    tproxy: mihomo
"""
WARNING = "back to the proxy, in a loop"
SUGGESTION = re.compile(r"^  - (?:match|unit): .*\n    direct: true$", re.MULTILINE)


@pytest.fixture(name="looping", params=["looping", "looping-parent/child.service", "looping-a.b\\x2d+c(1)"])
def looping_fixture(world, request):
    """The path of a cgroup whose traffic goes to the proxy, and in which that proxy listens."""
    world.client(request.param).serve("proxy", 7893, transparent=True)
    return world.cgroups.path(request.param)


def with_rule(config, rule):
    """The config with another rule before its own."""
    return config.replace("rules:\n", f"rules:\n{rule}\n")


def check_warning(said, path, times=1):
    """Check that the warning names the proxy, the cgroup and the line; return the rule that it shows."""
    assert count_lines(said, "warning", "mihomo", f"listens in {path},", "line 9", WARNING) == times, said
    assert count_lines(said, WARNING) == times
    return SUGGESTION.search(said).group()


def start(world, config):
    """A daemon that tells when it has looked for problems, after it has."""
    return wait_looked(Reloadable(world, config, LOG_LEVEL="debug"), 1)


def wait_looked(subject, times):
    """Await that it has looked so often."""
    wait_until(lambda: subject.daemon.log.count("looked for problems") >= times, f"it has looked {times} times")
    return subject


def reload(subject, config):
    """Reload, and return what is logged until problems have been looked for."""
    said = len(subject.daemon.log)
    times = subject.daemon.log.count("looked for problems")
    subject.reload(config)
    wait_looked(subject, times + 1)
    return subject.daemon.log[said:]


def test_at_the_start_and_on_reload(world, looping):
    subject = start(world, CONFIG)
    rule = check_warning(subject.daemon.log, looping)
    assert WARNING not in reload(subject, with_rule(CONFIG, rule))
    client = world.new_client(looping.removeprefix(world.cgroups.top + "/"))
    assert client.ask(UDP, V4).who == "outside"  # the rule has the promised effect
    check_warning(reload(subject, CONFIG), looping)


def test_in_check_system(world, looping):
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(CONFIG))
    rule = check_warning(done.stdout + done.stderr, looping)
    assert done.returncode == 0
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(with_rule(CONFIG, rule)))
    assert WARNING not in done.stdout + done.stderr


def test_in_plain_check(world, looping):
    done = world.cgtproxy("check", "-c", world.scratch.write(CONFIG))
    check_warning(done.stdout + done.stderr, looping)


@pytest.mark.parametrize("cgroup", ["direct", "dropped", "other"])
def test_a_proxy_that_is_not_sent_to_itself(world, cgroup):
    world.client(cgroup).serve("proxy", 7893, transparent=True)
    world.client("looping").serve("somebody else", 7899, transparent=True)
    subject = start(world, CONFIG)
    reload(subject, CONFIG)
    assert WARNING not in subject.daemon.log
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(CONFIG))
    assert WARNING not in done.stdout + done.stderr


def test_a_proxy_that_another_proxy_serves_is_no_loop(world):
    """The traffic of one goes through the other; cycles of two are not detected."""
    world.client("looping").serve("another", 7894, transparent=True)
    assert WARNING not in start(world, CONFIG).daemon.log


def test_a_proxy_at_which_nobody_listens(world):
    """Only `check` says so: at a daemon's start the proxy may come later."""
    path = world.scratch.write(CONFIG)
    said = world.cgtproxy("check", "system", "-c", path)
    assert said.returncode == 0
    for port, name in ((7893, "mihomo"), (7894, "another")):
        assert count_lines(said.stdout + said.stderr, "warning", "nothing listens", str(port), name) == 1
    world.proxy("mihomo")
    said = world.cgtproxy("check", "system", "-c", path)
    assert count_lines(said.stdout + said.stderr, "nothing listens") == 1
    assert count_lines(said.stdout + said.stderr, "nothing listens", "7894") == 1
    assert "nothing listens" not in start(world, CONFIG).daemon.log


def test_a_proxy_without_root(world):
    """Listing listeners needs no privileges; `check system` as an ordinary user warns as well."""
    world.client("looping").serve("proxy", 7893, transparent=True)
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(CONFIG), wrap=as_nobody,
                          program=world.scratch.program())
    check_warning(done.stdout + done.stderr, world.cgroups.path("looping"))
