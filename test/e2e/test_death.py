# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at any moment: the rules stay, and the next start takes over without a gap."""

import random
import re
import signal
import subprocess
from contextlib import contextmanager

import pytest
from lab.addresses import UDP, V4
from lab.amounts import amounts
from lab.checks import DROP_CHAIN, ONE_PROXY, await_chains, routing
from lab.reloading import Reloadable
from lab.sinks import ProxySink
from lab.storms import Churn, Storm
from lab.waiting import wait_until
from lab.world import World

# A hundred is the documented number; builds with sanitizers try fewer.
KILLS = pytest.mark.parametrize("kills", amounts("CGTPROXY_TEST_KILLS", 20, 100))
CONFIG = ONE_PROXY
OTHER_CONFIG = CONFIG.replace("3000", "4000/0xffff").replace("7893", "7993") + "route-table: 301\nrule-priority: 2999\n"


def kill_after(daemon, seconds):
    """Kill it now, whatever it is doing."""
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.process.wait(seconds)
    daemon.kill()


@contextmanager
def watched_floods(world):
    """A dropped and a proxied client that send without a pause; yields a check that nothing gets out."""
    dropped, proxied = world.client("dropped"), world.client("proxied")
    assert world.wire.saw(world.client("other").ask(UDP, V4))
    with dropped.flooding() as one, proxied.flooding() as other:
        def see_that_nothing_gets_out():
            one.await_more(10)
            other.await_more(10)
            assert not world.wire.saw(one)
            assert not world.wire.saw(other)
        see_that_nothing_gets_out()
        yield see_that_nothing_gets_out
        see_that_nothing_gets_out()
    assert one.sent == 0
    assert one.refused > 1000
    assert other.sent > 1000


@KILLS
def test_kills_during_a_storm(world, kills):
    """Every third in the middle of a start, the others soon after."""
    sink = world.keep(ProxySink(world.host, 7893))
    for cgroup in ("dropped", "proxied", "other"):
        world.client(cgroup)
    world.daemon(CONFIG).kill()
    churn = world.keep(Churn(world.cgroups.directory(world.cgroups.make("churn")), ("dropped", "proxied", "other")))
    with watched_floods(world) as see_that_nothing_gets_out:
        for number in range(kills):
            if number % 3 == 0:
                kill_after(world.start_daemon(CONFIG), random.uniform(0, 0.05))
            else:
                kill_after(world.daemon(CONFIG), random.uniform(0, 0.03))
            see_that_nothing_gets_out()
            sink.await_datagram()
        made = churn.made
        world.daemon(CONFIG)
        storm = Storm(world, "last", 100, "dropped").make()
        await_chains(world, dict.fromkeys(storm.ids(), DROP_CHAIN))
    assert made > 10 * kills  # a storm, even on a busy machine
    churn.close()
    sink.close()
    world.proxy("mihomo")
    world.check({"dropped": "dropped", "proxied": "proxy mihomo", "other": "outside"})


@KILLS
def test_kills_during_a_reload(world, kills):
    """Whichever config was in force then, the next start applies its own and removes everything of the other."""
    for port in (7893, 7993):
        world.keep(ProxySink(world.host, port))
    with World() as another:
        another.daemon(OTHER_CONFIG)
        expected = routing(another)
    for cgroup in ("dropped", "proxied", "other"):
        world.client(cgroup)
    before = world.footprint()
    storm = Storm(world, "many", 1000, "dropped").make()
    configs = [CONFIG, OTHER_CONFIG]
    subject = Reloadable(world, CONFIG)
    with watched_floods(world) as see_that_nothing_gets_out:
        for _ in range(max(kills // 2, 1)):
            configs.reverse()
            subject.begin_reload(configs[0])
            kill_after(subject.daemon, random.uniform(0, 0.03))
            see_that_nothing_gets_out()
            subject = Reloadable(world, configs[1])
            see_that_nothing_gets_out()
        subject.reload(OTHER_CONFIG)
    await_chains(world, dict.fromkeys(storm.ids(), DROP_CHAIN))
    assert routing(world) == expected
    storm.remove()
    assert subject.daemon.stop() == 0
    assert world.footprint() == before


def table_handle(world):
    """The kernel's number for the daemon's table, which another table of that name would not have."""
    listing = world.host.run("nft", "--handle", "list", "table", "inet", "cgtproxy")
    return re.search(r"^table inet cgtproxy \{ # handle (\d+)", listing).group(1)


def test_the_next_start_goes_on_with_the_table(world):
    """Removing and recreating it would let packets pass in between."""
    world.cgroups.make("dropped")
    world.daemon(CONFIG).kill()
    handle = table_handle(world)
    daemon = world.daemon(OTHER_CONFIG)
    assert table_handle(world) == handle
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.log.count("in force") == 1, "the config is read again")
    assert table_handle(world) == handle


def test_what_happened_while_nobody_watched(world):
    """Cgroups that came, went and came again between a kill and the next start."""
    world.daemon(CONFIG).kill()
    storm = Storm(world, "unseen", 300, "dropped").make()
    world.daemon(CONFIG).kill()
    storm.remove()
    again = Storm(world, "unseen", 300, "proxied").make()
    assert world.client("unseen/0/proxied-0").ask(UDP, V4).who == "outside"
    world.proxy("mihomo")
    world.daemon(CONFIG)
    await_chains(world, dict.fromkeys(again.ids(), "proxy-mihomo"))
    assert world.client("unseen/0/proxied-0").ask(UDP, V4).who == "proxy mihomo"
