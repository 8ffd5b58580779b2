# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same for a relay that answers DNS: a question may fail for a fault, or a connection, and later ones don't."""

import os
import socket

import pytest
from lab.addresses import DNS_PORT, RESOLVER, V4
from lab.checks import ONE_PROXY
from lab.questions import (A, AAAA, NOERROR, answer, ask, asked, be_name_server, frame, question, read, receive_frame)
from lab.relays import UPSTREAM_PORT, Sockets, Upstream, accept_socks5, receive, reset, was_reset
from lab.waiting import wait_until
from test_fault import is_sanitized
from test_relay_fault import FAULTS, Stage

SERVER = ("203.0.113.99", DNS_PORT)
# The calls that relays with DNS make at more places than others. malloc() and realloc() are ldns's, too, which does not
# look at what they return: ldns_wire2rr() writes into what ldns_rr_new() did not give it.
CALLS = ["socketpair", "epoll_ctl", "send", "recv", "accept4", "calloc"]
MORE = {"socketpair": ["EMFILE", "ENOMEM"]}

pytestmark = pytest.mark.xdist_group("relay dns faults")


def address_of(query):
    """The name server's answers."""
    return answer(query, [(A, b"\1\2\3\4")] if asked(query)[1] == A else [(AAAA, bytes(16))])


def serve(_, connection):
    """The name server, or a destination with a name."""
    destination = accept_socks5(connection)
    if destination == SERVER:
        be_name_server(connection, address_of)
    elif destination[0] == "a.test":
        assert receive(connection, 1) == b"q"
        connection.sendall(b"answer")


class DnsStage(Stage):
    """Relays that answer DNS."""

    def __init__(self, dns):
        self.dns = dns
        super().__init__(serve, "--dns", dns)
        self.directory = self.world.scratch.path(".state")
        self.directory.mkdir()
        if dns == "fake-ip":
            self.arguments += ("--state-directory", self.directory)

    def _resolver(self):
        return self.sockets.connect(V4, RESOLVER[V4], DNS_PORT)

    def _ask(self):
        """The address, or None if this failed."""
        try:
            with self._resolver() as connection:
                got = ask(connection, "a.test")
        except (OSError, AssertionError):
            return None
        return got.addresses[0] if got.code == NOERROR else None

    def _live(self):
        """What comes late does not fail; a server that has been lost is tried again after a second."""
        address = wait_until(self._ask, "an answer")
        try:
            with self._resolver() as connection:
                connection.sendall(b"".join(frame(question("a.test", number=number)) for number in range(30)))
                connection.shutdown(socket.SHUT_WR)
                for _ in range(30):
                    read(receive_frame(connection))
                assert connection.recv(1) == b""
        except (OSError, AssertionError):
            pass
        try:
            with self._resolver() as connection:
                connection.sendall(frame(question("b.test")))
                reset(connection)
        except OSError:
            pass
        if self.dns == "fake-ip":
            wait_until(lambda: self._reaches(address), "a connection by name")
            with self.sockets.make() as client:
                try:
                    client.connect(("198.19.1.1", 443))
                    assert was_reset(client)
                except ConnectionResetError:
                    pass
        wait_until(self._ask, "another answer")
        return 0

    def _reaches(self, address):
        try:
            with self.sockets.connect(V4, address, 443) as client:
                client.sendall(b"q")
                return receive(client, 6) == b"answer"
        except (OSError, AssertionError):
            return False


@pytest.fixture(scope="module", name="stage", params=["fake-ip", f"tcp://{SERVER[0]}"])
def _stage(request):
    made = DnsStage(request.param)
    yield made
    made.close()


@pytest.fixture(scope="module", name="calls")
def _calls(stage):
    return {name: stage.index(name) for name in (("fault",) if is_sanitized() else ("fault", "fault_memory"))}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_fails(stage, calls, call):
    """As in test_relay_fault.py."""
    name = "fault_memory" if call == "calloc" else "fault"
    if name not in calls:
        pytest.skip("the sanitizer's allocator must not be replaced")
    sites = sorted(site for called, site in calls[name] if called == call)
    assert sites or (call == "socketpair" and stage.dns == "fake-ip")
    errnos = FAULTS.get(call) or MORE[call]
    everything = os.environ.get("CGTPROXY_FAULTS") == "all"
    faults = [f"{call}@{site}:1:{errno}" for number, site in enumerate(sites)
              for errno in (errnos if everything else [errnos[number % len(errnos)]])]
    results = [stage.run(name, fault) for fault in faults]
    assert [wrong for wrong, _ in results if wrong] == []
    # how far one event leads, and so the place of a call, is up to how packets arrive
    assert not faults or any(fired for _, fired in results)
