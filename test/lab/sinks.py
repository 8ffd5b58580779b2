# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPROXY server that never answers: for clients that send too fast for answers."""

import selectors
import socket

from .addresses import ANY, TCP, UDP, V4, V6
from .servers import make_socket

SO_RCVBUFFORCE = 33
# The receive buffer, and what the kernel charges for the smallest datagram (a low estimate).
_BUFFER_SIZE, _LEAST_DATAGRAM_SIZE = 16 << 20, 256


class ProxySink:
    """Takes what TPROXY sends to a port, UDP and TCP, v4 and v6, and keeps the datagrams."""

    def __init__(self, namespace, port):
        self._sockets = []
        self._listeners = []
        for family in (V4, V6):
            sock = namespace.call(make_socket, UDP, family, True)
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, _BUFFER_SIZE)
            sock.bind((ANY[family], port))
            sock.setblocking(False)
            self._sockets.append(sock)
            listener = namespace.call(make_socket, TCP, family, True)
            listener.bind((ANY[family], port))
            listener.listen(4096)
            self._listeners.append(listener)

    def take(self):
        """The datagrams since the last call, as many as the buffer kept; of a flood that goes on, what came before."""
        taken = []
        for sock in self._sockets:
            try:
                for _ in range(_BUFFER_SIZE // _LEAST_DATAGRAM_SIZE):
                    taken.append(sock.recv(4096))
            except BlockingIOError:
                pass
        return taken

    def await_datagram(self):
        """Forget what came before, and await a datagram."""
        self.take()
        with selectors.DefaultSelector() as selector:
            for sock in self._sockets:
                selector.register(sock, selectors.EVENT_READ)
            assert selector.select(30), "no datagram came to the proxy"

    def close(self):
        """Close the sockets."""
        for sock in self._sockets + self._listeners:
            sock.close()
