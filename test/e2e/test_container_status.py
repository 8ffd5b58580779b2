# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`status` and `explain` know the containers that have a network of their own."""

import json
import os
import re

import pytest
from lab.addresses import OUTSIDE, TCP, UDP, V4, V6
from lab.checks import OURS
from lab.client import Client
from lab.waiting import wait_until

# Cgroups of one name are one application, also those of tests that run beside.
ID = f"{os.getpid():012x}" + 52 * "c"
OTHER_ID = f"{os.getpid():011x}f" + 52 * "d"
CONFIG = rf"""
version: 1
containers: true
tproxies:
  mihomo: {{mark: 3000, port: 7893, dns-hijack: {{port: 1053}}}}
rules:
  - {{match: '{OURS}(libpod-[0-9a-f]+\.scope|proxied)(/|$)', tproxy: mihomo}}
"""
SCOPE = f"libpod-{ID}.scope"
PODMAN = f"{SCOPE}/container"  # as crun has it
DOCKER = f"docker-{OTHER_ID}.scope"


def say(world, *arguments, code=0):
    """What a command says as JSON."""
    done = world.cgtproxy(*arguments, "--json")
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


@pytest.fixture(name="home")
def two_containers(world):
    """One on a bridge, and one without, that no rule is for."""
    world.proxy("mihomo")
    world.dns("local", 1053)
    podman = world.lan("podman0", bridge=True).device(PODMAN)
    docker = world.lan("veth1").device(DOCKER)
    world.config_path = world.scratch.write(CONFIG)
    world.daemon(CONFIG)
    podman.await_answer_by("proxy mihomo")
    wait_until(lambda: '"veth1"' in world.host.run("nft", "list", "map", "inet", "cgtproxy", "container-interface"),
               "the other one is known as well")
    return world, podman, docker


def test_status(home):
    world, podman, docker = home
    path = world.cgroups.path(PODMAN)
    other = world.cgroups.path(DOCKER)
    containers = {container["name"]: container for container in say(world, "status")["containers"]}
    assert containers == {
        f"podman {ID[:12]}": {"name": f"podman {ID[:12]}", "target": "mihomo", "partly": False, "interfaces": ["podman0"],
                                "addresses": [podman.address[V4], podman.address[V6]], "cgroups": [path]},
        f"docker {OTHER_ID[:12]}": {"name": f"docker {OTHER_ID[:12]}", "target": None, "partly": False, "interfaces": ["veth1"],
                                "addresses": [docker.address[V4], docker.address[V6]], "cgroups": [other]},
    }
    text = world.cgtproxy("status").stdout
    assert re.search(r"^CONTAINER +TARGET +ADDRESSES +INTERFACE +CGROUP$", text, re.M)
    assert re.search(rf"^podman {ID[:12]} +mihomo +{podman.address[V4]}, {podman.address[V6]} +podman0 +{re.escape(path)}$",
                     text, re.M)
    assert re.search(rf"^docker {OTHER_ID[:12]} +- +{docker.address[V4]}", text, re.M)
    metrics = world.cgtproxy("status", "--openmetrics").stdout
    assert 'cgtproxy_containers{target="mihomo"} 1\n' in metrics and 'cgtproxy_containers{target=""} 1\n' in metrics


def test_without_containers(world):
    """Then nothing is said of any."""
    world.lan("podman0", bridge=True).device(PODMAN)
    world.proxy("mihomo")
    world.dns("local", 1053)
    world.daemon(CONFIG.replace("containers: true", ""))
    assert say(world, "status")["containers"] is None
    assert "CONTAINER" not in world.cgtproxy("status").stdout
    assert "cgtproxy_containers" not in world.cgtproxy("status", "--openmetrics").stdout


def test_explain_a_cgroup(home):
    """Whatever is between it and the container's own."""
    world, podman, docker = home
    for cgroup in (PODMAN, SCOPE):
        said = say(world, "-c", world.config_path, "explain", world.cgroups.path(cgroup))
        assert [(container["name"], container["target"]) for container in said["containers"]] == [(f"podman {ID[:12]}", "mihomo")]
        assert said["advice"] is None or "network namespace" not in said["advice"]
    text = world.cgtproxy("-c", world.config_path, "explain", world.cgroups.path(PODMAN)).stdout
    assert re.search(rf"^network +podman {ID[:12]}: mihomo\n +{podman.address[V4]}\n +{podman.address[V6]}$", text, re.M)
    text = world.cgtproxy("-c", world.config_path, "explain", "--pid", str(docker.pid)).stdout
    assert re.search(rf"^network +docker {OTHER_ID[:12]}: left to the rules of the gateway$", text, re.M)


def test_explain_an_address(home):
    world, podman, docker = home
    for family in (V4, V6):
        said = say(world, "-c", world.config_path, "explain", podman.address[family], "--to", OUTSIDE[family])
        assert said["target"] == "mihomo" and said["rule"] is None
        assert said["container"]["name"] == f"podman {ID[:12]}"
        outcome = {(line["protocol"], line["port"]): line["outcome"] for line in said["traffic"]}
        assert outcome[TCP, None] == outcome[UDP, None] == "proxy"
        assert outcome.get((UDP, 53)) == ("dns-hijack" if family == V4 else None)
        said = say(world, "-c", world.config_path, "explain", podman.address[family], "--to", docker.address[family])
        assert {(line["outcome"], line["reason"]) for line in said["traffic"]} == {("direct", "container")}
        said = say(world, "-c", world.config_path, "explain", docker.address[family])
        assert said["target"] == "direct" and said["container"]["target"] is None
    text = world.cgtproxy("-c", world.config_path, "explain", podman.address[V4], "--to", docker.address[V4]).stdout
    assert re.search("^target +mihomo, as the cgroup of the container that it is$", text, re.M)
    assert ", since the address is another container's" in text
    assert world.cgroups.path(PODMAN) in text


def test_apps(home):
    """Containers are listed though they have no socket in the host's network."""
    world, podman, docker = home
    listed = {app["name"]: app for app in say(world, "-c", world.config_path, "apps")["apps"]}
    assert listed[f"podman {ID[:12]}"]["container"]["addresses"] == [podman.address[V4], podman.address[V6]]
    assert [route["target"] for route in listed[f"podman {ID[:12]}"]["targets"]] == ["mihomo"]
    assert listed[f"docker {OTHER_ID[:12]}"]["container"]["target"] is None
    text = world.cgtproxy("-c", world.config_path, "apps").stdout
    assert re.search(rf"^podman {ID[:12]} \({re.escape(podman.address[V4])}\) +mihomo ", text, re.M)
    assert say(world, "-c", world.config_path, "explain", ID[:12])["id"] == f"libpod-{ID}.scope"


def test_programs_with_different_targets(world):
    """The strictest counts, and a person is told."""
    world.proxy("mihomo")
    device = world.lan("veth1").device(PODMAN)
    other = world.keep(Client(device.namespace, world.cgroups.directory(world.cgroups.make("direct"))))
    daemon = world.daemon(CONFIG)
    device.await_answer_by("proxy mihomo")
    assert other.ask(TCP, V4).who == "proxy mihomo"
    wait_until(lambda: "has programs with different targets" in daemon.log, "the log says so")
    found = say(world, "-c", world.scratch.write(CONFIG), "check", "system")["findings"]
    [text] = [finding["text"] for finding in found if finding["subject"] == "containers"]
    assert f"podman {ID[:12]}" in text and world.cgroups.path("direct") in text and "mihomo and direct" in text


def test_a_process_elsewhere_without_containers(world):
    """Whoever wonders is told of the key."""
    device = world.lan("veth1").device("proxied")
    config = CONFIG.replace("containers: true", "")
    world.daemon(config)
    advice = world.cgtproxy("-c", world.scratch.write(config), "explain", "--pid", str(device.pid)).stdout
    assert '"containers: true"' in advice
