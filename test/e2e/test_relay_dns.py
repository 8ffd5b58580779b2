# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay's fake addresses: names are told one, and connections there go to the upstream by name."""

import ipaddress
import os
import signal
import socket
import struct
import subprocess
import sys

import pytest
from lab import upstreams
from lab.addresses import DNS_PORT, HOST, LOOPBACK, OUTSIDE, RESOLVER, SERVICE_PORT, TCP, UDP, V4, V6
from lab.checks import ONE_PROXY
from lab.daemon import Daemon, as_nobody, binary, in_private_mounts
from lab.questions import (A, AAAA, FORMERR, HTTPS, NOERROR, NXDOMAIN, PTR, SERVFAIL, TXT, ask, ask_by_udp, frame,
                           question, read, receive_frame)
from lab.relay_datagrams import UdpUpstream
from lab.relays import (ACCEPT, UPSTREAM_PORT, Sockets, Upstream, accept_socks5, is_refused, receive, relay, reset,
                        start_relay, was_reset)
from lab.waiting import wait_until
from lab.world import PROXY_PORT

SOCKS5 = f"socks5://127.0.0.1:{UPSTREAM_PORT}"
KIND = {V4: A, V6: AAAA}
NETWORKS = {V4: ipaddress.ip_network("198.18.0.0/15"), V6: ipaddress.ip_network("fc00::/18")}
# With it, the daemon sends what is meant for name servers of the host, too.
CONFIG = ONE_PROXY.replace("port: 7893", f"port: 7893, relay: {{upstream: '{SOCKS5}', dns: fake-ip}}")
SMALL = "198.18.7.0/29"  # six names


HEADER = struct.pack("!6H", 5, 0x0100, 1, 0, 0, 0)
HOSTILE = {
    "nothing": b"\0\0",
    "less than a header": frame(b"\0" * 11),
    "too much": frame(bytes(5000)),
    "the most": b"\xff\xff" + bytes(65535),
    "noise": os.urandom(100_000),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n" + bytes(30_000),
}
WRONG = {
    "a pointer to itself": HEADER + b"\xc0\x0c\0\1\0\1",
    "no end of the name": HEADER + b"\x3f" + b"a" * 63,
    "no question": struct.pack("!6H", 5, 0x0100, 0, 0, 0, 0),
    "65,535 questions": struct.pack("!6H", 5, 0x0100, 65535, 0, 0, 0) + b"\1a\0\0\1\0\1" * 500,
    "65,535 records": struct.pack("!6H", 5, 0x0100, 1, 65535, 65535, 65535) + b"\1a\0\0\1\0\1",
}


@pytest.fixture(name="sockets")
def _sockets(world):
    """Sockets of a cgroup that the daemon sends to the relay."""
    made = Sockets(world)
    world.daemon(CONFIG)
    return made


class Destinations(Upstream):
    """An upstream that notes where clients want to go, and keeps their connections."""

    def __init__(self, world, kind="socks5"):
        self.destinations = []
        super().__init__(world, self._note)
        self._accept_client = ACCEPT[kind]

    def _note(self, connection):
        self.destinations.append(self._accept_client(connection))
        self.keep(connection)

    def take_destination(self):
        """Where the next client wants to go, and its connection."""
        connection = self.take()
        return self.destinations.pop(0), connection


@pytest.fixture(name="upstream")
def _upstream(world):
    return Destinations(world)


def resolver(sockets, family=V4, address=None):
    """A connection to a name server, whichever."""
    return sockets.connect(family, address or RESOLVER[family], DNS_PORT)


def resolve(sockets, name, family=V4):
    """The address that a name has."""
    with resolver(sockets, family) as connection:
        address, = ask(connection, name, KIND[family]).addresses
    return address


def fake_ip(world, *arguments, url=SOCKS5, **options):
    """Start the relay with fake addresses."""
    return relay(world, url, "--dns", "fake-ip", *arguments, **options)


def state(world):
    """A directory for a relay's state."""
    directory = world.scratch.path(".state")
    directory.mkdir()
    return directory


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_connections_go_by_name(world, sockets, kind, family):
    """The upstream is told the name, in lower case, and data goes both ways."""
    upstream = Destinations(world, kind)
    fake_ip(world, url=f"{kind}://127.0.0.1:{UPSTREAM_PORT}")
    address = resolve(sockets, "Www.Example.ORG", family)
    assert ipaddress.ip_address(address) in NETWORKS[family]
    client = sockets.connect(family, address, 443)
    destination, server = upstream.take_destination()
    assert destination == ("www.example.org", 443)
    client.sendall(b"question")
    assert receive(server, 8) == b"question"
    server.sendall(b"answer")
    assert receive(client, 6) == b"answer"
    sockets.connect(family)
    assert upstream.take_destination()[0] == (OUTSIDE[family], SERVICE_PORT)


@pytest.mark.parametrize("family", [V4, V6])
def test_what_is_answered(world, sockets, upstream, family):
    """An address for a second, nothing where others could have one, and the names of these addresses."""
    fake_ip(world)
    connection = resolver(sockets, family)
    (kind, ttl, data), = ask(connection, "a.test", A, 7).records
    assert (kind, ttl, len(data)) == (A, 1, 4)
    (kind, ttl, data6), = ask(connection, "A.test", AAAA).records
    assert (kind, ttl, len(data6)) == (AAAA, 1, 16)
    assert data6[-1] == data[-1]
    for kind in (HTTPS, TXT):
        assert ask(connection, "a.test", kind)[1:] == (NOERROR, False, [])
    (kind, _, name), = ask(connection, f"{data[3]}.{data[2]}.{data[1]}.{data[0]}.in-addr.arpa", PTR).records
    assert name == b"\1a\4test\0"
    assert ask(connection, "printer.local").code == NXDOMAIN
    assert ask(connection, "localhost", KIND[family]).addresses == [LOOPBACK[family]]
    assert upstream.connections == 0


@pytest.mark.parametrize("family", [V4, V6])
def test_udp(world, sockets, upstream, family):
    """Answers come from the address that was asked, for sockets that are connected, too."""
    fake_ip(world)
    sock = sockets.make(family, UDP)
    addresses = {kind: ask_by_udp(sock, (RESOLVER[family], DNS_PORT), "a.test", kind).addresses for kind in KIND.values()}
    with resolver(sockets, family) as connection:
        assert addresses == {kind: ask(connection, "a.test", kind).addresses for kind in KIND.values()}
    sock.connect((OUTSIDE[family], DNS_PORT))
    for number in range(500):
        sock.send(question(f"n{number}.test", number=number, edns=1232))
        answer = read(sock.recv(4096))
        assert (answer.number, answer.code, len(answer.addresses)) == (number, NOERROR, 1)
    client = sockets.connect(family, addresses[KIND[family]][0], 443)
    assert upstream.take_destination()[0] == ("a.test", 443)
    client.close()


@pytest.mark.parametrize("address", ["127.0.0.53", "127.0.0.1", HOST[V4], "::1", HOST[V6]])
def test_name_servers_of_the_host_itself(world, sockets, upstream, address):
    """What is meant for systemd-resolved, say, is answered likewise, and that keeps what others ask it."""
    family = V6 if ":" in address else V4
    resolved = world.dns("resolved", DNS_PORT, [address])
    direct = world.client("direct")
    fake_ip(world)
    with resolver(sockets, family, address) as connection:
        assert len(ask(connection, "a.test").addresses) == 1
    sock = sockets.make(family, UDP)
    for number in range(100):
        assert len(ask_by_udp(sock, (address, DNS_PORT), f"n{number}.test").addresses) == 1
        if number % 10 == 0:
            assert direct.ask(UDP, family, address, DNS_PORT).who == "dns resolved"
    assert direct.ask(TCP, family, address, DNS_PORT).who == "dns resolved"
    assert resolved is not None and upstream.connections == 0


def test_without_other_capabilities(world, sockets, upstream):
    """CAP_NET_RAW is enough, though port 53 is a privileged one."""
    fake_ip(world, wrap=lambda argv: as_nobody(argv, "net_raw"))
    for family in (V4, V6):
        assert ask_by_udp(sockets.make(family, UDP), (RESOLVER[family], DNS_PORT), "a.test").code == NOERROR
    assert upstream.connections == 0


def heard(client):
    """What comes to a client next, and from where."""
    data, address = client.recvfrom(65536)
    return data, address[:2]


@pytest.mark.parametrize("family", [V4, V6])
def test_datagrams_go_by_name(world, sockets, family):
    """Whoever answers, with whatever address or name, it comes from the fake one; others have associations of theirs."""
    upstream = UdpUpstream(world)
    fake_ip(world)
    server = (resolve(sockets, "a.test", family), 443)
    other = (resolve(sockets, "b.test", family), 443)
    client = sockets.make(family, UDP)
    client.sendto(b"question", server)
    first = upstream.next()
    assert first.receive() == (("a.test", 443), b"question")
    for source in ((OUTSIDE[V4], 443), (OUTSIDE[V6], 443)):
        first.send(source, b"answer")
        assert heard(client) == (b"answer", server)
    first.send_raw(b"\0\0\0\3\6a.test\x01\xbbby name")
    assert heard(client) == (b"by name", server)
    first.send((OUTSIDE[V4], 444), b"another port")
    assert heard(client) == (b"another port", (server[0], 444))
    client.sendto(b"to b", other)
    second = upstream.next()
    assert second.receive() == (("b.test", 443), b"to b")
    second.send((OUTSIDE[V4], 443), b"from b")
    assert heard(client) == (b"from b", other)
    client.sendto(b"real", (OUTSIDE[family], 443))
    third = upstream.next()
    assert third.receive() == ((OUTSIDE[family], 443), b"real")
    third.send((OUTSIDE[family], 443), b"real, too")
    assert heard(client) == (b"real, too", (OUTSIDE[family], 443))
    for wrong in (b"\0\0\0\3", b"\0\0\0\3\xff" + bytes(200), b"\0\0\0\3\0\0"):
        first.send_raw(wrong)
    client.sendto(b"more", server)
    assert first.receive() == (("a.test", 443), b"more")
    assert upstream.connections == 3


@pytest.mark.parametrize("family", [V4, V6])
def test_datagrams_to_a_fake_address_without_a_name(world, sockets, upstream, family):
    """They go nowhere, and the log says why."""
    daemon = fake_ip(world)
    sockets.make(family, UDP).sendto(b"hello", (str(NETWORKS[family][77]), 443))
    daemon.wait_log("ignored a datagram: this fake address has no name")
    assert upstream.connections == 0


def test_rubbish_by_udp(world, sockets, upstream):
    """What has a header is answered with an error; nothing else is, and the relay goes on."""
    fake_ip(world)
    sock = sockets.make(V4, UDP)
    server = (RESOLVER[V4], DNS_PORT)
    for data in (b"", b"short", bytes(65000), os.urandom(2000), question("a.test")[:-1], *WRONG.values()):
        sock.sendto(data, server)
    sock.sendto(question("a.test", number=4242), server)
    codes = []
    while True:
        answer = read(sock.recv(4096))
        if answer.number == 4242 and answer.addresses:
            break
        codes.append(answer.code)
    assert len(codes) >= len(WRONG) and NOERROR not in codes
    assert upstream.connections == 0


def test_many_queries_on_a_connection(world, sockets, upstream):
    """All are answered, however they are cut into packets, and the end of them is no end of the answers."""
    fake_ip(world)
    connection = resolver(sockets)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = b"".join(frame(question(f"n{number}.test", number=number)) for number in range(2000))
    for at in range(200):
        connection.send(data[at:at + 1])
    connection.sendall(data[200:])
    connection.shutdown(socket.SHUT_WR)
    answers = [read(receive_frame(connection)) for _ in range(2000)]
    assert [answer.number for answer in answers] == list(range(2000))
    assert len({answer.addresses[0] for answer in answers}) == 2000
    assert connection.recv(1) == b""
    assert upstream.connections == 0


def test_a_client_that_does_not_read(world, sockets, upstream):
    """It is read no further, and loses no answer when it begins to read; others are answered meanwhile."""
    fake_ip(world)
    connection = resolver(sockets)
    connection.setblocking(False)
    query = frame(question("a.test", edns=4096))
    sent = 0
    try:
        while sent < 1 << 30:
            sent += connection.send(query * 1000)
    except BlockingIOError:
        pass
    assert len(resolve(sockets, "b.test")) > 0
    connection.settimeout(30)
    count = sent // len(query)
    assert count > 1000
    for _ in range(count):
        assert read(receive_frame(connection)).code == NOERROR


@pytest.mark.long
def test_an_idle_client_is_ended(world, sockets, upstream):
    """Bytes alone do not keep it; its queries do."""
    fake_ip(world)
    idle, slow, busy = (resolver(sockets) for _ in range(3))
    for connection in (idle, slow):
        assert ask(connection, "a.test").code == NOERROR
    slow.settimeout(1)
    data = frame(question("b.test"))
    for byte in data:
        assert ask(busy, "a.test").code == NOERROR
        slow.sendall(bytes([byte]))
        try:
            assert slow.recv(1) == b""
            break
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
    else:
        raise AssertionError("it was not ended")
    assert idle.recv(1) == b""
    assert ask(busy, "a.test").code == NOERROR


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("number", [1, 77, 0, -1])
def test_a_fake_address_without_a_name(world, sockets, upstream, family, number):
    """It is refused, and the upstream is not asked."""
    daemon = fake_ip(world)
    address = str(NETWORKS[family][number])
    assert is_refused(sockets.connect, family, address, 443)
    daemon.wait_log("this fake address has no name")
    assert upstream.connections == 0


@pytest.mark.parametrize("ipv6", ["proxy", "refuse"])
def test_by_name(world, upstream, ipv6):
    """The config says so; where IPv6 does not reach the relay, names have no such address."""
    text = ONE_PROXY.replace("port: 7893", f"port: 7893, ipv6: {ipv6}, relay: {{upstream: '{SOCKS5}', dns: fake-ip}}")
    sockets = Sockets(world)
    world.daemon(text)
    directory = state(world)
    argv = [binary(), "-c", world.scratch.write(text), "relay", "mihomo"]
    world.keep(Daemon(world.host, world.scratch, argv, STATE_DIRECTORY=str(directory))).wait_ready()
    for protocol in (TCP, UDP):
        for family in (V4, V6):
            if protocol == TCP:
                with resolver(sockets, family) as connection:
                    answers = [ask(connection, "a.test", kind).addresses for kind in (A, AAAA)]
            else:
                sock, server = sockets.make(family, UDP), (RESOLVER[family], DNS_PORT)
                answers = [ask_by_udp(sock, server, "a.test", kind).addresses for kind in (A, AAAA)]
            assert [len(addresses) for addresses in answers] == [1, 1 if ipv6 == "proxy" else 0]
    sockets.connect(V4, answers[0][0], 443)
    assert upstream.take_destination()[0] == ("a.test", 443)
    assert (directory / "fake-ip").exists()


@pytest.mark.parametrize("networks", [SMALL, "fd00:1::/64", "10.99.0.0/16,fd00:2::/96"])
def test_other_networks(world, sockets, upstream, networks):
    """A family without a network has no addresses, and real addresses outside of them are real."""
    fake_ip(world, "--fake-networks", networks)
    given = {V6 if ":" in text else V4: ipaddress.ip_network(text) for text in networks.split(",")}
    with resolver(sockets) as connection:
        for family in (V4, V6):
            addresses = ask(connection, "a.test", KIND[family]).addresses
            assert len(addresses) == (family in given)
            assert all(ipaddress.ip_address(address) in given[family] for address in addresses)
    for family in given:
        sockets.connect(family, resolve(sockets, "a.test", family), 1)
        assert upstream.take_destination()[0] == ("a.test", 1)
    sockets.connect(V4, "198.18.0.1", 2)
    assert upstream.take_destination()[0] == ("198.18.0.1", 2)


def test_all_addresses_are_in_use(world, sockets, upstream):
    """A further name has a failure, which is logged; the others keep their addresses."""
    daemon = fake_ip(world, "--fake-networks", SMALL)
    addresses = {name: resolve(sockets, name) for name in ("b.x", "c.x", "d.x", "e.x", "f.x", "g.x")}
    assert len(set(addresses.values())) == 6
    with resolver(sockets) as connection:
        assert ask(connection, "h.x").code == SERVFAIL
        assert ask(connection, "b.x").addresses == [addresses["b.x"]]
    daemon.wait_log("there is no fake address for another name: all 6 were used")
    sockets.connect(V4, addresses["g.x"], 80)
    assert upstream.take_destination()[0] == ("g.x", 80)


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("where", ["--state-directory", "STATE_DIRECTORY"])
def test_a_restart(world, sockets, upstream, end, where):
    """A client that remembers an address from before reaches the same name, and no other name has got it."""
    directory = state(world)
    arguments = ["--state-directory", directory] if where == "--state-directory" else []
    env = {} if arguments else {"STATE_DIRECTORY": f"{directory}:/nonexistent"}
    first = fake_ip(world, *arguments, **env)
    addresses = {family: resolve(sockets, "a.test", family) for family in (V4, V6)}
    client = sockets.connect(V4, addresses[V4], 443)
    upstream.take_destination()
    if end == "SIGKILL":
        os.kill(first.pid, signal.SIGKILL)
        first.process.wait()
    else:
        assert first.stop() == 0
        assert was_reset(client)
    fake_ip(world, *arguments, **env)
    assert resolve(sockets, "b.test") != addresses[V4]
    for family in (V4, V6):
        sockets.connect(family, addresses[family], 443)
        assert upstream.take_destination()[0] == ("a.test", 443)
        assert resolve(sockets, "a.test", family) == addresses[family]
    file, = directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("damage", "message"), [
    (lambda data: data + b"\xff\x00garbage\n7 7 UPPER\n12345678901234567890 1 x.test\n-1 1 y.test\n3", "damaged and were ignored"),
    (lambda data: b"something else\n" + data, "is damaged, or for other networks"),
    (lambda data: os.urandom(100_000), "is damaged, or for other networks"),
    (lambda data: b"", None),
], ids=["lines", "heading", "noise", "empty"])
def test_a_damaged_file(world, sockets, upstream, damage, message):
    """It is used as far as it can be, and what was lost is refused; the relay goes on."""
    directory = state(world)
    assert fake_ip(world, "--state-directory", directory).stop() == 0
    first = fake_ip(world, "--state-directory", directory)
    address = resolve(sockets, "a.test")
    assert first.stop() == 0
    file = directory / "fake-ip"
    file.write_bytes(damage(file.read_bytes()))
    daemon = fake_ip(world, "--state-directory", directory)
    if message:
        daemon.wait_log(message)
    if message and "ignored" in message:
        sockets.connect(V4, address, 443)
        assert upstream.take_destination()[0] == ("a.test", 443)
    else:
        assert is_refused(sockets.connect, V4, address, 443)
    assert resolve(sockets, "z.test") in map(str, NETWORKS[V4].hosts())


def test_a_file_that_is_none(world, sockets, upstream):
    """The relay says so, and does without."""
    directory = state(world)
    (directory / "fake-ip").mkdir()
    daemon = fake_ip(world, "--state-directory", directory)
    daemon.wait_log("can't be read")
    sockets.connect(V4, resolve(sockets, "a.test"), 1)
    assert upstream.take_destination()[0] == ("a.test", 1)


def test_a_state_directory_is_one_relays(world):
    """Another one does not start with it, until the first has ended, in whatever way."""
    directory = state(world)
    first = fake_ip(world, "--state-directory", directory)
    second = start_relay(world, SOCKS5, "--dns", "fake-ip", "--state-directory", directory, listen=("--listen", 7999))
    assert second.wait_refused() == 1
    assert f"another relay has the state directory {directory}" in second.log
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    fake_ip(world, "--state-directory", directory)


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (("--dns", "fake"), 2, "--dns: expected off, fake-ip, or a name server"),
    (("--dns", "tcp://dns.example"), 2, "--dns: expected"),
    (("--dns", "tcp://9.9.9.9:0"), 2, "--dns: expected"),
    (("--fake-networks", SMALL), 2, "--fake-networks is for --dns fake-ip"),
    (("--dns", "tcp://9.9.9.9", "--fake-networks", SMALL), 2, "--fake-networks is for --dns fake-ip"),
    (("--dns", "fake-ip", "--fake-networks", "198.18.0.1/15"), 2, "--fake-networks: expected"),
    (("--dns", "fake-ip", "--fake-networks", "127.0.0.0/8"), 2, "--fake-networks: expected"),
    (("--dns", "fake-ip", "--fake-networks", "198.18.0.0/31"), 2, "--fake-networks: expected"),
    (("--dns", "fake-ip", "--state-directory", "/nonexistent"), 1, "can't open the state directory /nonexistent"),
    (("--dns", "fake-ip", "--listen", "53"), 1, "can't listen on port 53 itself"),
    (("--dns", "tcp://9.9.9.9", "--listen", "53"), 1, "can't listen on port 53 itself"),
    (("--dns", "fake-ip", "--upstream", "direct://"), 2, "--dns fake-ip leaves names to the upstream to resolve"),
])
def test_options_that_make_no_sense(world, arguments, code, message):
    """They are refused, with the reason."""
    daemon = start_relay(world, SOCKS5, *arguments)
    assert daemon.wait_refused() == code
    assert message in daemon.log


def test_off(world, sockets, upstream):
    """Port 53 is one like others, and so are the addresses."""
    relay(world, SOCKS5)
    resolver(sockets)
    assert upstream.take_destination()[0] == (RESOLVER[V4], DNS_PORT)
    sockets.connect(V4, "198.18.0.1", 443)
    assert upstream.take_destination()[0] == ("198.18.0.1", 443)


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_dns(world, sockets, upstream, what):
    """It ends its own connection, and nothing else."""
    daemon = fake_ip(world)
    other = resolver(sockets)
    connection = resolver(sockets)
    try:
        connection.sendall(HOSTILE[what])
    except (ConnectionResetError, BrokenPipeError):
        pass
    else:
        assert was_reset(connection)
    assert ask(other, "a.test").code == NOERROR
    assert daemon.process.poll() is None


@pytest.mark.parametrize("what", WRONG)
def test_wrong_queries(world, sockets, upstream, what):
    """They have an error for an answer, and the connection goes on."""
    fake_ip(world)
    connection = resolver(sockets)
    connection.sendall(frame(WRONG[what]))
    result = read(receive_frame(connection))
    assert (result.number, result.code) == (struct.unpack_from("!H", WRONG[what])[0], FORMERR)
    assert ask(connection, "a.test").code == NOERROR


def test_an_answer_is_no_query(world, sockets, upstream):
    """Nothing is said to it, lest two servers talk to each other for ever."""
    fake_ip(world)
    connection = resolver(sockets)
    connection.sendall(frame(struct.pack("!6H", 9, 0x8180, 1, 0, 0, 0) + question("a.test")[12:]))
    assert ask(connection, "a.test", number=10).number == 10


def test_nothing_is_left_behind(world, sockets, upstream):
    """No descriptors, of clients that end in all ways and of connections by name."""
    daemon = fake_ip(world, "--fake-networks", SMALL)

    def descriptors():
        return len(os.listdir(f"/proc/{daemon.pid}/fd"))

    before = descriptors()
    for number in range(300):
        with resolver(sockets) as connection:
            if number % 3 == 0:
                assert ask(connection, "a.test").code == NOERROR
            elif number % 3 == 1:
                connection.sendall(frame(question("b.test"))[:9])
            else:
                connection.sendall(frame(question("b.test")))
                reset(connection)
    for _ in range(20):
        with sockets.connect(V4, resolve(sockets, "a.test"), 80):
            upstream.take_destination()[1].close()
    wait_until(lambda: descriptors() <= before + 2, lambda: f"{before} descriptors; there are {descriptors()}")


def in_cgroup(world, *argv, protocol=UDP):
    """Run a program in the cgroup of the sockets, which asks by this protocol; its output."""
    directory = world.cgroups.directory(world.cgroups.path("proxied"))
    more = "options use-vc\n" if protocol == TCP else ""
    resolv = world.scratch.write(f"nameserver 127.0.0.53\n{more}")
    nss = world.scratch.write("hosts: dns\n")
    script = (f"mount --bind {resolv} /etc/resolv.conf; mount --bind {nss} /etc/nsswitch.conf; "
              f"echo 0 >{directory}/cgroup.procs")
    return subprocess.run(world.host.command(*in_private_mounts(script, argv)), capture_output=True, text=True, timeout=60,
                          check=True).stdout


@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("family", [V4, V6])
def test_programs_with_a_real_upstream(world, sockets, family, protocol):
    """The C library resolves a name that microsocks alone knows, and data goes to the outside and back."""
    hosts = world.scratch.write(f"{OUTSIDE[family]} far.test\n")
    with_names = f"mount --bind {hosts} /etc/hosts; echo 'hosts: files' >{hosts}.nss; mount --bind {hosts}.nss /etc/nsswitch.conf"
    url = upstreams.microsocks(world, wrap=lambda argv: in_private_mounts(with_names, argv))
    fake_ip(world, url=url)
    program = (f"import socket\nwith socket.create_connection(('far.test', {SERVICE_PORT})) as c:\n"
               "    c.sendall(b'token\\n')\n    print(c.makefile().readline())")
    answer = in_cgroup(world, sys.executable, "-I", "-S", "-c", program, protocol=protocol)
    assert '"outside"' in answer
    assert OUTSIDE[family] in answer
