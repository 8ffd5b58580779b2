# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign firewall rules that keep steered traffic from reaching its target, and where they are reported."""

import json
import re
import signal

import pytest
from lab.addresses import GATEWAY, HOST, TCP, UDP, V4, V6
from lab.checks import OURS, count_lines
from lab.daemon import binary
from lab.netfilter import make_closed_chain
from lab.waiting import wait_until

LATE_MARK = """
table inet lb {
  chain marks {
    meta mark set 0x5
  }
  chain out {
    type route hook output priority 0;
    jump marks
  }
}
"""
BASE_MARK = LATE_MARK.replace("jump marks", "meta mark set 0x5").replace("    meta mark set 0x5\n", "", 1)
NOTRACK = """
table ip raw {
  chain OUTPUT {
    type filter hook output priority raw;
    udp dport 53 notrack
    udp dport 54 accept
    udp sport 53 notrack
  }
}
"""
CLOSED_INPUT = """
table inet fw {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established accept
  }
}
"""
WG_QUICK = """
table ip wg-quick-wg0 {
  chain preraw {
    type filter hook prerouting priority raw;
    iifname != "wg0" ip daddr 10.0.0.2 fib saddr type != local drop
  }
}
"""
# Obstacles, each with its place and the command that removes it, executed as printed.
OBSTACLES = {
    "a mark behind ours": (LATE_MARK, ["marks", "inet lb", "-145"],
                           "nft 'insert rule inet lb marks meta mark 3000 return; "
                           "insert rule inet lb marks meta mark and 0xff0000 == 0x70000 return'"),
    "a mark at our priority": (BASE_MARK.replace("priority 0", "priority -145"), ["out", "inet lb", "-145"],
                               "nft 'insert rule inet lb out meta mark 3000 return; "
                               "insert rule inet lb out meta mark and 0xff0000 == 0x70000 return'"),
    "a mark in a chain that drops": (BASE_MARK.replace("priority 0;", "priority 0; policy drop;"), ["out", "inet lb"],
                                     "nft 'insert rule inet lb out meta mark 3000 accept; "
                                     "insert rule inet lb out meta mark and 0xff0000 == 0x70000 accept'"),
    "a mark of one proxy's": (BASE_MARK.replace("meta mark set", "meta mark != 3000 meta mark set"), ["out", "inet lb"],
                              "nft 'insert rule inet lb out meta mark and 0xff0000 == 0x70000 return'"),
    "notrack": (NOTRACK, ["OUTPUT", "ip raw", "notrack"],
                "nft 'delete rule ip raw OUTPUT handle 2; delete rule ip raw OUTPUT handle 4'"),
    "an input policy": (CLOSED_INPUT, ["input", "inet fw"], "nft insert rule inet fw input iif lo accept"),
    "wg-quick": (WG_QUICK, ["preraw", "ip wg-quick-wg0"], "nft insert rule ip wg-quick-wg0 preraw iif lo accept"),
}
# Similar to them, but harmless.
HARMLESS = {
    "a mark before ours": LATE_MARK.replace("priority 0", "priority mangle"),
    "a mark of what comes in": LATE_MARK.replace("type route hook output", "type filter hook prerouting"),
    "a mark that nothing leads to": LATE_MARK.replace("jump marks", "accept"),
    "a mark of what has none": BASE_MARK.replace("meta mark set", "meta mark 0 meta mark set"),
    "a mark of what is not proxied": BASE_MARK.replace(
        "meta mark set", "meta mark 3000 return\n    meta mark & 0xf0000 == 0x70000 accept\n    meta mark set"),
    "marks that a chain is not asked for": LATE_MARK.replace(
        "jump marks", "meta mark 3000 return\n    meta mark & 0xf0000 == 0x70000 accept\n    jump marks"),
    "an input policy that lets lo in": CLOSED_INPUT.replace("ct state", 'iifname "lo" accept\n    ct state'),
    "an input policy whose chain lets lo in": CLOSED_INPUT.replace(
        "  chain input", "  chain before {\n    iif lo accept\n  }\n  chain input").replace("ct state", "jump before\n    ct state"),
    "firewalld's look at the way back": WG_QUICK.replace(
        'iifname != "wg0" ip daddr 10.0.0.2 fib saddr type != local', "fib saddr . mark . iif oif missing"),
    "a forward policy": CLOSED_INPUT.replace("hook input", "hook forward"),
    "an open input policy": CLOSED_INPUT.replace("policy drop", "policy accept"),
}


# Marks as a whole and with a mask.
CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}, other: {{mark: 0x70000/0xff0000, port: 7894}}}}
rules: [{{match: '{OURS}proxied$', tproxy: mihomo}}]
"""


def findings(world, subject):
    """What "check system" prints of a subject: (is a warning, text) a line."""
    lines = world.cgtproxy("check", "system", "-c", world.scratch.write(CONFIG)).stdout.splitlines()
    return [(line.startswith("warning"), line) for line in lines if line.split(None, 1)[1].startswith(f"{subject}: ")]


@pytest.mark.parametrize("name", OBSTACLES)
def test_an_obstacle_is_named_with_its_cure(world, name):
    rules, words, cure = OBSTACLES[name]
    world.host.run("nft", "-f", "-", text_in=rules)
    ((is_warning, text),) = findings(world, "firewall")
    assert is_warning and all(word in text for word in words)
    assert text.endswith(f": {cure}")
    world.host.run("sh", "-c", cure)
    ((is_warning, text),) = findings(world, "firewall")
    assert not is_warning, text


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_one(world, name):
    world.host.run("nft", "-f", "-", text_in=HARMLESS[name])
    assert not any(is_warning for is_warning, _ in findings(world, "firewall"))


def test_all_at_once(world):
    for number, (rules, _, _) in enumerate(OBSTACLES.values()):
        world.host.run("nft", "-f", "-", text_in=re.sub(r"(?m)^(table \w+ \S+)", rf"\1-{number}", rules))
    assert len(findings(world, "firewall")) == len(OBSTACLES)


def test_there_may_be_very_many(world):
    """They flood neither the log nor a terminal."""
    world.host.run("nft", "-f", "-", text_in="".join(CLOSED_INPUT.replace("inet fw", f"inet fw-{number}") for number in range(40)))
    assert len(findings(world, "firewall")) == 33
    assert "8 more are not shown" in findings(world, "firewall")[-1][1]
    daemon = world.daemon(CONFIG)
    daemon.wait_log("8 more such problems are not shown")
    assert daemon.stop() == 0
    assert count_lines(daemon.log, "nft insert rule") == 32
    world.daemon(CONFIG)
    assert world.cgtproxy("status").stdout.count("Problem: ") == 33


@pytest.mark.parametrize(("table", "shown"), [
    (b"x; rm -rf /", "x; rm -rf /"), (b"\x1b[31mred\n", "\\x1b[31mred\\x0a"), (b"$(id)", "$(id)"), (b"-f", "-f")])
def test_names_that_no_shell_should_get(world, table, shown):
    """There is no command to type for them, and nothing in them steers a terminal."""
    world.host.call(make_closed_chain, table, b"c")
    ((is_warning, text),) = findings(world, "firewall")
    assert is_warning and f"the chain c of the table inet {shown} drops" in text
    assert "nft " not in text
    world.daemon(CONFIG).wait_log(shown)


def test_the_fence_is_told_of(world):
    config = world.scratch.write(
        f"version: 1\ntproxies: {{mihomo: {{mark: 3000, port: 7893}}}}\nrules: [{{match: '{OURS}proxied$', tproxy: mihomo}}]\n")
    world.client("proxied")
    daemon = world.launch(binary(), "-c", config).wait_ready()

    def said():
        lines = world.cgtproxy("check", "system", "-c", config).stdout.splitlines()
        (line,) = (line for line in lines if line.split()[1] == "fence:")
        return line

    assert said().startswith("ok")
    assert "bypass" not in world.cgtproxy("status").stdout
    assert world.client("proxied").ask_in_vain("udp", V4, device="cable").dropped
    assert said().startswith("warning")
    assert "1 packets of proxied programs were about to bypass the proxy" in world.cgtproxy("status").stdout
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_log("were about to bypass the proxy")
    assert world.client("proxied").ask_in_vain("udp", V4, device="cable").dropped
    assert daemon.stop() == 0
    assert daemon.log.count("1 packets of proxied programs were about to bypass the proxy") == 2


def test_no_default_route(world):
    """The kernel refuses before any rule is asked; a default route to anywhere is enough for the proxy to get it."""
    config = world.scratch.write(
        f"version: 1\ntproxies: {{mihomo: {{mark: 3000, port: 7893}}}}\nrules: [{{match: '{OURS}proxied$', tproxy: mihomo}}]\n")
    for family in (V4, V6):
        world.host.ip(f"route del default via {GATEWAY[family]}")
    world.proxy("mihomo")
    client = world.client("proxied")
    world.launch(binary(), "-c", config).wait_ready()
    for family, cure in ((V4, "ip route add default dev lo"), (V6, "ip -6 route add default dev lo metric 4096")):
        assert client.ask_in_vain(UDP, family).outcome == "ENETUNREACH"
        ((is_warning, text),) = findings(world, "default route")
        assert text.endswith(cure) and is_warning == (family == V4)
        assert text.startswith("warning" if family == V4 else "notice")  # IPv4 is used where IPv6 has no way
        world.host.run(*cure.split())
        assert client.ask(UDP, family).who == client.ask(TCP, family).who == "proxy mihomo"
    assert findings(world, "default route") == [(False, "ok      default route: IPv4 and IPv6 have one")]


@pytest.mark.first
def test_the_log_tells_of_each_once(world):
    """At the start, when others change their rules later, and when it is over; a reload repeats nothing."""
    world.host.run("nft", "-f", "-", text_in=WG_QUICK)
    daemon = world.launch(binary(), "-c", world.scratch.write(CONFIG)).wait_ready()
    daemon.wait_log(OBSTACLES["wg-quick"][2])
    world.host.run("nft", "-f", "-", text_in=CLOSED_INPUT)
    wait_until(lambda: OBSTACLES["an input policy"][2] in daemon.log, "others' transactions are noticed", timeout=120)
    world.host.run("sh", "-c", OBSTACLES["an input policy"][2])
    world.host.run("nft", "delete", "table", "ip", "wg-quick-wg0")
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_log("solved: the chain input of the table inet fw drops proxied traffic")
    daemon.wait_log("solved: the chain preraw of the table ip wg-quick-wg0 drops proxies' answers")
    assert daemon.stop() == 0
    assert count_lines(daemon.log, "nft insert rule") == 2, daemon.log


def test_a_missing_default_route_is_told_in_the_log(world):
    """Not at the start, since at boot there may be none yet, but on reload."""
    world.host.ip(f"route del default via {GATEWAY[V4]}")
    daemon = world.launch(binary(), "-c", world.scratch.write(CONFIG)).wait_ready()
    assert "default route" not in daemon.log
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_log("there is no default route for IPv4")
    world.host.ip(f"route add default via {GATEWAY[V4]}")
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_log("solved: the default route for IPv4 is missing or blocked")
    assert daemon.stop() == 0


def test_status_tells_of_them(world):
    """As long as they are there, as text and as JSON."""
    for port in (7893, 7894):
        world.proxy("mihomo", port)
    world.daemon(CONFIG)
    assert json.loads(world.cgtproxy("status", "--json").stdout)["problems"] == []
    assert "Problem" not in world.cgtproxy("status").stdout
    world.host.run("nft", "-f", "-", text_in=WG_QUICK)
    world.host.ip("rule add blackhole priority 32765")
    said = world.cgtproxy("status").stdout
    route, firewall = (line for line in said.splitlines() if line.strip().startswith("Problem: "))
    assert f"{firewall}\n           Fix: {OBSTACLES['wg-quick'][2]}\n" in said
    assert "blackhole" in route
    route, firewall = json.loads(world.cgtproxy("status", "--json").stdout)["problems"]
    assert firewall["kind"] == "answers"
    assert firewall["about"] == "the chain preraw of the table ip wg-quick-wg0"
    assert firewall["cure"] == OBSTACLES["wg-quick"][2]
    assert route["kind"] == "no-route" and route["cure"] is None
    world.host.run("sh", "-c", firewall["cure"])
    world.host.ip("rule del blackhole priority 32765")
    assert json.loads(world.cgtproxy("status", "--json").stdout)["problems"] == []


@pytest.mark.parametrize("kind", ["unreachable", "blackhole", "prohibit"])
@pytest.mark.parametrize("what", ["route", "rule"])
def test_a_way_that_is_refused(world, what, kind):
    """The kernel says so to the program, with an error of its own for each type."""
    world.proxy("mihomo")
    client = world.client("proxied")
    world.daemon(CONFIG)
    if what == "route":
        world.host.ip(f"route replace {kind} default")
    else:
        world.host.ip(f"rule add {kind} priority 32765")
    ((is_warning, text),) = findings(world, "default route")
    assert is_warning and kind in text
    assert client.ask_in_vain(UDP, V4).outcome in ("ENETUNREACH", "EHOSTUNREACH", "EINVAL", "EACCES")


def follow_cures(world):
    """The command that `status` suggests, verbatim."""
    problems = json.loads(world.cgtproxy("status", "--json").stdout)["problems"]
    assert problems
    for problem in problems:
        if problem["kind"] != "fence":  # its fix is a reload, when the reason is gone
            world.host.run("sh", "-c", problem["cure"])


def test_the_cure_of_a_late_mark_leads_to_the_proxy(world):
    for port in (7893, 7894):
        world.proxy("mihomo", port)
    client = world.client("proxied")
    world.daemon(CONFIG)
    world.host.run("nft", "-f", "-", text_in=LATE_MARK)
    assert client.ask_in_vain(UDP, V4).dropped
    follow_cures(world)
    for protocol in (UDP, TCP):
        for family in (V4, V6):
            assert client.ask(protocol, family).who == "proxy mihomo"


def test_the_cure_of_notrack_lets_answers_out(world):
    for port in (7893, 7894):
        world.proxy("mihomo", port)
    world.client("dropped").serve("server", 9001)
    visitor = world.outside_client()
    world.host.run("nft", "-f", "-", text_in="""
        table inet raw {
          chain output {
            type filter hook output priority raw;
            udp sport 9001 notrack
          }
          chain prerouting {
            type filter hook prerouting priority raw;
            udp dport 9001 notrack
          }
        }""")
    world.daemon(CONFIG.replace("rules: [", f"rules: [{{match: '{OURS}dropped$', drop: true}}, "))
    assert visitor.ask_in_vain(UDP, V4, HOST[V4], 9001).dropped
    follow_cures(world)
    assert visitor.ask(UDP, V4, HOST[V4], 9001).who == "server"
    assert json.loads(world.cgtproxy("status", "--json").stdout)["problems"] == []
