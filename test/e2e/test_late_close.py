# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel sends for a proxied connection after its socket is gone."""

import pytest
from lab.addresses import TCP, V4, V6
from lab.waiting import wait_until

CONFIG = """
version: 1
tproxies: {mihomo: {mark: 3000, port: 7893}}
rules: [{match: '/proxied(/|$)', tproxy: mihomo}]
"""
# The flow's own proxy is not the first one here, whose mark such packets get.
OTHER_CONFIG = """
version: 1
strict: true
tproxies:
  another: {mark: 0x100/0xf00, port: 7994}
  mihomo: {mark: 3000, port: 7893, dns-hijack: {}}
rules: [{match: '/proxied(/|$)', tproxy: mihomo}]
"""


def sockets(world, state, port):
    """The TCP sockets on the host in this state whose one end has this port, as `ss` lists them."""
    return world.host.run("ss", "-Htn", "state", state, f"( sport = :{port} or dport = :{port} )")


@pytest.mark.parametrize("config", [CONFIG, OTHER_CONFIG], ids=["plain", "strict"])
@pytest.mark.parametrize("family", [V4, V6])
def test_a_connection_that_the_proxy_closes_late(world, family, config):
    """The client has closed it, and a mere note of it is left, which has no cgroup, when the proxy closes its end."""
    world.daemon(config)
    proxy = world.proxy("mihomo", hangs_up=False)
    client = world.client("proxied")
    client.await_answer_by("proxy mihomo", family=family)
    result = client.ask(TCP, family)
    wait_until(lambda: sockets(world, "fin-wait-2", result.port), "the client has closed its end")

    def is_over():
        proxy.hang_up()
        return not any(sockets(world, state, result.port) for state in ("close-wait", "last-ack"))

    wait_until(lambda: is_over() or world.wire.saw(result), "the proxy has closed its end")
    assert not world.wire.saw(result)
