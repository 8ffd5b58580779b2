# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay asks a name server through its upstream: one connection with a handshake, for the questions of all clients."""

import os
import re
import socket
import struct
import threading
from pathlib import Path

import pytest
from lab.addresses import DNS_PORT, OUTSIDE, RESOLVER, UDP, V4, V6
from lab.checks import ONE_PROXY
from lab.questions import (A, AAAA, NOERROR, SERVFAIL, TXT, answer, ask, ask_by_udp, asked, be_name_server, frame,
                           question, read, receive_frame)
from lab.relays import ACCEPT, PASSWORD, UPSTREAM_PORT, USER, Sockets, Upstream, accept_socks5, relay, reset
from lab.waiting import wait_until

SOCKS5 = f"socks5://127.0.0.1:{UPSTREAM_PORT}"
SERVER = {V4: "203.0.113.99", V6: "2001:db8::99"}
URL = {V4: f"tcp://{SERVER[V4]}", V6: f"tcp://[{SERVER[V6]}]:5353"}


@pytest.fixture(name="sockets")
def _sockets(world):
    """Sockets of a cgroup that the daemon sends to the relay."""
    made = Sockets(world)
    world.daemon(ONE_PROXY)
    return made


def address_of(query):
    """Answers all names with one address."""
    kind = asked(query)[1]
    family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
    data = socket.inet_pton(family, OUTSIDE[V4 if kind == A else V6]) if family else b"\4text"
    return answer(query, [(kind, data)])


def resolver(sockets, family=V4):
    """A connection to a name server, whichever."""
    return sockets.connect(family, RESOLVER[family], DNS_PORT)


def name_server(world, make_answer=address_of, destinations=None, accept=accept_socks5):
    """An upstream behind which there is a name server."""
    def serve(connection):
        destination = accept(connection)
        if destinations is not None:
            destinations.append(destination)
        be_name_server(connection, make_answer)
    return Upstream(world, serve)


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_through_the_upstream(world, sockets, kind, family):
    """It is this server that is asked, whomever the clients ask, all on one connection."""
    destinations = []
    upstream = name_server(world, destinations=destinations, accept=lambda connection: ACCEPT[kind](connection, True))
    password = world.scratch.write(PASSWORD)
    relay(world, f"{kind}://{USER}@127.0.0.1:{UPSTREAM_PORT}", "--password-file", password, "--dns", URL[family])
    for asks in (V4, V6):
        connection = resolver(sockets, asks)
        assert ask(connection, "a.test", A, 7).addresses == [OUTSIDE[V4]]
        assert ask(connection, "a.test", AAAA, 7).addresses == [OUTSIDE[V6]]
        (record, ttl, data), = ask(connection, "b.test", TXT, 8).records
        assert (record, ttl, data) == (TXT, 300, b"\4text")
    assert destinations == [(SERVER[family], 53 if family == V4 else 5353)]
    assert upstream.failures == []


@pytest.mark.parametrize("family", [V4, V6])
def test_udp(world, sockets, family):
    """Many clients, answers in another order, each to the one that asked; what is too long for it asks to use TCP."""
    def serve(connection):
        accept_socks5(connection)
        while True:
            queries = [receive_frame(connection) for _ in range(2)]
            for query in reversed(queries):
                name = asked(query)[0].encode()
                long = [(TXT, b"\xff" + bytes(255))] * 8 if name.startswith(b"long") else []
                connection.sendall(frame(answer(query, [(TXT, bytes([len(name)]) + name), *long])))

    Upstream(world, serve)
    relay(world, SOCKS5, "--dns", URL[V4])
    server = (RESOLVER[family], DNS_PORT)
    clients = [sockets.make(family, UDP) for _ in range(40)]
    for number, client in enumerate(clients):
        client.sendto(question(f"c{number}.test", TXT, 9), server)
    for number, client in enumerate(clients):
        message, source = client.recvfrom(4096)
        assert source[:2] == server
        assert read(message) == (9, NOERROR, False, [(TXT, 300, bytes([len(f"c{number}.test")]) + f"c{number}.test".encode())])
    for client, edns in zip(clients, (None, 4096)):
        client.sendto(question("long.test", TXT, 9, edns), server)
    for client in clients[:2]:
        assert read(client.recv(4096)) == (9, NOERROR, True, [])


def test_without_a_proxy(world, sockets):
    """Directly, the server gets a connection of the relay's own."""
    Upstream(world, lambda connection: be_name_server(connection, address_of))
    relay(world, "direct://", "--dns", f"tcp://127.0.0.1:{UPSTREAM_PORT}")
    assert ask(resolver(sockets), "a.test").addresses == [OUTSIDE[V4]]


def test_fake_addresses_are_real(world, sockets):
    """With a server, they are like others."""
    destinations = []
    name_server(world, destinations=destinations)
    relay(world, SOCKS5, "--dns", URL[V4])
    sockets.connect(V4, "198.18.0.1", 443)
    wait_until(lambda: destinations, "a connection")
    assert destinations == [("198.18.0.1", 443)]


def test_answers_in_another_order(world, sockets):
    """Each client has the answers to its own questions, though all have the same ids."""
    queries, lock = [], threading.Lock()

    def serve(connection):
        accept_socks5(connection)
        for _ in range(60):
            with lock:
                queries.append(receive_frame(connection))
        assert len({query[:2] for query in queries}) == 60
        for query in reversed(queries):
            connection.sendall(frame(answer(query, [(TXT, b"\x0a" + asked(query)[0].encode().rjust(10, b"."))])))
        connection.recv(1)

    upstream = Upstream(world, serve)
    relay(world, SOCKS5, "--dns", URL[V4])
    clients = [resolver(sockets) for _ in range(6)]
    for number, client in enumerate(clients):
        client.sendall(b"".join(frame(question(f"c{number}.q{count}", TXT, count)) for count in range(10)))
    for number, client in enumerate(clients):
        for _ in range(10):
            got = read(receive_frame(client))
            assert got.records[0][2].endswith(f".c{number}.q{got.number}".encode())
    assert upstream.failures == []


def test_a_client_that_ends_while_it_waits(world, sockets):
    """Its answer is nobody's, and a half-closed one gets its own."""
    go_on = threading.Event()

    def slowly(query):
        assert go_on.wait(30)
        return address_of(query)

    name_server(world, slowly)
    relay(world, SOCKS5, "--dns", URL[V4])
    gone, closed, half = (resolver(sockets) for _ in range(3))
    for connection in (gone, closed, half):
        connection.sendall(frame(question("a.test")) * 3)
    half.shutdown(socket.SHUT_WR)
    reset(gone)
    closed.close()
    go_on.set()
    for _ in range(3):
        assert read(receive_frame(half)).addresses == [OUTSIDE[V4]]
    assert half.recv(1) == b""
    assert ask(resolver(sockets), "a.test").code == NOERROR


def test_the_server_ends_the_connection(world, sockets):
    """What it has not answered is asked on another one, and so is what comes later."""
    counts = []

    def serve(connection):
        accept_socks5(connection)
        counts.append(0)
        for _ in range(2 if len(counts) == 1 else 1000):
            try:
                query = receive_frame(connection)
            except AssertionError:
                return
            counts[-1] += 1
            connection.sendall(frame(address_of(query)))

    Upstream(world, serve)
    relay(world, SOCKS5, "--dns", URL[V4])
    client = resolver(sockets)
    client.sendall(b"".join(frame(question("a.test", A, number)) for number in range(10)))
    answers = [read(receive_frame(client)) for _ in range(10)]
    assert {got.number for got in answers} == set(range(10))
    assert {got.code for got in answers} == {NOERROR}
    assert counts[0] == 2 and len(counts) == 2


def test_no_upstream(world, sockets):
    """The answer is a failure, at once, and the log says why; later it works."""
    daemon = relay(world, SOCKS5, "--dns", URL[V4])
    client = resolver(sockets)
    assert ask(client, "a.test").code == SERVFAIL
    assert ask_by_udp(sockets.make(V4, UDP), (RESOLVER[V4], DNS_PORT), "a.test").code == SERVFAIL
    daemon.wait_log(f"{SERVER[V4]}:53: can't reach the upstream {SOCKS5}: Connection refused")
    assert ask(client, "a.test").code == SERVFAIL
    name_server(world)
    wait_until(lambda: ask(client, "a.test").code == NOERROR, "an answer of the server")


def test_the_upstream_refuses(world, sockets):
    """Likewise, where the server can't be reached."""
    Upstream(world, lambda connection: accept_socks5(connection, answer=b"\5\5\0\1\0\0\0\0\0\0"))
    daemon = relay(world, SOCKS5, "--dns", URL[V4])
    assert ask(resolver(sockets), "a.test").code == SERVFAIL
    daemon.wait_log(f"{SERVER[V4]}:53: the upstream")
    daemon.wait_log("the name server does not answer")


@pytest.mark.parametrize("rubbish", [b"\0\0", frame(b"short"), frame(bytes(12)), b"HTTP/1.1 400 Bad Request\r\n\r\n",
                                     os.urandom(200_000)], ids=["nothing", "short", "a query", "HTTP", "noise"])
def test_a_server_that_speaks_something_else(world, sockets, rubbish):
    """Questions fail, and nothing else does."""
    is_right = []

    def serve(connection):
        accept_socks5(connection)
        if is_right:
            be_name_server(connection, address_of)
        else:
            receive_frame(connection)
            connection.sendall(rubbish)

    Upstream(world, serve)
    daemon = relay(world, SOCKS5, "--dns", URL[V4])
    client = resolver(sockets)
    assert ask(client, "a.test").code == SERVFAIL
    is_right.append(True)
    wait_until(lambda: ask(client, "a.test").code == NOERROR, "an answer of the server")
    assert daemon.process.poll() is None


def test_answers_to_other_questions(world, sockets):
    """They are ignored: another id, another name, another type."""
    def serve(connection):
        accept_socks5(connection)
        query = receive_frame(connection)
        for wrong in (struct.pack("!H", struct.unpack_from("!H", query)[0] ^ 1) + address_of(query)[2:],
                      query[:2] + address_of(question("b.test"))[2:], query[:2] + address_of(question("a.test", AAAA))[2:]):
            connection.sendall(frame(wrong))
        connection.sendall(frame(answer(query, [(A, b"\1\2\3\4")])))
        connection.recv(1)

    Upstream(world, serve)
    relay(world, SOCKS5, "--dns", URL[V4])
    assert ask(resolver(sockets), "a.test").addresses == ["1.2.3.4"]


def test_long_answers_that_are_not_read(world, sockets):
    """Who does not read them is read no further, and neither costs memory without end nor holds up others."""
    name_server(world, lambda query: address_of(query) if asked(query)[1] == A else
                answer(query, [(TXT, b"\xff" + bytes(255))] * 240))
    daemon = relay(world, SOCKS5, "--dns", URL[V4])

    def memory():
        status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1])

    greedy = [resolver(sockets) for _ in range(20)]
    for client in greedy:
        client.setblocking(False)
        try:
            while True:
                client.send(frame(question("a.test", TXT)) * 100)
        except (BlockingIOError, ConnectionResetError, BrokenPipeError):
            pass
    other = resolver(sockets)
    for _ in range(20):
        wait_until(lambda: ask(other, "b.test").code == NOERROR, "an answer")
    assert daemon.has_sanitizer or memory() < 48 << 10  # KiB
    count = 0
    greedy[0].settimeout(30)
    try:
        for count in range(100):
            assert len(receive_frame(greedy[0])) > 60_000
    except ConnectionResetError:
        assert count > 0


def test_it_does_not_ask_itself(world):
    """Run in a cgroup that is sent to it: the question that comes back is refused."""
    sockets = Sockets(world)
    world.daemon(ONE_PROXY)
    directory = world.cgroups.directory(world.cgroups.path("proxied"))
    daemon = relay(world, "direct://", "--dns", URL[V4],
                   wrap=lambda argv: ["sh", "-c", 'echo 0 >"$0/cgroup.procs"; exec "$@"', directory, *argv])
    assert ask(resolver(sockets), "a.test").code == SERVFAIL
    daemon.wait_log("the relay's cgroup has to be direct")
    wait_until(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) < 20, "few descriptors")
