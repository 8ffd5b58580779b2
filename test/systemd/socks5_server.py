# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SOCKS5 server for the machine, which answers as "upstream" in place of every destination."""

import socket
import threading

from lab.relays import UPSTREAM_PORT, accept_socks5, be_destination


def _serve(connection, password):
    with connection:
        try:
            be_destination(connection, accept_socks5(connection, password=password))
        except (OSError, AssertionError):
            pass  # the client has to see it


def _accept(listener, password):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, password), daemon=True).start()


def start(password=False):
    """Listen on the loopback interface, and serve in threads. With password=True it wants that of the lab."""
    listener = socket.create_server(("127.0.0.1", UPSTREAM_PORT))
    threading.Thread(target=_accept, args=(listener, password), daemon=True).start()
