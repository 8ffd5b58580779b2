# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`status` and `explain` know where the traffic of other hosts goes."""

import json
import os
import re
import time

from lab.addresses import BYPASSED, OUTSIDE, TCP, UDP, V4, V6
from lab.reloading import Reloadable
from lab.senders import LAN, SENDER, attach

CONFIG = """\
version: 1
bypass: [198.51.100.0/24, 2001:db8:b::/64]
tproxies:
  mihomo:
    mark: 3000
    port: 7893
    dns-hijack: {port: 1053}
rules: []
gateway:
  mark: 4001
  rules:
    - source: [192.168.50.9, "fd00:50::9"]
      direct: true
    - mac: 52:54:00:aa:bb:cc
      drop: true
    - interface: [wlan*, lan0, lan1]
      tproxy: mihomo
"""


def status(world, *arguments):
    """What `status --json` says."""
    return json.loads(world.cgtproxy("status", "--json", *arguments).stdout)


def explain(world, config, *arguments, code=0):
    """What `explain --json` says."""
    done = world.cgtproxy("-c", world.scratch.write(config), "explain", "--json", *arguments)
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_no_gateway(world):
    """Then nothing is said of one."""
    world.proxy("mihomo")
    world.daemon(CONFIG[:CONFIG.index("gateway:")])
    assert status(world)["gateway"] is None
    assert "ateway" not in world.cgtproxy("status").stdout
    assert "gateway" not in world.cgtproxy("status", "--openmetrics").stdout


def test_status(world):
    """What is counted is what others send; the rules are known as long as the file is what is in force."""
    sender = attach(world)
    world.proxy("mihomo")
    subject = Reloadable(world, CONFIG)
    assert sender.ask(TCP, V4).who == "proxy mihomo"
    gateway = status(world)["gateway"]
    assert gateway["mark"]["value"] == 4001 and gateway["strict"] is False and gateway["containers"] is False
    counted = {target["name"]: target["packets"] for target in gateway["targets"]}
    assert counted["drop"] == counted["refuse"] == 0 < counted["mihomo"]
    assert {target["name"]: target["packets"] for target in status(world)["targets"]}["mihomo"] == 0
    assert [(rule["target"], rule["absent"]) for rule in gateway["rules"]] == [("direct", []), ("drop", []), ("mihomo", ["lan1"])]
    assert CONFIG.splitlines()[gateway["rules"][2]["line"] - 1].strip().startswith("- interface:")
    text = world.cgtproxy("status").stdout
    assert re.search(r"^ +Gateway: mark 4001$", text, re.M)
    assert re.search(rf"^mihomo +{counted['mihomo']} +[0-9.]+[BK]$", text, re.M)
    assert re.search(r"^interface: \[wlan\*, lan0, lan1\] +mihomo +there is no interface lan1 now$", text, re.M)
    assert re.search(r"^everything else +direct$", text, re.M)
    metrics = world.cgtproxy("status", "--openmetrics").stdout
    assert f'cgtproxy_gateway_packets_total{{target="mihomo"}} {counted["mihomo"]}\n' in metrics
    subject.path.write_text(CONFIG.replace("lan1", "lan2"), encoding="utf-8")
    os.utime(subject.path, (time.time() + 10, time.time() + 10))
    gateway = status(world)["gateway"]
    assert gateway["mark"]["value"] == 4001 and gateway["rules"] is None and gateway["strict"] is None


def test_a_gateway_that_is_incomplete(world):
    """Its policy rules and chains are part of what has to be there."""
    world.proxy("mihomo")
    daemon = world.daemon(CONFIG)
    assert status(world)["complete"]
    daemon.kill()
    world.host.ip("rule del fwmark 4001 lookup 300")
    assert status(world)["policy_rules"] == {"ipv4": False, "ipv6": True}


def test_explain_a_sender(world):
    """By address, MAC address or interface; what is not given is asked of the kernel."""
    sender = attach(world)
    world.proxy("mihomo")
    world.daemon(CONFIG)
    assert sender.ask(TCP, V4).who == "proxy mihomo"
    said = explain(world, CONFIG, SENDER[V4])
    mac = said["sender"]["mac"]
    assert said["sender"] == {"address": SENDER[V4], "mac": mac, "interface": "lan0"}
    assert re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", mac)
    assert (said["rule"], said["target"], said["to"], said["traffic"]) == (3, "mihomo", None, None)
    assert [rule["matches"] for rule in said["rules"]] == [False, False, True]
    assert explain(world, CONFIG, mac)["sender"] == said["sender"]
    assert explain(world, CONFIG, "interface:wlan7")["target"] == "mihomo"


def test_explain_by_rules(world):
    """The rule that decides is the first that matches, as compiled."""
    for config, word, rule, target in (
            (CONFIG, "192.168.50.9", 1, "direct"),
            (CONFIG, "fd00:50::9", 1, "direct"),
            (CONFIG, "52:54:00:AA:bb:cc", 2, "drop"),
            (CONFIG, "interface:wlan0", 3, "mihomo"),
            (CONFIG, "interface:eth0", None, "direct"),
            (CONFIG, "interface:lan", None, "direct"),
            (CONFIG, "interface:lan01", None, "direct"),
            (CONFIG, "interface:wlao", None, "direct"),
            (CONFIG.replace("direct: true", "refuse: true"), "192.168.50.10", None, "direct"),
            (CONFIG.replace("mark: 4001", "strict: true"), "interface:eth0", None, "refuse"),
            (CONFIG.replace("[wlan*, lan0, lan1]", "'*'"), "interface:eth0", 3, "mihomo"),
            (CONFIG.replace("direct: true", "refuse: true"), "192.168.50.9", 1, "refuse"),
            (CONFIG[:CONFIG.index("gateway:")], "192.168.50.9", None, "direct")):
        said = explain(world, config, word)
        assert (said["rule"], said["target"], said["agrees"]) == (rule, target, None), (config, word)
        text = world.cgtproxy("-c", world.scratch.write(config), "explain", word).stdout
        assert re.search(rf"^target +{target}, ", text, re.M)
        assert ("->" in text) == (rule is not None)


def test_explain_packets(world):
    """What is said happens."""
    sender = attach(world)
    world.proxy("mihomo")
    world.dns("mihomo", 1053)
    world.daemon(CONFIG)
    for family in (V4, V6):
        said = {}
        for address in (OUTSIDE[family], BYPASSED[family], LAN[family]):
            for trace in explain(world, CONFIG, SENDER[family], "--to", address)["traffic"]:
                said[address, trace["protocol"], trace["port"]] = trace["outcome"], trace["reason"]
        assert said[OUTSIDE[family], "tcp", None] == ("proxy", "target")
        assert said[BYPASSED[family], "udp", None] == ("direct", "bypass")
        assert said[LAN[family], "tcp", None] == ("direct", "not-forwarded")
        assert said[OUTSIDE[family], "other", None] == ("direct", "other")
        assert sender.ask(TCP, family, OUTSIDE[family]).who == "proxy mihomo"
        assert sender.ask(UDP, family, BYPASSED[family]).who == "outside"
        assert sender.ping(family) == "answered"
    assert said[OUTSIDE[V6], "udp", None] == ("proxy", "target")
    assert explain(world, CONFIG.replace("lan0", "lan2"), SENDER[V4], code=3)["agrees"] is False
    fewer = CONFIG[:CONFIG.index("    - interface:")]
    assert explain(world, fewer, SENDER[V4], code=3)["agrees"] is False
    (trace,) = explain(world, CONFIG, SENDER[V4], "--to", f"udp/{OUTSIDE[V4]}:53")["traffic"]
    assert (trace["outcome"], trace["server"], trace["server_port"]) == ("dns-hijack", None, 1053)
    assert sender.ask(UDP, V4, OUTSIDE[V4], 53).who == "dns mihomo"
    text = world.cgtproxy("-c", world.scratch.write(CONFIG), "explain", SENDER[V4], "--to", OUTSIDE[V4]).stdout
    assert "to port 1053 of this host, by dns-hijack of mihomo" in text


def test_explain_what_is_no_sender(world):
    """This host's own traffic goes by its cgroups."""
    attach(world)
    for word in (LAN[V4], "interface:lo", "interface:", "interface:averyverylongname"):
        done = world.cgtproxy("-c", world.scratch.write(CONFIG), "explain", word)
        assert done.returncode == 2 and done.stdout == "", word
