# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing broken looks healthy: each problem is made for real, named by `status` with its cure, and gone with that."""

import json
import os
import re
import signal
import time
from contextlib import closing

import pytest
from lab.addresses import ANY, HOST, TCP, UDP, V4, V6
from lab.checks import OURS, count_lines, kernel_owns_tables
from lab.daemon import as_nobody, binary
from lab.netfilter import make_closed_chain
from lab.reloading import Reloadable
from lab.servers import Server
from lab.storms import inotify_limit
from lab.waiting import wait_until

CONFIG = f"""\
version: 1
tproxies:
  mihomo:
    mark: 3000
    port: 7893
rules:
  - {{match: '{OURS}proxied$', tproxy: mihomo}}
  - {{match: '{OURS}dropped$', drop: true}}
"""
LOOPBACK = {V4: "127.0.0.1", V6: "::1"}


def status(world):
    """What `status --json` says; its exit code follows from it."""
    done = world.cgtproxy("status", "--json")
    state = json.loads(done.stdout)
    assert done.returncode == (1 if state["problems"] or not state["complete"] else 0), done.stdout
    return state


def kinds(world):
    """The kinds of all problems."""
    return [problem["kind"] for problem in status(world)["problems"]]


def only(world, kind):
    """The one problem that there is; it is also shown to people, with all lines of its cure."""
    (problem,) = status(world)["problems"]
    assert problem["kind"] == kind, problem
    said = world.cgtproxy("status").stdout
    assert said.splitlines()[0].endswith(", 1 problem")
    assert f"Problem: {problem['text']}\n" in said
    first, *rest = problem["cure"].splitlines()
    assert f"   Fix: {first}\n" in said
    for line in rest:
        assert f"    {line}\n" in said
    return problem


def listen(world, port=7893, addresses=(ANY[V4], ANY[V6]), protocols=(TCP, UDP), transparent=True):
    """A proxy that listens so."""
    return world.keep(Server("proxy mihomo", [port], world.host, addresses, protocols, transparent))


def write_for_proxy(config, cure):
    """The config with what a cure says is to be written for the proxy, in the line that it names."""
    what, line = re.match(r'write "(.*)" for the proxy mihomo \(line (\d+) of .*\), then: systemctl reload cgtproxy$', cure).groups()
    lines = config.splitlines()
    begin = int(line) - 1
    assert "mihomo" in lines[begin] or "mihomo" in lines[begin - 1]
    key = what.split(":")[0]
    kept = [text for text in lines if not text.strip().startswith(f"{key}: ")]
    return "\n".join(kept[:4] + [f"    {what}"] + kept[4:]) + "\n"


def test_nobody_listens(world):
    subject = Reloadable(world, CONFIG)
    problem = only(world, "proxy-absent")
    assert problem["about"] == "mihomo" and "7893" in problem["text"] and "7893" in problem["cure"]
    assert world.client("proxied").ask_in_vain(TCP, V4).outcome == "refused"
    listen(world)
    assert kinds(world) == []
    assert world.cgtproxy("status").returncode == 0
    assert world.client("proxied").ask(TCP, V4).who == "proxy mihomo"
    assert subject.daemon.stop() == 0


def test_the_wrong_port(world):
    """Where the proxy really listens is found."""
    subject = Reloadable(world, CONFIG)
    listen(world, 7999)
    cure = only(world, "proxy-absent")["cure"]
    assert '"port: 7999"' in cure
    subject.reload(write_for_proxy(CONFIG, cure))
    assert kinds(world) == []
    world.check({"proxied": "proxy mihomo"})


def test_a_port_that_is_not_for_tproxy(world):
    """The most common mistake of all: the port for SOCKS."""
    subject = Reloadable(world, CONFIG)
    listen(world, transparent=False)
    assert "tproxy-port" in only(world, "proxy-not-transparent")["cure"]
    assert world.client("proxied").ask_in_vain(TCP, V4).outcome == "refused"
    listen(world, 7895)
    cure = only(world, "proxy-not-transparent")["cure"]
    assert '"port: 7895"' in cure
    subject.reload(write_for_proxy(CONFIG, cure))
    assert kinds(world) == []
    world.check({"proxied": "proxy mihomo"})


def test_of_a_port_for_something_else_nothing_more_is_said(world):
    """To refuse UDP and IPv6 would not help; once the port is one for TPROXY, it may be of use."""
    world.daemon(CONFIG)
    with closing(Server("proxy mihomo", [7893], world.host, (ANY[V4],), (TCP,))):
        only(world, "proxy-not-transparent")
    listen(world, addresses=(ANY[V4],), protocols=(TCP,))
    assert sorted(kinds(world)) == ["proxy-family", "proxy-protocol"]


def test_only_tcp(world):
    subject = Reloadable(world, CONFIG)
    listen(world, protocols=(TCP,))
    cure = only(world, "proxy-protocol")["cure"]
    assert world.client("proxied").ask(TCP, V4).who == "proxy mihomo"
    assert world.client("proxied").ask_in_vain(UDP, V4).dropped
    subject.reload(write_for_proxy(CONFIG, cure))
    assert kinds(world) == []


def test_only_udp(world):
    world.daemon(CONFIG)
    listen(world, protocols=(UDP,))
    assert "TCP" in only(world, "proxy-protocol")["cure"]
    listen(world, protocols=(TCP,))
    assert kinds(world) == []


def test_only_one_family(world):
    subject = Reloadable(world, CONFIG)
    proxy = listen(world, addresses=(ANY[V4],))
    cure = only(world, "proxy-family")["cure"]
    assert world.client("proxied").ask(TCP, V4).who == "proxy mihomo"
    assert world.client("proxied").ask_in_vain(TCP, V6).outcome == "refused"
    subject.reload(write_for_proxy(CONFIG, cure))
    assert kinds(world) == []
    subject.reload(CONFIG)
    assert kinds(world) == ["proxy-family"]
    assert proxy is not None
    world.host.run("ip", "-6", "route", "del", "default")  # then no packet of IPv6 comes to the proxy
    assert kinds(world) == []


@pytest.mark.parametrize("family", [V4, V6])
def test_addresses_at_which_tproxy_looks(world, family):
    """All of them, and the loopback interface's first: as many as `status` takes for right take packets."""
    other = V6 if family == V4 else V4
    world.daemon(CONFIG)
    listen(world, addresses=(ANY[other],))
    client = world.client("proxied")
    with closing(Server("proxy mihomo", [7893], world.host, (LOOPBACK[family],), transparent=True)):
        assert kinds(world) == []
        assert client.ask(TCP, family).who == client.ask(UDP, family).who == "proxy mihomo"
    with closing(Server("proxy mihomo", [7893], world.host, (HOST[family],), transparent=True)):
        problem = only(world, "proxy-address")
        assert HOST[family] in problem["text"]
        assert LOOPBACK[family] in problem["cure"]
        assert client.ask_in_vain(TCP, family).outcome == "refused"
        client.ask_in_vain(UDP, family)


def test_another_first_address_of_the_loopback_interface(world):
    """An address of IPv6 that is added to it comes before ::1."""
    world.daemon(CONFIG)
    listen(world, addresses=(ANY[V4], "::1"))
    assert kinds(world) == []
    world.host.ip("addr add 2001:db8:77::1/128 dev lo nodad")
    assert "::1" in only(world, "proxy-address")["text"]
    assert world.client("proxied").ask_in_vain(TCP, V6).outcome == "refused"
    world.host.ip("addr del 2001:db8:77::1/128 dev lo")
    assert world.client("proxied").ask(TCP, V6).who == "proxy mihomo"
    assert kinds(world) == []


def insert_rule(config, cure):
    """The config with the rule that a cure says is to be written, above the line that it names."""
    first, *rule = cure.splitlines()
    line = int(re.match(r"write this above line (\d+) of .*, then: systemctl reload cgtproxy$", first).group(1))
    lines = config.splitlines()
    return "\n".join(lines[:line - 1] + rule + lines[line - 1:]) + "\n"


def move_rule(config, cure):
    """The config with a rule where the cure says that it belongs; each has a line of its own."""
    which, where = re.match(r"move the rule of line (\d+) above line (\d+) of .*, then: systemctl reload cgtproxy$", cure).groups()
    lines = config.splitlines()
    rule = lines.pop(int(which) - 1)
    return "\n".join(lines[:int(where) - 1] + [rule] + lines[int(where) - 1:]) + "\n"


# A rule that is for the proxy's own cgroup as well.
LOOPING = CONFIG.replace("proxied$'", "(proxy\\.service|other)$'")


def listen_in(world, cgroup):
    """A proxy that listens in this cgroup, and another cgroup."""
    world.cgroups.make("other")
    world.client(cgroup).serve("proxy mihomo", 7893, transparent=True)


def test_a_loop(world):
    listen_in(world, "proxy.service")
    subject = Reloadable(world, LOOPING)
    problem = only(world, "proxy-loop")
    assert "\n  - unit: proxy.service\n    direct: true" in problem["cure"]
    assert world.cgroups.path("proxy.service") in problem["text"]
    assert world.client("proxy.service").ask(UDP, V4).who == "proxy mihomo"
    subject.reload(insert_rule(LOOPING, problem["cure"]))
    assert kinds(world) == []
    assert world.client("proxy.service").ask(UDP, V4).who == "outside"


@pytest.mark.parametrize(("cgroup", "selector"), [
    ("odd name(1)", "match: '^"), ("plain", "match: '^"), ("a.slice", "slice: a.slice"), ("x.slice/a@b.service/sub", "unit: a@b.service"),
    ("box.scope", "slice: cgtproxy-test-")])
def test_how_a_loop_is_named(world, cgroup, selector):
    listen_in(world, cgroup)
    config = LOOPING.replace("(proxy\\.service|other)$", "")
    subject = Reloadable(world, config)
    (problem,) = [one for one in status(world)["problems"] if one["kind"] == "proxy-loop"]
    assert f"\n  - {selector}" in problem["cure"]
    subject.reload(insert_rule(config, problem["cure"]))
    assert "proxy-loop" not in kinds(world)


def test_a_loop_whose_rule_comes_too_late(world):
    listen_in(world, "proxy.service")
    config = LOOPING + "  - {unit: proxy.service, direct: true}\n"
    subject = Reloadable(world, config)
    cure = [one["cure"] for one in status(world)["problems"] if one["kind"] == "proxy-loop"][0]
    assert cure.startswith("move the rule of line 9 above line 7 of ")
    subject.reload(move_rule(config, cure))
    assert kinds(world) == []


def test_a_loop_by_a_rule_of_route(world):
    """It comes before those of the config, which can't be moved above it; what undoes it is a command."""
    listen_in(world, "proxy.service")
    path = world.scratch.path("") / "config.yaml"
    path.parent.mkdir()
    path.write_text(CONFIG + "  - {unit: proxy.service, direct: true}\n", encoding="utf-8")
    routed = path.parent / "config.d" / "50-route.yaml"
    routed.parent.mkdir()
    routed.write_text("rules:\n  - {unit: proxy.service, tproxy: mihomo}\n", encoding="utf-8")
    subject = Reloadable(world, path.read_text(encoding="utf-8"), path)
    cure = only(world, "proxy-loop")["cure"]
    assert cure == f"cgtproxy -c {path} route --forget unit:proxy.service"
    world.cgtproxy(*cure.split()[1:])
    assert "proxy.service" not in routed.read_text(encoding="utf-8")
    subject.reload()
    assert kinds(world) == []


def test_a_rule_that_earlier_ones_take_all_from(world):
    world.proxy("mihomo")
    for path in ("a/proxied", "b/proxied"):
        world.cgroups.make(path)
    config = CONFIG + f"  - {{match: '{OURS}proxied$', direct: true}}\n  - {{match: '^{world.cgroups.top}/a/proxied$', drop: true}}\n"
    subject = Reloadable(world, config)
    dead, taken = status(world)["problems"]
    assert (dead["kind"], dead["about"]) == ("rule-dead", "rule 3 (line 9)")
    assert dead["cure"].startswith("remove one of the two, the rule of line 9 of ")
    assert (taken["kind"], taken["about"]) == ("rule-taken", "rule 4 (line 10)")
    assert "it matches 1 cgroup, taken by rule 1 on line 7" in taken["text"]
    said = world.cgtproxy("check", "config", "-c", subject.path).stdout
    assert count_lines(said, "rule 4 (line 10)", "no cgroup at present; it matches 1, taken by rule 1 on line 7") == 1
    assert count_lines(said, "warning", "rules: rule 4 on line 10") == 1
    config = move_rule(config, taken["cure"])
    config = "".join(line for line in config.splitlines(keepends=True) if not ("proxied$" in line and "direct" in line))
    subject.reload(config)
    assert kinds(world) == []


@pytest.mark.parametrize("rule", ["match: .", "match: ^/", "match: .*"])
def test_a_rule_behind_one_for_everything(world, rule):
    world.proxy("mihomo")
    config = CONFIG.replace("rules:\n", f"rules:\n  - {{{rule}, direct: true}}\n")
    subject = Reloadable(world, config)
    while problems := status(world)["problems"]:
        assert problems[0]["kind"] == "rule-dead"
        config = move_rule(config, problems[0]["cure"])
        subject.reload(config)
    assert config.splitlines()[-1].endswith(f"{rule}, direct: true}}".lstrip())


def test_rules_that_do_no_harm(world):
    """The same target, or nothing to match now, or something left."""
    world.proxy("mihomo")
    for path in ("a/proxied", "x/dropped", "y/dropped"):
        world.cgroups.make(path)
    world.daemon(CONFIG + f"  - {{match: '{OURS}proxied$', tproxy: mihomo}}\n  - {{unit: nowhere.service, drop: true}}\n"
                 f"  - {{match: '{OURS}(proxied|other)$', direct: true}}\n" if world.cgroups.make("other") else "")
    assert kinds(world) == []


CONTAINER = "docker-" + "0123456789abcdef" * 4 + ".scope"


def test_containers_are_not_below_their_daemon(world):
    """Whoever selects docker.service may mean them."""
    world.proxy("mihomo")
    config = CONFIG + "  - {unit: docker.service, tproxy: mihomo}\n"
    subject = Reloadable(world, config)
    world.cgroups.make("docker.service")
    assert kinds(world) == []
    path = world.cgroups.make(CONTAINER)
    problem = only(world, "rule-containers")
    assert path in problem["text"]
    first, *rule = problem["cure"].splitlines()
    line = int(re.match(r"write a rule for them above line (\d+) of .*, then: systemctl reload cgtproxy$", first).group(1))
    lines = config.splitlines()
    subject.reload("\n".join(lines[:line - 1] + rule + lines[line - 1:]) + "\n")
    assert kinds(world) == []
    world.client(CONTAINER)
    world.check({CONTAINER: "proxy mihomo"})


def age(path, seconds=10):
    """Make a file look as if it was written so much later."""
    os.utime(path, (time.time() + seconds, time.time() + seconds))


def test_a_file_that_was_changed(world):
    world.proxy("mihomo")
    subject = Reloadable(world, CONFIG)
    subject.path.write_text(CONFIG.replace("7893", "7894").replace("3000", "0x70000/0xff0000"), encoding="utf-8")
    age(subject.path)
    problem = only(world, "config-changed")
    assert problem["about"] == str(subject.path)
    assert problem["cure"] == "systemctl reload cgtproxy"
    (mihomo,) = (one for one in status(world)["targets"] if one["name"] == "mihomo")
    assert (mihomo["port"], mihomo["file_port"]) == (7893, 7894)
    assert mihomo["mark"] == {"value": 3000, "mask": 0xffffffff}
    assert mihomo["file_mark"] == {"value": 0x70000, "mask": 0xff0000}
    assert "port 7893 (the file says 7894), mark 3000 (the file says 0x70000/0xff0000): " in world.cgtproxy("status").stdout
    subject.path.write_text(CONFIG, encoding="utf-8")
    age(subject.path, -10)
    subject.reload()
    assert kinds(world) == []


def test_a_file_with_errors(world):
    """What is in force is shown all the same."""
    world.proxy("mihomo")
    world.client("proxied")
    subject = Reloadable(world, CONFIG.replace("port: 7893", "port: 7893\n    udp: refuse"))
    healthy = status(world)
    subject.path.write_text(CONFIG.replace("7893", "70000").replace("mark", "marc"), encoding="utf-8")
    problem = only(world, "config-errors")
    assert f"{subject.path}:3:3: the proxy" in problem["text"] and "(and 1 more)" in problem["text"]
    state = status(world)
    for key in ("policy_rules", "routes", "rule_priority", "cgroups"):
        assert state[key] == healthy[key]
    (mihomo,) = (one for one in state["targets"] if one["name"] == "mihomo")
    assert (mihomo["port"], mihomo["mark"]["value"], mihomo["listening"]) == (7893, 3000, True)
    said = subject.reload()
    assert "is rejected" in said
    assert wait_status_line(subject.daemon, "can't be loaded")
    subject.path.write_text(CONFIG, encoding="utf-8")
    subject.reload()
    assert kinds(world) == []


def test_what_a_broken_file_leaves_known(world):
    """Also that UDP and IPv6 are not sent to the proxy, so that nobody need listen for them, and marks with a mask."""
    subject = Reloadable(world, CONFIG.replace("mark: 3000", "mark: 0x70000/0xff0000\n    udp: direct\n    ipv6: refuse"))
    listen(world, addresses=(ANY[V4],), protocols=(TCP,))
    assert kinds(world) == []
    subject.path.unlink()
    assert kinds(world) == ["config-errors"]
    (mihomo,) = (one for one in status(world)["targets"] if one["name"] == "mihomo")
    assert mihomo["mark"] == {"value": 0x70000, "mask": 0xff0000}


def status_lines(daemon):
    """What it told the service manager as its status."""
    return [line.removeprefix("STATUS=") for line in daemon.notifications if line.startswith("STATUS=")]


def wait_status_line(daemon, text):
    """Await a status line that has this text, and return it."""
    def found():
        return next((line for line in reversed(status_lines(daemon)) if text in line), None)
    return wait_until(found, lambda: f"{text!r} in a status line; there are {status_lines(daemon)}")


def test_the_log_and_the_status_line(world):
    """Each problem once when it is new and once when it is over; the line only when it changes."""
    for path in ("proxied", "dropped"):
        world.cgroups.make(path)
    subject = Reloadable(world, CONFIG)
    line = wait_status_line(subject.daemon, "steering ")
    steered, cgroups = map(int, re.fullmatch(r"steering (\d+) of (\d+) cgroups", line).groups())
    assert 2 == steered < cgroups
    subject.reload()
    line = wait_status_line(subject.daemon, "1 problem")
    assert re.fullmatch(r"steering 2 of \d+ cgroups; 1 problem: nobody listens for mihomo", line)
    subject.daemon.wait_log("nothing listens on port 7893")
    proxy = listen(world)
    subject.reload()
    subject.daemon.wait_log("solved: nobody listens for mihomo")
    assert proxy is not None
    assert wait_until(lambda: "problem" not in status_lines(subject.daemon)[-1], "it is over")
    subject.reload()
    assert subject.daemon.stop() == 0
    assert count_lines(subject.daemon.log, "warning", "nothing listens") == 1
    lines = status_lines(subject.daemon)
    assert all(one != other for one, other in zip(lines, lines[1:]))


@pytest.mark.parametrize("shift", range(3))
def test_a_status_line_is_bounded(world, shift):
    """With 40 problems, and cut at a whole character: systemd ignores what is no UTF-8."""
    for number in range(40):
        world.host.call(make_closed_chain, ("x" * shift + "\u4ee3" * 20 + str(number)).encode(), b"input")
    subject = Reloadable(world, CONFIG)
    line = wait_status_line(subject.daemon, "40 problems: ")  # which Python has decoded as UTF-8
    assert len(line.encode()) < 512 and line.endswith("...")


def test_check_shows_the_same(world):
    """From the same finders."""
    subject = Reloadable(world, CONFIG)
    problem = only(world, "proxy-absent")
    for command in (["check"], ["check", "system"]):
        done = world.cgtproxy(*command, "-c", subject.path)
        assert count_lines(done.stdout, "warning", problem["text"], problem["cure"]) == 1
    listen(world)
    assert "nothing listens" not in world.cgtproxy("check", "-c", subject.path).stdout


def test_the_fence_counts_what_is_and_not_what_was(world):
    world.proxy("mihomo")
    subject = Reloadable(world, CONFIG)
    assert kinds(world) == []
    assert world.client("proxied").ask_in_vain("udp", V4, device="cable").dropped
    cure = only(world, "fence")["cure"]
    assert cure == "systemctl reload cgtproxy"
    subject.reload()
    assert kinds(world) == []


def test_missing_rules_and_routes(world):
    """The daemon would put them back, so it hangs."""
    world.proxy("mihomo")
    daemon = world.daemon(CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    world.host.run("ip", "rule", "del", "fwmark", "3000")
    world.host.run("ip", "-6", "route", "flush", "table", "300")
    assert sorted(kinds(world)) == ["policy-rules", "routes"]
    daemon.send_signal(signal.SIGCONT)
    wait_until(lambda: kinds(world) == [], "they are back")


def test_a_foreign_route(world):
    world.proxy("mihomo")
    daemon = world.daemon(CONFIG)
    daemon.send_signal(signal.SIGSTOP)
    world.host.ip("route add 198.51.100.0/24 dev cable table 300")
    problem = only(world, "foreign-route")
    world.host.run("sh", "-c", problem["cure"])
    assert kinds(world) == []


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_a_rule_that_blocks(world, family):
    world.proxy("mihomo")
    world.daemon(CONFIG)
    world.host.run("ip", family, "rule", "add", "priority", "1", "fwmark", "3000", "lookup", "1234")
    assert "priority above 2" in only(world, "blocking-rule")["cure"]
    world.host.run("ip", family, "rule", "del", "priority", "1")
    world.host.run("ip", family, "rule", "add", "priority", "3", "fwmark", "3000", "lookup", "1234")
    wait_until(lambda: kinds(world) == [], "ours moved in front of it")


def test_the_loopback_interface(world):
    world.proxy("mihomo")
    world.daemon(CONFIG)
    world.host.ip("link set lo down")
    world.host.run("sh", "-c", only(world, "loopback-down")["cure"])
    wait_until(lambda: kinds(world) == [], "the routes are back")
    world.host.sysctl("ipv6/conf/lo/disable_ipv6", 1)
    (problem,) = (one for one in status(world)["problems"] if one["kind"] == "loopback-ipv6")
    world.host.run("sh", "-c", problem["cure"])
    wait_until(lambda: kinds(world) == [], "the routes are back")


def test_bridges(world):
    """The sysctl matters only where there is one."""
    if not world.host.call(os.path.exists, "/proc/sys/net/bridge/bridge-nf-call-iptables"):
        pytest.skip("br_netfilter is not loaded")
    world.proxy("mihomo")
    world.daemon(CONFIG)
    world.host.sysctl("bridge/bridge-nf-call-iptables", 1)
    assert kinds(world) == []
    world.host.ip("link add br0 type bridge")
    world.host.run("sh", "-c", only(world, "bridges")["cure"])
    assert kinds(world) == []


@pytest.mark.alone
def test_watches_that_are_used_up(world):
    """The daemon is a user of its own, which has so many and no more."""
    world.proxy("mihomo")
    cgroups = sum(1 for _ in os.walk(world.cgroups.mount))
    with inotify_limit("max_user_watches", cgroups // 2):
        daemon = world.launch(world.scratch.program(), "-c", world.scratch.write(CONFIG),
                              wrap=lambda argv: as_nobody(argv, "net_admin")).wait_ready()
        problem = only(world, "watches")
        assert re.search(rf"cgtproxy \({daemon.pid}\) has {cgroups // 2}$", problem["text"]), problem
        daemon.send_signal(signal.SIGHUP)
        wait_status_line(daemon, "inotify watches are used up")
        world.host.run("sh", "-c", problem["cure"])
        wait_until(lambda: kinds(world) == [], "the daemon has watches enough")


def test_before_any_config(world):
    """The two parts of the line are two parts."""
    directory = world.scratch.path(".empty")
    directory.mkdir()
    world.launch(binary(), CONFIGURATION_DIRECTORY=str(directory)).wait_ready()
    said = world.cgtproxy("status").stdout
    assert re.search(r"^ +Config: the built-in one, every cgroup goes direct, loaded \w+ [-\d]+ [:\d]+ \w+; .*ago$", said, re.M), said


def test_after_a_kill(world):
    """The kernel does protect the table; nobody owns it now."""
    world.daemon(CONFIG).kill()
    said = world.cgtproxy("status").stdout
    assert ("can't protect" in said) != kernel_owns_tables()
    assert "owned by nobody" in said
    world.cgtproxy("clear")


def test_without_permission_check_says_what_it_can(world):
    """Who listens can be asked by everybody."""
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(CONFIG), wrap=as_nobody, program=world.scratch.program())
    assert count_lines(done.stdout, "warning", "nothing listens on port 7893") == 1
    assert count_lines(done.stdout, "skipped", "firewall") == 1
