# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay passes on UDP: a port at the upstream for each of a client's, for as long as both want it."""

import os
import select
import socket

import pytest
from lab import upstreams
from lab.addresses import ADDRESS_FAMILY, ANY, BYPASSED, HOST, LOOPBACK, OUTSIDE, SERVICE_PORT, UDP, V4, V6
from lab.checks import ONE_PROXY
from lab.daemon import as_nobody
from lab.relay_datagrams import UDP_ASSOCIATE, UdpUpstream, header
from lab.relays import (UPSTREAM_PORT, Sockets, Upstream, accept_socks5, receive, relay, start_activated,
                        take_methods)
from lab.servers import IPV6_TRANSPARENT, make_socket
from lab.waiting import wait_until
from lab.world import PROXY_PORT

SOCKS5 = f"socks5://127.0.0.1:{UPSTREAM_PORT}"


@pytest.fixture(name="sockets")
def _sockets(world):
    """Sockets of a cgroup that the daemon sends to the relay."""
    made = Sockets(world)
    world.daemon(ONE_PROXY)
    return made


def destination(family=V4):
    """Whom clients ask."""
    return OUTSIDE[family], SERVICE_PORT


def ask(sockets, upstream, family=V4, data=b"question"):
    """A new client's socket, and its association, which has got its first datagram."""
    client = sockets.make(family, UDP)
    client.sendto(data, destination(family))
    association = upstream.next()
    assert association.receive() == (destination(family), data)
    return client, association


def heard(client):
    """What comes to a client next, and from where."""
    data, address = client.recvfrom(65536)
    return data, address[:2]


def is_quiet(sock, seconds=0.3):
    """Whether nothing arrives."""
    return not select.select([sock], [], [], seconds)[0]


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("over", ["IPv4", "IPv6", "Unix"])
def test_there_and_back(world, sockets, family, over):
    """Datagrams of every size arrive, one by one, and answers come from whom was asked."""
    path = world.scratch.path(".socket") if over == "Unix" else None
    upstream = UdpUpstream(world, path=path, family=V6 if over == "IPv6" else V4)
    relay(world, {"IPv4": SOCKS5, "IPv6": f"socks5://[::1]:{UPSTREAM_PORT}", "Unix": f"socks5+unix:{path}"}[over])
    client, association = ask(sockets, upstream, family)
    association.send(destination(family), b"answer")
    assert heard(client) == (b"answer", destination(family))
    for size in (0, 1, 1472, 9000, 65_000):
        data = os.urandom(size)
        client.sendto(data, destination(family))
        assert association.receive() == (destination(family), data)
        association.send(destination(family), data[::-1])
        assert heard(client) == (data[::-1], destination(family))
    assert (upstream.connections, upstream.failures) == (1, [])


@pytest.mark.parametrize("family", [V4, V6])
def test_datagrams_before_it_is_open(sockets, world, family):
    """They wait, in their order."""
    upstream = UdpUpstream(world)
    relay(world, SOCKS5)
    client = sockets.make(family, UDP)
    for number in range(8):
        client.sendto(bytes([number]), destination(family))
    association = upstream.next()
    assert [association.receive()[1] for _ in range(8)] == [bytes([number]) for number in range(8)]
    assert upstream.connections == 1


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", "::ffff:127.0.0.1"])
def test_an_address_that_is_no_place(world, sockets, bound):
    """A server that listens everywhere is sent datagrams where it was reached, and a mapped address is one of IPv4."""
    upstream = UdpUpstream(world, bound=bound)
    relay(world, SOCKS5)
    ask(sockets, upstream)


@pytest.mark.parametrize("family", [V4, V6])
def test_full_cone(world, sockets, family):
    """One port asks several hosts through one association, and others may answer it too."""
    upstream = UdpUpstream(world)
    relay(world, SOCKS5)
    client, association = ask(sockets, upstream, family)
    client.sendto(b"another", (BYPASSED[family], 4444))
    assert association.receive() == ((BYPASSED[family], 4444), b"another")
    for source in (destination(family), (OUTSIDE[family], 9), (BYPASSED[family], 4444), (BYPASSED[family], 123)):
        association.send(source, b"from there")
        assert heard(client) == (b"from there", source)
    # what the client then sends to those still comes to the relay
    client.sendto(b"back", (BYPASSED[family], 123))
    assert association.receive() == ((BYPASSED[family], 123), b"back")
    assert upstream.connections == 1


def test_each_port_has_its_own(world, sockets):
    """Answers for one are not heard by another."""
    upstream = UdpUpstream(world)
    relay(world, SOCKS5)
    one, first = ask(sockets, upstream)
    other, second = ask(sockets, upstream)
    second.send(destination(), b"for the other")
    assert heard(other) == (b"for the other", destination())
    assert is_quiet(one)
    first.send(destination(), b"for the one")
    assert heard(one) == (b"for the one", destination())


@pytest.mark.parametrize("family", [V4, V6])
def test_direct(world, family):
    """The destination is asked from one port of the relay's, and another host may answer there."""
    client = Sockets(world)
    asking = world.client("proxied")
    world.daemon(ONE_PROXY)
    relay(world, "direct://")
    result = asking.ask(UDP, family, times=3)
    assert (result.who, result.answer.asked) == ("outside", destination(family))
    assert len({answer.peer for answer in result.answers}) == 1 and result.answer.peer[1] != result.port
    one = client.make(family, UDP)
    server = world.outside.call(make_socket, UDP, family)
    stranger = world.outside.call(make_socket, UDP, family)
    with server, stranger:
        server.bind((OUTSIDE[family], 4444))
        stranger.bind((BYPASSED[family], 5555))
        server.settimeout(30)
        one.sendto(b"question", (OUTSIDE[family], 4444))
        data, port = server.recvfrom(100)
        assert data == b"question"
        stranger.sendto(b"from elsewhere", port)
        assert heard(one) == (b"from elsewhere", (BYPASSED[family], 5555))


def test_it_ends_with_its_connection(world, sockets):
    """The port of the relay is closed, and the next datagram makes another association."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5)
    client, association = ask(sockets, upstream)
    files = f"/proc/{daemon.pid}/fd"
    before = len(os.listdir(files))
    association.control.close()
    wait_until(lambda: len(os.listdir(files)) == before - 2, "both sockets are closed")

    def is_asked():
        client.sendto(b"again", destination())
        return upstream.connections == 2

    wait_until(is_asked, "another association")
    assert upstream.next().receive() == (destination(), b"again")


def test_the_upstream_restarts(world, sockets):
    """Datagrams are lost meanwhile, few connections are tried, and then it works again."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5)
    client, _ = ask(sockets, upstream)
    upstream.close()

    def is_lost():
        client.sendto(b"lost", destination())
        return "can't reach the upstream socks5://127.0.0.1:1080: Connection refused" in daemon.log

    wait_until(is_lost, "the relay says so")
    second = UdpUpstream(world)

    def is_asked():
        client.sendto(b"again", destination())
        return second.connections == 1

    wait_until(is_asked, "another association")
    association = second.next()
    assert association.receive()[1] == b"again"
    association.send(destination(), b"answer")
    assert heard(client) == (b"answer", destination())


GARBAGE = {
    "nothing": b"",
    "too little": b"\0\0\0\1\1\2\3\4",
    "a fragment": header(destination(), 1) + b"part",
    "the last fragment": header(destination(), 0x81) + b"part",
    "a reserved byte": b"\0\1" + header(destination())[2:] + b"data",
    "a name": b"\0\0\0\3\4name\0\1data",
    "an unknown type": b"\0\0\0\2" + bytes(40),
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}
UNLIKELY = {
    "itself": (LOOPBACK[V4], 7),
    "the host": (HOST[V4], 7),
    "nobody": (ANY[V4], 7),
    "a group": ("224.0.0.1", 7),
    "everybody": ("255.255.255.255", 7),
    "no port": (OUTSIDE[V4], 0),
    "the other family": (OUTSIDE[V6], 7),
}


def test_garbage_from_the_upstream(world, sockets):
    """Fragments and whatever is not SOCKS5 is ignored, said once, and the association goes on."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5)
    client, association = ask(sockets, upstream)
    for data in GARBAGE.values():
        association.send_raw(data)
    association.send(destination(), b"right")
    assert heard(client) == (b"right", destination())
    assert daemon.log.count("ignored a datagram of the upstream: it is not SOCKS5, or a fragment") == 1
    assert upstream.connections == 1


def test_answers_that_nobody_can_give(world, sockets):
    """No socket of the relay takes an address of the host's."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5)
    client, association = ask(sockets, upstream)
    for source in UNLIKELY.values():
        association.send(source, b"wrong")
    association.send(destination(), b"right")
    assert heard(client) == (b"right", destination())
    assert daemon.log.count("no foreign host can send from this address") == 1


@pytest.mark.parametrize("how", ["bytes", "reset"])
def test_garbage_on_the_connection(world, sockets, how):
    """It ends this association and no other."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5)
    _, other = ask(sockets, upstream)
    _, association = ask(sockets, upstream)
    if how == "bytes":
        association.control.sendall(b"what?")
        daemon.wait_log("the upstream's answer is not SOCKS5")
        assert association.is_over()
    else:
        association.control.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        association.control.close()
    wait_until(lambda: upstream.open() == [other], "the other one is left")


def refuse(code):
    """Says no to whatever is asked."""
    def serve(connection):
        take_methods(connection)
        connection.sendall(b"\5\0")
        assert receive(connection, 10)[1] == UDP_ASSOCIATE
        if code:
            connection.sendall(bytes([5, code, 0, 1]) + bytes(6))
    return serve


@pytest.mark.parametrize(("code", "reason"), [(7, "command not supported (7)"), (2, "not allowed by its rules (2)"),
                                              (None, "the upstream ended the connection when it was asked for it")])
def test_an_upstream_without_udp(world, sockets, code, reason):
    """It is asked once, and not for each datagram; the log says why there is no UDP."""
    upstream = Upstream(world, refuse(code))
    daemon = relay(world, SOCKS5)
    clients = [sockets.make(V4, UDP) for _ in range(5)]
    clients[0].sendto(b"lost", destination())
    daemon.wait_log(f"203.0.113.10:{SERVICE_PORT}: no UDP: ")
    assert reason in daemon.log
    for client in clients:
        client.sendto(b"lost", destination())
    assert is_quiet(clients[0])
    assert (upstream.connections, upstream.failures, daemon.log.count("no UDP")) == (1, [], 1)


def test_an_http_proxy(world, sockets):
    """It is never asked."""
    upstream = Upstream(world, lambda connection: connection.recv(1))
    daemon = relay(world, f"http://127.0.0.1:{UPSTREAM_PORT}")
    client = sockets.make(V4, UDP)
    for _ in range(3):
        client.sendto(b"lost", destination())
    daemon.wait_log("an HTTP proxy can't pass on UDP")
    assert upstream.connections == 0


@pytest.mark.parametrize("answer", [b"\5\0\0\3\4name\0\1", b"\5\0\0\1\x7f\0\0\1\0\0"])
def test_an_upstream_that_names_no_place(world, sockets, answer):
    """A name, or no port: the association ends."""
    def serve(connection):
        take_methods(connection)
        connection.sendall(b"\5\0")
        receive(connection, 10)
        connection.sendall(answer)
        assert connection.recv(1) == b""

    Upstream(world, serve)
    daemon = relay(world, SOCKS5)
    sockets.make(V4, UDP).sendto(b"lost", destination())
    daemon.wait_log("no UDP: the upstream does not say by an address where it wants the datagrams")


def test_an_upstream_that_says_nothing(world, sockets):
    """After its time the association ends."""
    upstream = Upstream(world, lambda connection: connection.recv(10) and connection.recv(1))
    daemon = relay(world, SOCKS5, "--upstream-timeout", "1")
    sockets.make(V4, UDP).sendto(b"lost", destination())
    daemon.wait_log("the upstream does not answer")
    assert (upstream.connections, upstream.failures) == (1, [])


def test_an_idle_association_ends(world, sockets):
    """One whose client sends goes on, and what others send keeps nothing open."""
    upstream = UdpUpstream(world)
    relay(world, SOCKS5, "--udp-idle-timeout", "2")
    _, idle = ask(sockets, upstream)
    client, busy = ask(sockets, upstream)

    def is_over():
        client.sendto(b"still here", destination())
        busy.receive()
        idle.send(destination(), b"are you there?")
        return select.select([idle.control], [], [], 0.2)[0]

    wait_until(is_over, "the idle one ends")
    assert idle.is_over()
    assert upstream.open() == [busy]


def test_a_flood_of_ports(world, sockets):
    """There are never more than so many; those that are used stay, and others have their turn later."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5, "--max-udp-clients", "8")
    client, association = ask(sockets, upstream)
    ports = [sockets.make(V4, UDP) for _ in range(100)]
    for port in ports:
        port.sendto(b"flood", destination())
    daemon.wait_log("there are 8 clients of UDP, as many as may be")
    wait_until(lambda: len(upstream.open()) == 8, "eight associations")

    def is_served():
        client.sendto(b"busy", destination())
        assert association.receive() == (destination(), b"busy")
        ports[99].sendto(b"later", destination())
        assert len(upstream.open()) <= 8
        return upstream.connections > 8

    wait_until(is_served, "a later one")
    assert association in upstream.open()


def test_too_many_ports_of_one_client(world, sockets):
    """The limit for connections of one address is one for its ports of UDP as well."""
    world.host.ip("addr add 192.0.2.77/24 dev cable")
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5, "--max-connections-per-client", "2")
    for _ in range(2):
        ask(sockets, upstream)
    sockets.make(V4, UDP).sendto(b"lost", destination())
    daemon.wait_log("its client has as many ports as one may have")
    other = sockets.make(V4, UDP)
    other.bind(("192.0.2.77", 0))
    other.sendto(b"mine", destination())
    assert upstream.next().receive() == (destination(), b"mine")


def test_many_sources(world, sockets):
    """Far more hosts answer than there may be sockets for."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5, wrap=lambda argv: ["prlimit", "--nofile=100:100", *argv])
    client, association = ask(sockets, upstream)
    for number in range(300):
        source = f"203.0.113.{number % 100 + 1}", 1000 + number
        association.send(source, b"x")
        assert heard(client) == (b"x", source)
    assert len(os.listdir(f"/proc/{daemon.pid}/fd")) < 40


@pytest.mark.parametrize("family", [V4, V6])
def test_it_is_no_open_proxy(world, family):
    """Datagrams to the port itself are ignored."""
    upstream = UdpUpstream(world)
    daemon = relay(world, SOCKS5)
    for address in (LOOPBACK[family], HOST[family]):
        with world.host.call(socket.socket, ADDRESS_FAMILY[family], socket.SOCK_DGRAM) as client:
            client.sendto(b"hello", (address, PROXY_PORT))
    daemon.wait_log("ignored a datagram: this address is the host's own")
    with world.outside.call(socket.socket, ADDRESS_FAMILY[family], socket.SOCK_DGRAM) as client:
        client.sendto(b"hello", (HOST[family], PROXY_PORT))
        assert is_quiet(client)
    assert upstream.connections == 0


@pytest.mark.parametrize("family", [V4, V6])
def test_it_does_not_send_to_itself(world, family):
    """Run in a cgroup that is sent to it, it says what to do, and its table does not fill."""
    sockets = Sockets(world)
    world.daemon(ONE_PROXY)
    directory = world.cgroups.directory(world.cgroups.path("proxied"))
    daemon = relay(world, "direct://",
                   wrap=lambda argv: ["sh", "-c", 'echo 0 >"$0/cgroup.procs"; exec "$@"', directory, *argv])
    sockets.make(family, UDP).sendto(b"hello", destination(family))
    daemon.wait_log("the relay's cgroup has to be direct")
    assert len(os.listdir(f"/proc/{daemon.pid}/fd")) < 16


def inherit(world, url, *made, capabilities=()):
    """A relay that gets these sockets from systemd, with no capability but these."""
    for sock in made:
        os.set_inheritable(sock.fileno(), True)
        world.keep(sock)
    moves = " ".join(f"{3 + number}<&{sock.fileno()}" for number, sock in enumerate(made))
    script = f'exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(made)} exec "$@"'
    return start_activated(world, url, lambda argv: ["bash", "-c", script, "sh", *as_nobody(argv, *capabilities)])


def for_both_families(world, kind):
    """A transparent socket at the proxy's port, as systemd makes it."""
    def make():
        made = socket.socket(socket.AF_INET6, kind)
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("::", PROXY_PORT))
        if kind == socket.SOCK_STREAM:
            made.listen(100)
        return made
    return world.host.call(make)


@pytest.mark.parametrize("family", [V4, V6])
def test_a_socket_of_systemd(world, sockets, family):
    """One for both families, and CAP_NET_RAW alone."""
    upstream = UdpUpstream(world)
    inherit(world, SOCKS5, for_both_families(world, socket.SOCK_DGRAM), capabilities=("net_raw",))
    client, association = ask(sockets, upstream, family)
    association.send(destination(family), b"answer")
    assert heard(client) == (b"answer", destination(family))


def test_without_a_capability(world, sockets):
    """It says what UDP lacks, once, and TCP goes on."""
    upstream = Upstream(world, lambda connection: (accept_socks5(connection), connection.sendall(b"hello")))
    daemon = inherit(world, SOCKS5, for_both_families(world, socket.SOCK_STREAM), for_both_families(world, socket.SOCK_DGRAM))
    assert daemon.log.count("UDP is not relayed: answers need the capability CAP_NET_RAW") == 1
    client = sockets.make(V4, UDP)
    client.sendto(b"lost", destination())
    assert receive(sockets.connect(), 5) == b"hello"
    assert (is_quiet(client), upstream.connections) == (True, 1)


@pytest.mark.parametrize("family", [V4, V6])
def test_dante(world, family):
    """Packets go all the way to the outside and back."""
    client = world.client("proxied")
    world.daemon(ONE_PROXY)
    daemon = relay(world, upstreams.dante(world))
    result = client.ask(UDP, family, times=3)
    assert (result.who, result.answer.asked) == ("outside", destination(family)), daemon.log
    assert result.answer.peer[1] != result.port


@pytest.mark.parametrize("start", [upstreams.microsocks, upstreams.ssh, upstreams.tinyproxy], ids=lambda start: start.__name__)
def test_real_proxies_without_udp(world, sockets, start):
    """The log says so, and TCP goes on."""
    daemon = relay(world, start(world))
    client = sockets.make(V4, UDP)
    client.sendto(b"lost", destination())
    wait_until(lambda: "no UDP" in daemon.log or "can't pass on UDP" in daemon.log, lambda: daemon.log)
    with sockets.connect() as connection:
        connection.sendall(b"token\n")
        assert receive(connection, 1) == b"{"
    assert is_quiet(client)
