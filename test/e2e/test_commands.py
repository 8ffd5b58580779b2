# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other commands: check, render, --help and --version; and the flags of the Go daemon."""

import re

import pytest
from lab.addresses import UDP, V4
from lab.cgroups import cgroup2_mount
from lab.checks import OURS, without_about
from lab.daemon import as_nobody, binary
from lab.namespaces import Namespace
from lab.netfilter import cgroup_elements
from lab.world import without_cgroups

GOOD = f"""
version: 1
tproxies: {{mihomo: {{mark: 3000, port: 7893}}}}
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
# Three errors and two unknown keys, on separate lines.
BAD = """\
version: 1
bypas: [10.0.0.0/8]
tproxies:
  mihomo:
    mark: 3000
    port: 70000
    no_udp: true
rules:
  - match: /a(
    tproxy: mihomo
  - match: /b
    tproxy: mihom
"""
ALL_FEATURES = """
version: 1
strict: STRICT
route-table: 301
bypass: [10.0.0.0/8, 192.168.1.1, 10.1.0.0/16, 172.16.0.0/13, 172.24.0.0/13, "fd00::/8", "::1", 255.255.255.255]
tproxies:
  plain: {mark: 3000, port: 7893}
  tcp-only: {mark: 3001, port: 7894, no-udp: true}
  v4-only: {mark: 3002, port: 7895, no-ipv6: true}
  minimal: {mark: 3003, port: 7896, no-ipv6: true, no-udp: true}
  dns: {mark: 3004, port: 7897, dns-hijack: {port: 1053}}
  dns-all: {mark: 3005, port: 7898, dns-hijack: {ip: 203.0.113.53, ip6: "2001:db8::53", port: 5353, tcp: true}}
  dns-tcp-only: {mark: 3006, port: 7899, no-udp: true, dns-hijack: {tcp: true}}
  masked: {mark: 0x10000/0xff0000, port: 7900, dns-hijack: {ip6: "::1"}}
  A.b_c-9: {mark: 0xffffffff, port: 65535}
""" + f"""
rules:
  - {{match: '{OURS}a$', tproxy: plain}}
  - {{match: '{OURS}dropped$', drop: true}}
  - {{match: '{OURS}c/d/e$', tproxy: dns-all}}
"""
GATEWAY = """
gateway:
  mark: 4000
  strict: STRICT
  rules:
    - {source: [192.168.50.7, "2001:db8::7", 10.0.0.5], direct: true}
    - {source: [192.168.0.0/16, "2001:db8::/32", "::/1", 10.0.0.4, 255.255.255.255, 0.0.0.0/8], tproxy: plain}
    - {mac: ["52:54:00:aa:bb:cc", "52:54:00:aa:bb:cd", "fe:ff:ff:ff:ff:ff"], drop: true}
    - {interface: [lan1, br0, abcdefghijklmno, eth0.5], refuse: true}
    - {interface: ["lan*", "abcdefghijklmn*", "br-*"], tproxy: dns-all}
    - {mac: ["52:54:00:aa:bb:ce"], tproxy: dns}
    - {interface: "*", tproxy: masked}
"""
ALL_IN_ONE = [ALL_FEATURES.replace("STRICT", strict) for strict in ("false", "true")]


def is_untouched(world):
    """Whether the host's network has no trace of the daemon."""
    return "cgtproxy" not in world.host.run("nft", "list", "tables") and world.host.run("ip", "rule").count("\n") == 3


def test_check_config_of_a_good_file_as_an_ordinary_user(world):
    done = world.cgtproxy("check", "config", "-c", world.scratch.write(GOOD), wrap=as_nobody,
                          program=world.scratch.program())
    assert done.returncode == 0, done.stderr
    assert is_untouched(world)


def test_check_config_tells_what_each_rule_covers(world):
    """How many cgroups, and the first of them; a rule that covers none is not an error."""
    top = world.cgroups.top
    one = top.strip("/").replace(".slice", ".service")  # a name that no other test has
    for cgroup in (one, "many", *(f"many/{i}" for i in range(5)), "many/1/a\x1b[31m"):
        world.cgroups.make(cgroup)
    config = ("version: 1\nrules:\n"
              f"  - {{unit: {one}, drop: true}}\n"
              f"  - {{unit: none-{one}, drop: true}}\n"
              f"  - {{match: ^{top}/many/1, direct: true}}\n"
              f"  - {{match: ^{top}/many, drop: true}}\n")
    done = world.cgtproxy("check", "config", "-c", world.scratch.write(config))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[1] == f"ok      rule 1 (line 3): unit: {one}, drop: 1 cgroup"
    assert lines[2] == f"          {top}/{one}"
    assert lines[3] == f"ok      rule 2 (line 4): unit: none-{one}, drop: no cgroup at present"
    assert lines[4] == f"ok      rule 3 (line 5): match: ^{top}/many/1, direct: 2 cgroups"
    assert lines[5:7] == [f"          {top}/many/1", f"          {top}/many/1/a\\x1b[31m"]
    assert lines[7] == f"ok      rule 4 (line 6): match: ^{top}/many, drop: 5 cgroups"
    assert lines[8] == f"          {top}/many"
    assert {line.strip() for line in lines[9:11]} < {f"{top}/many/{i}" for i in (0, 2, 3, 4)}
    assert lines[11:] == ["          and 2 more"]


def test_check_config_without_cgroups(world):
    """What the rules cover is unknown then; the config is still valid."""
    path = world.scratch.write(GOOD)
    done = world.cgtproxy("check", "config", "-c", path,
                          wrap=lambda argv: ["unshare", "--mount", "sh", "-c",
                                             'umount -a -t cgroup2 && exec "$@"', "sh", *argv])
    assert done.returncode == 0, done.stderr
    assert "ok      config: 2 rules, 1 proxy\n" in done.stdout
    assert re.search(r"^skipped .*no cgroup2 mount", done.stdout, re.M)


def test_check_config_counts_the_rules_of_the_gateway(world):
    for rules, text in ((["br0"], "1 gateway rule"), (["br0", "lan*"], "2 gateway rules"), ([], "")):
        listed = ", ".join(f"{{interface: {name}, tproxy: mihomo}}" for name in rules)
        path = world.scratch.write(GOOD + f"gateway: {{rules: [{listed}]}}\n")
        done = world.cgtproxy("check", "config", "-c", path)
        assert done.returncode == 0, done.stderr
        assert f"ok      config: 2 rules, 1 proxy{text and ', '}{text}\n" in done.stdout


def test_check_config_tells_all_errors_in_one_go_with_their_places(world):
    path = world.scratch.write(BAD)
    done = world.cgtproxy("check", "config", "-c", path, wrap=as_nobody, program=world.scratch.program())
    assert done.returncode != 0
    said = done.stdout + done.stderr
    for place, text in (("6:11", "70000"), ("9:12", "/a("), ("12:13", "mihom")):
        assert any(f"{path}:{place}" in line and text in line for line in said.splitlines()), (place, said)
    assert any(f"{path}:2:1" in line and "bypas" in line and "bypass" in line for line in said.splitlines())
    assert any(f"{path}:7:5" in line and "no_udp" in line and "no-udp" in line for line in said.splitlines())


def test_unknown_keys_are_warnings(world):
    path = world.scratch.write(GOOD + "bypas: [10.0.0.0/8]\nsomething-else: 1\n")
    done = world.cgtproxy("check", "config", "-c", path)
    assert done.returncode == 0
    said = done.stdout + done.stderr
    assert re.search(r":7:1.*bypas\b.*bypass", said), said
    assert re.search(r":8:1.*something-else", said), said
    world.client("dropped")
    world.client("other")
    world.launch(binary(), "-c", path).wait_ready()
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped
    assert world.client("other").ask(UDP, V4).who == "outside"


def test_check_permission_as_root(world):
    done = world.cgtproxy("check", "permission", "-c", world.scratch.write(GOOD))
    assert done.returncode == 0, done.stderr
    assert is_untouched(world)


def test_check_permission_with_nothing_but_the_capability(world):
    done = world.cgtproxy("check", "permission", "-c", world.scratch.write(GOOD), program=world.scratch.program(),
                          wrap=lambda argv: as_nobody(argv, "net_admin"))
    assert done.returncode == 0, done.stderr
    assert is_untouched(world)


def test_check_permission_without_permission(world):
    done = world.cgtproxy("check", "permission", "-c", world.scratch.write(GOOD), wrap=as_nobody,
                          program=world.scratch.program())
    assert done.returncode != 0
    assert "CAP_NET_ADMIN" in done.stdout + done.stderr
    assert is_untouched(world)


def test_plain_check_checks_everything(world):
    program = world.scratch.program()
    good, bad = world.scratch.write(GOOD), world.scratch.write(BAD)
    assert world.cgtproxy("check", "-c", good).returncode == 0
    assert world.cgtproxy("check", "-c", bad).returncode != 0
    assert world.cgtproxy("check", "-c", good, wrap=as_nobody, program=program).returncode != 0
    assert is_untouched(world)


def test_check_leaves_a_running_daemon_alone(world):
    world.client("dropped")
    world.daemon(GOOD)
    before = world.footprint()
    for command in ("config", "permission"):
        assert world.cgtproxy("check", command, "-c", world.scratch.write(GOOD)).returncode == 0
    assert world.footprint() == before
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped


def test_the_daemon_without_permission(world):
    daemon = world.launch(world.scratch.program(), "-c", world.scratch.write(GOOD), wrap=as_nobody)
    assert daemon.wait_refused() > 0
    assert "CAP_NET_ADMIN" in daemon.log
    assert not daemon.is_ready()
    assert is_untouched(world)


def test_the_daemon_with_nothing_but_the_capability(world):
    world.proxy("mihomo")
    before = world.footprint()
    for cgroup in ("proxied", "dropped"):
        world.client(cgroup)
    daemon = world.launch(world.scratch.program(), "-c", world.scratch.write(GOOD),
                          wrap=lambda argv: as_nobody(argv, "net_admin")).wait_ready()
    assert world.client("proxied").ask(UDP, V4).who == "proxy mihomo"
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped
    world.client("new/dropped").await_answer_by("dropped")
    assert daemon.stop() == 0
    assert world.footprint() == before


def normalized(listing):
    """A table's listing without what nft's language can't say: the owner, and that no cgroup has the id 0.

    (What is rendered there is the id of /sys/fs/cgroup itself, which no cgroup of a deeper level can have either.)
    The elements for cgroups are compared as numbers, because nft shows them as paths where it finds them.
    """
    listing = re.sub(r" # progname [^\n]*", "", listing)
    listing = re.sub(r"\n\tflags owner[^\n]*\n", "", listing)
    listing = re.sub(rf"(socket cgroupv2 level \d+ !=) {cgroup2_mount().stat().st_ino} ", r"\1 0 ", listing)
    return without_about(without_cgroups(listing))


def only_ours(world, rendered):
    """The rendered table without elements of foreign cgroups, which may be gone when nft reads it."""
    def keep_ours(block):
        lines = re.findall(r'"[^"]*"(?: : [^,}]*)?', block["elements"])
        ours = ", ".join(line for line in lines if world.cgroups.top + "/" in line or world.cgroups.top + '"' in line)
        return block["head"] + (f"elements = {{ {ours} }}" if ours else "")

    return re.sub(r"(?P<head>\{\s*type cgroupsv2\b[^}]*?)elements = \{(?P<elements>[^}]*)\}", keep_ours, rendered)


@pytest.mark.parametrize("name", ["udp", "mark", "vmap", "1proxy", "-x", "UDP", "mihomo.udp", "_1", "output-mangle",
                                  "DROP-CHAIN", "proxy-x", "dns-vmap", "nat", "tproxy-x", "interface-1"])
def test_names_of_proxies_are_no_words_of_nft(world, name):
    """nft can't quote names; those of chains have a prefix before the proxy's."""
    path = world.scratch.write(f"version: 1\ntproxies: {{'{name}': {{mark: 3000, port: 7893, dns-hijack: {{}}}}}}\n"
                               f"gateway: {{rules: [{{interface: lan0, tproxy: '{name}'}}]}}\n")
    done = world.cgtproxy("render", "-c", path)
    assert done.returncode == 0, done.stderr
    namespace = world.keep(Namespace())
    read = namespace.run("nft", "--check", "-f", "-", text_in=only_ours(world, done.stdout), check=False)
    assert read.returncode == 0, read.stderr
    world.daemon(path.read_text())


@pytest.mark.parametrize("config", [GOOD, *ALL_IN_ONE, "version: 1\n", GOOD + "bypass: ['::1']\n",
                                    ALL_IN_ONE[0] + GATEWAY.replace("STRICT", "false"),
                                    ALL_IN_ONE[0] + GATEWAY.replace("STRICT", "true").replace("interface: \"*\"", "source: 9.9.9.9"),
                                    GOOD + "containers: true\n", *(config + "containers: true\ngateway: {mark: 9}\n" for config in ALL_IN_ONE),
                                    ALL_IN_ONE[1] + "containers: true\n" + GATEWAY.replace("STRICT", "true")],
                         ids=["small", "all features", "all features and strict", "empty", "bypass of one family",
                              "gateway", "strict gateway", "containers", "containers and all features",
                              "containers and all features and strict", "containers and strict gateway"])
def test_render_prints_the_daemons_table(world, config):
    for cgroup in ("a", "dropped", "c/d/e"):
        world.cgroups.make(cgroup)
    path = world.scratch.write(config)
    done = world.cgtproxy("render", "-c", path)
    assert done.returncode == 0, done.stderr
    assert is_untouched(world)
    with_rendered = world.keep(Namespace())
    with_rendered.run("nft", "-f", "-", text_in=only_ours(world, done.stdout))
    world.launch(binary(), "-c", path).wait_ready()
    command = ("nft", "list", "table", "inet", "cgtproxy")
    assert normalized(with_rendered.run(*command)) == normalized(world.host.run(*command))
    ours = {world.cgroups.id(path) for path in world.cgroups.paths()}
    rendered, real = cgroup_elements(with_rendered), cgroup_elements(world.host)
    assert {i: rendered.get(i) for i in ours} == {i: real.get(i) for i in ours}


def test_what_render_prints_works(world):
    """Including the policy routing that the daemon would add, and the existing cgroups."""
    world.proxy("mihomo")
    for cgroup in ("proxied", "dropped", "other"):
        world.client(cgroup)
    done = world.cgtproxy("render", "-c", world.scratch.write(GOOD))
    world.host.run("nft", "-f", "-", text_in=only_ours(world, done.stdout))
    world.host.ip("rule add fwmark 3000 lookup 300", "route add local default dev lo table 300")
    assert world.client("other").ask(UDP, V4).who == "outside"
    assert world.client("proxied").ask(UDP, V4).who == "proxy mihomo"
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped


def test_render_as_an_ordinary_user(world):
    path = world.scratch.write(GOOD)
    done = world.cgtproxy("render", "-c", path, wrap=as_nobody, program=world.scratch.program())
    assert done.returncode == 0, done.stderr
    assert without_cgroups(done.stdout) == without_cgroups(world.cgtproxy("render", "-c", path).stdout)


def test_render_of_a_bad_config(world):
    done = world.cgtproxy("render", "-c", world.scratch.write(BAD))
    assert done.returncode != 0
    assert done.stdout == ""
    assert "70000" in done.stderr


def test_targets_lists_what_a_rule_can_lead_to(world):
    program = world.scratch.program()
    done = world.cgtproxy("targets", "-c", world.scratch.write(ALL_IN_ONE[0]), wrap=as_nobody, program=program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["direct", "drop", "refuse", "plain", "tcp-only", "v4-only", "minimal", "dns", "dns-all",
                                   "dns-tcp-only", "masked", "A.b_c-9"]
    bad = world.cgtproxy("targets", "-c", world.scratch.write(BAD))
    assert (bad.returncode, bad.stdout) == (1, "")
    assert is_untouched(world)


@pytest.mark.parametrize("command", [[], ["check"], ["check", "config"], ["check", "permission"], ["help"], ["render"],
                                     ["exec"], ["status"], ["targets"]])
@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_are_everywhere(world, command, flag):
    done = world.cgtproxy(*command, flag, wrap=as_nobody, program=world.scratch.program())
    assert done.returncode == 0
    assert done.stderr == ""
    assert "cgtproxy" in done.stdout
    if flag == "--version":
        assert re.search(r"\d+\.\d+", done.stdout)
    assert is_untouched(world)


@pytest.mark.parametrize("arguments", [["no-such-command"], ["check", "no-such-check"], ["--no-such-flag"],
                                       ["render", "--no-such-flag"], ["check", "config", "one-too-many"], ["-c"],
                                       ["render", "one-too-many"], ["check", "--pid"], ["targets", "one-too-many"]])
def test_wrong_usage(world, arguments):
    done = world.cgtproxy(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "sage" in done.stderr or "--help" in done.stderr
    assert is_untouched(world)


@pytest.mark.parametrize(("word", "meant"), [("statu", "status"), ("exlpain", "explain"), ("Check", "check"), ("reder", "render")])
@pytest.mark.parametrize("before", [[], ["help"]])
def test_a_misspelt_command(world, before, word, meant):
    done = world.cgtproxy(*before, word)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f'unknown command "{word}"; did you mean "{meant}"?' in done.stderr


@pytest.mark.parametrize("word", ["no-such-command", "", "x" * 1000, "\u72b6\u6001", "\x1b[31m", b"\xff"])
def test_a_command_like_none(world, word):
    done = world.cgtproxy(word)
    assert done.returncode == 2
    assert "unknown command" in done.stderr and "did you mean" not in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("arguments", [["--json"], ["render", "--json"], ["--json", "targets"], ["check", "--no-legend"],
                                       ["clear", "--pid", "1"], ["render", "--watch"], ["--watch"]])
def test_options_of_other_commands(world, arguments):
    done = world.cgtproxy(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    option = next(word for word in arguments if word.startswith("--"))
    command = next((word for word in arguments if not word.startswith("-")), None)
    assert (f"{command} takes no {option}" if command else f"{option} needs a command") in done.stderr
    assert is_untouched(world)


@pytest.mark.parametrize("flags", [["--reuse-netlink-socket"], ["--reuse-netlink-socket=true"],
                                   ["--reuse-netlink-socket=false"], ["--cpu-profile", "a-file"],
                                   ["--cpu-profile=a-file"], ["--block-profile", "a-file"], ["--block-profile=a-file"],
                                   ["--with-logger"], ["--with-logger=true"]])
def test_flags_of_the_go_daemon_are_accepted(world, flags):
    world.client("dropped")
    daemon = world.daemon(GOOD, *flags, LOG_LEVEL="debug")
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped
    assert any(line.startswith("debug") and "Go daemon" in line for line in daemon.log.splitlines())


@pytest.mark.parametrize("spelling", [["-c", "FILE"], ["-cFILE"], ["--config", "FILE"], ["--config=FILE"]])
def test_ways_to_name_the_config(world, spelling):
    world.client("dropped")
    path = str(world.scratch.write(GOOD))
    world.launch(binary(), *(word.replace("FILE", path) for word in spelling)).wait_ready()
    assert world.client("dropped").ask_in_vain(UDP, V4).dropped
