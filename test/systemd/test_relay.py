# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay as a service: cgtproxy-relay@NAME.service and its socket, as the package and the generator make them."""

import logging
import re
import threading
from pathlib import Path

import pytest
from checks import OUTSIDE, ask
from lab.addresses import TCP, V4, V6
from lab.relays import PASSWORD, UPSTREAM_PORT, USER
from lab.waiting import wait_until
from programs import LAB, Program, User, add_user
from service import CONFIG_PATH, Service
from test_unit import DYNAMIC_UIDS, status

_logger = logging.getLogger("lab.relay")

NAME = "work-1.tor"
UNIT, SOCKET = f"cgtproxy-relay@{NAME}.service", f"cgtproxy-relay@{NAME}.socket"
# Entries of the relay, and systemd's about it.
ABOUT = (f"_SYSTEMD_UNIT={UNIT}", "+", f"UNIT={UNIT}", "+", f"UNIT={SOCKET}")
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
PORT, OTHER_PORT = 7900, 7907
SLICE = "relayed.slice"
UPSTREAM, REFUSED = "upstream", "ECONNREFUSED"
ANSWERING = "cap_net_bind_service cap_net_raw"
EXIT_CONFIG = "78"
# "OK" in the words of `systemd-analyze security`; what is left is the network.
EXPOSURE = 1.5
# Everything goes to the relay, and so would what it sends itself.
CONFIG = f"""
version: 1
route-table: 300
tproxies:
  {NAME}:
    mark: 3100
    port: {PORT}
    udp: refuse
    relay:
      upstream: socks5://127.0.0.1:{UPSTREAM_PORT}
rules:
  - unit: upstream.service
    direct: true
  - match: .*
    tproxy: {NAME}
"""


class Relay:
    """The units, as an administrator manages them."""

    def __init__(self, machine):
        self._machine = machine
        self.daemon = Service(machine)

    def configure(self, config=CONFIG):
        """Write the config, and have the daemon read it."""
        self.daemon.configure(config)
        self._machine.run("systemctl", "restart", "cgtproxy.service")

    def enable(self):
        """What a user types."""
        self._machine.run("systemctl", "enable", "--now", f"cgtproxy-relay@{NAME}")

    def systemctl(self, *words):
        """Do something to the service, which must succeed."""
        return self._machine.run("systemctl", *words, UNIT)

    def show(self, name, unit=UNIT):
        """A property."""
        return self._machine.show(unit, name)

    @property
    def pid(self):
        """The relay's process id inside the machine, or 0."""
        return int(self.show("MainPID"))

    @property
    def waiting(self):
        """How many connections the socket has that nobody has accepted; None if nothing listens."""
        lines = self._machine.run("ss", "--no-header", "--listening", "--tcp", f"sport = :{PORT}").splitlines()
        return max((int(line.split()[1]) for line in lines), default=None)

    def drop_in(self, text):
        """Change the service as `systemctl edit` does."""
        self._machine.write(f"{DROP_INS}/override.conf", text)
        self._machine.run("systemctl", "daemon-reload")

    def await_message(self, text, after):
        """Await a message of its own with this text, later than the cursor. Returns all of them until then."""
        seen = []

        def is_there():
            entries = self._machine.journal(*ABOUT, after=after)
            seen[:] = [entry["MESSAGE"] for entry in entries if entry.get("SYSLOG_IDENTIFIER") == "cgtproxy-relay"]
            return any(text in message for message in seen)

        wait_until(is_there, lambda: f"{text!r} in the journal; there was {seen}")
        return seen

    def end(self):
        """Undo everything."""
        self._machine.try_run("systemctl", "disable", "--now", UNIT)
        self._machine.run("systemctl", "disable", "--now", "cgtproxy.service")
        self._machine.run("rm", "-rf", DROP_INS, CONFIG_PATH)
        self._machine.run("systemctl", "daemon-reload")
        self._machine.try_run("systemctl", "reset-failed", UNIT, SOCKET)


def start_upstream(machine, password=False):
    """The upstream, as a service; it is a client besides."""
    machine.write(f"{LAB}/socks5_server.py", (Path(__file__).parent / "socks5_server.py").read_text(encoding="utf-8"))
    return Program(machine, unit="upstream.service",
                   statements=["import socks5_server", f"socks5_server.start(password={password})"])


@pytest.fixture(name="upstream")
def fixture_upstream(machine):
    """The upstream without a password."""
    program = start_upstream(machine)
    yield program
    program.close()


@pytest.fixture(name="relay")
def fixture_relay(machine):
    """The usual config, and the daemon; the relay is not enabled yet."""
    relay = Relay(machine)
    cursor = machine.cursor()
    try:
        relay.configure()
        yield relay
    finally:
        entries = machine.journal(*ABOUT, after=cursor)
        _logger.info("the journal of the relay:\n%s", "\n".join(entry["MESSAGE"] for entry in entries))
        relay.end()


def check_relayed(world, program, family=V4):
    """That TCP arrives at the upstream, with the destination's address, and not elsewhere."""
    program.await_answer_by(UPSTREAM, TCP)
    world.wire.forget()
    result = ask(program, TCP, family)
    assert result.who == UPSTREAM
    assert not world.wire.saw(result)


def check_refused(world, program):
    """That TCP is refused, and nothing gets out."""
    world.wire.forget()
    for family in (V4, V6):
        result = program.ask_in_vain(TCP, family)
        assert result.who in (REFUSED, "ECONNRESET", "refused"), result
        assert not world.wire.saw(result)


@pytest.mark.usefixtures("upstream")
def test_one_command_is_all(world, machine, relay, start):
    program = start(SLICE)
    check_refused(world, program)
    relay.enable()
    assert (relay.show("UnitFileState"), relay.show("ActiveState")) == ("enabled", "active")
    assert relay.show("ActiveState", SOCKET) == "active"
    for family in (V4, V6):
        check_relayed(world, program, family)
    for unit in (UNIT, SOCKET):
        assert machine.run("systemd-analyze", "verify", "--generators=yes", unit) == ""


@pytest.mark.usefixtures("upstream")
def test_the_relay_has_no_privilege(machine, relay):
    relay.enable()
    about = status(machine, relay.pid)
    assert {int(number) for kind in ("Uid", "Gid", "Groups") for number in about[kind].split()} <= set(DYNAMIC_UIDS)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(about[kind], 16) == 0, kind
    assert (about["NoNewPrivs"], about["Seccomp"]) == ("1", "2")
    assert int(relay.show("LimitNOFILE")) > 100_000
    verdict = machine.run("systemd-analyze", "security", UNIT)
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", verdict)[1]) <= EXPOSURE, verdict


def test_udp_takes_capabilities(machine, relay):
    """So do questions for names, and nothing else."""
    def found():
        machine.run("systemctl", "daemon-reload")
        return relay.show("Listen", SOCKET), relay.show("CapabilityBoundingSet"), relay.show("AmbientCapabilities")

    stream, datagram = f"[::]:{PORT} (Stream)", f"[::]:{PORT} (Datagram)"
    assert found() == (stream, "", "")
    for config in (CONFIG.replace("udp: refuse", "udp: proxy"), CONFIG.replace("    relay:", "    relay:\n      dns: fake-ip")):
        relay.daemon.configure(config)
        assert found() == (f"{stream}\n{datagram}", ANSWERING, ANSWERING)
    assert relay.show("Transparent", SOCKET) == "yes"


def test_its_own_traffic_is_direct(world, relay, start):
    """Though a rule sends everything to it: it connects to the destination itself, which is not on this host."""
    relay.configure(CONFIG.replace(f"socks5://127.0.0.1:{UPSTREAM_PORT}", "direct://"))
    relay.enable()
    program = start(SLICE)
    program.await_answer_by(OUTSIDE, TCP)
    for family in (V4, V6):
        world.wire.forget()
        result = ask(program, TCP, family)
        assert result.who == OUTSIDE
        assert not world.wire.saw(result)  # by its port: it is another connection that was on the wire
        assert result.answer.peer[1] != result.port


@pytest.mark.usefixtures("upstream")
def test_a_restart_loses_no_connection_that_waits(machine, relay, start):
    relay.enable()
    program = start(SLICE)
    gate = "/run/relay-may-start"
    relay.drop_in(f"[Service]\nExecStartPre=/bin/sh -c 'until [ -e {gate} ]; do sleep 0.05; done'\n")
    for command in (("restart", "--no-block"), ("kill", "--signal=KILL")):
        machine.run("rm", "-f", gate)
        results = []
        pid = relay.pid
        relay.systemctl(*command)
        wait_until(lambda: relay.show("SubState") == "start-pre", "it waits at the gate")
        asking = threading.Thread(target=lambda: results.append(program.ask(TCP, V4)))
        asking.start()
        wait_until(lambda: relay.waiting == 1, "a connection waits")
        machine.write(gate, "")
        asking.join()
        assert results[0].who == UPSTREAM, command
        assert relay.pid not in (0, pid)


@pytest.mark.usefixtures("upstream")
def test_a_stop_refuses_at_once(world, relay, start):
    relay.enable()
    program = start(SLICE)
    check_relayed(world, program)
    relay.systemctl("stop")
    wait_until(lambda: relay.show("ActiveState", SOCKET) == "inactive", "the socket goes with it")
    check_refused(world, program)
    assert (relay.show("ActiveState"), relay.show("Result")) == ("inactive", "success")
    relay.systemctl("start")
    check_relayed(world, program)


@pytest.mark.usefixtures("upstream")
@pytest.mark.parametrize("config, complaint", [
    (CONFIG.replace("socks5://", "socks6://"), "config.yaml:10:"),
    (CONFIG.replace("    relay:\n", "    # relay:\n").replace("      upstream", "    #  upstream"), "has no relay"),
    (CONFIG.replace(NAME, "another"), f'no proxy "{NAME}"'),
], ids=["a wrong URL", "no relay", "no such proxy"])
def test_a_config_error_is_said_clearly(world, machine, relay, start, config, complaint):
    """Whether systemd knows of it, which has no port then, or not yet."""
    relay.enable()
    program = start(SLICE)
    check_relayed(world, program)
    relay.daemon.configure(config)
    for reload in (False, True):
        cursor = machine.cursor()
        if reload:
            machine.run("systemctl", "daemon-reload")
        assert machine.try_run("systemctl", "restart", UNIT).returncode != 0
        assert (relay.show("ActiveState"), relay.show("ExecMainStatus")) == ("failed", EXIT_CONFIG)
        assert relay.show("NRestarts") == "0"
        said = relay.await_message(complaint, cursor)
        assert [text for text in said if "ready" not in text and "stopping" not in text] == said[-1:]
        wait_until(lambda: relay.show("ActiveState", SOCKET) != "active", "the socket is closed")
        check_refused(world, program)
    relay.configure()
    machine.run("systemctl", "daemon-reload")
    relay.systemctl("restart")
    check_relayed(world, program)


@pytest.mark.usefixtures("upstream")
def test_an_error_in_a_rule_is_not_the_relays(world, relay, start):
    relay.enable()
    program = start(SLICE)
    relay.daemon.configure(CONFIG + "  - {user: nobody-knows, drop: true}\n")
    relay.systemctl("restart")
    check_relayed(world, program)


def test_a_password_is_a_credential(world, machine, relay, start):
    """In a drop-in; the config, which anybody may read, has only the user's name."""
    upstream = start_upstream(machine, password=True)
    try:
        relay.configure(CONFIG.replace("socks5://", f"socks5://{USER}@"))
        machine.run("sh", "-euc", "umask 077; cat >/etc/upstream-password", text_in=f"{PASSWORD}\n")
        relay.drop_in("[Service]\nLoadCredential=upstream-password:/etc/upstream-password\n")
        relay.enable()
        check_relayed(world, start(SLICE))
    finally:
        upstream.close()


@pytest.mark.usefixtures("upstream")
def test_the_config_may_be_roots_alone(world, machine, relay, start):
    """Since it may have a password."""
    machine.run("chmod", "600", CONFIG_PATH)
    relay.enable()
    check_relayed(world, start(SLICE))
    assert int(status(machine, relay.pid)["Uid"].split()[0]) in DYNAMIC_UIDS


@pytest.mark.usefixtures("upstream")
def test_another_port(world, machine, relay, start):
    """Is systemd's after these two commands; until then the relay says so."""
    relay.enable()
    program = start(SLICE)
    relay.configure(CONFIG.replace(f"port: {PORT}", f"port: {OTHER_PORT}"))
    check_refused(world, program)
    cursor = machine.cursor()
    relay.systemctl("restart")
    (warning,) = [text for text in relay.await_message(f"listens on port {PORT}", cursor) if "type" in text]
    machine.run("sh", "-euc", re.search(r'type "(.*)"', warning)[1])
    check_relayed(world, program)
    assert relay.show("Listen", SOCKET) == f"[::]:{OTHER_PORT} (Stream)"


@pytest.mark.usefixtures("upstream")
def test_a_new_relay_is_told_from_a_broken_one(machine, relay):
    """systemd has to be told of it; `systemctl enable` does that, and `start` does not."""
    relay.daemon.configure(CONFIG.replace(NAME, "another"))
    machine.run("systemctl", "daemon-reload")
    relay.daemon.configure(CONFIG)
    cursor = machine.cursor()
    assert machine.try_run("systemctl", "start", UNIT).returncode != 0
    relay.await_message("systemctl daemon-reload", cursor)
    machine.run("systemctl", "daemon-reload")
    relay.systemctl("start")


def test_the_watchdog_is_on(relay, upstream):
    assert upstream.pid
    relay.enable()
    assert relay.show("WatchdogUSec") == "30s"
    assert relay.show("Type") == "notify"


def test_after_a_boot(own_world, own_machine):
    """And removed for good."""
    relay = Relay(own_machine)
    relay.configure()
    own_machine.run("systemctl", "enable", "cgtproxy.service")
    relay.enable()
    own_machine.reboot()
    assert relay.show("ActiveState") == "active"
    own_world.keep(start_upstream(own_machine))
    program = own_world.keep(Program(own_machine, SLICE, user=add_user(own_machine, User("relay-tester", 4712))))
    check_relayed(own_world, program)
    own_machine.run("apt-get", "purge", "-y", "cgtproxy")
    assert own_machine.run("find", "/etc/systemd", "/usr/lib/systemd", "/run/systemd/generator", "/var/lib", "-name",
                           "cgtproxy-relay*") == ""
    for unit in (UNIT, SOCKET):
        assert relay.show("ActiveState", unit) == "inactive"
        assert relay.show("LoadState", unit) == "not-found"
