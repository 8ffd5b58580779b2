# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample configs of proxies in data/samples, each with ours beside it: that they are right and fit each other.

v2ray's is tried with packets and the real program, the others with the lab's servers in the place of a proxy. That they
are in the schema is for test_schema.py, and what a kill switch keeps in, for test_kill_switch.py.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from lab.addresses import HOST, OUTSIDE, SERVICE_PORT, TCP, UDP, V4, V6
from lab.client import Client
from lab.daemon import as_nobody
from lab.documents import config_under
from lab.managers import ManagerTree
from lab.waiting import wait_until

TOP = Path(__file__).resolve().parents[2]
SAMPLES = sorted(path for path in (TOP / "data/samples").iterdir() if path.is_dir())
BY_NAME = {path.name: path for path in SAMPLES}


def ours(sample):
    """Our part of a sample, read."""
    return yaml.safe_load((sample / "cgtproxy.yaml").read_text(encoding="utf-8"))


def inbounds(path):
    """The ports of a proxy's config: where it accepts TPROXY connections, and where it answers questions for names."""
    text = path.read_text(encoding="utf-8")
    read = yaml.safe_load(text) if path.suffix == ".yaml" else json.loads(text)
    if path.suffix == ".yaml":  # mihomo's
        return {read["tproxy-port"]}, {int(read["dns"]["listen"].rpartition(":")[2])} if "dns" in read else set()
    tproxy = {one.get("listen_port", one.get("port")) for one in read["inbounds"]
              if one.get("type") == "tproxy" or one.get("streamSettings", {}).get("sockopt", {}).get("tproxy") == "tproxy"}
    return tproxy, {one["listen_port"] for one in read["inbounds"] if one.get("tag") == "dns-in"}


def test_the_list_of_samples():
    assert set(BY_NAME) == {"mihomo-fake-ip", "sing-box", "v2ray", "xray", "docker", "whole-user", "kill-switch",
                            "vpn-beside-proxy", "wsl", "sway-and-i3"}
    for page in ("recipes.md", "recipes.zh_CN.md"):
        text = (TOP / "docs" / page).read_text(encoding="utf-8")
        assert {name for name in BY_NAME if f"](../data/samples/{name})" in text} == set(BY_NAME)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_ours_is_right(world, sample):
    """Without a warning, and it makes a ruleset."""
    path = sample / "cgtproxy.yaml"
    for command in (["check", "config"], ["render"]):
        done = world.cgtproxy(*command, "-c", path)
        assert done.returncode == 0, done.stderr
        assert f"{path}:" not in done.stderr


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_both_parts_mean_the_same_ports(sample):
    """And the proxy's own unit goes direct by the first rule, or its traffic would go to itself."""
    config = ours(sample)
    ((name, proxy),) = config["tproxies"].items()
    assert config["rules"][0] == {"unit": f"{name}.service", "direct": True}
    for path in [*sample.glob("*.json"), *sample.glob("mihomo.yaml")]:
        tproxy, names = inbounds(path)
        assert tproxy == {proxy["port"]}
        assert names == ({proxy["dns-hijack"]["port"]} if "dns-hijack" in proxy else set())
        assert proxy["mark"] not in (51820, yaml.safe_load(path.read_text(encoding="utf-8")).get("routing-mark"))


def test_fake_addresses_are_not_bypassed():
    sample = BY_NAME["mihomo-fake-ip"]
    fake = yaml.safe_load((sample / "mihomo.yaml").read_text(encoding="utf-8"))["dns"]["fake-ip-range"]
    assert fake.startswith("198.18.")
    assert not any(str(network).startswith(("198.", "127.")) for network in ours(sample)["bypass"])


def test_the_kill_switch_is_that_of_the_recipe():
    recipe = config_under(TOP / "docs/recipes.md", "kill switch").parsed
    recipe["rules"][1]["user"] = 1000
    assert ours(BY_NAME["kill-switch"]) == recipe


@pytest.mark.parametrize("name", ["v2ray", "xray"])
def test_v2ray_takes_its_config(name):
    """Xray's is in the part of the format that both have."""
    done = subprocess.run(["v2ray", "-test", "-config", BY_NAME[name] / f"{name}.json"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_window_managers_lines_name_targets(world):
    sample = BY_NAME["sway-and-i3"]
    used = set(re.findall(r"^bindsym \S+ exec cgtproxy exec (\S+) \w+$",
                          (sample / "window-manager.conf").read_text(encoding="utf-8"), re.M))
    slices = {rule["slice"] for rule in ours(sample)["rules"] if "slice" in rule}
    assert {f"cgtproxy-{name}.slice" for name in used} == slices


USER = "/user.slice/user-1000.slice/user@1000.service"
EXEC = USER + "/cgtproxy.slice/cgtproxy-{}.slice/run-1.scope"
FIREFOX = USER + "/app.slice/app-org.mozilla.firefox-4711.scope"
SESSION = "/user.slice/user-1000.slice/session-2.scope"
CHOSEN = {FIREFOX: "mihomo", SESSION: "direct", EXEC.format("mihomo"): "mihomo", "/system.slice/mihomo.service": "direct"}
# Where each sample sends what, by cgroups as systemd, desktops and Docker name theirs.
TARGETS = {
    "mihomo-fake-ip": CHOSEN,
    "vpn-beside-proxy": CHOSEN,
    **{name: {FIREFOX: name, SESSION: "direct", EXEC.format(name): name, f"/system.slice/{name}.service": "direct"}
       for name in ("sing-box", "v2ray", "xray")},
    "docker": {"/system.slice/docker.service": "mihomo", "/system.slice/containerd.service": "mihomo",
               f"/system.slice/docker-{'0123456789abcdef' * 4}.scope": "mihomo", "/system.slice/docker.socket": "direct",
               SESSION: "direct", "/system.slice/mihomo.service": "direct"},
    "whole-user": {FIREFOX: "mihomo", SESSION: "mihomo", EXEC.format("direct"): "direct",
                   "/user.slice/user-1001.slice/session-3.scope": "direct", "/system.slice/mihomo.service": "direct"},
    "kill-switch": {FIREFOX: "mihomo", SESSION: "mihomo", EXEC.format("direct"): "mihomo",
                    "/system.slice/mihomo.service": "direct"},
    "wsl": {EXEC.format("mihomo"): "mihomo", SESSION: "direct", "/init.scope": "direct"},
    "sway-and-i3": {EXEC.format("mihomo"): "mihomo", EXEC.format("drop"): "drop", SESSION: "direct"},
}


@pytest.mark.parametrize("name", BY_NAME)
def test_where_cgroups_go(world, name):
    for cgroup, target in TARGETS[name].items():
        done = world.cgtproxy("-c", BY_NAME[name] / "cgtproxy.yaml", "explain", "--json", cgroup, wrap=as_nobody,
                              program=world.scratch.program())
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["target"] == target, cgroup


def steered_client(world, name):
    """A client in the slice that `cgtproxy exec NAME` makes for a user."""
    manager = world.keep(ManagerTree())
    path = manager.make(f"cgtproxy.slice/cgtproxy-{name}.slice/run-1.scope")
    return world.keep(Client(world.host, manager.directory(path)))


def test_packets_with_v2ray(world):
    """The real program, in a cgroup that no rule is for: over both families, what is steered comes from its sockets."""
    client = steered_client(world, "v2ray")
    log = world.scratch.write("", ".log")
    with open(log, "wb") as out:
        process = subprocess.Popen(
            world.host.command("setpriv", "--pdeathsig", "KILL", shutil.which("v2ray"), "-config",
                               BY_NAME["v2ray"] / "v2ray.json"),
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        world.daemon((BY_NAME["v2ray"] / "cgtproxy.yaml").read_text(encoding="utf-8"))
        wait_until(lambda: all(world.host.listens(protocol, 12345) for protocol in (TCP, UDP)), "v2ray listens")
        for family in (V4, V6):
            for protocol in (TCP, UDP):
                result = client.ask(protocol, family)
                assert result.who == "outside", log.read_text(encoding="utf-8")
                assert result.answer.asked == (OUTSIDE[family], SERVICE_PORT)
                assert result.answer.peer[0] == HOST[family]
                assert not world.wire.saw(result)
    finally:
        process.kill()
        process.wait()


def test_packets_of_fake_ip(world):
    """Questions arrive where mihomo answers them, fake addresses at its TPROXY port, and IPv6 nowhere."""
    client = steered_client(world, "mihomo")
    config = ours(BY_NAME["mihomo-fake-ip"])["tproxies"]["mihomo"]
    world.proxy("mihomo", config["port"])
    world.dns("mihomo", config["dns-hijack"]["port"])
    world.daemon((BY_NAME["mihomo-fake-ip"] / "cgtproxy.yaml").read_text(encoding="utf-8"))
    for protocol in (TCP, UDP):
        assert client.ask(protocol, V4, "9.9.9.9", 53).who == "dns mihomo"
        assert client.ask(protocol, V4, "198.18.0.7").who == "proxy mihomo"
        result = client.ask_in_vain(protocol, V6)
        assert result.answers == []
        assert not world.wire.saw(result)
