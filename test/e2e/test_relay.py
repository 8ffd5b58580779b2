# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay passes on what TPROXY sends it: over every kind of upstream, both families, and with its ends in order."""

import os
import select
import socket
import threading

import pytest
from lab.addresses import HOST, LOOPBACK, OUTSIDE, SERVICE_PORT, TCP, V4, V6
from lab.checks import ONE_PROXY
from lab.daemon import in_private_mounts
from lab.relays import (ACCEPT, PASSWORD, SOCKS5_DONE, UPSTREAM_PORT, USER, Sockets, Upstream, accept_socks5,
                        be_destination, is_refused, one_byte_at_a_time, receive, relay, reset, start_relay, was_reset)
from lab.waiting import wait_until
from lab.world import PROXY_PORT

SOCKS5 = f"socks5://127.0.0.1:{UPSTREAM_PORT}"


@pytest.fixture(name="sockets")
def _sockets(world):
    """Sockets of a cgroup that the daemon sends to the relay."""
    made = Sockets(world)
    world.daemon(ONE_PROXY)  # after the cgroup, so that its rule is in force when the daemon is ready
    return made


def opened(sockets, upstream, family=V4):
    """A client's socket, and the upstream's of the same connection."""
    client = sockets.connect(family)
    return client, upstream.take()


def kept_after(handshake):
    """Serves the handshake, and leaves the rest to the test."""
    def serve(connection):
        handshake(connection)
        holder[0].keep(connection)
    holder = [None]

    def make(world, **options):
        holder[0] = Upstream(world, serve, **options)
        return holder[0]
    return make


@pytest.fixture(name="upstream")
def _upstream(world):
    """A SOCKS5 server whose connections are the test's after the handshake."""
    return kept_after(accept_socks5)(world)


@pytest.mark.parametrize("family", [V4, V6])
def test_direct(world, family):
    """The destination gets a connection of the relay's own."""
    client = world.client("proxied")
    world.daemon(ONE_PROXY)
    relay(world, "direct://")
    result = client.ask(TCP, family, times=3)
    assert result.who == "outside"
    assert result.answer.asked == (OUTSIDE[family], SERVICE_PORT)
    assert result.answer.peer[1] != result.port


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("is_slow", [False, True])
@pytest.mark.parametrize("has_password", [False, True])
@pytest.mark.parametrize("over", ["IPv4", "IPv6", "Unix"])
@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_every_kind(world, kind, over, has_password, is_slow, family):
    """The upstream is told the right destination, and gets the client's data."""
    def serve(connection):
        send = one_byte_at_a_time if is_slow else socket.socket.sendall
        be_destination(connection, ACCEPT[kind](connection, has_password, send=send))

    path = world.scratch.path(".socket") if over == "Unix" else None
    upstream = Upstream(world, serve, path=path, family=V6 if over == "IPv6" else V4)
    user = f"{USER}@" if has_password else ""
    url = {"IPv4": f"{kind}://{user}127.0.0.1:{UPSTREAM_PORT}", "IPv6": f"{kind}://{user}[::1]:{UPSTREAM_PORT}",
           "Unix": f"{kind}+unix:{'//' + user if user else ''}{path}"}[over]
    password = ["--password-file", world.scratch.write(PASSWORD + "\n")] if has_password else []
    client = world.client("proxied")
    world.daemon(ONE_PROXY)
    daemon = relay(world, url, *password)
    result = client.ask(TCP, family, times=3)
    assert (result.who, upstream.failures) == ("upstream", [])
    assert result.answer.asked == (OUTSIDE[family], SERVICE_PORT)
    assert PASSWORD not in daemon.log


def test_data_with_the_answer(world, sockets):
    """A destination that speaks first may be heard in the same packet."""
    upstream = kept_after(lambda connection: accept_socks5(connection, answer=SOCKS5_DONE + b"220 welcome"))(world)
    relay(world, SOCKS5)
    client, _ = opened(sockets, upstream)
    assert receive(client, 11) == b"220 welcome"


@pytest.mark.parametrize("first", ["client", "destination"])
def test_half_close(world, sockets, upstream, first):
    """The end of one direction is passed on, and the other goes on."""
    relay(world, SOCKS5)
    ends = opened(sockets, upstream)
    one, other = ends if first == "client" else ends[::-1]
    one.sendall(b"question")
    one.shutdown(socket.SHUT_WR)
    assert receive(other, 8) == b"question"
    assert other.recv(1) == b""
    for _ in range(3):
        other.sendall(b"a part of the answer")
        assert receive(one, 20) == b"a part of the answer"
    other.close()
    assert one.recv(1) == b""


def test_the_client_ends_before_the_upstream_is_ready(world, sockets):
    """What it had sent by then arrives, and it gets the answer."""
    go_on = threading.Event()

    def serve(connection):
        accept_socks5(connection, send=lambda c, data: (go_on.wait(30), c.sendall(data)))
        assert connection.recv(100) == b"question"
        assert connection.recv(100) == b""
        connection.sendall(b"answer")

    upstream = Upstream(world, serve)
    relay(world, SOCKS5)
    client = sockets.connect()
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    go_on.set()
    assert (receive(client, 6), client.recv(1), upstream.failures) == (b"answer", b"", [])


@pytest.mark.parametrize("first", ["client", "destination"])
@pytest.mark.parametrize("has_data", [False, True])
def test_a_reset_is_passed_on(world, sockets, upstream, first, has_data):
    """In either direction, with data before it or without."""
    relay(world, SOCKS5)
    ends = opened(sockets, upstream)
    one, other = ends if first == "client" else ends[::-1]
    if has_data:
        one.sendall(b"before")
        assert receive(other, 6) == b"before"
    reset(one)
    assert was_reset(other)


@pytest.mark.parametrize("first", ["client", "destination"])
def test_a_reset_while_the_other_side_does_not_read(world, sockets, upstream, first):
    """Data that can't be sent does not keep the other side from hearing of it."""
    relay(world, SOCKS5)
    ends = opened(sockets, upstream)
    one, other = ends if first == "client" else ends[::-1]
    one.setblocking(False)
    while select.select([], [one], [], 0.5)[1]:  # until the relay takes no more
        one.send(bytes(1 << 20))
    reset(one)
    waiting = select.poll()
    waiting.register(other, 0)  # for POLLERR and POLLHUP alone
    assert waiting.poll(30_000)
    assert was_reset(other)


def checksum(connection, result):
    """Reads all, and notes the length and a checksum."""
    import hashlib
    digest, length = hashlib.sha256(), 0
    while data := connection.recv(1 << 20):
        digest.update(data)
        length += len(data)
    result += [length, digest.hexdigest()]


@pytest.mark.parametrize("over", ["TCP", "Unix"])
def test_much_data_both_ways(world, sockets, over):
    """At once, in pieces of all sizes; none is lost, added or changed."""
    import hashlib
    path = world.scratch.path(".socket") if over == "Unix" else None
    upstream = kept_after(accept_socks5)(world, path=path)
    relay(world, f"socks5+unix:{path}" if path else SOCKS5)
    ends = opened(sockets, upstream)
    data = [os.urandom(24 << 20), os.urandom(24 << 20)]
    results = [[], []]

    def send(number):
        at, size = 0, 1
        while at < len(data[number]):
            ends[number].sendall(data[number][at:at + size])
            at += size
            size = size * 3 % 300_007
        ends[number].shutdown(socket.SHUT_WR)

    threads = [threading.Thread(target=send, args=(n,)) for n in (0, 1)]
    threads += [threading.Thread(target=checksum, args=(ends[1 - n], results[n])) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (0, 1):
        assert results[number] == [24 << 20, hashlib.sha256(data[number]).hexdigest()]


def test_urgent_data_stays_in_its_place(world, sockets, upstream):
    """It is no longer urgent behind the relay, but nothing is lost or held up by it."""
    relay(world, SOCKS5)
    client, server = opened(sockets, upstream)
    client.sendall(b"before")
    client.send(b"!", socket.MSG_OOB)
    client.sendall(b"after" + bytes(200_000))
    assert receive(server, 12) == b"before!after"
    assert receive(server, 200_000) == bytes(200_000)


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("upstream", ["direct://", SOCKS5])
def test_it_is_no_open_proxy(world, family, upstream):
    """Who connects to its port itself is refused: from the host, by any of its addresses, and from the outside."""
    server = Upstream(world, accept_socks5)
    daemon = relay(world, upstream)
    for namespace, address in ((world.host, LOOPBACK[family]), (world.host, HOST[family]), (world.outside, HOST[family])):
        assert is_refused(namespace.call, socket.create_connection, (address, PROXY_PORT), 30)
    daemon.wait_log("this address is the host's own")
    assert server.connections == 0


@pytest.mark.parametrize("url", ["direct://", "socks5://203.0.113.10:1080"])
def test_it_does_not_connect_to_itself(world, url):
    """Run in a cgroup that is sent to it, as by a rule for everything: it says what to do, and stays what it was."""
    sockets = Sockets(world)
    world.daemon(ONE_PROXY)
    directory = world.cgroups.directory(world.cgroups.path("proxied"))
    daemon = relay(world, url, wrap=lambda argv: ["sh", "-c", 'echo 0 >"$0/cgroup.procs"; exec "$@"', directory, *argv])
    for family in (V4, V6):
        assert is_refused(sockets.connect, family)
    daemon.wait_log("the relay's cgroup has to be direct")
    wait_until(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) < 16, "few descriptors")


def test_the_upstream_restarts(world, sockets):
    """Connections then fail, and later ones work again."""
    first = kept_after(accept_socks5)(world)
    daemon = relay(world, SOCKS5)
    client, server = opened(sockets, first)
    first.close()
    reset(server)
    assert was_reset(client)
    assert is_refused(sockets.connect)
    daemon.wait_log("can't reach the upstream socks5://127.0.0.1:1080: Connection refused")
    second = kept_after(accept_socks5)(world)
    client, server = opened(sockets, second)
    client.sendall(b"again")
    assert receive(server, 5) == b"again"


def test_a_name_with_several_addresses(world, sockets, upstream):
    """The first that accepts connections is taken: "localhost" is ::1 and 127.0.0.1, and the upstream has one only."""
    relay(world, f"socks5://localhost:{UPSTREAM_PORT}")
    for _ in range(2):
        client, server = opened(sockets, upstream)
        client.sendall(b"hello")
        assert receive(server, 5) == b"hello"


def with_hosts(hosts, argv):
    """The argument list that runs argv where this file has all names."""
    return in_private_mounts(f"mount --bind {hosts} /etc/hosts; echo 'hosts: files' >{hosts}.nss; "
                             f"mount --bind {hosts}.nss /etc/nsswitch.conf", argv)


def test_a_name_that_gets_another_address(world, sockets, upstream):
    """When its host can't be reached, its address is looked up again, while connections go on to fail."""
    hosts = world.scratch.write("127.0.0.9 proxy.test\n")
    relay(world, f"socks5://proxy.test:{UPSTREAM_PORT}",
          wrap=lambda argv: with_hosts(hosts, argv))
    assert is_refused(sockets.connect)
    hosts.write_text("127.0.0.1 proxy.test\n")

    def is_found():
        try:
            sockets.connect()
        except ConnectionResetError:
            pass
        return upstream.connections > 0

    wait_until(is_found, "a connection to the new address")


def test_a_name_that_is_gone(world, sockets):
    """It says so, and keeps the address that it has."""
    hosts = world.scratch.write("127.0.0.1 proxy.test\n")
    daemon = relay(world, f"socks5://proxy.test:{UPSTREAM_PORT}",
                   wrap=lambda argv: with_hosts(hosts, argv))
    hosts.write_text("127.0.0.1 other.test\n")
    assert is_refused(sockets.connect)
    daemon.wait_log("can't find the address of the upstream's host proxy.test")
    upstream = kept_after(accept_socks5)(world)
    opened(sockets, upstream)


def test_a_name_that_is_unknown(world):
    """It does not start."""
    hosts = world.scratch.write("")
    daemon = start_relay(world, "socks5://name.invalid:1080", wrap=lambda argv: with_hosts(hosts, argv))
    assert daemon.wait_refused() == 1
    assert "can't find the address of the upstream's host name.invalid" in daemon.log


def test_peers_that_vanish_are_probed(world, sockets, upstream):
    """Both of the relay's sockets have keepalive timers, and send small packets at once."""
    relay(world, SOCKS5)
    opened(sockets, upstream)
    listing = world.host.run("ss", "--no-header", "--tcp", "--numeric", "--options", "--processes", "state", "established")
    lines = [line for line in listing.splitlines() if "cgtproxy-relay" in line]
    assert len(lines) == 2
    assert all("timer:(keepalive,1min" in line for line in lines), listing


def test_it_stops_with_open_connections(world, sockets, upstream):
    """SIGTERM ends it at once; its clients see a reset, not an end."""
    daemon = relay(world, SOCKS5)
    client, server = opened(sockets, upstream)
    assert daemon.stop() == 0
    assert was_reset(client)
    assert was_reset(server)
    wait_until(lambda: "SIGTERM: stopping" in daemon.log, "its last words")
