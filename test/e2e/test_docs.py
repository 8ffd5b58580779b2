# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes the documentation: each config, and each command that doesn't need systemd (see lab.documents)."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from lab.daemon import as_nobody, binary, environment
from lab.documents import (TOP, blocks, bash, carry_out, documents, first_config, is_chinese, output_matches,
                           write_stand_ins)
from lab.lans import become_router
from lab.relays import Upstream, take_methods
from lab.world import PROXY_PORT

ALL = [block for path in documents() for block in blocks(path)]
CONFIGS = [block for block in ALL if block.language == "yaml"]
V2RAY_CONFIGS = [block for block in ALL if block.language == "json"]
WITH_COMMANDS = sorted({block.path for block in ALL
                        if block.language in ("sh", "console") and not block.words})
IN_SOURCES = [block for block in ALL if "source" in block.words]
ENGLISH_ONLY = ["CONTRIBUTING.md", "NEWS.md", "SECURITY.md", "docs/design.md", "docs/hacking.md"]  # for developers
BEHIND = [block for block in ALL if "behind" in block.words]
IN_CI = [block for block in ALL if "ci" in block.words]


def name(thing):
    """How a test is called."""
    return str(thing).removeprefix(f"{TOP}/")


@pytest.mark.parametrize("block", CONFIGS, ids=name)
def test_configs(world, block):
    """They are valid in every key and yield a ruleset."""
    path = world.scratch.write(block.config)
    for command in (["check", "config"], ["render"]):
        done = world.cgtproxy(*command, "-c", path, wrap=as_nobody, program=world.scratch.program())
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr if command[0] == "check" else done.stderr
        assert f"{path}:" not in said, said  # no warning about a line of it either


def test_bypass_lists_are_complete():
    """Wherever a list is shown, it is that of the example config, so that nobody copies one with a gap."""
    whole = set(yaml.safe_load((TOP / "data/example.yaml").read_text(encoding="utf-8"))["bypass"])
    assert len(whole) == 10
    shown = [block for block in CONFIGS if isinstance(block.parsed, dict) and "bypass" in block.parsed]
    lists = {str(block): block.parsed["bypass"] for block in shown}
    for path in (TOP / "data/samples").glob("*/cgtproxy.yaml"):
        lists[name(path)] = yaml.safe_load(path.read_text(encoding="utf-8")).get("bypass", whole)
    assert len(shown) > 12 and len(lists) > len(shown)
    assert {where: set(networks) ^ whole for where, networks in lists.items() if set(networks) != whole} == {}


@pytest.mark.parametrize("block", V2RAY_CONFIGS, ids=name)
def test_configs_of_v2ray(world, block):
    path = world.scratch.write(block.text, ".json")
    done = subprocess.run(["v2ray", "-test", "-config", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def be_like_ssh(connection):
    """A SOCKS5 proxy, as far as `check` asks for more."""
    take_methods(connection)
    connection.sendall(b"\5\0")
    connection.recv(100)


# Pages and their translations write to the same file in /tmp, so no two may run at a time.
@pytest.mark.xdist_group("commands of documents")
@pytest.mark.parametrize("path", WITH_COMMANDS, ids=name)
def test_commands(world, path, chinese):
    """One after the other, as root, while the daemon runs under the config that was shown last."""
    directory = world.scratch.path(".bin")
    directory.mkdir()
    write_stand_ins(directory)
    (directory / "cgtproxy").symlink_to(binary())
    language = chinese if is_chinese(path) else {}
    daemon = None

    def configure(config):
        nonlocal daemon
        if daemon is not None:
            assert daemon.stop() == 0
        (directory / "config.yaml").write_text(config, encoding="utf-8")
        daemon = world.launch(binary(), CONFIGURATION_DIRECTORY=str(directory)).wait_ready()

    def run(command):
        more = environment(CONFIGURATION_DIRECTORY=str(directory), PATH=f"{directory}:{os.environ['PATH']}",
                           **language)
        return subprocess.run(world.host.command("bash", "-c", command), stdin=subprocess.DEVNULL, env=more,
                              capture_output=True, text=True, check=False, timeout=120)

    become_router(world)  # as the pages about that say
    world.proxy("mihomo", PROXY_PORT)
    Upstream(world, be_like_ssh)
    configure(first_config())
    for block in blocks(path):
        if block.is_config:
            configure(block.text)
        elif block.language in ("sh", "console") and not block.words:
            carry_out(block, run)


@pytest.mark.parametrize("block", BEHIND, ids=name)
def test_commands_about_what_is_behind_the_host(world, block, chinese):
    """A device at 192.168.50.7 and another one, and a container of Docker's at 172.17.0.2."""
    scratch = world.scratch.path(".bin")
    scratch.mkdir()
    write_stand_ins(scratch)
    (scratch / "cgtproxy").symlink_to(binary())
    lan, docker = (world.lan(bridge, bridge=True) for bridge in ("br0", "docker0"))
    world.host.ip("addr add 192.168.50.1/24 dev br0", "addr add 172.17.0.1/16 dev docker0")
    direct, other = lan.device(), lan.device()
    direct.add_address("192.168.50.7")
    container = docker.device(f"proxied.slice/docker-{'0123456789ab' * 5}0123.scope")
    container.add_address("172.17.0.2")
    world.proxy("mihomo", PROXY_PORT)
    world.dns("local", 1053)
    config = [one for one in blocks(block.path) if one.is_config and one.line < block.line][-1]
    (scratch / "config.yaml").write_text(config.text, encoding="utf-8")
    world.launch(binary(), CONFIGURATION_DIRECTORY=str(scratch)).wait_ready()
    (container if "containers" in config.parsed else other).await_answer_by("proxy mihomo")
    world.host.sysctl("ipv4/ip_forward", int("containers" in config.parsed))
    more = environment(CONFIGURATION_DIRECTORY=str(scratch), PATH=f"{scratch}:{os.environ['PATH']}",
                       **(chinese if is_chinese(block.path) else {}))
    carry_out(block, lambda command: subprocess.run(
        world.host.command("bash", "-c", command), stdin=subprocess.DEVNULL, env=more, capture_output=True, text=True, check=False))


def test_what_is_done_in_the_sources(world):
    """In a copy of them. apt updates nothing and only simulates, and installations go elsewhere."""
    copy = world.scratch.path(".source")
    shutil.copytree(TOP, copy, ignore=shutil.ignore_patterns("build", "build-*", ".git"))
    programs, destination = world.scratch.path(".bin"), world.scratch.path(".installed")
    programs.mkdir()
    write_stand_ins(programs, apt='[ "$*" = update ] || exec apt-get --simulate "$@"')
    more = environment(PATH=f"{programs}:{os.environ['PATH']}", DESTDIR=str(destination), HOME=str(copy))
    assert IN_SOURCES
    for block in IN_SOURCES:
        carry_out(block, lambda command: bash(command, cwd=copy, env=more))
    assert list(destination.rglob("bin/cgtproxy"))


def test_the_build_dependencies_are_the_ones_that_are_named():
    """With what the manuals need, and after an update, since a new machine's package lists may be old or missing."""
    tool = (TOP / "tools/install-dependencies").read_text(encoding="utf-8")
    wanted = set(re.search(r"build\) echo (.*?);;", tool, re.S)[1].replace("\\\n", " ").split())
    installing = [[command for command, _ in block.steps] for block in IN_SOURCES if "apt install" in block.text]
    assert installing
    for update, install in installing:
        assert update == "sudo apt update"
        assert set(install.split()[3:]) - {"make", "scdoc"} == wanted - {"ninja-build"}
        assert "scdoc" in install.split()


def test_what_ci_does():
    done = (TOP / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert IN_CI
    for block in IN_CI:
        assert {command for command, _ in block.steps} <= set(done)


@pytest.mark.parametrize("path", documents(), ids=name)
def test_commands_in_sentences(path):
    """Every command of cgtproxy named there must exist."""
    text = path.read_text(encoding="utf-8")
    said = subprocess.run([binary(), "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^  (\w+)", said.partition("Commands:\n")[2].partition("Options:")[0], re.M))
    used = re.findall(r"`cgtproxy (?:\[?-c \S+ )?(\w+)", text) + re.findall(r"\*cgtproxy (\w+)", text)
    assert set(used) <= known


@pytest.mark.parametrize("path", [path for path in documents() if not is_chinese(path)], ids=name)
def test_both_languages_show_the_same(path):
    """The same blocks, except for comments and prose in them, and for the words that commands print."""
    other = path.with_suffix(f".zh_CN{path.suffix}") if path.suffix == ".md" else path.parent / "zh_CN" / path.name
    if name(path) in ENGLISH_ONLY:
        assert not other.exists()
        return

    def shown(block):
        if block.language == "console":
            return [(command, len(output.splitlines())) for command, output in block.steps]
        text = re.sub(r"[ \t]*#.*", "", block.text)
        return block.language, block.words, text if block.language != "text" else ""
    assert [shown(block) for block in blocks(path)] == [shown(block) for block in blocks(other)]


def anchors(path):
    """The names that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", [path for path in documents() if path.suffix == ".md"], ids=name)
def test_links(path):
    """Those to files and headings of this repository."""
    for target in re.findall(r"\]\((?!https?:)([^)]*)\)", path.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("wanted, got, matches", [
    ("a\n", "a\n", True), ("a\n", "b\n", False), ("a\n", "a\nb\n", False), ("a\n...\n", "a\nb\nc\n", True),
    ("...\nc\n", "a\nb\nc\n", True), ("a … c\n", "a b c\n", True), ("a … c\n", "a b\nc\n", False), ("", "a\n", False),
])
def test_the_comparison_itself(wanted, got, matches):
    assert output_matches(wanted, got) == matches
