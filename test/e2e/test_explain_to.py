# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy explain --to`: each answer is compared with where packets really go."""

import json

import pytest
from lab.addresses import (ALL_TRAFFIC, BYPASSED, DNS_PORT, HOST, LOOPBACK, OUTSIDE, RESOLVER, SERVICE_PORT, TCP, UDP,
                           V4, V6)
from lab.servers import Server
from lab.world import World

LOCAL_PORT = 1053
MULTICAST = {V4: "239.1.2.3", V6: "ff05::77"}
DROPPED = "dropped"
CONFIG = f"""
version: 1
bypass: [{BYPASSED[V4]}, "{BYPASSED[V6]}/128", 198.51.100.0/25, "2001:db8:b::/64"]
tproxies:
  plain:     {{mark: 3001, port: 7801}}
  udp-refused:  {{mark: 3002, port: 7802, udp: refuse}}
  udp-direct:   {{mark: 3003, port: 7803, udp: direct}}
  ipv6-direct:  {{mark: 3004, port: 7804, ipv6: direct}}
  ipv6-refused: {{mark: 3005, port: 7805, ipv6: refuse}}
  other-refused: {{mark: 3006, port: 7806, other: refuse}}
  hijacking: {{mark: 3007, port: 7807, dns-hijack: {{port: {LOCAL_PORT}}}}}
  hijacking-all: {{mark: 3008, port: 7808, dns-hijack: {{ip6: "::1", port: {LOCAL_PORT}, tcp: true}}}}
  hijacking-no-udp: {{mark: 3009, port: 7809, udp: refuse, dns-hijack: {{port: {LOCAL_PORT}}}}}
  unheard:   {{mark: 3010, port: 7810}}
rules:
  - {{match: /dropped$, drop: true}}
  - {{match: /refused$, refuse: true}}
  - {{match: /direct$, direct: true}}
"""
PROXIES = ("plain", "udp-refused", "udp-direct", "ipv6-direct", "ipv6-refused", "other-refused", "hijacking",
           "hijacking-all", "hijacking-no-udp", "unheard")
CONFIG += "".join(f"  - {{match: /to-{name}$, tproxy: {name}}}\n" for name in PROXIES)
CGROUPS = ("dropped", "refused", "direct", *(f"to-{name}" for name in PROXIES))
DESTINATIONS = [(OUTSIDE, SERVICE_PORT), (BYPASSED, SERVICE_PORT), (HOST, SERVICE_PORT), (LOOPBACK, SERVICE_PORT),
                (RESOLVER, DNS_PORT), (BYPASSED, DNS_PORT)]
CASES = [(cgroup, address[family], port, protocol, family) for cgroup in CGROUPS for address, port in DESTINATIONS
         for protocol, family in ALL_TRAFFIC]


@pytest.fixture(scope="module", name="world")
def world_with_daemon():
    """One daemon, and every server that could answer."""
    with World() as world:
        world.config = world.scratch.write(CONFIG)
        for number, name in enumerate(PROXIES[:-1], 7801):
            world.proxy(name, number)
        world.dns("local", LOCAL_PORT, LOOPBACK.values())
        world.keep(Server("here", [SERVICE_PORT], world.host))
        for name in CGROUPS:
            world.client(name)
        world.daemon(CONFIG)
        yield world


def explain(world, cgroup, to):
    """What it says in JSON about packets from this cgroup."""
    done = world.cgtproxy("-c", world.config, "explain", "--json", world.cgroups.path(cgroup), "--to", to)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written(address, port):
    """As --to takes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def who_answers(said, address):
    """Who would answer a packet that goes where it is said."""
    if said["outcome"] == "proxy":
        return f"proxy {said['proxy']}" if said["listening"] else "refused"
    if said["outcome"] == "dns-hijack":
        assert (said["server"], said["server_port"]) in [(loopback, LOCAL_PORT) for loopback in LOOPBACK.values()]
        return "dns local"
    if said["outcome"] == "direct":
        return "here" if address in (*HOST.values(), *LOOPBACK.values()) else "outside"
    return {"drop": DROPPED, "refuse": "refused"}[said["outcome"]]


def what_happens(world, cgroup, protocol, family, address, port, quickly):
    """Who answers; or that nobody does."""
    client = world.client(cgroup)
    result = (client.ask_in_vain if quickly else client.ask)(protocol, family, address, port)
    return DROPPED if result.dropped and not world.wire.saw(result) else result.who


def alike(who, protocol):
    """A UDP socket may get the same error, or none, from a packet that is refused as from one that is dropped."""
    return DROPPED if who == "refused" and protocol == UDP else who


@pytest.mark.parametrize("cgroup", CGROUPS)
def test_packets_go_where_it_says(world, cgroup):
    for _, address, port, protocol, family in [case for case in CASES if case[0] == cgroup]:
        said = explain(world, cgroup, f"{protocol}/{written(address, port)}")
        assert len(said["traffic"]) == 1
        expected = who_answers(said["traffic"][0], address)
        happened = what_happens(world, cgroup, protocol, family, address, port, alike(expected, protocol) == DROPPED)
        assert alike(happened, protocol) == alike(expected, protocol), (address, port, protocol, said["traffic"])


@pytest.mark.parametrize(("cgroup", "to", "reasons"), [
    ("to-plain", OUTSIDE[V4], {"tcp": "target", "udp": "target", "other": "other"}),
    ("to-plain", BYPASSED[V4], {"tcp": "bypass", "udp": "bypass", "other": "bypass"}),
    ("to-plain", HOST[V6], {"tcp": "bypass-local", "udp": "bypass-local", "other": "bypass-local"}),
    ("to-plain", "0.0.0.0", {"tcp": "bypass-local", "udp": "bypass-local", "other": "bypass-local"}),
    ("to-plain", "::", {"tcp": "bypass-local", "udp": "bypass-local", "other": "bypass-local"}),
    ("to-plain", MULTICAST[V4], {"tcp": "multicast", "udp": "multicast", "other": "multicast"}),
    ("to-plain", MULTICAST[V6], {"tcp": "multicast", "udp": "multicast", "other": "multicast"}),
    ("to-plain", "192.0.2.255", {"tcp": "broadcast", "udp": "broadcast", "other": "broadcast"}),
    ("to-plain", "255.255.255.255", {"tcp": "broadcast", "udp": "broadcast", "other": "broadcast"}),
    ("to-udp-refused", OUTSIDE[V4], {"tcp": "target", "udp": "udp", "other": "other"}),
    ("to-udp-direct", OUTSIDE[V4], {"tcp": "target", "udp": "udp", "other": "other"}),
    ("to-ipv6-direct", OUTSIDE[V6], {"tcp": "ipv6", "udp": "ipv6", "other": "ipv6"}),
    ("to-ipv6-refused", OUTSIDE[V6], {"tcp": "ipv6", "udp": "ipv6", "other": "ipv6"}),
    ("to-ipv6-refused", f"::ffff:{OUTSIDE[V4]}", {"tcp": "target", "udp": "target", "other": "other"}),
    ("dropped", OUTSIDE[V4], {"tcp": "target", "udp": "target", "other": "target"}),
    ("refused", OUTSIDE[V6], {"tcp": "target", "udp": "target", "other": "target"}),
    ("dropped", BYPASSED[V6], {"tcp": "bypass", "udp": "bypass", "other": "bypass"}),
    ("direct", BYPASSED[V6], {"tcp": "target", "udp": "target", "other": "target"}),
])
def test_reasons(world, cgroup, to, reasons):
    said = explain(world, cgroup, to)
    assert {one["protocol"]: one["reason"] for one in said["traffic"]} == reasons


def test_the_entry_of_the_bypass_list(world):
    for to, entry in ((BYPASSED[V4], f"{BYPASSED[V4]}/32"), ("198.51.100.127", "198.51.100.0/25"),
                      ("2001:db8:b::1", "2001:db8:b::/64")):
        said = explain(world, "to-plain", to)
        assert [one["bypass"] for one in said["traffic"]] == [entry] * 3
    assert [one["bypass"] for one in explain(world, "to-plain", "198.51.100.128")["traffic"]] == [None] * 3


def test_dns_is_shown_apart_without_a_port(world):
    """Only where it goes elsewhere."""
    def kinds(cgroup, to):
        return {(one["protocol"], one["port"]): one["outcome"] for one in explain(world, cgroup, to)["traffic"]}
    assert kinds("to-hijacking", RESOLVER[V4]) == {
        ("tcp", None): "proxy", ("udp", None): "proxy", ("udp", DNS_PORT): "dns-hijack", ("other", None): "direct"}
    assert kinds("to-hijacking-all", RESOLVER[V6]) == {
        ("tcp", None): "proxy", ("tcp", DNS_PORT): "dns-hijack", ("udp", None): "proxy",
        ("udp", DNS_PORT): "dns-hijack", ("other", None): "direct"}
    assert kinds("to-plain", RESOLVER[V4]) == {("tcp", None): "proxy", ("udp", None): "proxy", ("other", None): "direct"}


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("cgroup", ["to-plain", "to-other-refused", "dropped"])
def test_multicast(world, cgroup, family):
    said = explain(world, cgroup, f"udp/{written(MULTICAST[family], SERVICE_PORT)}")["traffic"][0]
    result = world.client(cgroup).ask_in_vain(UDP, family, MULTICAST[family])
    assert not result.answers
    assert world.wire.saw(result) == (said["outcome"] == "direct")
    assert said["outcome"] == {"to-plain": "direct", "to-other-refused": "refuse", "dropped": "drop"}[cgroup]


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("cgroup", CGROUPS)
def test_other_protocols(world, cgroup, family):
    said = explain(world, cgroup, OUTSIDE[family])["traffic"][-1]
    assert said["protocol"] == "other"
    ask = world.client(cgroup).ping
    outcome = ask(family) if said["outcome"] == "direct" else ask(family, timeout=0.3)
    assert (outcome == "answered") == (said["outcome"] == "direct"), (said, outcome)


def test_text(world):
    def lines(cgroup, to):
        done = world.cgtproxy("-c", world.config, "explain", world.cgroups.path(cgroup), "--to", to)
        assert done.returncode == 0, done.stderr
        text = done.stdout.splitlines()
        at = next(i for i, line in enumerate(text) if line.startswith("to "))
        return [line.strip() for line in text[at:text.index("", at)]], text[-1]

    shown, advice = lines("to-udp-refused", OUTSIDE[V4])
    assert shown == [f"to      {OUTSIDE[V4]}", "tcp    to udp-refused, on port 7802",
                     'udp    refused, since "udp" of udp-refused is "refuse"',
                     'other  direct, since "other" of udp-refused is "direct"']
    shown, advice = lines("to-hijacking", f"udp/{RESOLVER[V4]}:53")
    assert shown == [f"to      {RESOLVER[V4]}:53", f"udp    to 127.0.0.1:{LOCAL_PORT}, by dns-hijack of hijacking"]
    shown, advice = lines("dropped", f"tcp/[{BYPASSED[V6]}]:80")
    assert shown == [f"to      [{BYPASSED[V6]}]:80", f"tcp    direct, since bypass has {BYPASSED[V6]}/128"]
    assert '"bypass"' in advice
    shown, advice = lines("to-unheard", f"tcp/{OUTSIDE[V4]}:80")
    assert shown[1] == "tcp    to unheard, on port 7810, where no socket accepts TPROXY"
    assert "Start the proxy" in advice and "7810" in advice


@pytest.mark.parametrize("family", [V4, V6])
def test_a_server_that_knows_no_tproxy(world, family):
    """It listens on the right port, but the kernel gives it nothing."""
    def listening():
        return explain(world, "to-unheard", f"tcp/{written(OUTSIDE[family], SERVICE_PORT)}")["traffic"][0]["listening"]
    wrong = Server("wrong", [7810], world.host)
    try:
        assert not listening()
        assert world.client("to-unheard").ask(TCP, family).who == "refused"
    finally:
        wrong.close()
    right = Server("proxy unheard", [7810], world.host, transparent=True)
    try:
        assert listening()
        assert world.client("to-unheard").ask(TCP, family).who == "proxy unheard"
    finally:
        right.close()


def test_what_is_in_force_counts(world):
    """A bypass entry that was added to the file since is not."""
    later = world.scratch.write(CONFIG.replace("bypass: [", f"bypass: [{OUTSIDE[V4]}, "))
    done = world.cgtproxy("-c", later, "explain", "--json", world.cgroups.path("to-plain"), "--to", f"tcp/{OUTSIDE[V4]}:80")
    assert json.loads(done.stdout)["traffic"][0]["reason"] == "target"
    earlier = world.scratch.write(CONFIG.replace("198.51.100.0/25", "192.0.2.77"))
    arguments = ["-c", earlier, "explain", world.cgroups.path("to-plain"), "--to", "tcp/198.51.100.1:80"]
    said = json.loads(world.cgtproxy(*arguments, "--json").stdout)["traffic"][0]
    assert (said["reason"], said["bypass"]) == ("bypass", None)
    assert "tcp    direct, since the bypass set in force has it" in world.cgtproxy(*arguments).stdout


def test_with_a_broken_file(world):
    """Of what is in the file, nothing is claimed; the kernel's bypass sets are known."""
    broken = world.scratch.write(CONFIG.replace("version: 1", "version: x"))

    def ask(cgroup, to):
        done = world.cgtproxy("-c", broken, "explain", world.cgroups.path(cgroup), "--to", f"tcp/{to}", "--json")
        assert done.returncode == 1
        return [(one["outcome"], one["reason"]) for one in json.loads(done.stdout)["traffic"]]
    assert ask("to-plain", BYPASSED[V4]) == ask("dropped", BYPASSED[V4]) == [("direct", "bypass")]
    assert ask("to-plain", OUTSIDE[V4]) == ask("dropped", HOST[V4]) == []
    assert ask("direct", OUTSIDE[V4]) == [("direct", "target")]
    done = world.cgtproxy("-c", broken, "explain", world.cgroups.path("to-plain"), "--to", OUTSIDE[V4])
    assert "unknown, since it depends on the config file, which has errors" in done.stdout


def test_without_a_route():
    with World(ipv6=False) as world:
        path = world.scratch.write(CONFIG)
        done = world.cgtproxy("-c", path, "explain", world.cgroups.path("to-plain"), "--to", OUTSIDE[V6])
        assert done.returncode == 0, done.stderr
        assert f"to      {OUTSIDE[V6]}, where this host has no route" in done.stdout
        done = world.cgtproxy("-c", path, "explain", "--json", world.cgroups.path("to-plain"), "--to", OUTSIDE[V6])
        assert json.loads(done.stdout)["to"] == {"address": OUTSIDE[V6], "port": None, "type": "unreachable"}


@pytest.mark.parametrize("to", ["", "example.org", "example.org:80", "1.2.3", "1.2.3.4.5", "1.2.3.4:", "1.2.3.4:0",
                                "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:http", "1.2.3.4:00000080", "[::1", "::1]",
                                "[::1]80", "[::1]:", "[]", "[]:1", "icmp/1.2.3.4", "tcp/", "tcp/udp/1.2.3.4", "1.2.3.4/8",
                                "1.2.3.4%lo", "fe80::1%", "x" * 5000, ":" * 5000, "\x1b[31m", "1.2.3.4 ", "tcp/[", "[%]"])
def test_no_destination(world, to):
    done = world.cgtproxy("-c", world.config, "explain", world.cgroups.path("direct"), "--to", to)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "expected [tcp/|udp/]ADDRESS[:PORT]" in done.stderr
    assert "\x1b" not in done.stderr and len(done.stderr) < 1500


def test_a_zone_is_ignored(world):
    for to in ("fe80::1%cable", "[fe80::1%cable]:80", "udp/[fe80::1%nosuch]:80"):
        assert explain(world, "direct", to)["to"]["address"] == "fe80::1"


def test_only_explain_takes_it(world):
    done = world.cgtproxy("-c", world.config, "status", "--to", "1.2.3.4")
    assert done.returncode == 2
    assert "takes no --to" in done.stderr
