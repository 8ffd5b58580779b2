# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands say of relays, and of the proxies behind them."""

import json
import re
import subprocess
import sys
import time

import pytest
import yaml
from lab import upstreams
from lab.addresses import TCP, V4, V6
from lab.checks import OURS
from lab.daemon import binary
from lab.relays import (PASSWORD, SOCKS5_DONE, UPSTREAM_PORT, USER, Sockets, Upstream, accept_socks5, receive, receive_until, relay,
                        reset, take_methods, take_password)
from lab.waiting import wait_until

URL = f"socks5://127.0.0.1:{UPSTREAM_PORT}"


def config(upstream=URL, more="", rules=f"  - {{match: '{OURS}proxied$', tproxy: tor}}\n"):
    """One proxy with a relay, in lines of its own; "upstream" is in line 6."""
    return f"""\
version: 1
tproxies:
  tor:
    mark: 3100
    port: 7900
    relay: {{upstream: "{upstream}"}}
{more}rules:
{rules}"""


def check(world, *arguments, **options):
    """Run `check system`; the lines about relays, and the exit code."""
    done = world.cgtproxy("check", "system", "-c", world.scratch.write(config(*arguments, **options)))
    lines = done.stdout.splitlines()
    return [line for line in lines if re.match(r"(ok|warning|error|skipped|notice) +relay: ", line)], done


def only(world, *arguments, **options):
    """The one line about relays."""
    lines, done = check(world, *arguments, **options)
    assert len(lines) == 1, done.stdout + done.stderr
    assert done.returncode == (1 if lines[0].startswith("error") else 0)
    assert PASSWORD not in done.stdout and USER not in lines[0]
    return lines[0]


def serve_socks5(password=None, answer=SOCKS5_DONE, seen=None):
    """A SOCKS5 server that answers a request for UDP like this; None ends the connection."""
    def serve(connection):
        methods = take_methods(connection)
        if seen is not None:
            seen.append(methods)
        method = 2 if password else 0
        if method not in methods:
            connection.sendall(b"\5\xff")
            return
        connection.sendall(bytes([5, method]))
        if password:
            given = take_password(connection)
            connection.sendall(b"\1\0" if given == (USER, password) else b"\1\1")
            if given != (USER, password):
                return
        assert receive(connection, 10) == b"\5\3\0\1" + bytes(6)
        if answer:
            connection.sendall(answer)
            connection.recv(1)
    return serve


def serve_http(status, seen=None):
    """An HTTP server that answers like this."""
    def serve(connection):
        head = receive_until(connection, b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        connection.sendall(b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\n\r\n" % status)
    return serve


def test_a_proxy_with_udp(world):
    upstream = Upstream(world, serve_socks5())
    assert only(world) == f"ok      relay: tor: {URL} answers, SOCKS5 without a password; UDP: yes"
    assert not upstream.failures


@pytest.mark.parametrize("answer, why", [(b"\5\7\0\1" + bytes(6), "command not supported"), (None, "it ends the connection")])
def test_a_proxy_without_udp(world, answer, why):
    """The cure is where it belongs, and takes the warning away."""
    Upstream(world, serve_socks5(answer=answer))
    line = only(world)
    assert line.startswith(f"warning relay: tor: {URL} answers, SOCKS5 without a password; UDP: no ({why}).")
    assert 'write "udp: refuse" for the proxy tor (line 3 of ' in line
    assert only(world, more="    udp: refuse\n") == f"ok      relay: tor: {URL} answers, SOCKS5 without a password; UDP: no ({why})"


def test_a_password(world):
    Upstream(world, serve_socks5(PASSWORD))
    url = f"socks5://{USER}:{PASSWORD}@127.0.0.1:{UPSTREAM_PORT}"
    assert only(world, url) == f"ok      relay: tor: {URL} answers, SOCKS5 with a password; UDP: yes"
    line = only(world, url.replace(PASSWORD, "wrong"))
    assert line.startswith(f"error   relay: tor: {URL} refuses the user or the password: ") and "line 6 of" in line
    assert only(world).startswith(f"error   relay: tor: {URL} wants a user and a password: ")


def test_a_password_that_the_config_does_not_have(world):
    """Nothing is made up in its place."""
    seen = []
    Upstream(world, serve_socks5(PASSWORD, seen=seen))
    assert "SOCKS5 with a password, which the config does not have" in only(world, URL.replace("//", f"//{USER}@"))
    assert seen == [b"\0"]


def test_nobody_listens(world):
    line = only(world)
    assert line.startswith(f"error   relay: tor: nothing listens at {URL}, ")
    assert 'correct "upstream" (line 6 of ' in line


def test_a_unix_socket(world):
    path = world.scratch.path(".socket")
    assert only(world, f"socks5+unix:{path}").startswith(f"error   relay: tor: nothing listens at socks5+unix:{path}, ")
    Upstream(world, serve_socks5(), path=path)
    assert only(world, f"socks5+unix:{path}") == f"ok      relay: tor: socks5+unix:{path} answers, SOCKS5 without a password; UDP: yes"


def test_over_ipv6(world):
    Upstream(world, serve_socks5(), family=V6)
    assert "answers" in only(world, f"socks5://[::1]:{UPSTREAM_PORT}")


def test_the_other_protocol(world):
    """It is asked without the password."""
    seen = []

    def serve(connection):
        if receive(connection, 1) == b"C":
            seen.append(receive_until(connection, b"\r\n\r\n"))
            connection.sendall(b"HTTP/1.1 407 Who are you\r\n\r\n")
    Upstream(world, serve)
    line = only(world, URL.replace("//", f"//{USER}:{PASSWORD}@"))
    assert line.startswith(f'error   relay: tor: {URL} does not speak SOCKS5, but HTTP: begin the upstream with "http" instead of "socks5"')
    assert len(seen) == 1 and b"Authorization" not in seen[0]


def test_neither_protocol(world):
    Upstream(world, lambda connection: connection.sendall(b"220 mail.example.org ESMTP\r\n"))
    for url in (URL, URL.replace("socks5", "http")):
        assert f"does not speak {'HTTP' if 'http' in url else 'SOCKS5'}: name the port" in only(world, url)


def test_an_upstream_that_says_nothing(world):
    """It takes three seconds, for two as long as for one."""
    Upstream(world, lambda connection: connection.recv(10000) and connection.recv(1))
    more = f"  other: {{mark: 3101, port: 7901, relay: {{upstream: '{URL}'}}}}\n"
    begin = time.monotonic()
    lines, done = check(world, more=more)
    assert time.monotonic() - begin < 5
    assert done.returncode == 1
    assert [line for line in lines if "takes connections, but does not answer" in line] == lines and len(lines) == 2


@pytest.mark.parametrize("status, begin", [
    (503, "ok      relay: tor: {} answers, HTTP"), (200, "ok      relay: tor: {} answers, HTTP"),
    (407, "error   relay: tor: {} wants a user and a password: "), (405, "error   relay: tor: {} is a web server and no proxy")])
def test_http(world, status, begin):
    seen = []
    Upstream(world, serve_http(status, seen))
    url = URL.replace("socks5", "http")
    assert only(world, url).startswith(begin.format(url))
    assert seen == [b"CONNECT 0.0.0.0:443 HTTP/1.1\r\nHost: 0.0.0.0:443\r\n\r\n"]


def test_a_port_for_tproxy(world):
    world.client("other").serve("proxy", UPSTREAM_PORT, transparent=True)
    assert f"the port of {URL} is one for TPROXY" in only(world)


def test_a_name_without_an_address(world):
    line = only(world, f"socks5://nowhere.invalid:{UPSTREAM_PORT}")
    assert line.startswith("error   relay: tor: ") and "nowhere.invalid" in line


def test_direct(world):
    assert only(world, "direct://") == "ok      relay: tor: direct://, so there is no proxy to try"


def test_two_relays(world):
    Upstream(world, serve_socks5())
    more = "  other: {mark: 3101, port: 7901, relay: {upstream: 'http://127.0.0.1:9'}}\n"
    lines, done = check(world, more=more)
    assert done.returncode == 1
    assert [line.split()[:3] for line in lines] == [["ok", "relay:", "tor:"], ["error", "relay:", "other:"]]


@pytest.mark.parametrize("where", ["tcp", "unix"])
def test_a_loop(world, where):
    """The upstream's own traffic would come back; the rule that is shown ends that."""
    path = world.scratch.path(".socket")
    url = URL if where == "tcp" else f"socks5+unix:{path}"
    if where == "tcp":
        world.client("proxied").serve("upstream", UPSTREAM_PORT)
    else:
        UnixServer(world, "proxied", path)
    lines, done = check(world, url)
    (line,) = [line for line in lines if "in a loop" in line]
    cgroup = world.cgroups.path("proxied")
    assert done.returncode == 1
    assert line.startswith(f"error   relay: the relay of tor passes connections on to {url}, which runs in {cgroup}, and the rule on line 8 ")
    rule = re.search(r"^  - (?:match|unit): .*\n    direct: true$", done.stdout, re.MULTILINE).group()
    lines, _ = check(world, url, rules=f"{rule}\n  - {{match: '{OURS}proxied$', tproxy: tor}}\n")
    assert not [line for line in lines if "in a loop" in line]


_UNIX_SERVER = """
import socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as procs:
    procs.write("0")
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen()
print(flush=True)
sys.stdin.read()
"""


class UnixServer:
    """A process of a cgroup that listens on a Unix socket."""

    def __init__(self, world, cgroup, path):
        directory = world.cgroups.directory(world.cgroups.make(cgroup))
        self._process = subprocess.Popen(world.host.command(sys.executable, "-I", "-S", "-c", _UNIX_SERVER, str(directory), str(path)),
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"\n"
        world.keep(self)

    def close(self):
        """End it."""
        self._process.communicate()


def keep_all(upstream):
    """Connect, and leave the connection open."""
    def serve(connection):
        accept_socks5(connection)
        upstream[0].keep(connection)
    return serve


def status(world, name="tor"):
    """A target of `status --json`."""
    (target,) = [one for one in json.loads(world.cgtproxy("status", "--json").stdout)["targets"] if one["name"] == name]
    return target


@pytest.fixture(name="running")
def running_fixture(world):
    """The daemon, the relay in a cgroup of its own, and an upstream; a function that makes connections."""
    world.daemon(config(f"socks5://{USER}:{PASSWORD}@127.0.0.1:{UPSTREAM_PORT}"))
    holder = []
    holder.append(Upstream(world, keep_all(holder)))
    relay(world, URL, listen=("--listen", 7900))
    sockets = Sockets(world)

    def connect(count, family=V4):
        before = holder[0].kept()
        made = [sockets.connect(family) for _ in range(count)]
        wait_until(lambda: holder[0].kept() == before + count, "they have reached the upstream")
        return made
    return connect


def test_status(world, running):
    """The number is that of the clients' connections, not of those to the upstream."""
    assert status(world)["relay"] == {"upstream": URL, "dns": "off", "connections": 0}
    made = running(3) + running(2, V6)
    assert status(world)["relay"]["connections"] == 5
    text = world.cgtproxy("status").stdout
    assert f"; relay to {URL}, 5 connections, DNS off" in text
    assert 'cgtproxy_target_relay_connections{target="tor"} 5' in world.cgtproxy("status", "--openmetrics").stdout
    for one in made[1:]:
        reset(one)
    wait_until(lambda: status(world)["relay"]["connections"] == 1, "the others are gone")
    assert f"; relay to {URL}, 1 connection, DNS off" in world.cgtproxy("status").stdout
    for arguments in (["status"], ["status", "--json"], ["status", "--openmetrics"]):
        shown = world.cgtproxy(*arguments).stdout
        assert PASSWORD not in shown and USER not in shown


def test_status_of_proxies_without_a_relay(world):
    world.daemon(config().replace('    relay: {upstream: "' + URL + '"}\n', ""))
    assert status(world)["relay"] is None
    assert "relay" not in world.cgtproxy("status").stdout
    assert "relay_connections{" not in world.cgtproxy("status", "--openmetrics").stdout


def test_status_where_two_programs_can_not_be_told_apart(world, running):
    """They listen with sockets of the same cgroup."""
    running(1)
    relay(world, "direct://", listen=("--listen", 7905))
    assert status(world)["relay"]["connections"] is None
    assert f"; relay to {URL}, DNS off" in world.cgtproxy("status").stdout


@pytest.mark.parametrize("start, password", upstreams.ALL)
def test_real_proxies(world, start, password):
    url = start(world)
    shown = re.sub("//.*@", "//", url)
    if password:
        url = url.replace("@", f":{password.replace(':', '%3A')}@")
    lines, done = check(world, url)
    assert len(lines) == 1 and f"{shown} answers, " in lines[0], done.stdout
    if password:
        lines, done = check(world, url.replace(password.replace(":", "%3A"), "wrong"))
        assert "refuses the user or the password" in lines[0]


def problem(world, *arguments, **options):
    """The line about the relay's own port, as `check system` prints it."""
    _, done = check(world, *arguments, **options)
    (line,) = [line for line in done.stdout.splitlines() if re.match(r"warning +proxies: ", line)]
    return line


def test_the_relay_does_not_run(world):
    assert problem(world).endswith(
        "nothing listens on port 7900, where the traffic for the proxy tor is sent, so it is refused: systemctl enable --now cgtproxy-relay@tor")


def test_the_relay_listens_on_another_port(world):
    """As after a change of the port: systemd has read the old one."""
    relay(world, "direct://", listen=("--listen", 7905))
    line = problem(world)
    assert "Something listens for TPROXY on port 7905" in line
    assert line.endswith(": systemctl daemon-reload && systemctl restart cgtproxy-relay@tor.socket")


def test_another_program_has_the_port(world):
    world.client("other").serve("program", 7900)
    assert 'write a free port as the "port" of tor (line 3 of ' in problem(world)


def explain(world, to, proxy_dns):
    """What `explain --to` says of the proxied cgroup, as text and as JSON."""
    path = world.scratch.write(config().replace('"}', f'", dns: {proxy_dns}}}'))
    said = [world.cgtproxy("-c", path, "explain", *options, world.cgroups.path("proxied"), "--to", to).stdout for options in ([], ["--json"])]
    return said[0], {one["protocol"]: one for one in json.loads(said[1])["traffic"]}


@pytest.mark.parametrize("dns, does", [("fake-ip", "answers the question (fake-ip)"),
                                       ("'tcp://9.9.9.9'", "asks 9.9.9.9:53 through the proxy")])
def test_explain_a_question_for_a_name(world, dns, does):
    world.client("proxied")
    text, traffic = explain(world, "192.0.2.53:53", dns)
    for protocol in ("tcp", "udp"):
        assert re.search(rf"^  {protocol} +to the relay of tor at port 7900, which {re.escape(does)}", text, re.M), text
        assert (traffic[protocol]["outcome"], traffic[protocol]["reason"], traffic[protocol]["server_port"]) == ("proxy", "relay-dns", 7900)
    text, traffic = explain(world, "192.0.2.53:443", dns)
    assert "to tor, on port 7900" in text and traffic["tcp"]["reason"] == "target"


@pytest.mark.parametrize("address, dns, is_fake", [
    ("198.18.0.7", "fake-ip", True), ("[fc00::7]", "fake-ip", True), ("198.20.0.7", "fake-ip", False), ("198.18.0.7", "off", False)])
def test_explain_a_fake_address(world, address, dns, is_fake):
    world.client("proxied")
    text, traffic = explain(world, f"{address}:443", dns)
    assert ("stands for a name" in text) == is_fake == traffic["tcp"]["fake_ip"]


@pytest.fixture(name="place")
def fixture_place(world):
    """Where `init` may write."""
    directory = world.scratch.path(".etc")
    directory.mkdir()
    return directory / "config.yaml"


def init(world, place):
    """Run `init --yes`; what it said, and the config."""
    done = world.cgtproxy("-c", place, "init", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, yaml.safe_load(place.read_text(encoding="utf-8"))


def test_init_with_a_socks5_proxy(world, place):
    """What is written works: a program of the proxy's slice reaches the outside by the relay and the proxy."""
    url = upstreams.microsocks(world)
    said, written = init(world, place)
    assert written["tproxies"] == {"microsocks": {
        "mark": 3000, "port": 7900, "udp": "refuse", "relay": {"upstream": url, "dns": "fake-ip"}}}
    assert f"relay to {url}" in said
    steps = [line.strip() for line in said.splitlines() if "systemctl enable" in line]
    assert [step.removeprefix("sudo ") for step in steps] == [
        "systemctl enable --now cgtproxy-relay@microsocks", "systemctl enable --now cgtproxy"]
    assert world.cgtproxy("-c", place, "check", "config").returncode == 0
    world.launch(binary(), "-c", str(place)).wait_ready()
    relay(world, url, listen=("--listen", 7900))
    answer = world.client("cgtproxy-microsocks.slice").ask(TCP, V4)
    assert answer.who == "outside" and status(world, "microsocks")["packets"] > 0


def test_init_with_an_http_proxy(world, place):
    url = upstreams.tinyproxy(world)
    said, written = init(world, place)
    assert written["tproxies"]["tinyproxy"]["relay"] == {"upstream": url, "dns": "fake-ip"}
    assert written["tproxies"]["tinyproxy"]["udp"] == "refuse"
    assert f", {url}, TCP only" in said


def test_init_with_a_proxy_that_has_udp(world, place):
    Upstream(world, serve_socks5())
    _, written = init(world, place)
    (proxy,) = written["tproxies"].values()
    assert "udp" not in proxy and proxy["relay"]["upstream"] == URL


def test_init_with_a_proxy_for_tproxy_as_well(world, place):
    """It is used as ever."""
    Upstream(world, serve_socks5())
    world.client("mihomo.service").serve("proxy", 7893, transparent=True)
    _, written = init(world, place)
    assert [("relay" in proxy, proxy["port"]) for proxy in written["tproxies"].values()] == [(False, 7893)]


def test_init_with_what_is_no_proxy(world, place):
    """Such as a web server on port 8080, or a proxy whose password is not known."""
    Upstream(world, serve_http(404), port=8080)
    Upstream(world, serve_socks5(PASSWORD))
    done = world.cgtproxy("-c", place, "init", "--yes")
    assert done.returncode == 1 and "no proxy runs here" in done.stderr
    assert not place.exists()
