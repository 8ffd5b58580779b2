# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cgtproxy explain`: sockets that belong to another cgroup than the process, and the process itself."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from lab.addresses import OUTSIDE, SERVICE_PORT, TCP, UDP, V4, V6
from lab.daemon import as_nobody, binary

CONFIG = """\
version: 1
tproxies:
  mihomo: {mark: 3000, port: 7893}
rules:
  - {match: /proxied$, tproxy: mihomo}
  - {match: /dropped$, drop: true}
"""


@pytest.fixture(name="config")
def daemon_and_config(world):
    """The path of the config in force."""
    world.proxy("mihomo")
    path = world.scratch.write(CONFIG)
    world.launch(binary(), "-c", path).wait_ready()
    return path


def explain(world, config, *arguments, **options):
    """The JSON, and the text's lines."""
    done = world.cgtproxy("-c", config, "explain", *arguments, "--json", **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), world.cgtproxy("-c", config, "explain", *arguments, **options).stdout


def move(world, pid, cgroup):
    """Move a process to another cgroup; its sockets stay behind."""
    world.cgroups.make(cgroup)
    world.cgroups.directory(world.cgroups.path(cgroup)).joinpath("cgroup.procs").write_text(str(pid), encoding="ascii")


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_a_moved_process(world, config, protocol, family):
    """Its socket still goes where its first cgroup's go, as real packets show."""
    client = world.new_client(os.path.basename(world.cgroups.make("proxied")))
    options = {"connect": True} if protocol == UDP else {}
    first = client.ask(protocol, family, hold=True, **options)
    assert first.who == "proxy mihomo"
    move(world, client.pid, "elsewhere")
    said, text = explain(world, config, "--pid", client.pid)
    assert (said["path"], said["target"]) == (world.cgroups.path("elsewhere"), "direct")
    assert len(said["sockets"]) == 1
    socket = said["sockets"][0]
    assert socket.pop("local") and socket.pop("local_port") == first.port
    assert socket == {"protocol": protocol, "listening": False, "remote": OUTSIDE[family], "remote_port": SERVICE_PORT,
                      "cgroup": world.cgroups.path("proxied"), "target": "mihomo"}
    assert "Restart the program" in said["advice"] and said["advice"] in text
    assert f"mihomo, {world.cgroups.path('proxied')}\n" in text
    if protocol == TCP:
        assert client.ask(protocol, family, resume=True).who == "proxy mihomo"
    assert client.ask(protocol, family).who == "outside"
    said, _ = explain(world, config, "--pid", client.pid)
    assert len(said["sockets"]) == (0 if protocol == TCP else 1)  # the agent closed the one that it resumed


INHERITING = """
import os, socket, sys
enter = lambda directory: open(directory + "/cgroup.procs", "w").write("0")
enter(sys.argv[1])
listening = socket.create_server(("127.0.0.1", 0))
bound = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
bound.bind(("::1", 0))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
local, remote = socket.socketpair()
for one in (listening, bound, raw):
    one.set_inheritable(True)
if os.fork() == 0:
    enter(sys.argv[2])
    os.execv(sys.executable, [sys.executable, "-c", "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"])
os.wait()
"""


def start(world, first, second):
    """A program in the first cgroup, whose child was moved to the second; it, and the child's id."""
    directories = [world.cgroups.directory(world.cgroups.make(cgroup)) for cgroup in (first, second)]
    argv = world.host.command(sys.executable, "-c", INHERITING, *map(str, directories))
    program = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return program, int(program.stdout.readline())


def test_inherited_sockets(world, config):
    """By fork and exec, to a child in another cgroup."""
    program, pid = start(world, "dropped", "proxied")
    with program:
        said, text = explain(world, config, "--pid", pid)
        sockets = {one["protocol"]: one for one in said["sockets"]}
        assert {"tcp", "udp"} <= set(sockets) <= {"tcp", "udp", "raw"}
        assert all((one["cgroup"], one["target"]) == (world.cgroups.path("dropped"), "drop") for one in sockets.values())
        assert sockets["tcp"]["listening"] and sockets["tcp"]["local"] == "127.0.0.1"
        assert not sockets["udp"]["listening"] and sockets["udp"]["local"] == "::1" and sockets["udp"]["remote"] is None
        assert ", listening: drop, " in text
        parent, _ = explain(world, config, "--pid", program.pid)
        assert parent["sockets"] == []
        program.stdin.close()


def test_sockets_of_a_socket_unit(world, config):
    """As systemd passes them; the command as printed sends them where the program goes."""
    unit = f"passed{os.getpid()}.socket"
    program, pid = start(world, unit, "proxied")
    with program:
        said, _ = explain(world, config, "--pid", pid)
        assert {(one["cgroup"], one["target"]) for one in said["sockets"]} == {(world.cgroups.path(unit), "direct")}
        command = re.search(r"socket activation\).*: sudo (cgtproxy .*)$", said["advice"]).group(1)
        assert command.endswith(f" route unit:{unit} mihomo")
        done = world.cgtproxy(*shlex.split(command)[1:])
        assert done.returncode == 0, done.stderr
        said, _ = explain(world, config, "--pid", pid)
        assert {one["target"] for one in said["sockets"]} == {"mihomo"}
        program.stdin.close()


def test_sockets_of_a_cgroup_with_the_same_target(world, config):
    """They are listed, but nothing is to be done about them."""
    program, pid = start(world, "one", "other")
    with program:
        said, _ = explain(world, config, "--pid", pid)
        assert {one["target"] for one in said["sockets"]} == {"direct"}
        assert "Restart" not in said["advice"]
        program.stdin.close()


def test_a_removed_cgroup(world, config):
    """The kernel keeps its verdict as long as there are sockets."""
    client = world.new_client(os.path.basename(world.cgroups.make("proxied")))
    assert client.ask(TCP, V4, hold=True).who == "proxy mihomo"
    move(world, client.pid, "elsewhere")
    world.cgroups.directory(world.cgroups.path("proxied")).rmdir()
    said, text = explain(world, config, "--pid", client.pid)
    assert [(one["cgroup"], one["target"]) for one in said["sockets"]] == [(None, "mihomo")]
    assert "mihomo, a removed cgroup\n" in text


def test_a_cgroup_and_its_processes(world, config):
    """The path of a cgroup finds the sockets as well."""
    program, pid = start(world, "dropped", "proxied")
    with program:
        said, _ = explain(world, config, world.cgroups.path("proxied"))
        assert [one["pid"] for one in said["processes"]] == [pid]
        assert {one["cgroup"] for one in said["sockets"]} == {world.cgroups.path("dropped")}
        program.stdin.close()


def test_which_process_it_is(world, config):
    client = world.client("proxied")
    said, text = explain(world, config, "--pid", client.pid)
    process = said["processes"][0]
    assert (process["pid"], process["user"], process["cgroup"], process["own_network"]) == (
        client.pid, "root", world.cgroups.path("proxied"), False)
    assert process["command"].startswith(sys.executable)
    assert f"process {client.pid} ({process['name']}), user root: {sys.executable}" in text


def test_a_process_with_a_network_of_its_own(world, config):
    directory = world.cgroups.directory(world.cgroups.make("proxied"))
    argv = ["sh", "-c", 'echo 0 >"$1/cgroup.procs" && exec unshare --net -- sh -c "echo; read -r _"', "sh", str(directory)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        said, text = explain(world, config, "--pid", process.pid)
        assert said["processes"][0]["own_network"]
        assert "in another network namespace" in text
        assert "network namespace" in said["advice"]
        process.stdin.close()


def test_hostile_processes(world, config):
    """No command line or name controls a terminal, and JSON stays valid."""
    directory = world.cgroups.directory(world.cgroups.make("proxied"))
    program = (f'open("{directory}/cgroup.procs", "w").write("0"); '
               'open("/proc/self/comm", "wb").write(b"a\\x1b[31m)\\xe2\\x80\\xae"); print(flush=True); input()')
    argv = world.host.command(sys.executable, "-c", program, "\x1b]0;title\a", os.fsdecode(b"\xff\xfe"), "x" * 100000)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        said, text = explain(world, config, "--pid", process.pid)
        assert "\x1b" not in text and "\u202e" not in text and "\udcff" not in text
        assert len(said["processes"][0]["command"]) < 2000
        process.stdin.close()


def test_without_privileges(world, config):
    """What it may not see, it says."""
    client = world.client("proxied")
    as_user = {"wrap": as_nobody, "program": world.scratch.program()}
    said, text = explain(world, config, "--pid", client.pid, **as_user)
    assert said["sockets"] == []
    assert "The sockets of 1 process are not known: reading them needs root." in text
