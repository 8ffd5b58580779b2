# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps others' traffic from its target: each problem is made for real, named with its cure, and gone with that."""

import json
import os

import pytest
from lab.addresses import BYPASSED, OUTSIDE, TCP, V4, V6
from lab.senders import LAN, PREFIX, attach
from lab.waiting import wait_until

CONFIG = """\
version: 1
bypass: [198.51.100.0/24, 2001:db8:b::/64]
tproxies:
  mihomo:
    mark: 3000
    port: 7893
rules: []
gateway:
  rules:
    - interface: lan0
      tproxy: mihomo
"""
HIJACKING = CONFIG.replace("port: 7893", "port: 7893\n    dns-hijack: {port: 1053}")


def problems(world):
    """All problems that `status` has, by kind; its exit code follows from them."""
    done = world.cgtproxy("status", "--json")
    state = json.loads(done.stdout)
    assert done.returncode == (1 if state["problems"] or not state["complete"] else 0), done.stdout
    return {problem["kind"]: problem for problem in state["problems"]}


def follow_only(world, kind):
    """The one problem that there is, once its cure is followed as printed and it is gone."""
    found = problems(world)
    assert list(found) == [kind], found
    world.host.run("sh", "-ec", found[kind]["cure"])
    assert not problems(world)
    return found[kind]


@pytest.mark.parametrize("family", (V4, V6))
def test_forwarding(world, family):
    """What goes to a proxy is no matter of forwarding, but everything else is."""
    sender = attach(world)
    world.proxy("mihomo")
    world.daemon(CONFIG)
    assert not problems(world)
    world.host.sysctl("ipv4/ip_forward" if family == V4 else "ipv6/conf/all/forwarding", 0)
    assert sender.ask(TCP, family, OUTSIDE[family]).who == "proxy mihomo"
    assert not sender.ask_in_vain(TCP, family, BYPASSED[family]).answers
    assert follow_only(world, "forwarding")["about"] == f"IPv{family} forwarding"
    assert sender.ask(TCP, family, BYPASSED[family]).who == "outside"


def test_forwarding_of_one_interface(world):
    """The name is written as sysctl(8) wants it."""
    attach(world, "lan0.5")
    world.proxy("mihomo")
    world.daemon(CONFIG.replace("lan0", "'lan*'"))
    assert not problems(world)
    world.host.sysctl("ipv4/conf/lan0.5/forwarding", 0)
    assert follow_only(world, "forwarding")["about"] == "IPv4 forwarding of lan0.5"


def test_a_gateway_that_forwards_nothing(world):
    """A strict one may be meant to let nothing out but by proxies."""
    attach(world, forwarding=False)
    world.proxy("mihomo")
    world.daemon(CONFIG.replace("bypass: [198.51.100.0/24, 2001:db8:b::/64]\n", "")
                 .replace("gateway:", "gateway:\n  strict: true").replace("port: 7893", "port: 7893\n    other: refuse"))
    assert not problems(world)


def test_no_gateway(world):
    """Without one, none of this is a problem."""
    attach(world, forwarding=False)
    world.proxy("mihomo")
    world.daemon(CONFIG[:CONFIG.index("gateway:")])
    world.host.run("nft", "add table inet theirs { chain in { type filter hook input priority 0; policy drop; iif lo accept; }; }")
    assert not problems(world)


@pytest.mark.parametrize("rules", (
    "policy drop; iif lo accept; ct state established,related accept; tcp dport 22 accept",
    "iif lo accept; meta l4proto icmp accept; reject",
    "policy drop; iif lo accept; iifname lan0 ct state established accept; meta mark 42 accept",
    "policy drop; iif lo accept; tcp dport 22 jump more",
    "iif lo accept; drop; iifname lan0 accept",
))
def test_an_input_policy(world, rules):
    """To another program's firewall, what is steered is input from the network."""
    sender = attach(world)
    world.proxy("mihomo")
    world.daemon(CONFIG)
    world.host.run("nft", "add table inet theirs { chain more { accept; }; "
                   f"chain in {{ type filter hook input priority 0; {rules}; }}; }}")
    assert not sender.ask_in_vain(TCP, V4, OUTSIDE[V4]).answers
    assert "the chain in of the table inet theirs" in follow_only(world, "gateway-input")["text"]
    assert sender.ask(TCP, V4, OUTSIDE[V4]).who == "proxy mihomo"


@pytest.mark.parametrize("accept", ("iifname lan0 accept", "iifname { lo, lan0 } accept", "ip saddr 192.168.0.0/16 accept",
                                    "meta mark 3001 accept", "iifname lan0 jump more"))
def test_an_input_policy_that_accepts_it(world, accept):
    """A firewall that trusts its LAN is no problem, however it says so."""
    sender = attach(world)
    world.proxy("mihomo")
    world.daemon(CONFIG)
    world.host.run("nft", "add table inet theirs { chain more { accept; }; "
                   f"chain in {{ type filter hook input priority 0; policy drop; iif lo accept; {accept}; }}; }}")
    assert sender.ask(TCP, V4, OUTSIDE[V4]).who == "proxy mihomo"
    assert not problems(world)


def test_an_input_policy_with_as_many_proxies_as_there_can_be(world):
    """A rule for another proxy's mark is none for the gateway's."""
    attach(world)
    world.proxy("mihomo")
    others = "".join(f"  other{n}: {{mark: {4000 + n}, port: 7893, udp: direct}}\n" for n in range(63))
    world.daemon(CONFIG.replace("tproxies:\n", "tproxies:\n" + others))
    world.host.run("nft", "add table inet theirs { "
                   "chain in { type filter hook input priority 0; policy drop; iif lo accept; meta mark 4062 accept; }; }")
    assert "the chain in of the table inet theirs" in follow_only(world, "gateway-input")["text"]


def test_br_netfilter(world):
    """With a bridge that a rule selects, it is an error."""
    if not world.host.call(os.path.exists, "/proc/sys/net/bridge/bridge-nf-call-iptables"):
        pytest.skip("br_netfilter is not loaded")
    attach(world, "port0")
    world.host.ip("link add br0 type bridge", "link set br0 up", "link set port0 master br0",
                  *(f"addr del {LAN[f]}/{PREFIX[f].split('/')[1]} dev port0" for f in (V4, V6)),
                  *(f"addr add {LAN[f]}/{PREFIX[f].split('/')[1]} dev br0" for f in (V4, V6)))
    for family in ("", "6"):
        world.host.sysctl(f"bridge/bridge-nf-call-ip{family}tables", 0)
    world.proxy("mihomo")
    config = CONFIG.replace("lan0", "'br*'")
    daemon = world.daemon(config)
    assert not problems(world)
    for family in ("", "6"):
        world.host.sysctl(f"bridge/bridge-nf-call-ip{family}tables", 1)
    world.host.ip("link set br0 type bridge nf_call_iptables 1")
    daemon.stop()
    daemon = world.daemon(config)
    wait_until(lambda: "the gateway's rules apply to the bridge br0" in daemon.log, "the log has it")
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(config))
    assert done.returncode == 1
    assert "error" in next(line for line in done.stdout.splitlines() if "br_netfilter:" in line)
    assert follow_only(world, "gateway-bridge")["about"] == "the bridge br0"


def test_a_name_server_for_this_host_alone(world):
    """Queries of others are redirected to the address where they arrive."""
    attach(world)
    world.proxy("mihomo")
    with_loopback = world.dns("mihomo", 1053, ("127.0.0.1",))
    world.daemon(HIJACKING)
    problem = problems(world)["name-server"]
    assert problem["about"] == "the name server of mihomo" and "127.0.0.1 only" in problem["text"]
    assert "UDP port 1053" in problem["cure"]
    with_loopback.close()
    world.dns("mihomo", 1053)
    assert not problems(world)


def test_an_interface_that_is_not_there(world):
    """It may come later, so it is worth a word and no more."""
    attach(world)
    world.proxy("mihomo")
    config = CONFIG.replace("interface: lan0", "interface: [lan0, lan1, 'wlan*']")
    world.daemon(config)
    assert not problems(world)
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(config))
    (line,) = (line for line in done.stdout.splitlines() if "lan1" in line)
    assert line.startswith("notice") and "line 10" in line
