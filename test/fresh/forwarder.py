# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The only way out of a room's network namespace: a SOCKS5 server (RFC 1928) for apt.

It listens inside, on the loopback interface, and connects from the namespace of this process.
"""

import contextlib
import logging
import socket
import struct
import threading

_logger = logging.getLogger(__name__)

_PORT = 1080
# Seconds; apt itself gives up after 30 and tries again.
_PATIENCE = 30
_VERSION, _CONNECT = 5, 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_SUCCEEDED, _UNREACHABLE, _NO_SUCH_COMMAND = 0, 4, 7

# Options for apt.
APT_CONFIGURATION = f'Acquire::http::Proxy "socks5h://127.0.0.1:{_PORT}";\n'


def _read(connection, size):
    """Read exactly this many bytes."""
    data = connection.recv(size, socket.MSG_WAITALL)
    if len(data) != size:
        raise ConnectionError("the client ended within its request")
    return data


def _requested(connection):
    """The command of a client, and the (host, port) that it is about."""
    _, methods = _read(connection, 2)
    _read(connection, methods)
    connection.sendall(bytes([_VERSION, 0]))  # no authentication
    _, command, _, kind = _read(connection, 4)
    if kind == _NAME:
        host = _read(connection, _read(connection, 1)[0]).decode("ascii")
    else:
        family, size = {_IPV4: (socket.AF_INET, 4), _IPV6: (socket.AF_INET6, 16)}[kind]
        host = socket.inet_ntop(family, _read(connection, size))
    return command, (host, *struct.unpack("!H", _read(connection, 2)))


def _answer(connection, code):
    connection.sendall(bytes([_VERSION, code, 0, _IPV4]) + bytes(6))


def _copy(source, destination):
    """Copy until the source ends, and tell the destination of the end."""
    try:
        while data := source.recv(1 << 16):
            destination.sendall(data)
        destination.shutdown(socket.SHUT_WR)
    except OSError:  # one side has closed, so the other is not needed any more
        for end in (source, destination):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Forwarder:
    """Serves until it is closed, or this process ends."""

    def __init__(self, namespace):
        self._listener = namespace.call(socket.create_server, ("127.0.0.1", _PORT))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                command, where = _requested(connection)
                if command != _CONNECT:
                    _answer(connection, _NO_SUCH_COMMAND)
                    return
                outside = socket.create_connection(where, _PATIENCE)
            except OSError as error:
                _logger.warning("apt's way out: %s", error)
                with contextlib.suppress(OSError):  # it may be gone
                    _answer(connection, _UNREACHABLE)
                return
            with outside:
                outside.settimeout(None)
                _answer(connection, _SUCCEEDED)
                back = threading.Thread(target=_copy, args=(outside, connection), daemon=True)
                back.start()
                _copy(connection, outside)
                back.join()

    def close(self):
        """Stop serving."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
