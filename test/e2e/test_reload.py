# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGHUP: a new config takes effect at once and as a whole, a bad one is refused, and no packet is affected."""

import os

import pytest
from lab.addresses import BYPASSED, TCP, UDP, V4, V6
from lab.amounts import amounts
from lab.checks import DROP_CHAIN, ONE_PROXY, OURS, await_chains, count_lines, routing, table
from lab.netfilter import cgroup_elements
from lab.reloading import Reloadable
from lab.sinks import ProxySink
from lab.world import World

MANY = int(os.environ.get("CGTPROXY_TEST_MANY", "15000"))

CONFIG = ONE_PROXY
# Every number differs from the first config's, and so does the order of the rules.
OTHER_CONFIG = f"""
version: 1
route-table: 301
rule-priority: 2999
bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]
tproxies:
  another: {{mark: 0x200/0xf00, port: 7994}}
  mihomo: {{mark: 0x100/0xf00, port: 7993, dns-hijack: {{tcp: true}}}}
rules:
  - {{match: '{OURS}dropped[^/]*$', drop: true}}
  - {{match: '{OURS}another$', tproxy: another}}
  - {{match: '{OURS}proxied[^/]*$', tproxy: mihomo}}
"""
IN_FORCE = {"proxied": "proxy mihomo", "dropped": "dropped", "other": "outside"}
BAD_CONFIGS = {
    "no YAML": ("version: 1\nrules: [", "invalid YAML"),
    "a bad value": (CONFIG.replace("7893", "70000"), "70000"),
    "an unknown proxy": (CONFIG.replace("tproxy: mihomo", "tproxy: mihom"), "mihom"),
    "a bad expression": (CONFIG.replace("dropped[^/]*$", "dropped("), "dropped("),
    "empty": ("", "version"),
}


def test_what_the_service_manager_is_told(world):
    subject = Reloadable(world, CONFIG)
    assert subject.count("RELOADING=1") == 0
    for times, config in enumerate((CONFIG, "version: 2\n", OTHER_CONFIG), start=1):
        subject.reload(config)
        assert subject.count("RELOADING=1") == times
        assert subject.count("READY=1") == times + 1
    notifications = subject.daemon.notifications
    at = notifications.index("RELOADING=1")
    assert notifications[at + 1].startswith("MONOTONIC_USEC=")  # Type=notify-reload asks for it
    assert notifications[at + 2] == "READY=1"


@pytest.mark.parametrize("what", BAD_CONFIGS)
def test_a_bad_config_is_refused_and_the_last_one_stays(world, what):
    world.proxy("mihomo")
    subject = Reloadable(world, CONFIG)
    before = world.footprint()
    config, text = BAD_CONFIGS[what]
    said = subject.reload(config)
    assert text in said
    assert str(subject.path) in said
    assert count_lines(said, "error") > 0
    assert "stays in force" in said
    assert world.footprint() == before
    for cgroup, who in IN_FORCE.items():
        world.client(cgroup).await_answer_by(who)
    world.check(IN_FORCE)
    assert "stays in force" not in subject.reload(CONFIG.replace("dropped", "elsewhere"))
    assert world.client("dropped").ask(UDP, V4).who == "outside"


def test_a_config_that_vanished_is_refused(world):
    subject = Reloadable(world, CONFIG)
    subject.path.unlink()
    assert "stays in force" in subject.reload()
    world.client("dropped").await_answer_by("dropped")


def test_another_cgroup_root_is_refused(world):
    subject = Reloadable(world, CONFIG)
    before = world.footprint()
    said = subject.reload(OTHER_CONFIG + f"cgroup-root: {world.cgroups.directory(world.cgroups.top)}\n")
    assert count_lines(said, "error", "cgroup-root", "restart") == 1
    assert world.footprint() == before
    world.client("dropped").await_answer_by("dropped")
    subject.reload(CONFIG.replace("dropped", "elsewhere"))
    assert world.client("dropped").ask(UDP, V4).who == "outside"


def test_every_number_changes_and_what_is_not_needed_is_removed(world):
    """There and back, and there again; the kernel's state equals that of a fresh start with the new config."""
    for cgroup in IN_FORCE:
        world.client(cgroup)
    before = world.footprint()
    fresh = {}
    for config in (CONFIG, OTHER_CONFIG):
        with World() as another:
            another.daemon(config)
            fresh[config] = routing(another)
        with_config = world.daemon(config)
        fresh[config] += table(world)
        assert with_config.stop() == 0
    world.proxy("mihomo", 7893)
    world.proxy("mihomo", 7993)
    subject = Reloadable(world, CONFIG)
    for config in (OTHER_CONFIG, CONFIG, OTHER_CONFIG):
        subject.reload(config)
        assert [*routing(world), *table(world)] == fresh[config]
        world.check(IN_FORCE)
    world.client("new/dropped").await_answer_by("dropped")
    assert subject.daemon.stop() == 0
    assert world.footprint() == before


def test_a_bypass_list_comes_and_goes(world):
    subject = Reloadable(world, CONFIG)
    dropped = world.client("dropped")
    dropped.await_answer_by("dropped")
    bypass = f'bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}"]\n'
    for config, who in ((CONFIG + bypass, "outside"), (CONFIG, "dropped"), (CONFIG + bypass, "outside")):
        subject.reload(config)
        for family in (V4, V6):
            result = dropped.ask_in_vain(UDP, family, BYPASSED[family])
            assert result.dropped if who == "dropped" else result.who == who
            assert dropped.ask_in_vain(TCP, family).dropped


def test_a_dns_hijack_comes_and_goes(world):
    hijacked = CONFIG.replace("port: 7893", "port: 7893, dns-hijack: {port: 1053}")
    world.proxy("mihomo")
    world.dns("local", 1053)
    subject = Reloadable(world, CONFIG)
    proxied = world.client("proxied")
    proxied.await_answer_by("proxy mihomo")
    for config, who in ((hijacked, "dns local"), (CONFIG, "proxy mihomo"), (hijacked, "dns local")):
        subject.reload(config)
        assert proxied.ask(UDP, V4, port=53).who == who
        assert ("output-nat" in table(world)[0]) == (config is hijacked)


@pytest.mark.parametrize("last", ["keep", "clear"])
def test_what_happens_on_stop_changes(world, last):
    dropped, first = world.client("dropped"), {"keep": "clear", "clear": "keep"}[last]
    before = world.footprint()
    subject = Reloadable(world, CONFIG + f"on-stop: {first}\n")
    subject.reload(CONFIG + f"on-stop: {last}\n")
    assert subject.daemon.stop() == 0
    if last == "keep":
        assert dropped.ask_in_vain(UDP, V4).dropped
        assert world.cgtproxy("clear").returncode == 0
    assert dropped.ask(UDP, V4).who == "outside"
    assert world.footprint() == before


def test_strict_mode_comes_and_goes(world):
    """Strict: each cgroup has its own element. Otherwise: only those whose verdict differs from their parent's."""
    plain = world.cgroups.make("some/where")
    subject = Reloadable(world, CONFIG)
    client = world.client("some/where")
    for config, is_strict in ((CONFIG + "strict: true\n", True), (CONFIG, False), (CONFIG + "strict: true\n", True)):
        subject.reload(config)
        assert (world.cgroups.id(plain) in cgroup_elements(world.host)) == is_strict
        assert (count_lines(table(world)[0], "cgroupv2", "!=", "goto DROP-CHAIN") > 0) == is_strict
        assert client.ask(UDP, V4).who == "outside"
        dropped = world.client(f"dropped-when-strict-is-{is_strict}")
        dropped.await_answer_by("dropped")


def test_a_rule_takes_a_cgroup_from_the_proxy_and_back(world):
    direct = CONFIG.replace("rules:", f"rules:\n  - {{match: '{OURS}proxied[^/]*$', direct: true}}")
    dropping = CONFIG.replace("rules:", f"rules:\n  - {{match: '{OURS}proxied[^/]*$', drop: true}}")
    world.proxy("mihomo")
    expected = {CONFIG: "proxy mihomo", direct: "outside", dropping: "dropped"}
    for cgroup in ("proxied", "proxied/child", "dropped"):
        world.client(cgroup)
    subject = Reloadable(world, CONFIG)
    for config in (direct, CONFIG, dropping, direct, dropping, CONFIG):
        subject.reload(config)
        now_expected = {"proxied": expected[config], "proxied/child": expected[config], "dropped": "dropped"}
        world.check(now_expected, [(UDP, V4), (TCP, V6)])


def test_a_proxy_without_rules_goes_with_its_mark(world):
    """No proxies at all, which is the built-in config, need no policy rules and no routes."""
    untouched = routing(world)
    subject = Reloadable(world, CONFIG)
    assert routing(world) != untouched
    subject.reload("version: 1\n")
    assert routing(world) == untouched
    # those of cgroups that are gone stay for a while, and there may be some of other programs
    assert not {world.cgroups.id(path) for path in world.cgroups.paths()} & set(cgroup_elements(world.host))
    assert world.client("proxied").ask(UDP, V4).who == "outside"
    subject.reload(CONFIG)
    world.proxy("mihomo")
    world.check(IN_FORCE)


@pytest.mark.parametrize("family", [V4, V6])
def test_a_socket_goes_where_its_cgroup_goes(world, family):
    """Also one that sent before the reload: what became of its flow until then does not matter."""
    world.proxy("mihomo")
    subject = Reloadable(world, CONFIG)
    client = world.client("proxied")
    client.await_answer_by("proxy mihomo")
    assert client.ask(UDP, family, hold=True).who == "proxy mihomo"
    for rule, who in (("moved", "outside"), ("proxied", "proxy mihomo")):
        subject.reload(CONFIG.replace("proxied", rule))
        assert client.ask(UDP, family, resume=True, hold=True).who == who


@pytest.mark.alone
def test_many_cgroups_change_their_verdicts(world):
    """All of them are right when the daemon says that it is ready, and in no element is anything of the old config."""
    names = [f"{number % 20}/{('dropped', 'proxied', 'other')[number % 3]}-{number}" for number in range(MANY)]
    numbers = {name: world.cgroups.id(world.cgroups.make(name)) for name in names}
    chains = {"dropped": DROP_CHAIN, "proxied": "proxy-mihomo", "other": None}
    changed = CONFIG.replace("dropped", "other").replace("mihomo", "another")
    new_chains = {"dropped": None, "proxied": "proxy-another", "other": DROP_CHAIN}
    subject = Reloadable(world, CONFIG)
    for config, expected in ((changed, new_chains), (CONFIG, chains)):
        assert "in force" in subject.reload(config)
        elements = cgroup_elements(world.host)
        wrong = [name for name in names if elements.get(numbers[name]) != expected[name.split("/")[1].split("-")[0]]]
        assert not wrong
    late = world.cgroups.make("late/dropped")
    await_chains(world, {world.cgroups.id(late): DROP_CHAIN})


# The same traffic for two proxies of other names, and below another level: whatever leads to them is new.
RENAMED_CONFIG = CONFIG.replace("mihomo", "renamed").replace("7893", "7993").replace("3000", "3001").replace(
    "drop: true", "tproxy: black-hole").replace("tproxies: {", "tproxies: {black-hole: {mark: 9, port: 9}, ")


# The destination of a flood that need not be observed.
AWAY = "198.18.0.1"
STRICT_CONFIG = CONFIG + "strict: true\n"
# What a reload goes to and back from, and the port at which the proxy is then.
RELOADS = {"numbers": (OTHER_CONFIG, 7993), "names": (RENAMED_CONFIG, 7993), "strict": (STRICT_CONFIG, 7893)}


def by_reload(_world, subject, config):
    """The daemon loads another config."""
    subject.reload(config)
    return subject


def by_takeover(world, subject, config):
    """The daemon is killed, and one with another config starts."""
    subject.daemon.kill()
    return Reloadable(world, config)


@pytest.mark.parametrize("other", RELOADS)
@pytest.mark.parametrize("change", [by_reload, by_takeover])
@pytest.mark.parametrize("changes", amounts("CGTPROXY_TEST_RELOADS", 20, 1000))
def test_changes_let_no_packet_out(world, change, other, changes):
    """Clients send without a pause, while numbers, names and the order of rules change under them.

    What is dropped or proxied never gets out, and what is direct is never refused.
    """
    sinks = {port: world.keep(ProxySink(world.host, port)) for port in (7893, 7993)}
    dropped, proxied, direct = (world.client(cgroup) for cgroup in ("dropped", "proxied", "other"))
    configs = (RELOADS[other], (CONFIG, 7893))
    world.host.ip("link add away type veth peer name nowhere", "link set away up", "link set nowhere up",
                  f"route add {AWAY} dev away", f"neighbor add {AWAY} lladdr 02:00:00:00:00:01 dev away")
    subject = Reloadable(world, CONFIG)
    assert world.wire.saw(direct.ask(UDP, V4))
    with dropped.flooding() as one, proxied.flooding() as another, direct.flooding(address=AWAY) as third:
        for flood in (one, another, third):
            flood.await_more()
        for number in range(changes):
            config, port = configs[number % 2]
            subject = change(world, subject, config)
            assert not world.wire.saw(one), number
            assert not world.wire.saw(another), number
            sinks[port].await_datagram()
        for flood in (one, another, third):
            flood.await_more()
    assert third.sent > changes and third.refused == 0
    assert one.refused > changes
    assert (one.sent == 0) == (other != "names")
    assert another.sent > changes
    assert not world.wire.saw(one)
    assert not world.wire.saw(another)


def test_cgroups_made_while_reloading_are_not_forgotten(world):
    subject = Reloadable(world, CONFIG)
    chains = {}
    for number in range(50):
        subject.begin_reload((OTHER_CONFIG, CONFIG)[number % 2])
        for below in range(20):
            path = world.cgroups.make(f"{number}/{below}/proxied")
            chains[world.cgroups.id(path)] = "proxy-mihomo"
    subject.reload(CONFIG)
    await_chains(world, chains)
