# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each call of the relay can fail, at each call site: one connection may end for it, and never the relay.

Before it is ready it may end, and says why. A life without faults lists the calls (see fault.c).
"""

import collections
import functools
import os
import select
import socket

import pytest
from lab.addresses import OUTSIDE, SERVICE_PORT, UDP, V4
from lab.checks import ONE_PROXY
from lab.daemon import binary
from lab.relay_datagrams import UDP_ASSOCIATE, header
from lab.relays import (SOCKS5_DONE, UPSTREAM_PORT, Sockets, Upstream, receive, reset, start_relay, take_methods,
                        was_reset)
from lab.waiting import wait_until
from lab.world import World
from test_fault import is_sanitized

# "EAGAIN" would be a lie about an event that has come to pass, after which the kernel reports no other.
FAULTS = {
    "socket": ["EMFILE", "ENOBUFS"],
    "bind": ["ENOMEM"],
    "connect": ["ENETUNREACH", "ENOBUFS"],
    "accept4": ["EMFILE", "ECONNABORTED", "ENOMEM"],
    "getsockname": ["ENOBUFS"],
    "getsockopt": ["ENOBUFS"],
    "setsockopt": ["ENOMEM"],
    "send": ["ECONNRESET", "EPIPE", "ENOMEM"],
    "recv": ["ECONNRESET", "ENOMEM"],
    "splice": ["EPIPE", "ENOMEM", "EINTR"],
    "pipe2": ["EMFILE"],
    "shutdown": ["ENOTCONN"],
    "sendto": ["ENOBUFS", "EINTR"],
    "recvmsg": ["ENOBUFS", "EINTR"],
    "sendmsg": ["ENOBUFS", "EPERM"],
    "recvfrom": ["ECONNREFUSED", "ENOMEM"],
    "epoll_create1": ["EMFILE"],
    "epoll_ctl": ["ENOSPC", "ENOMEM"],
    "epoll_wait": ["EINTR"],
    "signalfd": ["EMFILE"],
    "timerfd_create": ["EMFILE"],
    "calloc": ["ENOMEM"],
    "malloc": ["ENOMEM"],
}
# What is not ours to answer for: libsystemd's event loop ends when it can't arm its timer.
NOT_TRIED = {"timerfd_settime", "open", "openat", "read", "fopen", "realloc", "reallocarray", "fstat", "readdir"}
MUCH = bytes(range(256)) * 4096

pytestmark = pytest.mark.xdist_group("relay faults")


def module(name):
    """The library that makes calls fail."""
    return binary().parent / "test" / "fault" / f"{name}.so"


def echo(world, connection):
    """Send all datagrams back, for as long as the connection is open."""
    with world.host.call(socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        connection.sendall(b"\5\0" + header(datagrams.getsockname())[2:])
        while datagrams in select.select([datagrams, connection], [], [])[0]:
            datagrams.sendto(*datagrams.recvfrom(65536))


def serve(world, connection):
    """The destination: the first byte says what it is to do."""
    take_methods(connection)
    connection.sendall(b"\5\0")
    command = receive(connection, 10)[1]
    if command == UDP_ASSOCIATE:
        echo(world, connection)
        return
    connection.sendall(SOCKS5_DONE)
    order = receive(connection, 1)
    if order == b"q":
        connection.sendall(b"answer")
        assert connection.recv(1) == b""
    elif order == b"b":
        assert receive(connection, len(MUCH)) == MUCH
        connection.sendall(MUCH)
    elif order == b"r":
        reset(connection)
    else:
        assert was_reset(connection)


def question(client):
    """A question, its answer, and the end."""
    client.sendall(b"q")
    assert receive(client, 6) == b"answer"
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""


def much(client):
    """Much data in each direction."""
    client.sendall(b"b" + MUCH)
    client.shutdown(socket.SHUT_WR)
    assert receive(client, len(MUCH)) == MUCH
    assert client.recv(1) == b""


def is_reset(client):
    """By the destination."""
    client.sendall(b"r")
    assert was_reset(client)


def resets(client):
    """The client itself does."""
    client.sendall(b"x")
    reset(client)


def datagram(client):
    """A question by UDP, which may be lost on its way: one of them is answered, and none wrongly."""
    asked = []

    def is_answered():
        asked.append(b"question %d" % len(asked))
        try:
            client.sendto(asked[-1], (OUTSIDE[V4], SERVICE_PORT))
        except ConnectionRefusedError:  # nobody listens, before the relay is back
            pass
        return select.select([client], [], [], 0.2)[0]

    wait_until(is_answered, "a datagram is answered")
    answer, source = client.recvfrom(65536)
    assert answer in asked and source == (OUTSIDE[V4], SERVICE_PORT)


class Stage:
    """A World in which relays live one after another, with these arguments and an upstream that serves so."""

    def __init__(self, serves, *arguments):
        self._context = World()
        self.world = self._context.__enter__()
        self.sockets = Sockets(self.world)
        self.world.daemon(ONE_PROXY)
        self.upstream = Upstream(self.world, functools.partial(serves, self.world))
        self.arguments = arguments

    def close(self):
        """End all of it."""
        self._context.__exit__(None, None, None)

    def _start(self, name, **env):
        settings = [f"{key}={value}" for key, value in {"LD_PRELOAD": module(name), "ASAN_OPTIONS": "verify_asan_link_order=0",
                                                         **env}.items()]
        return start_relay(self.world, f"socks5://127.0.0.1:{UPSTREAM_PORT}", *self.arguments,
                           wrap=lambda argv: [*argv[:3], "env", *settings, *argv[3:]])

    def _live(self):
        """Connections of all kinds; how many of them failed."""
        failed = 0
        for act in (question, much, is_reset, resets, question, much, question):
            try:
                with self.sockets.connect() as client:
                    act(client)
            except (OSError, AssertionError):
                failed += 1
        for _ in range(2):
            with self.sockets.make(V4, UDP) as client:
                datagram(client)
        return failed

    def index(self, name):
        """All calls and their places, as (call, place) and how often."""
        path = self.world.scratch.path(".calls")
        relay = self._start(name, FAULT_COUNT=path).wait_ready()
        assert self._live() == 0
        assert relay.stop() == 0
        return collections.Counter(tuple(line.split()[:2]) for line in path.read_text().splitlines())

    def run(self, name, fault):
        """A life with a fault; what is wrong with it, or None, and whether the fault came to pass."""
        path = self.world.scratch.path(".fault")
        relay = self._start(name, FAULT=fault, FAULT_COUNT=path)
        # what is said to systemd may be what fails
        wait_until(lambda: "ready; " in relay.log or relay.process.poll() is not None, f"{fault}: it is ready or ends")
        wrong = None
        if "ready; " not in relay.log:
            if relay.wait_exit() not in (1, 2) or "error: " not in relay.log:
                wrong = f"it ended with {relay.process.returncode}"
        else:
            failed = self._live()
            if failed > 1:
                wrong = f"{failed} connections failed"
            if relay.process.poll() is not None or relay.stop() != 0:
                wrong = f"it ended with {relay.process.returncode}"
        fired = path.exists() and "!" in path.read_text()
        return (f"{fault}: {wrong}; its log:\n{relay.log}" if wrong else None), fired


@pytest.fixture(scope="module", name="stage")
def _stage():
    made = Stage(serve)
    yield made
    made.close()


@pytest.fixture(scope="module", name="calls")
def _calls(stage):
    """Those of both modules; a sanitizer's allocator must stay, so that memory is not tried with one."""
    return {name: stage.index(name) for name in (("fault",) if is_sanitized() else ("fault", "fault_memory"))}


def test_every_call_is_known(calls):
    """A call that the relay has begun to make is to be added above, and one that it makes no more to be taken out."""
    if is_sanitized():
        pytest.skip("the sanitizer's allocator must not be replaced")
    called = {name.removesuffix("64") for name, _ in calls["fault_memory"]}
    assert called - FAULTS.keys() - NOT_TRIED == set()
    assert FAULTS.keys() - called == set()


@pytest.mark.parametrize("call", FAULTS)
def test_a_call_fails(stage, calls, call):
    """The first from each place, and with `make test-faults` with each errno."""
    name = "fault_memory" if call in ("calloc", "malloc") else "fault"
    if name not in calls:
        pytest.skip("the sanitizer's allocator must not be replaced")
    sites = sorted(site for called, site in calls[name] if called == call)
    everything = os.environ.get("CGTPROXY_FAULTS") == "all"
    faults = [f"{call}@{site}:1:{errno}" for number, site in enumerate(sites)
              for errno in (FAULTS[call] if everything else [FAULTS[call][number % len(FAULTS[call])]])]
    results = [stage.run(name, fault) for fault in faults]
    assert [wrong for wrong, _ in results if wrong] == []
    assert sum(fired for _, fired in results) >= len(faults) * 3 // 4
