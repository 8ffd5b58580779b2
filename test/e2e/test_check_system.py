# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`check system`: obstacles on this machine and their remedies; and `check config`'s advice."""

import os

import pytest
from lab.addresses import UDP, V4
from lab.checks import OURS, count_lines, routing
from lab.daemon import as_nobody, in_private_mounts
from lab.storms import inotify_limit

CONFIG = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
HIJACKING = CONFIG.replace("port: 7893", "port: 7893, dns-hijack: {port: 1053}")


def check_system(world, config=CONFIG, wrap=lambda argv: argv):
    """Run it; return its result and its findings: subject -> the lines about it."""
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(config), wrap=wrap,
                          program=world.scratch.program())
    findings = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        subject, colon, _ = rest.strip().partition(":")
        if colon and word in ("ok", "skipped", "warning", "error"):
            findings.setdefault(subject, []).append(line)
    return done, findings


def only(findings, subject):
    """The one line about this subject."""
    assert len(findings.get(subject, [])) == 1, findings
    return findings[subject][0]


def with_mounts(script):
    """Wraps a command to run in a private mount namespace changed by a shell script."""
    return lambda argv: in_private_mounts(script, argv)


@pytest.mark.alone
def test_a_system_without_troubles(world):
    """Nothing is applied."""
    world.proxy("mihomo")
    before = world.footprint()
    if has_br_netfilter(world):
        world.host.sysctl("bridge/bridge-nf-call-iptables", 0)
    done, findings = check_system(world)
    assert done.returncode == 0
    assert set(findings) >= {"kernel", "inotify", "systemd-networkd", "br_netfilter", "policy rules", "routes"}
    assert {line.split()[0] for lines in findings.values() for line in lines} == {"ok"}
    assert world.footprint() == before


def test_beside_a_running_daemon(world):
    """Its own policy rules are not reported as foreign."""
    world.client("dropped")
    world.daemon(CONFIG)
    before = world.footprint()
    _, findings = check_system(world)
    for subject in ("kernel", "policy rules"):
        assert only(findings, subject).startswith("ok")
    assert world.footprint() == before
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped


def test_a_bad_config(world):
    done, findings = check_system(world, CONFIG.replace("7893", "70000"))
    assert done.returncode != 0
    assert "70000" in done.stdout
    assert set(findings) == {"config"}


def test_without_the_capability(world):
    """The kernel can't be queried, everything else can."""
    done, findings = check_system(world, wrap=as_nobody)
    assert done.returncode == 0, done.stderr
    assert only(findings, "kernel").startswith("skipped")
    assert "CAP_NET_ADMIN" in only(findings, "kernel")
    for subject in ("inotify", "policy rules"):
        assert only(findings, subject).startswith("ok")


@pytest.mark.alone
@pytest.mark.parametrize("enough", [True, False])
def test_few_inotify_watches(world, enough):
    cgroups = sum(1 for _ in os.walk(world.cgroups.mount))
    with inotify_limit("max_user_watches", 1000 + 10 * cgroups if enough else cgroups // 2):
        done, findings = check_system(world)
    finding = only(findings, "inotify")
    assert done.returncode == 0
    assert finding.startswith("ok" if enough else "warning")
    assert ("fs.inotify.max_user_watches" in finding) != enough


@pytest.mark.parametrize(("hosts", "warns"), [
    ("files resolve dns", True), ("files resolve [!UNAVAIL=return] dns", True), ("files mymachines resolve", True),
    ("files dns", False), ("files dns resolve", False), ("files", False)])
def test_names_that_systemd_resolved_looks_up(world, hosts, warns):
    setting = world.scratch.write(f"passwd: files\nhosts:\t{hosts}\nnetworks: resolve\n", ".conf")
    wrap = with_mounts(f"mount --bind {setting} /etc/nsswitch.conf")
    done, findings = check_system(world, HIJACKING, wrap)
    finding = only(findings, "name service")
    assert done.returncode == 0
    assert finding.startswith("warning" if warns else "ok")
    if warns:
        assert "systemd-resolved" in finding
        assert "/etc/nsswitch.conf" in finding
    _, findings = check_system(world, CONFIG, wrap)  # irrelevant without a hijack
    assert "name service" not in findings


def has_br_netfilter(world):
    """Whether the module is loaded; its sysctls are each namespace's own."""
    return world.host.call(os.path.exists, "/proc/sys/net/bridge/bridge-nf-call-iptables")


@pytest.mark.parametrize("on", [0, 1])
def test_br_netfilter(world, on):
    """As the module shows it, or, where it is not loaded, as a file in its place would."""
    world.host.ip("link add br0 type bridge")
    if has_br_netfilter(world):
        world.host.sysctl("bridge/bridge-nf-call-iptables", on)
        _, findings = check_system(world)
    else:
        _, findings = check_system(world, wrap=with_mounts(f"""
            mount -t tmpfs tmpfs /proc/sys/net
            mkdir /proc/sys/net/bridge
            echo {on} >/proc/sys/net/bridge/bridge-nf-call-iptables"""))
    finding = only(findings, "br_netfilter")
    assert finding.startswith("warning" if on else "ok")
    assert ("net.bridge.bridge-nf-call-iptables" in finding) == bool(on)


@pytest.mark.parametrize("setting", ["yes", "no"])
def test_foreign_rules_and_networkd(world, setting):
    text = world.scratch.write(f"[Network]\nManageForeignRoutingPolicyRules={setting}\n", ".conf")
    _, findings = check_system(world, wrap=with_mounts(f"""
        mount -t tmpfs tmpfs /run
        mkdir -p /run/systemd/networkd.conf.d
        cp {text} /run/systemd/networkd.conf.d/test.conf"""))
    finding = only(findings, "systemd-networkd")
    assert finding.startswith("ok")
    assert ("ManageForeignRoutingPolicyRules=no" in finding) == (setting == "yes")


# (rule, whether it may take our packets): those of wg-quick and of other VPNs, and some that do no harm
RULES_OF_OTHERS = [
    ("priority 100 from all lookup 1234", True),
    ("priority 100 not fwmark 0xca6c lookup 51820", True),
    ("priority 2999 fwmark 3000 lookup 1234", True),
    ("priority 100 fwmark 0x8/0x8 lookup 1234", True),  # 3000 has this bit
    ("priority 100 not fwmark 3000 lookup 1234", False),
    ("priority 100 fwmark 0xca6c lookup 51820", False),
    ("priority 3001 from all lookup 1234", False),
    ("priority 100 blackhole", True),
    ("priority 100 fwmark 3000 unreachable", True),
    ("priority 100 not fwmark 0xca6c prohibit", True),
    ("priority 100 fwmark 0xca6c blackhole", False),
    ("priority 3001 unreachable", False),
]


@pytest.mark.parametrize(("rule", "moves"), RULES_OF_OTHERS)
@pytest.mark.parametrize("family", ["-4", "-6"])
def test_policy_rules_of_others(world, rule, moves, family):
    """Ours will precede them, which is worth a notice, not a warning."""
    world.host.run("ip", family, "rule", "add", *rule.split())
    before = routing(world)
    done, findings = check_system(world)
    finding = only(findings, "policy rules")
    assert done.returncode == 0
    assert finding.startswith("ok")
    if moves:
        priority = int(rule.split()[1])
        assert f"the {'IPv4' if family == '-4' else 'IPv6'} policy rule {priority} (" in finding
        assert f"at priority {priority - 1} instead of 3000" in finding
    else:
        assert "no rule of another program" in finding
    assert routing(world) == before


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_a_policy_rule_in_front_of_which_nothing_can_stand(world, family):
    """Its owner has to give it another priority, as the finding says, and that helps."""
    world.proxy("mihomo")
    world.client("proxied")
    world.host.run("ip", family, "rule", "add", "priority", "1", "lookup", "1234")
    done, findings = check_system(world)
    assert done.returncode == 0
    assert only(findings, "policy rules").startswith("warning")
    assert "give it a priority above 2" in only(findings, "policy rules")
    world.host.run("ip", family, "rule", "del", "priority", "1")
    world.host.run("ip", family, "rule", "add", "priority", "3", "lookup", "1234")
    assert only(check_system(world)[1], "policy rules").startswith("ok")
    world.daemon(CONFIG)
    world.check({"proxied": "proxy mihomo"})


@pytest.mark.parametrize(("pattern", "warns"), [
    ("/telegram\\.service", True), ("telegram", True), ("(^|/)x\\.service", True), ("x$", True), ("a|^/b", True),
    ("^/system\\.slice/x", False), ("^(/a|/b)", False), ("\\A/a", False),
    ("/.*", False), (".*", False), ("^/user\\.slice/", False)])
def test_patterns_that_users_could_match(world, pattern, warns):
    config = f"version: 1\nrules:\n  - match: ^/a\n    drop: true\n  - match: '{pattern}'\n    drop: true\n"
    done = world.cgtproxy("check", "config", "-c", world.scratch.write(config))
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert count_lines(said, "warning", "any user can choose", "line", "5") == (1 if warns else 0), said
    assert count_lines(said, "warning") == (1 if warns else 0), said


@pytest.mark.parametrize("addresses,ip6,is_noted", [
    (["0.0.0.0"], "", True), (["::"], "", False), (["127.0.0.1"], "", False), (["::1"], "", False), ([], "", False),
    (["127.0.0.1"], ", ip6: '::1'", False), (["127.0.0.1", "::"], ", ip6: '::1'", True)])
def test_a_name_server_on_all_addresses(world, addresses, ip6, is_noted):
    """Whether its answers come back can't be seen, so it is a notice."""
    if addresses:
        world.dns("local", 1053, addresses)
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(HIJACKING.replace("1053", "1053" + ip6)))
    assert count_lines(done.stdout, "notice", "name service", "UDP port 1053", "IP_PKTINFO") == is_noted
