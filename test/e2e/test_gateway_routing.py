# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy rules of the gateway: what is forwarded to a proxy arrives there, whatever others do to policy rules."""

import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest
from lab.addresses import ALL_TRAFFIC, GATEWAY, UDP, V4, V6
from lab.checks import OURS, count_lines, routing
from lab.reloading import Reloadable
from lab.sinks import ProxySink
from lab.waiting import wait_until
from lab.wire import Wire
from lab.world import World

CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
"""
THE_MARK = "gateway: {rules: [{interface: 'lan*', tproxy: mihomo}]}\n"
OTHER_MARK = "gateway: {mark: 3003, rules: [{interface: 'lan*', tproxy: mihomo}]}\n"
GATEWAY_CONFIG = CONFIG + THE_MARK
KEEPING = GATEWAY_CONFIG + "on-stop: keep\n"
HOME = 3000
FAMILIES = ("-4", "-6")
NUMBERS = {"-4": V4, "-6": V6}
MOVED, RESTORED = "so cgtproxy's now come before it", "policy rules or routes were removed"
# A VPN's own cable, by which its routing table leads.
VPN = {V4: ("10.9.0.2", "10.9.0.1"), V6: ("2001:db8:9::2", "2001:db8:9::1")}
WG_QUICK = ("not fwmark 51820 table 51820", "table main suppress_prefixlength 0")
# Where nothing is sent.
UNUSED = {"-4": "198.18.0.0/15", "-6": "2001:db8:ff::/48"}
# What arrives here with the gateway's mark, as it should.
COUNTING = """
table inet counting {
    counter taken {}
    chain input {
        type filter hook input priority mangle
        meta mark 3001 counter name taken
    }
}
"""


def rules(world, family):
    """The policy rules of a family, as (priority, the rest) in their order."""
    lines = world.host.run("ip", family, "rule").splitlines()
    return [(int(line.split(":", 1)[0]), line.split(":", 1)[1].strip()) for line in lines]


def ours(priority, mark="0xbb9", main=32766):
    """Our rules, with those of the proxies at this priority."""
    return [(priority - 2, f"from all fwmark {mark} iif lo goto {main}"), (priority - 1, f"from all fwmark {mark} lookup 300"),
            (priority, "from all fwmark 0xbb8 lookup 300")]


def await_rules(world, expected, families=FAMILIES):
    """Wait until our rules of each family are these, in this order."""
    def found(family):
        return [(place, rest) for place, rest in rules(world, family) if " lookup 300" in rest or " goto " in rest]
    for family in families:
        wait_until(lambda: found(family) == expected, lambda: f"{expected}; there are {rules(world, family)}")  # noqa: B023


def change_rule(world, command, rule, families=FAMILIES):
    """Add or delete a policy rule."""
    for family in families:
        world.host.run("ip", family, "rule", command, *rule.split())


def status(world, *arguments):
    """What `status --json` says, and its exit code."""
    done = world.cgtproxy("status", "--json", *arguments)
    return json.loads(done.stdout), done.returncode


def findings(world, config=GATEWAY_CONFIG):
    """What `check system` finds about policy rules."""
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(config))
    return [line for line in done.stdout.splitlines() if re.match(r"\w+ +policy rules:", line)]


def counts(world):
    """How many packets were marked, and how many of them this host received."""
    def packets(table, name):
        return int(world.host.run("nft", "list", "counter", "inet", table, name).split("packets ")[1].split()[0])
    return packets("cgtproxy", "gateway-mihomo"), packets("counting", "taken")


def check_marks_of_packets(world, on, reverse_path=1):
    """Have the kernel check the source of packets by their mark as well (src_valid_mark), as wg-quick does."""
    for interface in ("all", "default", "lan0", "cable"):
        world.host.sysctl(f"ipv4/conf/{interface}/rp_filter", reverse_path)
        world.host.sysctl(f"ipv4/conf/{interface}/src_valid_mark", int(on))


@pytest.fixture(name="world")
def world_with_lan(world):
    """A world with a proxy, a device in the LAN, and a VPN's cable and routing table; source checks are the strictest."""
    world.proxy("mihomo")
    world.client("proxied")
    world.host.ip(f"link add wg0 type veth peer name wg0 netns {world.outside.path}", "link set wg0 up")
    world.outside.ip("link set wg0 up")
    for family, (near, far) in VPN.items():
        length = 24 if family == V4 else 64
        world.host.ip(f"addr add {near}/{length} dev wg0")
        world.outside.ip(f"addr add {far}/{length} dev wg0")
        world.host.run("ip", f"-{family}", "route", "add", "default", "via", far, "dev", "wg0", "table", "51820")
    lan = world.lan("lan0")
    world.device = lan.device()
    for family in (V4, V6):  # so that answers to the device do not take the VPN
        world.host.run("ip", f"-{family}", "route", "add", lan.network[family], "dev", "lan0", "table", "51820")
    world.vpn = world.keep(Wire(world.outside, "wg0"))
    check_marks_of_packets(world, True)
    return world


def check_proxied(world, traffic=tuple(ALL_TRAFFIC)):
    """All of the device's traffic goes to the proxy, and that of the proxied cgroup as well; nothing leaves."""
    world.wire.forget()
    world.vpn.forget()
    for client in (world.device, world.client("proxied")):
        for protocol, family in traffic:
            result = client.ask(protocol, family)
            assert result.who == "proxy mihomo"
            assert not world.wire.saw(result)
            assert not world.vpn.saw(result)


@pytest.mark.parametrize("src_valid_mark", [False, True])
@pytest.mark.parametrize("reverse_path", [0, 1, 2])
def test_source_checks(world, src_valid_mark, reverse_path):
    """Whatever they are, they let the packets pass, and nothing is left behind."""
    check_marks_of_packets(world, src_valid_mark, reverse_path)
    before = routing(world)
    daemon = world.daemon(GATEWAY_CONFIG)
    await_rules(world, ours(HOME))
    for family in FAMILIES:
        shown = world.host.run("ip", "-details", family, "rule", "show", "fwmark", "3001")
        assert shown.count("proto kernel") == shown.count("fwmark 0xbb9") == 2
    check_proxied(world)
    assert daemon.stop() == 0
    assert routing(world) == before


def test_what_the_exemption_is_for(world):
    """Without it IPv4 is dropped as spoofed, where the check takes the mark into account."""
    daemon = world.daemon(GATEWAY_CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    change_rule(world, "del", "priority 2998")
    for protocol, family in ALL_TRAFFIC:
        if family == V4:
            assert world.device.ask_in_vain(protocol, family).dropped
        else:
            assert world.device.ask(protocol, family).who == "proxy mihomo"
    daemon.send_signal(signal.SIGCONT)
    await_rules(world, ours(HOME))
    check_proxied(world)


def test_what_is_forwarded_to_a_proxy(world):
    """With containers the rules for cgroups count as well. If nothing is, there are no rules for it."""
    subject = Reloadable(world, GATEWAY_CONFIG)
    for more, expected in (("", ours(HOME)[2:]), ("containers: true\n", ours(HOME)),
                           ("gateway: {rules: [{interface: lan0, drop: true}]}\n", ours(HOME)[2:])):
        subject.reload(CONFIG + more)
        await_rules(world, expected)


# A rule before all others that may take what is forwarded, and where those of the proxies move then. The VPN's table would
# take it out; 3001 is odd and 3000 is not.
HARMFUL = {
    "priority 100 iif lan0 table 51820": 99,
    "priority 100 fwmark 0x1/0x1 table 51820": 99,
    "priority 100 fwmark 0x1/0x1 iif lan0 blackhole": 99,
    "priority 100 fwmark 0x1/0x1 not iif lo table 51820": 99,
    "priority 100 fwmark 0x1/0x1 iif lo blackhole": 99,  # the source check is made as if it was sent from here
    "priority 100 fwmark 3001 table 300": 99,  # to source checks, all that is there looks like this host's own
    "priority 5 iif lan0 table 51820": 4,
    "priority 2998 iif lan0 table 51820": 2997,
    "priority 2999 iif lan0 table 51820": 2998,
    "priority 3000 iif lan0 table 51820": 2999,
    "not fwmark 51820 table 51820": 2996,
    "priority 100 table main suppress_prefixlength 0": 99,
}
HARMLESS = ["priority 100 fwmark 0x1/0x1 oif cable table 51820", "priority 100 fwmark 0x1/0x1 oif lo table 51820",
            "priority 3001 iif lan0 table 51820", "priority 100 fwmark 0x4/0x4 iif lan0 table 51820"]


def test_rules_of_others_while_we_run(world):
    """Ours move before any rule that may take packets from an interface, and back when it is gone."""
    world.daemon(GATEWAY_CONFIG)
    for rule, place in HARMFUL.items():
        change_rule(world, "add", rule)
        await_rules(world, sorted(ours(place) + [(100, "from all fwmark 0xbb9 lookup 300")] * ("table 300" in rule)))
        check_proxied(world)
        change_rule(world, "del", rule)
        await_rules(world, ours(HOME))
    check_proxied(world)


def test_harmless_rules_of_others(world):
    daemon = world.daemon(GATEWAY_CONFIG)
    for rule in HARMLESS:
        change_rule(world, "add", rule)
    change_rule(world, "add", "priority 6 table 51820")  # what is heard of last
    await_rules(world, ours(5))
    change_rule(world, "del", "priority 6 table 51820")
    await_rules(world, ours(HOME))
    check_proxied(world)
    assert count_lines(daemon.log, MOVED) == 1


def test_rules_for_an_interface_without_a_gateway(world):
    """They do no harm then."""
    daemon = world.daemon(CONFIG)
    change_rule(world, "add", "priority 100 iif lan0 table 51820")
    change_rule(world, "add", "priority 4 table 51820")
    await_rules(world, ours(3)[2:])
    change_rule(world, "del", "priority 4 table 51820")
    await_rules(world, ours(HOME)[2:])
    assert count_lines(daemon.log, MOVED) == 1


def test_a_rule_in_front_of_which_nothing_can_stand(world):
    """Two more rules need room."""
    daemon = world.daemon(GATEWAY_CONFIG)
    change_rule(world, "add", "priority 4 iif lan0 table 51820", ["-4"])
    daemon.wait_log("the IPv4 policy rule 4 (with selectors, lookup 51820) may take proxied traffic, and no rule can")
    assert "Give it a priority above 4" in daemon.log
    await_rules(world, ours(HOME))
    assert count_lines("\n".join(findings(world)), "warning", "policy rule 4 ", "above 4") == 1
    assert status(world)[0]["policy_rules"] == {"ipv4": False, "ipv6": True}
    for protocol in ("tcp", "udp"):
        assert world.device.ask_in_vain(protocol, V4).dropped
    change_rule(world, "del", "priority 4", ["-4"])
    wait_until(lambda: status(world)[1] == 0, "all is well")
    check_proxied(world)


def vpn_up(world, family):
    """What `wg-quick up` does, with a separate process for each rule."""
    for rule in WG_QUICK:
        change_rule(world, "add", rule, [family])


def vpn_down(world, family):
    """What `wg-quick down` does."""
    for rule in ("table 51820", "table main suppress_prefixlength 0"):
        change_rule(world, "del", rule, [family])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vpn_under_a_flood(world, family):
    """What its rules take at first is dropped: nothing leaves."""
    sink = world.keep(ProxySink(world.host, 7900))
    world.daemon(GATEWAY_CONFIG.replace("7893", "7900"))
    with world.device.flooding(NUMBERS[family]) as flood:
        for _ in range(3):
            vpn_up(world, family)
            wait_until(lambda: rules(world, family)[1][1] == ours(HOME)[0][1], "ours come first")
            flood.await_more()
            sink.await_datagram()
            vpn_down(world, family)
            await_rules(world, ours(HOME), [family])
            flood.await_more()
            sink.await_datagram()
    assert not world.wire.saw(flood)
    assert not world.vpn.saw(flood)


@pytest.mark.parametrize("family", FAMILIES)
def test_moves_and_reloads_under_a_flood(world, family):
    """Not a packet is lost: none goes anywhere else, and none is taken for spoofed."""
    sink = world.keep(ProxySink(world.host, 7900))
    config = GATEWAY_CONFIG.replace("7893", "7900")
    subject = Reloadable(world, config)
    world.host.run("nft", "-f", "-", text_in=COUNTING)
    with world.device.flooding(NUMBERS[family]) as flood:
        for priority in (2999, 3000, 2998, 2997, 100, 99, 101, 5, 6, 7):
            rule = f"priority {priority} to {UNUSED[family]} table 51820"
            change_rule(world, "add", rule, [family])
            await_rules(world, ours(priority - 1), [family])
            sink.await_datagram()
            change_rule(world, "del", rule, [family])
            await_rules(world, ours(HOME), [family])
            sink.await_datagram()
        for priority in (3001, 3000, 2998, 2000, 2999, 3003):
            subject.reload(config + f"rule-priority: {priority}\n")
            await_rules(world, ours(priority), [family])
            sink.await_datagram()
    assert flood.sent > 0

    def all_arrived():
        marked, taken = counts(world)
        return marked == taken > 0
    wait_until(all_arrived, lambda: f"all have arrived: {counts(world)}")


@pytest.mark.parametrize("rule", ["priority 2998", "priority 2999", "priority 3000", "fwmark 3001"])
def test_others_delete_ours(world, rule):
    """They are restored, in their order, and the log says so once for each process."""
    daemon = world.daemon(GATEWAY_CONFIG)
    for family in FAMILIES:
        with subprocess.Popen(world.host.command("ip", family, "-batch", "-"), stdin=subprocess.PIPE, text=True) as process:
            for _ in range(3):
                process.stdin.write(f"rule del {rule}\n")
                process.stdin.flush()
                daemon.wait_log(f"{RESTORED} by process {process.pid} (ip)")
                await_rules(world, ours(HOME), [family])
            process.stdin.close()
        assert count_lines(daemon.log, RESTORED, f"by process {process.pid} (ip)") == 1
    check_proxied(world)
    assert status(world)[1] == 0
    assert count_lines(daemon.log, MOVED) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_rules_that_are_deleted_without_a_pause(world, family):
    """They are restored at once, and what has no rule meanwhile does not get out."""
    sink = world.keep(ProxySink(world.host, 7900))
    world.daemon(GATEWAY_CONFIG.replace("7893", "7900"))
    over = threading.Event()

    def delete():
        while not over.is_set():
            world.host.run("ip", family, "-force", "-batch", "-", text_in="rule del fwmark 3001\n" * 200, check=False)

    thread = threading.Thread(target=delete)
    with world.device.flooding(NUMBERS[family]) as flood:
        thread.start()
        try:
            flood.await_more(20000)
            sink.await_datagram()
        finally:
            over.set()
            thread.join()
        await_rules(world, ours(HOME), [family])
        sink.await_datagram()
    assert not world.wire.saw(flood)


def test_a_hanging_daemon_whose_rules_are_gone(world):
    """`status` and `check system` report them, also of a config that is not the file's any more."""
    path = world.scratch.write(GATEWAY_CONFIG)
    subject = Reloadable(world, GATEWAY_CONFIG, path)
    assert status(world)[1] == 0
    subject.daemon.send_signal(signal.SIGSTOP)
    for rule, family, name in (("2998", "-4", "IPv4"), ("2999", "-6", "IPv6")):
        change_rule(world, "del", f"priority {rule}", [family])
        state, code = status(world)
        assert code == 1
        assert state["policy_rules"][name.lower()] is False
        assert [p["text"] for p in state["problems"] if f"policy rules of the gateway for {name} are missing" in p["text"]]
    path.write_text(CONFIG, encoding="utf-8")
    later = time.time() + 10
    os.utime(path, (later, later))
    state, _ = status(world)
    assert state["config"]["state"] == "changed"
    assert state["policy_rules"] == {"ipv4": False, "ipv6": False}
    path.write_text(GATEWAY_CONFIG, encoding="utf-8")
    change_rule(world, "del", "priority 3000", ["-4"])
    texts = [problem["text"] for problem in status(world)[0]["problems"]]
    assert [text for text in texts if text.startswith("policy rules for IPv4 are missing")]
    subject.daemon.send_signal(signal.SIGCONT)
    await_rules(world, ours(HOME))
    subject.reload()
    assert status(world)[1] == 0


@pytest.mark.parametrize("when", ["at the start", "while it runs"])
def test_the_rule_for_the_table_main_is_elsewhere(world, when):
    """The kernel ignores a goto without a rule to go to: then it goes to the proxies' rules."""
    daemon = world.daemon(GATEWAY_CONFIG) if when == "while it runs" else None
    change_rule(world, "add", "priority 20000 table main")
    change_rule(world, "del", "priority 32766")
    before = routing(world)
    daemon = daemon or world.daemon(GATEWAY_CONFIG)
    await_rules(world, ours(HOME, main=HOME))
    check_proxied(world)
    assert status(world)[1] == 0
    change_rule(world, "add", "priority 100 table 51820")
    await_rules(world, ours(99, main=99))
    check_proxied(world)
    change_rule(world, "del", "priority 100")
    await_rules(world, ours(HOME, main=HOME))
    # it may stay like that
    change_rule(world, "add", "priority 32766 table main")
    change_rule(world, "del", "priority 20000")
    check_proxied(world)
    assert status(world)[1] == 0
    assert daemon.stop() == 0
    if when == "at the start":
        assert before == [text.replace("32766:", "20000:") for text in routing(world)]


@pytest.mark.parametrize("how", ["stop", "clear"])
@pytest.mark.parametrize("displaced", [False, True])
def test_they_go_with_the_rest(world, how, displaced):
    """Wherever they are."""
    if displaced:
        change_rule(world, "add", "priority 100 table 51820")
    before = routing(world)
    daemon = world.daemon(GATEWAY_CONFIG)
    await_rules(world, ours(99 if displaced else HOME))
    if how == "clear":
        daemon.kill()
        assert world.cgtproxy("clear").returncode == 0
    else:
        assert daemon.stop() == 0
    assert routing(world) == before


@pytest.mark.parametrize(("more", "mark"), [(THE_MARK, "0xbb9"), (OTHER_MARK, "0xbbb"), ("", None)])
def test_a_run_after_a_killed_one(world, more, mark):
    """It recognizes the rules as its own wherever they are, and removes what it does not want."""
    change_rule(world, "add", "priority 100 table 51820")
    world.daemon(GATEWAY_CONFIG).kill()
    change_rule(world, "del", "priority 100")
    world.daemon(CONFIG + more)
    await_rules(world, ours(HOME, mark) if mark else ours(HOME)[2:])


def test_reloads(world):
    """With another mark, without a gateway, and with one again."""
    subject = Reloadable(world, GATEWAY_CONFIG)
    check_proxied(world)
    subject.reload(CONFIG + OTHER_MARK)
    await_rules(world, ours(HOME, "0xbbb"))
    check_proxied(world)
    subject.reload(CONFIG)
    await_rules(world, ours(HOME)[2:])
    subject.reload(GATEWAY_CONFIG)
    await_rules(world, ours(HOME))
    check_proxied(world)
    # each gets the other's
    subject.reload(GATEWAY_CONFIG.replace("3000", "3001").replace("gateway: {", "gateway: {mark: 3000, "))
    await_rules(world, [(2998, "from all fwmark 0xbb8 iif lo goto 32766"), (2999, "from all fwmark 0xbb8 lookup 300"),
                        (3000, "from all fwmark 0xbb9 lookup 300")])
    check_proxied(world)
    assert count_lines(subject.daemon.log, MOVED) == 0


def test_on_stop_keep(world):
    """They stay as well, and the next run takes them over."""
    assert world.daemon(KEEPING).stop() == 0
    await_rules(world, ours(HOME))
    check_proxied(world)
    state, code = status(world)
    assert code == 3
    assert state["policy_rules"] == {"ipv4": True, "ipv6": True}
    world.daemon(KEEPING)
    await_rules(world, ours(HOME))
    assert status(world)[1] == 0


def test_a_second_daemon(world):
    """It is refused before it changes anything."""
    world.daemon(GATEWAY_CONFIG)
    assert world.start_daemon(CONFIG + OTHER_MARK).wait_refused() > 0
    assert world.start_daemon(CONFIG).wait_refused() > 0
    assert world.cgtproxy("clear").returncode != 0
    await_rules(world, ours(HOME))
    check_proxied(world)


def test_a_client_of_a_vpn_like_wg_quick(world):
    """While it is up, direct traffic of the host takes it, and the LAN's goes to the proxy."""
    world.daemon(GATEWAY_CONFIG)
    world.client("other")
    for family in FAMILIES:
        vpn_up(world, family)
        wait_until(lambda: rules(world, family)[1][1] == ours(HOME)[0][1], "ours come first")  # noqa: B023
    check_proxied(world)
    for family, (near, _) in VPN.items():
        assert world.client("other").ask(UDP, family).answer.peer[0] == near
        assert world.device.ask(UDP, family, GATEWAY[family]).who == "proxy mihomo"


def test_a_host_without_ipv6():
    """Its rules are there, and nothing is missing."""
    with World(ipv6=False) as world:
        world.proxy("mihomo")
        world.client("proxied")
        world.device = world.lan("lan0").device()
        world.vpn = world.keep(Wire(world.outside, "cable"))
        check_marks_of_packets(world, True)
        before = routing(world)
        daemon = world.daemon(GATEWAY_CONFIG)
        await_rules(world, ours(HOME))
        check_proxied(world, [(protocol, family) for protocol, family in ALL_TRAFFIC if family == V4])
        assert status(world)[1] == 0
        daemon.kill()
        assert world.cgtproxy("clear").returncode == 0
        assert routing(world) == before
