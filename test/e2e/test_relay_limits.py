# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the relay does when there is no more: connections, descriptors, pipes; and that it gives back what it took."""

import os
import re
from pathlib import Path

import pytest
from lab.addresses import SERVICE_PORT
from lab.checks import ONE_PROXY
from lab.relays import UPSTREAM_PORT, Sockets, Upstream, accept_socks5, is_refused, receive, relay, reset
from lab.waiting import wait_until

SOCKS5 = f"socks5://127.0.0.1:{UPSTREAM_PORT}"


@pytest.fixture(name="sockets")
def _sockets(world):
    """Sockets of a cgroup that the daemon sends to the relay."""
    made = Sockets(world)
    world.daemon(ONE_PROXY)
    return made


def limited(limit):
    """Runs the relay with so many files."""
    return lambda argv: ["prlimit", f"--nofile={limit}:{limit}", *argv]


@pytest.mark.parametrize("how", ["files", "--max-connections"])
def test_too_many_connections(world, sockets, how):
    """No more are accepted, the log says so once, and those that wait are served when others have ended."""
    upstream = Upstream(world, lambda c: (accept_socks5(c), upstream.keep(c)))
    options = {"wrap": limited(100)} if how == "files" else {}
    daemon = relay(world, SOCKS5, *(["--max-connections", "15"] if how != "files" else []), **options)
    clients = [sockets.connect() for _ in range(40)]
    for number, client in enumerate(clients):
        client.sendall(bytes([number]))
    daemon.wait_log("others wait until one has ended")
    wait_until(lambda: upstream.kept() == 15, lambda: f"15 connections; there are {upstream.kept()}")
    assert ("ulimit -n" in daemon.log) == (how == "files")
    for ended in range(40):
        assert upstream.connections <= 15 + ended
        server = upstream.take()
        client = clients[server.recv(1)[0]]
        server.close()
        assert client.recv(1) == b""
        client.close()
    assert upstream.connections == 40
    assert daemon.log.count("others wait until one has ended") == 1


def test_too_many_connections_of_one_client(world, sockets):
    """Those of its address are refused; another address has its own number."""
    world.host.ip("addr add 192.0.2.77/24 dev cable")
    upstream = Upstream(world, lambda c: (accept_socks5(c), upstream.keep(c)))
    daemon = relay(world, SOCKS5, "--max-connections-per-client", "3")
    clients = [sockets.connect() for _ in range(3)]
    wait_until(lambda: upstream.kept() == 3, "three connections")
    assert is_refused(sockets.connect)
    daemon.wait_log("its client has as many connections as one may have")
    other = sockets.make()
    other.bind(("192.0.2.77", 0))
    other.connect(("203.0.113.10", SERVICE_PORT))
    wait_until(lambda: upstream.kept() == 4, "one of the other address")
    reset(clients[0])

    def is_served():
        try:
            sockets.connect()
        except ConnectionResetError:
            pass
        return upstream.connections == 5

    wait_until(is_served, "a new one of the first address")


@pytest.mark.parametrize("limit", [100, 1024])
def test_more_stalled_streams_than_pipes(world, sockets, limit):
    """Clients that don't read keep pipes full; the streams of others go on without one."""
    count = 12 if limit == 100 else 100
    upstream = Upstream(world, lambda c: (accept_socks5(c), upstream.keep(c)))
    daemon = relay(world, SOCKS5, wrap=limited(limit))
    stalled = []
    for _ in range(count):
        client = sockets.connect()
        server = upstream.take()
        server.setblocking(False)
        try:
            while True:
                server.send(bytes(1 << 20))
        except BlockingIOError:
            stalled.append((client, server))
    assert len(os.listdir(f"/proc/{daemon.pid}/fd")) <= limit
    client, server = sockets.connect(), upstream.take()
    data = os.urandom(4 << 20)
    pid = os.fork()
    if pid == 0:
        server.sendall(data)
        os._exit(0)
    assert receive(client, len(data)) == data
    os.waitpid(pid, 0)
    for client, server in stalled[::7]:  # and these go on where they stopped
        assert receive(client, 1 << 20) == bytes(1 << 20)


def test_nothing_is_left_behind(world, sockets):
    """Neither descriptors nor memory, after 3,000 connections with all kinds of ends."""
    upstream = Upstream(world, lambda c: (accept_socks5(c), c.recv(100), c.sendall(b"answer")))
    daemon = relay(world, SOCKS5)

    def descriptors():
        return len(os.listdir(f"/proc/{daemon.pid}/fd"))

    def memory():
        status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1])

    def connect(count):
        for number in range(count):
            with sockets.connect() as client:
                if number % 3 == 0:
                    client.sendall(b"question")
                    assert receive(client, 6) == b"answer"
                elif number % 3 == 1:
                    reset(client)  # and the others end before they have sent anything

    before = descriptors()
    connect(1000)
    known = memory()
    connect(2000)
    wait_until(lambda: descriptors() <= before + 2, lambda: f"{before} descriptors; there are {descriptors()}")
    assert daemon.has_sanitizer or memory() <= known + 256  # KiB; a sanitizer keeps what was freed for a while
    assert upstream.connections > 2000
