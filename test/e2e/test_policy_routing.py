# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy rules and routes of other programs: ours precede them, and our routing table is ours alone."""

import itertools
import json
import re
import signal
import subprocess
import threading

import pytest
from lab.addresses import ALL_TRAFFIC, GATEWAY, UDP, V4, V6
from lab.checks import OURS, count_lines, routing
from lab.reloading import Reloadable
from lab.sinks import ProxySink
from lab.waiting import wait_until
from lab.wire import Wire

CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
KEEPING = CONFIG + "on-stop: keep\n"
IN_FORCE = {"proxied": "proxy mihomo", "dropped": "dropped", "other": "outside"}
HOME = 3000
FAMILIES = ("-4", "-6")
NAMES = {"-4": "IPv4", "-6": "IPv6"}
NUMBERS = {"-4": V4, "-6": V6}
MOVED, BACK = "so cgtproxy's now come before it", "the policy rules are back"
REFUSED, WAY_BACK = "is refused until", "proxied traffic reaches the proxies again"
# A VPN's own cable, by which its routing table leads.
VPN = {V4: ("10.9.0.2", "10.9.0.1"), V6: ("2001:db8:9::2", "2001:db8:9::1")}
# As wg-quick adds them: without a priority, so that they are placed before the second rule in the list.
WG_QUICK = ("not fwmark 51820 table 51820", "table main suppress_prefixlength 0")


def rules(world, family):
    """The policy rules of a family, as (priority, the rest) in their order."""
    lines = world.host.run("ip", family, "rule").splitlines()
    return [(int(line.split(":", 1)[0]), line.split(":", 1)[1].strip()) for line in lines]


def places(world, family):
    """The priorities of our rules."""
    return [priority for priority, rest in rules(world, family) if rest.startswith("from all fwmark 0xbb8 lookup 300")]


def await_place(world, expected, families=FAMILIES):
    """Wait until our single rule of each family has this priority."""
    for family in families:
        wait_until(lambda: places(world, family) == [expected],  # noqa: B023
                   lambda: f"our rule at {expected}: {rules(world, family)}")  # noqa: B023


def change_rule(world, command, rule, families=FAMILIES):
    """Add or delete a policy rule, with a separate process for each family, as scripts do."""
    for family in families:
        world.host.run("ip", family, "rule", command, *rule.split())


def status(world):
    """What `status --json` says, and its exit code."""
    done = world.cgtproxy("status", "--json")
    return json.loads(done.stdout), done.returncode


def findings(world, config=CONFIG):
    """The exit code of `check system`, and what it finds about policy rules and routes."""
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(config))
    return done.returncode, [line for line in done.stdout.splitlines() if re.match(r"\w+ +(policy rules|routes):", line)]


@pytest.fixture(name="world")
def world_with_vpn(world):
    """A world with a proxy, clients, and a VPN's cable and routing table; the tests add the rules that lead there."""
    world.proxy("mihomo")
    for cgroup in IN_FORCE:
        world.client(cgroup)
    world.host.ip(f"link add wg0 type veth peer name wg0 netns {world.outside.path}", "link set wg0 up")
    world.outside.ip("link set wg0 up")
    for family, (near, far) in VPN.items():
        length = 24 if family == V4 else 64
        world.host.ip(f"addr add {near}/{length} dev wg0")
        world.outside.ip(f"addr add {far}/{length} dev wg0")
        world.host.run("ip", f"-{family}", "route", "add", "default", "via", far, "dev", "wg0", "table", "51820")
    for line in NEXTHOPS:
        world.host.run("ip", *line.split())
    world.vpn = world.keep(Wire(world.outside, "wg0"))
    return world


def check_proxied(world):
    """All of the proxied cgroup's traffic goes to the proxy, and none of it into the VPN or outside."""
    world.wire.forget()
    world.vpn.forget()
    for protocol, family in ALL_TRAFFIC:
        result = world.client("proxied").ask(protocol, family)
        assert result.who == "proxy mihomo"
        assert not world.wire.saw(result)
        assert not world.vpn.saw(result)


# A rule before all others, and where ours move then; without a priority it gets ours minus one.
HARMFUL = {
    "not fwmark 51820 table 51820": 2998,
    "table main suppress_prefixlength 0": 2998,
    "priority 100 table 51820": 99,
    "priority 2999 not fwmark 51820 table 51820": 2998,
    "priority 3000 table 51820": 2999,
    "priority 3 table 51820": 2,
    # without a mark these would refuse the first lookup already, which a program's socket makes before its packet is
    # marked
    "priority 100 fwmark 0x8/0x8 blackhole": 99,
    "priority 100 fwmark 0x8/0x8 unreachable": 99,
    "priority 100 fwmark 0x8/0x8 prohibit": 99,
    "priority 100 goto 32766": 99,
    "priority 100 fwmark 0x8/0x8 table 51820": 99,  # 3000 has this bit
    "priority 100 ipproto udp table 51820": 99,
    "priority 100 uidrange 0-0 table 51820": 99,
    "priority 100 dport 7000 table 51820": 99,
    "priority 100 tos 0 not to 127.0.0.0/8 table 51820": 99,
    "priority 100 iif lo table 51820": 99,
    "priority 100 not iif cable table 51820": 99,
}
HARMLESS = [
    "priority 100 fwmark 51820 table 51820", "priority 100 not fwmark 3000 table 51820", "priority 100 nop",
    "priority 100 table 300", "priority 100 table local", "priority 100 iif cable table 51820",
    "priority 100 oif cable table 51820", "priority 100 fwmark 0/0x8 table 51820", "priority 1000 l3mdev",
    "priority 3001 table 51820", "fwmark 51820 blackhole",
]


def families_of(rule):
    """The families that `ip` takes this rule for."""
    return ("-4",) if "127.0.0.0/8" in rule else FAMILIES


def test_rules_of_others_while_we_run(world):
    """Ours move before any rule that precedes them, and back when it is gone."""
    world.daemon(CONFIG)
    for rule, place in HARMFUL.items():
        change_rule(world, "add", rule, families_of(rule))
        await_place(world, place, families_of(rule))
        check_proxied(world)
        change_rule(world, "del", rule, families_of(rule))
        await_place(world, HOME)
    check_proxied(world)


def test_harmless_rules_of_others(world):
    daemon = world.daemon(CONFIG)
    for rule in HARMLESS:
        change_rule(world, "add", rule)
    change_rule(world, "add", "priority 4 table 51820")  # what is heard of last
    await_place(world, 3)
    change_rule(world, "del", "priority 4 table 51820")
    await_place(world, HOME)
    world.check(IN_FORCE)
    assert count_lines(daemon.log, MOVED) == 1


@pytest.mark.parametrize("rule", ["priority 100 table 51820", "not fwmark 51820 table 51820", "priority 3000 fwmark 0x8/0x8 blackhole",
                                  "priority 100 goto 32766"])
def test_rules_of_others_at_the_start(world, rule):
    """As they stand after a boot."""
    change_rule(world, "add", rule)
    before = routing(world)
    (theirs,) = {priority for priority, rest in rules(world, "-4")} - {0, 32766, 32767}
    code, found = findings(world)
    assert code == 0
    assert count_lines("\n".join(found), "ok", f"policy rule {theirs} ", MOVED) == (2 if theirs <= HOME else 0), found
    daemon = world.daemon(CONFIG)
    await_place(world, min(HOME, theirs - 1))
    check_proxied(world)
    assert count_lines(daemon.log, f"policy rule {theirs} ", MOVED) == (1 if theirs <= HOME else 0)
    assert daemon.stop() == 0
    assert routing(world) == before


def test_several_rules_of_others(world):
    """Ours follow the lowest of them, in each family by itself."""
    world.daemon(CONFIG)
    expected = {"-4": HOME, "-6": HOME}
    for command, family, priority, place in (
            ("add", "-4", 2000, 1999), ("add", "-4", 1500, 1499), ("add", "-6", 700, 699), ("add", "-4", 1700, 1499),
            ("del", "-4", 1500, 1699), ("del", "-6", 700, HOME), ("del", "-4", 1700, 1999), ("del", "-4", 2000, HOME)):
        change_rule(world, command, f"priority {priority} table 51820", [family])
        expected[family] = place
        for one, where in expected.items():
            await_place(world, where, [one])
    check_proxied(world)


@pytest.mark.parametrize("priority", [0, 1, 2])
def test_a_rule_in_front_of_which_nothing_can_stand(world, priority):
    """At 0 or 1 ours would put foreign rules in the wrong order: this is reported, with the fix."""
    daemon = world.daemon(CONFIG)
    change_rule(world, "add", f"priority {priority} table 51820")
    for name in NAMES.values():
        daemon.wait_log(f"the {name} policy rule {priority} (lookup 51820) may take proxied traffic, and no rule can")
    assert places(world, "-4") == places(world, "-6") == [HOME]
    state, code = status(world)
    assert code == 1
    assert state["policy_rules"] == {"ipv4": False, "ipv6": False}
    assert state["complete"] is False
    assert "another program's comes first" in world.cgtproxy("status").stdout
    code, found = findings(world)
    assert code == 0
    assert count_lines("\n".join(found), "warning", f"policy rule {priority} ", "above 2") == 2, found
    world.check({"dropped": "dropped"})
    change_rule(world, "del", f"priority {priority} table 51820")
    wait_until(lambda: status(world)[1] == 0, "all is well")
    check_proxied(world)
    assert count_lines(daemon.log, "no rule can") == 2


def test_nothing_gets_past_a_rule_in_front_of_which_nothing_can_stand(world):
    """The fence refuses it."""
    change_rule(world, "add", "priority 0 table 51820")
    world.daemon(CONFIG)
    for protocol, family in ALL_TRAFFIC:
        result = world.client("proxied").ask_in_vain(protocol, family)
        assert result.dropped
        assert not world.vpn.saw(result)
        assert not world.wire.saw(result)


def add_wg_quick(world):
    """What `wg-quick up` does, with a separate process for each rule."""
    for family in FAMILIES:
        for rule in WG_QUICK:
            change_rule(world, "add", rule, [family])


def delete_wg_quick(world):
    """What `wg-quick down` does."""
    for family in FAMILIES:
        for rule in ("table 51820", "table main suppress_prefixlength 0"):
            change_rule(world, "del", rule, [family])


def test_a_vpn_like_wg_quick(world):
    """Proxied traffic goes to the proxy, and direct traffic as the VPN wants: the LAN directly, all else by the VPN."""
    daemon = world.daemon(CONFIG)
    for _ in range(2):
        add_wg_quick(world)
        for family in FAMILIES:
            wait_until(lambda: len(places(world, family)) == 1 and  # noqa: B023
                       rules(world, family)[1][0] == places(world, family)[0],  # noqa: B023
                       lambda: f"ours come first: {rules(world, family)}")  # noqa: B023
            assert [rest for _, rest in rules(world, family)[2:4]] == [
                "from all lookup main suppress_prefixlength 0", "not from all fwmark 0xca6c lookup 51820"]
        check_proxied(world)
        for family, (near, _) in VPN.items():
            assert world.client("other").ask(UDP, family).answer.peer[0] == near
            assert world.client("other").ask(UDP, family, GATEWAY[family]).answer.peer[0] != near
        world.check({"dropped": "dropped"})
        delete_wg_quick(world)
        await_place(world, HOME)
    world.check(IN_FORCE)
    # four rules by four processes, twice, are reported once
    assert 1 <= count_lines(daemon.log, MOVED) <= 2
    assert count_lines(daemon.log, BACK) == count_lines(daemon.log, MOVED)
    assert count_lines(daemon.log, "were removed by") == 0


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_wg_quick_up_and_down_under_a_flood(world, family):
    """No packet goes into the VPN or outside, not even in between: the fence refuses those."""
    sink = world.keep(ProxySink(world.host, 7900))
    world.daemon(CONFIG.replace("7893", "7900"))
    world.wire.forget()
    world.vpn.forget()
    with world.client("proxied").flooding(NUMBERS[family]) as flood:
        for _ in range(15):
            add_wg_quick(world)
            flood.await_more()
            sink.await_datagram()
            delete_wg_quick(world)
            await_place(world, HOME)
            flood.await_more()
            assert not world.vpn.saw(flood)
            assert not world.wire.saw(flood)
    assert flood.sent > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_rules_that_are_deleted_without_a_pause(world, family):
    """They are restored at once, and nothing gets out in between: the fence refuses it."""
    sink = world.keep(ProxySink(world.host, 7900))
    world.daemon(CONFIG.replace("7893", "7900"))
    over = threading.Event()

    def delete():
        while not over.is_set():
            world.host.run("ip", family, "-force", "-batch", "-", text_in="rule del fwmark 3000\n" * 200, check=False)

    world.wire.forget()
    thread = threading.Thread(target=delete)
    with world.client("proxied").flooding(NUMBERS[family]) as flood:
        thread.start()
        try:
            flood.await_more(20000)
            sink.await_datagram()
        finally:
            over.set()
            thread.join()
        await_place(world, HOME)
        sink.await_datagram()
        assert not world.wire.saw(flood)


def test_what_is_said_of_rules_that_have_moved(world):
    """`status` accepts any priority before the others, and shows it if it differs from the config's."""
    daemon = world.daemon(CONFIG)
    state, code = status(world)
    assert (code, state["rule_priority"]) == (0, {"ipv4": HOME, "ipv6": HOME})
    assert "at priority" not in world.cgtproxy("status").stdout
    with subprocess.Popen(world.host.command("ip", "-4", "-batch", "-"), stdin=subprocess.PIPE, text=True) as process:
        process.stdin.write("rule add priority 100 table 51820\n")
        process.stdin.flush()
        await_place(world, 99, ["-4"])
        daemon.wait_log(f"the IPv4 policy rule 100 (lookup 51820), added by process {process.pid} (ip), may take")
        process.stdin.close()
    state, code = status(world)
    assert (code, state["rule_priority"]) == (0, {"ipv4": 99, "ipv6": HOME})
    assert state["policy_rules"] == state["routes"] == {"ipv4": True, "ipv6": True}
    assert "in place for IPv4 (at priority 99), in place for IPv6\n" in world.cgtproxy("status").stdout
    code, found = findings(world)
    assert code == 0
    assert [line.split()[0] for line in found] == ["ok", "ok"]
    assert "at priority 99 instead of 3000" in found[0]
    change_rule(world, "del", "priority 100 table 51820", ["-4"])
    daemon.wait_log(BACK)


def test_a_daemon_that_hangs_while_a_rule_comes(world):
    """Then ours come after it, and `status` reports that."""
    daemon = world.daemon(CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    change_rule(world, "add", "priority 100 table 51820", ["-6"])
    state, code = status(world)
    assert code == 1
    assert state["policy_rules"] == {"ipv4": True, "ipv6": False}
    daemon.send_signal(signal.SIGCONT)
    await_place(world, 99, ["-6"])
    assert status(world)[1] == 0


def test_a_killed_daemon_whose_rules_had_moved(world):
    """The next run recognizes them as its own at any priority, and moves them to the right one."""
    before = routing(world)
    change_rule(world, "add", "priority 100 table 51820")
    world.daemon(CONFIG).kill()
    await_place(world, 99)
    daemon = world.daemon(CONFIG)
    await_place(world, 99)
    daemon.kill()
    change_rule(world, "del", "priority 100 table 51820")
    daemon = world.daemon(CONFIG)
    await_place(world, HOME)
    check_proxied(world)
    assert daemon.stop() == 0
    assert routing(world) == before


@pytest.mark.parametrize("how", ["clear", "stop"])
def test_moved_rules_go_with_the_rest(world, how):
    change_rule(world, "add", "priority 100 table 51820")
    before = routing(world)
    daemon = world.daemon(CONFIG)
    await_place(world, 99)
    if how == "clear":
        daemon.kill()
        assert world.cgtproxy("clear").returncode == 0
    else:
        assert daemon.stop() == 0
    assert routing(world) == before


def test_a_reload_while_the_rules_have_moved(world):
    """Another rule-priority, another table, another mark: still before the VPN's."""
    subject = Reloadable(world, CONFIG)
    change_rule(world, "add", "priority 100 table 51820")
    await_place(world, 99)
    for config, place in ((CONFIG + "rule-priority: 50\n", 50), (CONFIG + "rule-priority: 2000\n", 99), (CONFIG, 99)):
        subject.reload(config)
        await_place(world, place)
        check_proxied(world)
    subject.reload(CONFIG.replace("mark: 3000", "mark: 3001") + "route-table: 301\n")
    assert [rest for _, rest in rules(world, "-4")][1:3] == ["from all fwmark 0xbb9 lookup 301", "from all lookup 51820"]
    check_proxied(world)


@pytest.mark.long
def test_two_programs_that_add_rules_in_a_loop(world):
    """Each is added before ours; ours move before them, the log is not flooded, and the final state is right."""
    daemon = world.daemon(CONFIG)
    lines = {number: "".join(f"rule add not fwmark {51820 + number} table 51820\n"
                             f"rule del not fwmark {51820 + number} table 51820\n" for _ in range(500))
             for number in (0, 1)}
    loops = [threading.Thread(target=world.host.run, args=("ip", family, "-batch", "-"), kwargs={"text_in": text})
             for text in lines.values() for family in FAMILIES]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    await_place(world, HOME)
    check_proxied(world)
    assert count_lines(daemon.log, MOVED) <= 4
    assert len(daemon.log.splitlines()) <= 15, daemon.log


@pytest.mark.long
def test_a_program_that_also_goes_in_front_each_time(world):
    """One side has to give in. We respond at once a few times, then occasionally; the log reports it once."""
    daemon = world.daemon(CONFIG)

    def is_over():
        (ours, *_) = places(world, "-4")
        if ours > 3:
            world.host.run("ip", "-4", "rule", "add", "priority", str(ours - 1), "table", "51820", check=False)
        return "now corrects this less often" in daemon.log

    wait_until(is_over, lambda: f"it is put off; ours are at {places(world, '-4')}", timeout=300)
    assert count_lines(daemon.log, "now corrects this less often") == 1
    (place, *_) = places(world, "-4")
    assert place > 2000  # there is room left: at most two for each answer
    lines = "".join(f"rule del priority {priority}\n" for priority, rest in rules(world, "-4") if rest.endswith("51820"))
    world.host.run("ip", "-4", "-batch", "-", text_in=lines)
    await_place(world, HOME, ["-4"])
    check_proxied(world)


# What proxied traffic would take in our table: a default route of each kind, and one that is more specific.
FOREIGN_ROUTES = {
    "-4": ["default via 192.0.2.1 dev cable", "default via 192.0.2.1 dev cable metric 5", "203.0.113.0/24 dev cable",
           "blackhole 203.0.113.10", "local default dev cable", "throw default metric 7",
           "default metric 9 nexthop via 192.0.2.1 dev cable nexthop via 10.9.0.1 dev wg0",
           "default via 192.0.2.1 dev cable onlink", "default via inet6 fe80::1 dev cable", "default nhid 47",
           "default nhid 49 metric 5", "default nhid 50", "default dev cable scope link tos 0x10",
           "default via 192.0.2.1 dev cable metric 8 mtu lock 1400", "prohibit default metric 4"],
    "-6": ["default via 2001:db8:1::1 dev cable", "default via 2001:db8:1::1 dev cable metric 5",
           "2001:db8::/64 dev cable", "blackhole 2001:db8::10", "throw default metric 7",
           "default from 2001:db8:1::/64 dev cable", "default from 2001:db8:1::2/128 via 2001:db8:1::1 dev cable metric 5",
           "default via 2001:db8:1::1 dev cable onlink", "default nhid 67", "default nhid 69 metric 5", "default nhid 70",
           "default metric 9 nexthop via 2001:db8:1::1 dev cable nexthop via 2001:db8:9::1 dev wg0",
           "default via 2001:db8:1::1 dev cable metric 8 mtu 1400 pref high", "prohibit default metric 4"],
}
# What those with "nhid" name.
NEXTHOPS = ["nexthop add id 47 via 192.0.2.1 dev cable", "nexthop add id 48 via 10.9.0.1 dev wg0",
            "nexthop add id 49 group 47/48", "-4 nexthop add id 50 blackhole",
            "nexthop add id 67 via 2001:db8:1::1 dev cable", "nexthop add id 69 group 67",
            "-6 nexthop add id 70 blackhole"]
ALL_FOREIGN_ROUTES = [(family, route) for family, routes in FOREIGN_ROUTES.items() for route in routes]


@pytest.mark.parametrize(("family", "route"), ALL_FOREIGN_ROUTES)
def test_a_foreign_route_at_the_start(world, family, route):
    """The start is refused before anything is changed; the error names the route and gives the command to remove it."""
    world.host.run("ip", family, "route", "add", "table", "300", *route.split())
    before = world.footprint()
    code, found = findings(world)
    assert code != 0
    assert count_lines("\n".join(found), "error", "routing table 300") == 1
    daemon = world.start_daemon(CONFIG)
    assert daemon.wait_refused() > 0
    assert "the routing table 300 has a route that is not cgtproxy's" in daemon.log
    shown = re.sub(" (nexthop|dev|metric|scope|via inet6) .*", "", route)
    assert f"{NAMES[family]} \"{shown}" in daemon.log
    assert "protocol boot (3)" in daemon.log
    assert "route-table" in daemon.log
    assert world.footprint() == before
    (command,) = re.findall(r"(ip -[46] route del .*)$", daemon.log.strip(), re.M)
    world.host.run(*command.split())
    world.daemon(CONFIG)
    check_proxied(world)


def test_a_reload_into_a_table_of_others(world):
    """It is refused, and the previous config stays in force."""
    subject = Reloadable(world, CONFIG)
    before = world.footprint()
    world.host.ip("route add default via 192.0.2.1 dev cable table 301")
    said = subject.reload(CONFIG + "route-table: 301\n")
    assert "the previous config stays in force" in said
    assert "the routing table 301 has a route that is not cgtproxy's" in said
    world.host.ip("route del default table 301")
    assert world.footprint() == before
    check_proxied(world)


@pytest.mark.parametrize("family", FAMILIES)
def test_our_route_is_replaced(world, family):
    """By a foreign default route: ours is restored, theirs is removed, and the log names its owner, once."""
    daemon = world.daemon(CONFIG)
    expected = routing(world)
    gateway = GATEWAY[NUMBERS[family]]
    with subprocess.Popen(world.host.command("ip", family, "-batch", "-"), stdin=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            process.stdin.write(f"route replace default via {gateway} dev cable table 300\n")
            process.stdin.flush()
            wait_until(lambda: count_lines(daemon.log, "removed the IP") >= 1, "the daemon notices")
            wait_until(lambda: routing(world) == expected, lambda: f"ours is back: {routing(world)}")
            check_proxied(world)
        process.stdin.close()
    said = f"added to the routing table 300 by process {process.pid} (ip)"
    assert count_lines(daemon.log, NAMES[family], f"default via {gateway} dev cable", "protocol 3 (boot)", said) == 1
    assert count_lines(daemon.log, "removed the IP") == 1
    assert status(world)[1] == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_foreign_routes_while_we_run(world, family):
    """Our table is ours alone: whatever others add there is removed."""
    world.daemon(CONFIG)
    expected = routing(world)
    for command, route in itertools.product(("add", "append", "prepend"), FOREIGN_ROUTES[family]):
        world.host.run("ip", family, "route", command, "table", "300", *route.split(), check=False)
        wait_until(lambda: routing(world) == expected, lambda: f"\"{route}\" is removed: {routing(world)}")
    lines = "".join(f"route add 203.0.113.{number} dev cable table 300\n" if family == "-4" else
                    f"route add 2001:db8::{number} dev cable table 300\n" for number in range(200))
    world.host.run("ip", family, "-batch", "-", text_in=lines)
    wait_until(lambda: routing(world) == expected, lambda: f"they are removed: {routing(world)}")
    check_proxied(world)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_takes_a_route_that_replaces_ours(world, family):
    """Until it is undone, the fence refuses what takes it."""
    sink = world.keep(ProxySink(world.host, 7900))
    world.daemon(CONFIG.replace("7893", "7900"))
    expected = routing(world)
    world.wire.forget()
    gateway = GATEWAY[NUMBERS[family]]
    with world.client("proxied").flooding(NUMBERS[family]) as flood:
        for _ in range(50):
            world.host.run("ip", family, "route", "replace", "default", "via", gateway, "dev", "cable", "table", "300")
            wait_until(lambda: routing(world) == expected, lambda: f"ours is back: {routing(world)}")
        flood.await_more()
        sink.await_datagram()
        assert not world.wire.saw(flood)


def test_a_foreign_route_that_came_while_the_daemon_was_stopped(world):
    """With on-stop keep the rules lead there; the next start says so, and a reload of a running one heals."""
    daemon = world.daemon(KEEPING)
    assert daemon.stop() == 0
    world.host.ip("route replace default via 192.0.2.1 dev cable table 300")
    state, code = status(world)
    assert code == 3
    assert state["routes"]["ipv4"] is False
    assert world.start_daemon(KEEPING).wait_refused() > 0
    world.host.ip("route del default table 300")
    world.daemon(KEEPING)
    check_proxied(world)


def test_the_loopback_interface_is_down_at_the_start(world):
    """The rest is applied; traffic without a route goes nowhere; the log, `status` and `check system` say so once."""
    world.host.ip("link set lo down")
    daemon = world.daemon(CONFIG)
    world.client("dropped").await_answer_by("dropped")
    world.client("other").await_answer_by("outside")
    assert world.client("proxied").ask_in_vain(UDP, V4).who != "proxy mihomo"
    assert count_lines(daemon.log, "the loopback interface is down", REFUSED) == 1
    state, code = status(world)
    assert code == 1
    assert state["policy_rules"] == {"ipv4": True, "ipv6": True}
    assert state["routes"]["ipv6"] is False
    assert "the loopback interface is down: proxied traffic is refused" in world.cgtproxy("status").stdout
    code, found = findings(world)
    assert code == 0
    assert count_lines("\n".join(found), "warning", "routes: the loopback interface is down") == 1
    world.host.ip("link set lo up")
    daemon.wait_log(WAY_BACK)
    world.check(IN_FORCE)
    assert status(world)[1] == 0
    assert count_lines(daemon.log, "the loopback interface is down") == 1


def test_a_reload_while_the_loopback_interface_is_down(world):
    """The new config is in force at once, and nothing is retried in a loop."""
    subject = Reloadable(world, CONFIG)
    world.host.ip("link set lo down")
    subject.daemon.wait_log("the loopback interface is down")
    world.client("new")
    subject.reload(CONFIG.replace("dropped$", "(dropped|new)$"))
    world.client("new").await_answer_by("dropped")
    world.client("late/dropped").await_answer_by("dropped")
    said = subject.daemon.log
    subject.reload(CONFIG.replace("dropped$", "(dropped|new)$"))
    assert count_lines(subject.daemon.log[len(said):], "loopback") == 0
    world.host.ip("link set lo up")
    subject.daemon.wait_log(WAY_BACK)
    world.check(dict(IN_FORCE, new="dropped"))


def off(world):
    """Switch IPv6 off on the loopback interface, and nowhere else."""
    world.host.sysctl("ipv6/conf/lo/disable_ipv6", 1)


def on(world):
    """And on."""
    world.host.sysctl("ipv6/conf/lo/disable_ipv6", 0)


@pytest.mark.parametrize("when", ["at the start", "while it runs"])
def test_ipv6_is_off_on_loopback_alone(world, when):
    """Other interfaces have it, so it can get out: this is not a host without IPv6."""
    if when == "at the start":
        off(world)
        daemon = world.daemon(CONFIG)
    else:
        daemon = world.daemon(CONFIG)
        off(world)
    daemon.wait_log("IPv6 is disabled on the loopback interface but enabled on others")
    assert places(world, "-6") == [HOME]
    state, code = status(world)
    assert code == 1
    assert state["policy_rules"] == {"ipv4": True, "ipv6": True}
    assert state["routes"] == {"ipv4": True, "ipv6": False}
    assert "missing for IPv6; proxied traffic of IPv6 is refused" in world.cgtproxy("status").stdout
    assert count_lines("\n".join(findings(world)[1]), "warning", "IPv6 is disabled on the loopback interface") == 1
    assert world.client("proxied").ask(UDP, V4).who == "proxy mihomo"
    world.client("dropped").await_answer_by("dropped", UDP, V6)
    world.client("late/dropped").await_answer_by("dropped", UDP, V6)
    on(world)
    daemon.wait_log(WAY_BACK)
    world.client("proxied").await_answer_by("proxy mihomo", UDP, V6)
    world.check(IN_FORCE)
    assert status(world)[1] == 0
    assert count_lines(daemon.log, "IPv6 is disabled on the loopback interface") == 1


def test_nothing_gets_out_with_ipv6_off_on_loopback_alone(world):
    """The fence refuses it."""
    world.daemon(CONFIG)
    off(world)
    for protocol in ("udp", "tcp"):
        result = world.client("proxied").ask_in_vain(protocol, V6)
        assert result.dropped
        assert not world.wire.saw(result)


def test_loopback_down_and_up_while_the_daemon_is_stopped(world):
    """With on-stop keep the IPv6 route is gone then, and the next start restores it."""
    daemon = world.daemon(KEEPING)
    assert daemon.stop() == 0
    world.host.ip("link set lo down", "link set lo up")
    state, code = status(world)
    assert code == 3
    assert state["complete"] is False
    assert state["routes"] == {"ipv4": True, "ipv6": False}
    world.daemon(KEEPING)
    world.check(IN_FORCE)
    assert status(world)[1] == 0


def test_nothing_gets_out_after_loopback_went_down_and_up_while_the_daemon_was_stopped(world):
    """The fence refuses it."""
    assert world.daemon(KEEPING).stop() == 0
    world.host.ip("link set lo down", "link set lo up")
    for protocol in ("udp", "tcp"):
        result = world.client("proxied").ask_in_vain(protocol, V6)
        assert result.dropped
        assert not world.wire.saw(result)


def test_clear_while_ipv6_is_off(world):
    """The IPv6 rules exist without a route, and are recognized as ours by the IPv4 route."""
    before = routing(world)
    off(world)
    world.daemon(CONFIG).kill()
    assert places(world, "-6") == [HOME]
    assert world.cgtproxy("clear").returncode == 0
    assert routing(world) == before
    world.daemon(CONFIG).kill()
    world.host.ip("link set lo down")
    assert world.cgtproxy("clear").returncode == 0
    assert routing(world) == before
