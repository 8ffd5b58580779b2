# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protocols besides TCP and UDP: dropped where everything is dropped, direct where TCP and UDP are proxied."""

import pytest
from lab.addresses import OUTSIDE, V4, V6
from lab.client import SILENCE
from lab.world import World

ICMP = {V4: "icmp", V6: "icmp6"}
CONFIG = """
version: 1
tproxies: {mihomo: {mark: 3000, port: 7893}}
rules:
  - {match: /proxied$, tproxy: mihomo}
  - {match: /dropped$, drop: true}
"""


@pytest.mark.parametrize("family", [V4, V6])
def test_ping(family):
    with World() as world:
        world.proxy("mihomo")
        direct, proxied, dropped = (world.client(name) for name in ("direct", "proxied", "dropped"))
        assert dropped.ping(family) == "answered"  # before there is a daemon
        world.daemon(CONFIG)
        world.wire.forget()
        assert dropped.ping(family, timeout=SILENCE) in ("timeout", "EPERM")
        assert not world.wire.saw_to(ICMP[family], OUTSIDE[family])
        for client in (direct, proxied):
            world.wire.forget()
            assert client.ping(family) == "answered"
            assert world.wire.saw_to(ICMP[family], OUTSIDE[family])
