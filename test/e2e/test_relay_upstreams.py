# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay with the proxies that people have: packets go all the way to the outside and back."""

import pytest
from lab import upstreams
from lab.addresses import OUTSIDE, SERVICE_PORT, TCP, V4, V6
from lab.checks import ONE_PROXY
from lab.relays import Sockets, is_refused, receive, relay, reset
from lab.waiting import wait_until


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize(("start", "password"), upstreams.ALL, ids=[start.__name__ for start, _ in upstreams.ALL])
def test_there_and_back(world, start, password, family):
    """Questions are answered; a destination that refuses, and a client that resets, are no trouble for the next."""
    client = world.client("proxied")
    sockets = Sockets(world)
    world.daemon(ONE_PROXY)
    url = start(world)
    daemon = relay(world, url, *(["--password-file", world.scratch.write(password)] if password else []))
    result = client.ask(TCP, family, times=3)
    assert (result.who, result.answer.asked) == ("outside", (OUTSIDE[family], SERVICE_PORT))
    assert is_refused(sockets.connect, family, None, 4444)
    wait_until(lambda: ":4444: the upstream" in daemon.log, lambda: daemon.log)
    reset(sockets.connect(family))
    for _ in range(20):
        with sockets.connect(family) as another:
            another.sendall(b"token\n")
            assert receive(another, 1) == b"{"
