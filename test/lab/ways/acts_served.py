# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that are asked: servers, and clients that others pretend to answer."""

import json
import selectors
import socket

from ..addresses import GATEWAY, HOST, LOOPBACK, SERVICE_PORT
from . import cells, sockets
from .acts import TCP, UDP, answered
from .assistant import OWN
from .talking import SENT, finish
from .task import DISTURBED, ENDING, RUNNING

# A port where nothing on the host listens.
STRANGERS_PORT = 7001
# How often a server looks whether it is over, in seconds.
_PAUSE = 0.02


def serve(kind, *also):
    """A server of one question for each visitor. `also` are acts that it goes on with on the socket that answered."""
    def act(task):
        sock = task.socket(kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        task.bind(sock)
        if kind == TCP:
            sock.listen()
        task.in_background(ENDING)
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            while not task.reached(ENDING):
                if not selector.select(_PAUSE):
                    continue
                if _answer_visitor(task, sock):
                    for more in also:
                        more(task, sock)
        return SENT
    return act


def _answer_visitor(task, sock):
    """Answer one question; False for what is the answer to one of the program's own."""
    if sock.type == TCP:
        connection, _ = sock.accept()
        connection.settimeout(task.patience)
        connection.sendall(_reply(connection.recv(4096)))
        task.keep(connection)
        return True
    data, visitor = sock.recvfrom(4096)
    if visitor[0] != GATEWAY[task.family]:
        return False
    sock.sendto(_reply(data), visitor)
    return True


def _reply(data):
    return json.dumps({"who": "subject", "token": data.decode().strip(), "asked": [], "peer": []}).encode() + b"\n"


def ask_from_there(task, sock):
    """The server's socket becomes a client's: it asks somebody who never asked it."""
    sock.sendto(task.token() + b"\n", sockets.outside(task))


def connect_from_there(task, sock):
    """A new connection of the server's own."""
    del sock
    client = task.socket(TCP)
    client.setblocking(False)
    client.connect_ex(sockets.outside(task))


def _stranger(task, kind, free, address, port):
    """A direct program's socket with an address of the outside, beside those with which a proxy answers from there."""
    stranger = task.keep(task.assistant.open(OWN, kind, task.family))
    free(task.family, stranger)
    stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    stranger.bind((address, port))
    return stranger


def pretended_answer(free, role=cells.FOREIGN, kind=UDP):
    """Somebody in a direct cgroup sends first, in the name of an address outside; the program answers there.

    `free` is the option by which that one may: a transparent proxy's, or the one that takes no privilege.
    """
    def act(task):
        client, stranger = task.socket(kind), _stranger(task, kind, free, task.address(role), STRANGERS_PORT)
        task.bind(client)
        if kind == TCP:
            client.listen()
            stranger.setblocking(False)
            stranger.connect_ex((HOST[task.family], task.port))  # the kernel answers for the program
            return SENT
        stranger.sendto(b"first\n", (HOST[task.family], task.port))
        client.settimeout(max(task.patience, 1))
        client.recvfrom(4096)
        client.sendto(task.token() + b"\n", (task.address(role), STRANGERS_PORT))
        return SENT
    return act


def late_answer(task):
    """A question that was answered; later whoever has the server's address sends again, and the program answers."""
    task.reach(RUNNING)
    client = task.socket(UDP)
    task.bind(client)
    try:
        task.ask(client, sockets.outside(task))
    except OSError:
        pass  # dropped, say: all the same for what comes now
    task.reach(DISTURBED)
    stranger = _stranger(task, UDP, sockets.transparent, task.address(), SERVICE_PORT)
    stranger.sendto(b"late\n", (HOST[task.family], task.port))
    client.settimeout(max(task.patience, 1))
    while client.recvfrom(4096)[0] != b"late\n":
        pass
    client.sendto(task.token() + b"\n", (task.address(), SERVICE_PORT))
    return SENT


def local_answer(task):
    """A question over loopback between two sockets of the program itself."""
    server, client = task.socket(UDP), task.socket(UDP)
    server.bind((LOOPBACK[task.family], 0))
    data = task.token() + b"\n"
    client.sendto(data, server.getsockname()[:2])
    server.settimeout(task.patience)
    received, peer = server.recvfrom(4096)
    server.sendto(_reply(received), peer)
    return answered([finish(client, data, task.patience)])
