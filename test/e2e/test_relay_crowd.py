# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand connections that wait: what each costs, and that they all still work."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from lab.checks import ONE_PROXY
from lab.relays import UPSTREAM_PORT, Sockets, receive, relay
from lab.waiting import wait_until

CROWD = 10_000
# A process of its own, since the limit of open files may be too low for both ends in one. It makes so many connections
# wait, says so, and when it is told to answers each with a word.
_UPSTREAM = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from lab.relays import accept_socks5, receive
count = int(sys.argv[2])
with socket.create_server(("127.0.0.1", int(sys.argv[3])), backlog=4096) as listener:
    print("listening", flush=True)
    connections = []
    for _ in range(count):
        connections.append(listener.accept()[0])
        accept_socks5(connections[-1])
print("crowded", flush=True)
sys.stdin.readline()
numbers = set()
for connection in connections:
    numbers.add(receive(connection, 4))
    connection.sendall(b"answer")
    connection.close()
print(len(numbers), flush=True)
"""


def rss(pid):
    """In bytes."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))[1]) * 1024


def descriptors(pid):
    """How many are open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.fixture(name="crowd")
def _crowd():
    """How many connections the limit of open files allows here: the relay has two descriptors for each, and keeps some."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield min(CROWD, (before[1] - 2 * 1024) // 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_crowd(world, crowd):
    """Three descriptors and 1 KiB each, at most; then each transfers something, and all of it is given back."""
    sockets = Sockets(world)
    world.daemon(ONE_PROXY)
    argv = [sys.executable, "-c", _UPSTREAM, str(Path(__file__).parents[1]), str(crowd), str(UPSTREAM_PORT)]
    with subprocess.Popen(world.host.command(*argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as upstream:
        assert upstream.stdout.readline() == "listening\n"
        daemon = relay(world, f"socks5://127.0.0.1:{UPSTREAM_PORT}", "--max-udp-clients", 1)
        before = rss(daemon.pid), descriptors(daemon.pid)
        clients = [sockets.connect() for _ in range(crowd)]
        assert upstream.stdout.readline() == "crowded\n"
        each = (rss(daemon.pid) - before[0]) / crowd, (descriptors(daemon.pid) - before[1]) / crowd
        print(f"{crowd} connections that wait: {each[0]:.0f} bytes and {each[1]:.2f} descriptors each")
        assert each[0] <= 1024 and each[1] <= 3
        for number, client in enumerate(clients):
            client.sendall(number.to_bytes(4, "big"))
        upstream.stdin.write("answer\n")
        upstream.stdin.flush()
        assert int(upstream.stdout.readline()) == crowd
        for client in clients:
            assert receive(client, 6) == b"answer" and client.recv(1) == b""
            client.close()
    wait_until(lambda: descriptors(daemon.pid) <= before[1] + 64, lambda: f"{descriptors(daemon.pid)} descriptors")
    assert "warning" not in daemon.log
