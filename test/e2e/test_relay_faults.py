# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever an upstream does, and whatever the host runs out of, one connection ends and the others go on."""

import os
import signal
import socket
import time

import pytest
from lab.addresses import SERVICE_PORT, TCP, V4, V6
from lab.checks import ONE_PROXY
from lab.daemon import as_nobody
from lab.relays import (PASSWORD, SOCKS5_DONE, UPSTREAM_PORT, USER, Sockets, Upstream, accept_http, accept_socks5,
                        is_refused, receive, receive_until, relay, reset, start_activated, start_relay, take_methods,
                        take_request, was_reset)
from lab.waiting import wait_until

SOCKS5 = f"socks5://127.0.0.1:{UPSTREAM_PORT}"
HTTP = f"http://127.0.0.1:{UPSTREAM_PORT}"


@pytest.fixture(name="sockets")
def _sockets(world):
    """Sockets of a cgroup that the daemon sends to the relay."""
    made = Sockets(world)
    world.daemon(ONE_PROXY)
    return made


def say(data):
    """Waits for something, and sends this."""
    def serve(connection):
        connection.recv(65536)
        connection.sendall(data)
        connection.recv(65536)
    return serve


def after_methods(then):
    """Takes the methods, and then does this with the request."""
    def serve(connection):
        take_methods(connection)
        connection.sendall(b"\5\0")
        take_request(connection)
        then(connection)
    return serve


def hang_up(_):
    """Ends the connection."""


GARBAGE = "the upstream's answer is not SOCKS5"
ENDED = "the upstream ended the connection before it had reached it"
RESET = "Connection reset by peer"
FAULTS = {
    "ends at once": (hang_up, ENDED, RESET),
    "resets at once": (reset, RESET),
    "ends after the methods": (lambda c: take_methods(c), ENDED),
    "resets after the methods": (lambda c: (take_methods(c), reset(c)), RESET),
    "ends in the middle of an answer": (lambda c: (take_methods(c), c.sendall(b"\5")), ENDED),
    "another version": (say(b"\4\0"), GARBAGE),
    "HTTP": (say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), GARBAGE),
    "an unknown method": (say(b"\5\1"), GARBAGE),
    "a method that was not offered": (say(b"\5\2"), GARBAGE),
    "no method": (say(b"\5\xff"), "the upstream wants a user and a password"),
    "ends after the request": (after_methods(hang_up), ENDED),
    "resets after the request": (after_methods(reset), RESET),
    "garbage after the request": (after_methods(lambda c: c.sendall(b"\5\0\0\7rest")), GARBAGE),
    "garbage in the reserved byte": (after_methods(lambda c: c.sendall(b"\5\0\1\1" + bytes(6))), GARBAGE),
    "ends in the middle of a reply": (after_methods(lambda c: c.sendall(SOCKS5_DONE[:9])), ENDED),
    "refuses": (after_methods(lambda c: c.sendall(b"\5\5\0\1" + bytes(6))), "connection refused (5)"),
    "refuses and sends no more": (after_methods(lambda c: (c.sendall(b"\5\4"), c.recv(1))), "host unreachable (4)"),
    "refuses for an unknown reason": (after_methods(lambda c: c.sendall(b"\5\xee\0\1" + bytes(6))), "unknown failure (238)"),
}
HTTP_GARBAGE = "the upstream's answer is not HTTP"
HTTP_FAULTS = {
    "ends at once": (hang_up, ENDED, RESET),
    "resets": (lambda c: (receive_until(c, b"\r\n\r\n"), reset(c)), RESET),
    "ends in the middle": (lambda c: (receive_until(c, b"\r\n\r\n"), c.sendall(b"HTTP/1.1 200 OK\r\nVia: 1")), ENDED),
    "SOCKS": (say(b"\5\0"), HTTP_GARBAGE),
    "another protocol": (say(b"SSH-2.0-OpenSSH_9.2\r\n"), HTTP_GARBAGE),
    "no end": (say(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 4096), HTTP_GARBAGE),
    "a header without a colon": (say(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), HTTP_GARBAGE),
    "a redirection": (say(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), "HTTP status 302"),
    "403": (say(b"HTTP/1.1 403 Forbidden\r\n\r\n"), "HTTP status 403"),
    "503 without an end": (say(b"HTTP/1.0 503\r\n"), "HTTP status 503"),
    "407": (say(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "the upstream wants a user and a password"),
}


@pytest.mark.parametrize(("url", "fault"), [*((SOCKS5, name) for name in FAULTS), *((HTTP, name) for name in HTTP_FAULTS)])
def test_in_each_phase(world, sockets, url, fault):
    """The client is reset, the log says why, and the next connection works."""
    serve, *reasons = (FAULTS if url == SOCKS5 else HTTP_FAULTS)[fault]
    broken = Upstream(world, serve)
    daemon = relay(world, url)

    def speak():
        client = sockets.connect()
        client.sendall(b"something that waits")
        return client

    assert is_refused(speak)
    wait_until(lambda: any(f"203.0.113.10:{SERVICE_PORT}: " in line and reason in line
                           for line in daemon.log.splitlines() for reason in reasons), lambda: daemon.log)
    broken.close()
    right = Upstream(world, lambda c: (accept_socks5 if url == SOCKS5 else accept_http)(c) and c.sendall(b"hello"))
    assert receive(sockets.connect(), 5) == b"hello"
    assert right.failures == []


@pytest.mark.parametrize(("url", "accept"), [(SOCKS5, accept_socks5), (HTTP, accept_http)])
def test_a_wrong_password(world, sockets, url, accept):
    """It is told apart from none."""
    Upstream(world, lambda connection: accept(connection, password=True))
    daemon = relay(world, url.replace("//", f"//{USER}@"), "--password-file", world.scratch.write("wrong"))
    assert is_refused(sockets.connect)
    daemon.wait_log("the upstream refuses the user or the password")
    assert "wrong" not in daemon.log


def test_a_password_is_not_on_the_command_line(world):
    """The error does not repeat it."""
    daemon = start_relay(world, f"socks5://{USER}:secret@127.0.0.1:1080")
    assert daemon.wait_refused() == 2
    assert "--password-file" in daemon.log and "secret" not in daemon.log


def test_a_password_from_a_credential(world, sockets):
    """As systemd passes it on."""
    upstream = Upstream(world, lambda connection: accept_socks5(connection, password=True) and connection.sendall(b"right"))
    directory = world.scratch.path(".credentials")
    directory.mkdir()
    (directory / "upstream-password").write_text(PASSWORD)
    relay(world, f"socks5://{USER}@127.0.0.1:1080", CREDENTIALS_DIRECTORY=str(directory))
    assert receive(sockets.connect(), 5) == b"right"
    assert upstream.failures == []


@pytest.mark.parametrize("phase", ["methods", "request"])
def test_an_upstream_that_says_nothing(world, sockets, phase):
    """After its time the client is reset; others are served meanwhile."""
    silent = Upstream(world, (lambda c: c.recv(100) and c.recv(100)) if phase == "methods" else after_methods(lambda c: c.recv(1)))
    daemon = relay(world, SOCKS5, "--upstream-timeout", "1", "--answer-timeout", "1")
    began = time.monotonic()
    clients = [sockets.connect() for _ in range(3)]
    assert all(was_reset(client) for client in clients)
    assert 1 <= time.monotonic() - began < 10
    daemon.wait_log({"methods": "the upstream does not answer",
                     "request": "the upstream does not say whether it can be reached"}[phase])
    assert silent.connections == 3


def test_an_upstream_that_drops_packets(world, sockets):
    """Connecting to it takes no longer than its time."""
    world.host.run("nft", "-f", "-", text_in=f"table inet mute {{ chain input {{ type filter hook input priority 0; "
                                             f"tcp dport {UPSTREAM_PORT} drop; }}; }}")
    daemon = relay(world, SOCKS5, "--upstream-timeout", "1")
    assert is_refused(sockets.connect)
    daemon.wait_log("the upstream does not answer")


@pytest.mark.parametrize("how", [reset, socket.socket.close])
def test_the_client_gives_up(world, sockets, how):
    """While the upstream is connecting: a client that resets is given up there as well, and its upstream hears of it."""
    upstream = Upstream(world, after_methods(lambda c: upstream.keep(c)))
    relay(world, SOCKS5)
    client = sockets.connect()
    connection = upstream.take()
    if how is reset:
        reset(client)
        assert was_reset(connection)
    else:  # an end is not a reset: the answer may still be wanted
        client.close()
        connection.sendall(SOCKS5_DONE)
        assert connection.recv(1) == b""


def test_an_idle_connection_ends(world, sockets):
    """With a limit: not one that transfers something now and then."""
    upstream = Upstream(world, lambda c: (accept_socks5(c), upstream.keep(c)))
    relay(world, SOCKS5, "--idle-timeout", "2")
    idle, busy = sockets.connect(), sockets.connect()
    servers = [upstream.take(), upstream.take()]
    ports = {server.recv(1): server for server in servers if busy.send(b"b") and idle.send(b"i")}
    assert set(ports) == {b"b", b"i"}
    began = time.monotonic()
    idle.settimeout(0.2)
    while time.monotonic() < began + 20:
        busy.sendall(b"x")
        assert receive(ports[b"b"], 1) in (b"x", b"b")
        try:
            assert idle.recv(1)
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
    assert 1.5 < time.monotonic() - began < 15
    busy.sendall(b"y")
    assert was_reset(ports[b"i"])


def test_socket_activation_without_any_capability(world, sockets):
    """systemd passes on transparent sockets, for each family or for both."""
    def listener(family):
        made = socket.socket(socket.AF_INET6 if family == V6 else socket.AF_INET)
        made.setsockopt(*((socket.IPPROTO_IPV6, 75) if family == V6 else (socket.SOL_IP, 19)), 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == V6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(("::" if family == V6 else "0.0.0.0", 7893))
        made.listen(100)
        return made

    upstream = Upstream(world, lambda c: c.sendall(repr(accept_socks5(c)).encode()))
    both = world.host.call(listener, V6)

    def activated(argv):
        # the relay's shell takes the socket as descriptor 3
        return ["bash", "-c", f'exec 3<&{both.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", *as_nobody(argv)]

    os.set_inheritable(both.fileno(), True)
    daemon = start_activated(world, SOCKS5, activated)
    status = open(f"/proc/{daemon.pid}/status", encoding="ascii").read()
    assert "CapEff:\t0000000000000000" in status
    assert sockets.connect(V4).recv(100) == repr(("203.0.113.10", SERVICE_PORT)).encode()
    assert sockets.connect(V6).recv(100) == repr(("2001:db8::10", SERVICE_PORT)).encode()
    assert upstream.failures == []
    both.close()


def test_without_a_capability_it_says_so(world):
    """When it has to make the socket itself."""
    daemon = start_relay(world, SOCKS5, wrap=as_nobody)
    assert daemon.wait_refused() == 1
    assert "CAP_NET_ADMIN" in daemon.log


@pytest.mark.parametrize(("arguments", "text"), [
    ((), "say --listen PORT, or have systemd pass on a socket"),
    (("--listen", "0"), "--listen: expected a number from 1 to 65535, got \"0\""),
    (("--listen", "7893", "more"), "leave out --listen, --upstream and --dns"),
    (("one", "more"), "\"more\" is one word too many"),
    (("--config", "file"), "--config is for the name of a proxy"),
    (("--listen", "7893", "--password-file", "/nowhere"), "can't read the password's file /nowhere"),
    (("--listen", "7893", "--password-file", "/dev/null"), "the upstream has no user"),
])
def test_bad_arguments(world, arguments, text):
    """It says what is wrong and does not start."""
    daemon = start_relay(world, SOCKS5, *arguments, listen=())
    assert daemon.wait_refused() in (1, 2)
    assert text in daemon.log


def test_a_failure_is_logged_once_a_minute(world, sockets):
    """Each cause by itself; the destination is that of the first."""
    daemon = relay(world, SOCKS5)
    for _ in range(5):
        assert is_refused(sockets.connect)
    assert daemon.log.count("Connection refused") == 1
    Upstream(world, say(b"\5\xff"))
    assert is_refused(sockets.connect)
    daemon.wait_log("wants a user")
    assert daemon.log.count("warning: ") == 2


def test_a_busy_client_does_not_stop_others(world, sockets):
    """While one streams as fast as it can, another's question is answered at once."""
    upstream = Upstream(world, lambda c: (accept_socks5(c), upstream.keep(c)))
    relay(world, SOCKS5)
    busy, busy_server = sockets.connect(), upstream.take()
    client, server = sockets.connect(), upstream.take()
    children = []
    for sock, work in ((busy, lambda: busy.sendall(bytes(1 << 20))), (busy_server, lambda: busy_server.recv(1 << 20))):
        children.append(os.fork())
        if children[-1] == 0:
            while True:
                work()
    try:
        began = time.monotonic()
        for _ in range(200):
            client.sendall(b"question")
            assert receive(server, 8) == b"question"
        assert time.monotonic() - began < 20
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@pytest.mark.parametrize("family", [V4, V6])
def test_direct_that_is_refused(world, family):
    """The client is reset."""
    client = world.client("proxied")
    world.daemon(ONE_PROXY)
    daemon = relay(world, "direct://")
    assert client.ask(TCP, family, port=4444).outcome in ("ECONNRESET", "EPIPE")
    daemon.wait_log("can't reach it: Connection refused")
