# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relays of the config: what they do by their name, and what the daemon's rules do for them."""

import json

import pytest
from lab.addresses import DNS_PORT, LOOPBACK, OUTSIDE, TCP, UDP, V4, V6
from lab.checks import OURS
from lab.daemon import Daemon, binary
from lab.relays import ACCEPT, PASSWORD, UPSTREAM_PORT, USER, Upstream, be_destination
from lab.world import PROXY_PORT

URLS = {"socks5": f"socks5://{USER}:wonder%3Aland@127.0.0.1:{UPSTREAM_PORT}",
        "http": f"http://{USER}:wonder%3Aland@127.0.0.1:{UPSTREAM_PORT}"}
RULES = f"rules: [{{match: '{OURS}proxied', tproxy: far}}]\n"


def config(url, *more):
    """A config whose proxy "far" has a relay to this upstream; further keys of the proxy, and of the relay."""
    keys = [key for key in more if not key.startswith("dns:")]
    relay = ", ".join([f"upstream: '{url}'", *(key for key in more if key.startswith("dns:"))])
    proxy = ", ".join(["mark: 3000", f"port: {PROXY_PORT}", *keys, f"relay: {{{relay}}}"])
    return f"version: 1\ntproxies: {{far: {{{proxy}}}}}\n{RULES}"


def start(world, text, name="far"):
    """Run `cgtproxy relay` with a config, without waiting for anything."""
    return world.keep(Daemon(world.host, world.scratch, [binary(), "-c", world.scratch.write(text), "relay", name]))


@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("kind", URLS)
def test_by_name(world, kind, family):
    upstream = Upstream(world, lambda connection: be_destination(connection, ACCEPT[kind](connection, True)))
    client = world.client("proxied")
    world.daemon(config(URLS[kind]))
    log = start(world, config(URLS[kind])).wait_ready().log
    result = client.ask(TCP, family, times=3)
    assert (result.who, upstream.failures) == ("upstream", [])
    assert f"connections go to {kind}://127.0.0.1:{UPSTREAM_PORT}" in log
    assert USER not in log and PASSWORD not in log


FAULTS = {
    "another name": (config(URLS["http"]), "near", "there is no proxy \"near\""),
    "no YAML": (config(URLS["http"]).replace("relay:", "#"), "far", "error"),
    "no relay": (f"version: 1\ntproxies: {{far: {{mark: 1, port: {PROXY_PORT}}}}}\n", "far", "the proxy far has no relay"),
    "another scheme": (config("socks6://127.0.0.1:1"), "far", "socks6"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(world, fault):
    """The unit's manager does not try again: EX_CONFIG of sysexits.h."""
    text, name, word = FAULTS[fault]
    daemon = start(world, text, name)
    assert daemon.wait_refused() == 78
    assert word in daemon.log


def test_the_unit_is_direct(world):
    """Whatever the rules and their drop-ins say."""
    directory = world.scratch.path(".config")
    (directory / "config.d").mkdir(parents=True)
    (directory / "config.d" / "first.yaml").write_text("rules: [{match: ., tproxy: far}]\n", encoding="utf-8")
    (directory / "config.yaml").write_text(config(URLS["http"]), encoding="utf-8")
    for unit, target in (("cgtproxy-relay@far", "direct"), ("cgtproxy-relay@a\\x2db", "direct"), ("cgtproxy-relay", "far")):
        path = f"/system.slice/system-cgtproxy\\x2drelay.slice/{unit}.service"
        said = json.loads(world.cgtproxy("explain", path, "--json", CONFIGURATION_DIRECTORY=str(directory)).stdout)
        assert said["target"] == target


@pytest.mark.parametrize("family", [V4, V6])
def test_udp_is_refused_where_there_is_none(world, family):
    client = world.client("proxied")
    world.daemon(config(URLS["http"]))
    result = client.ask_in_vain(UDP, family)
    assert result.outcome == "EPERM"
    assert not world.wire.saw(result)


@pytest.mark.parametrize("dns", ["fake-ip", "tcp://192.0.2.53"])
@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("where", ["this host", "outside"])
def test_questions_go_to_the_relay(world, dns, protocol, family, where):
    """Whoever is asked, also under bypass, and though all else of UDP is refused."""
    world.proxy("far", PROXY_PORT)
    client = world.client("proxied")
    world.daemon(config(URLS["socks5"], "udp: refuse", f"dns: '{dns}'") + f"bypass: ['{OUTSIDE[family]}']\n")
    other = V6 if family == V4 else V4
    address = (LOOPBACK if where == "this host" else OUTSIDE)[family]
    result = client.ask(protocol, family, address, DNS_PORT)
    assert result.who == "proxy far"
    assert result.answer.asked == (address, DNS_PORT)
    assert client.ask_in_vain(UDP, other).outcome == "EPERM"
    assert client.ask(TCP, family).who == "outside"
