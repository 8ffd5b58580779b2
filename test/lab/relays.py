# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay under test, sockets of clients in a cgroup, and upstreams that do what a test wants."""

import base64
import json
import socket
import struct
import subprocess
import sys
import threading

from .addresses import LOOPBACK, OUTSIDE, SERVICE_PORT, TCP, UDP, V4, V6
from .daemon import Daemon, binary
from .waiting import PATIENCE, wait_until
from .world import PROXY_PORT

UPSTREAM_PORT = 1080
USER, PASSWORD = "alice", "wonder:land"
# Makes sockets in the cgroup of the first argument, and passes each on by the Unix socket that is its standard input.
_MAKER = """
import socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as procs:
    procs.write("0")
channel = socket.socket(fileno=0)
while True:
    order = channel.recv(1)
    if not order:
        break
    family = socket.AF_INET if order in b"4d" else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM if order in b"46" else socket.SOCK_DGRAM) as made:
        socket.send_fds(channel, [b"x"], [made.fileno()])
"""


def relay_binary():
    """The program under test, beside the daemon."""
    return binary().parent / "cgtproxy-relay"


def start_relay(world, upstream, *arguments, listen=("--listen", PROXY_PORT), **options):
    """Start the relay with this upstream's URL, without waiting for anything."""
    return world.keep(Daemon(world.host, world.scratch, [relay_binary(), *listen, "--upstream", upstream, *arguments],
                             **options))


def relay(world, upstream, *arguments, **options):
    """Start the relay, and await its readiness."""
    return start_relay(world, upstream, *arguments, **options).wait_ready()


def start_activated(world, upstream, wrap):
    """A relay without --listen; descriptors that may be inherited are."""
    real = subprocess.Popen

    def popen(*arguments, **options):
        return real(*arguments, **{**options, "close_fds": False})

    subprocess.Popen = popen
    try:
        return relay(world, upstream, listen=(), wrap=wrap)
    finally:
        subprocess.Popen = real


class Sockets:
    """Sockets of a cgroup on the host, for the test to use: a socket stays in the cgroup that it was made in."""

    def __init__(self, world, cgroup="proxied"):
        self._ours, theirs = socket.socketpair()
        directory = world.cgroups.directory(world.cgroups.make(cgroup))
        self._maker = subprocess.Popen(world.host.command(sys.executable, "-I", "-S", "-c", _MAKER, str(directory)),
                                       stdin=theirs)
        theirs.close()
        self._made = []
        world.keep(self)

    def make(self, family=V4, protocol=TCP):
        """A socket that is not connected yet."""
        self._ours.send({(TCP, V4): b"4", (TCP, V6): b"6", (UDP, V4): b"d", (UDP, V6): b"D"}[protocol, family])
        _, descriptors, _, _ = socket.recv_fds(self._ours, 1, 1)
        made = socket.socket(fileno=descriptors[0])
        made.settimeout(PATIENCE)
        self._made.append(made)
        return made

    def connect(self, family=V4, address=None, port=SERVICE_PORT):
        """One that is connected, as far as the relay has accepted it."""
        made = self.make(family)
        made.connect((address or OUTSIDE[family], port))
        return made

    def close(self):
        """Close all of them."""
        self._ours.close()
        self._maker.wait()
        for made in self._made:
            made.close()


def reset(connection):
    """Close a socket so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def was_reset(connection):
    """Whether the connection ends with a reset; what came before is read."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return False


def is_refused(connect, *arguments):
    """Whether a connection that is made so is reset, be it while that is done."""
    try:
        connection = connect(*arguments)
    except (ConnectionResetError, BrokenPipeError):
        return True
    with connection:
        return was_reset(connection)


def receive(connection, length):
    """So many bytes; fails if there are fewer."""
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        assert part, f"the end after {data!r}"
        data += part
    return data


def receive_until(connection, end):
    """The bytes up to this end; no more are read."""
    data = b""
    while not data.endswith(end):
        data += receive(connection, 1)
    return data


class Upstream:
    """A server on the host whose every connection a function serves, in a thread of its own.

    The connection is closed when the function returns, unless it has kept it with keep().
    """

    def __init__(self, world, serve, path=None, port=UPSTREAM_PORT, family=V4):
        self._serve = serve
        self._kept = []
        self.connections = 0
        self.failures = []
        self._port = port
        self._family = family
        self._path = path
        self._listener = world.host.call(self._open)
        threading.Thread(target=self._accept, daemon=True).start()
        world.keep(self)

    def _open(self):
        if self._path:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self._path))
            self._path.chmod(0o777)
        else:
            listener = socket.socket(socket.AF_INET if self._family == V4 else socket.AF_INET6)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK[self._family], self._port))
        listener.listen(4096)
        return listener

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(PATIENCE)
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection):
        try:
            self._serve(connection)
        except (OSError, AssertionError) as error:
            self.failures.append(error)
        if connection not in self._kept:
            connection.close()

    def keep(self, connection):
        """Leave this connection open after its function has returned; take() gets it."""
        self._kept.append(connection)

    def take(self):
        """The connection that was kept first, once there is one."""
        return wait_until(lambda: self._kept and self._kept.pop(0), "a connection reaches the upstream")

    def kept(self):
        """How many are kept."""
        return len(self._kept)

    def close(self):
        """Close all of it."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for connection in self._kept:
            connection.close()


_SIZES = {1: 4, 4: 16}
SOCKS5_DONE = b"\5\0\0\1\0\0\0\0\0\0"


def take_methods(connection):
    """Read a client's offer; the methods."""
    version, count = receive(connection, 2)
    assert version == 5
    return receive(connection, count)


def take_password(connection):
    """Read a user and a password."""
    version, length = receive(connection, 2)
    assert version == 1
    user = receive(connection, length).decode()
    return user, receive(connection, receive(connection, 1)[0]).decode()


def take_request(connection):
    """Read a request to connect; address and port."""
    head = receive(connection, 4)
    assert head[:3] == b"\5\1\0"
    if head[3] == 3:
        address = receive(connection, receive(connection, 1)[0]).decode()
    else:
        address = socket.inet_ntop({1: socket.AF_INET, 4: socket.AF_INET6}[head[3]], receive(connection, _SIZES[head[3]]))
    return address, struct.unpack("!H", receive(connection, 2))[0]


def accept_socks5(connection, password=False, send=socket.socket.sendall, answer=SOCKS5_DONE):
    """Be a SOCKS5 server until it has connected; the destination."""
    methods = take_methods(connection)
    if password:
        assert 2 in methods
        send(connection, b"\5\2")
        right = take_password(connection) == (USER, PASSWORD)
        send(connection, b"\1\0" if right else b"\1\1")
        assert right
    else:
        assert 0 in methods
        send(connection, b"\5\0")
    destination = take_request(connection)
    send(connection, answer)
    return destination


def accept_http(connection, password=False, send=socket.socket.sendall,
                answer=b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"):
    """Be an HTTP proxy until it has connected; the destination."""
    head = receive_until(connection, b"\r\n\r\n").decode().split("\r\n")
    command, target, version = head[0].split(" ")
    assert (command, version, head[1]) == ("CONNECT", "HTTP/1.1", f"Host: {target}")
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if password and f"Proxy-Authorization: Basic {token}" not in head:
        send(connection, b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        raise AssertionError("no password")
    send(connection, answer)
    address, _, port = target.rpartition(":")
    return address.strip("[]"), int(port)


ACCEPT = {"socks5": accept_socks5, "http": accept_http}


def one_byte_at_a_time(connection, data):
    """Send like this."""
    if connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        connection.sendall(bytes([byte]))


def be_destination(connection, destination):
    """Answer a Client of the lab as the destination does; its name is "upstream"."""
    with connection.makefile("r") as lines:
        for line in lines:
            answer = {"who": "upstream", "token": line.strip(), "asked": destination, "peer": ["", 0]}
            connection.sendall(json.dumps(answer).encode() + b"\n")
