# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that runs in the root cgroup, which has no level that could be looked up: its packets have no cgroup."""

import select
import subprocess
import sys
from contextlib import contextmanager

import pytest
from lab.addresses import HOST, OUTSIDE, V4, V6
from lab.checks import ONE_PROXY
from lab.waiting import PATIENCE

# In the cgroup of the first argument, bound to an address and port, whoever owns them: sends each line that it reads,
# and writes each datagram that it gets.
_TALKER = """
import selectors, socket, sys
cgroup, address, port, peer, peer_port = sys.argv[1:]
with open(cgroup + "/cgroup.procs", "w") as procs:
    procs.write("0")
v6 = ":" in address
talker = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
talker.setsockopt(*((socket.IPPROTO_IPV6, 75) if v6 else (socket.SOL_IP, 19)), 1)  # transparent
talker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
talker.bind((address, int(port)))
print("bound", flush=True)
waiting = selectors.DefaultSelector()
waiting.register(talker, selectors.EVENT_READ)
waiting.register(sys.stdin, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        if key.fileobj is talker:
            print(talker.recv(4096).decode().strip(), flush=True)
        else:
            line = sys.stdin.readline() or sys.exit()
            talker.sendto(line.encode(), (peer, int(peer_port)))
"""
_PORTS = "5353", "5354"


@contextmanager
def _talker(world, directory, *arguments):
    argv = world.host.command(sys.executable, "-I", "-S", "-c", _TALKER, str(directory), *arguments)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            assert _next_line(process) == "bound"
            yield process
        finally:
            process.kill()


def _next_line(process):
    assert select.select([process.stdout], [], [], PATIENCE)[0], "a talker says nothing"
    return process.stdout.readline().decode().strip()


def _say(process, line):
    process.stdin.write(f"{line}\n".encode())


@pytest.mark.parametrize("family", [V4, V6])
def test_a_proxy_goes_on_to_speak_for_others(world, family):
    """It speaks first for one outside; the answer is proxied, and what it says then is not sent back to it."""
    proxy = world.proxy("mihomo")
    world.daemon(ONE_PROXY)
    world.client("proxied").await_answer_by("proxy mihomo")
    host, outside = HOST[family], OUTSIDE[family]
    directory = world.cgroups.directory(world.cgroups.path("proxied"))
    with _talker(world, world.cgroups.mount, outside, _PORTS[0], host, _PORTS[1]) as speaker, \
            _talker(world, directory, host, _PORTS[1], outside, _PORTS[0]) as client:
        _say(speaker, "first")
        assert _next_line(client) == "first"
        before = len(proxy.requests)
        _say(client, "answer")
        assert "mihomo" in _next_line(client)
        assert len(proxy.requests) > before
        _say(speaker, "second")
        assert _next_line(client) == "second"
