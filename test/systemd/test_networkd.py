# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real systemd-networkd, which removes policy rules and routes that it did not make whenever it starts."""

import re
import subprocess

import pytest
from checks import watching
from lab.addresses import GATEWAY, HOST, V4, V6
from lab.checks import routing
from lab.waiting import wait_until

NETWORKD = "systemd-networkd.service"
NETWORK = f"""[Match]
Name=cable
[Network]
Address={HOST[V4]}/24
Address={HOST[V6]}/64
Gateway={GATEWAY[V4]}
Gateway={GATEWAY[V6]}
IPv6AcceptRA=no
LinkLocalAddressing=no
"""
# Rules and routes as any other program would add them.
FOREIGN = "fwmark 4242 lookup 4242 priority 4242"
# networkd takes the default route away for a moment; then nobody on the machine can send anything anywhere.
NO_ROUTE = ("ENETUNREACH",)


DROP_IN = "/etc/systemd/system/systemd-networkd.service.d"
# Without udev networkd takes care of an interface before it has looked for rules, and removes none. A /sys that can be
# written to and an entry in udev's database make it believe that udev runs, as on any real machine.
PRETEND_UDEV = """
mkdir -p /run/sys /run/udev/data
mount -t sysfs sysfs /run/sys
for file in /sys/class/net/*/ifindex; do
    echo I:1 >/run/udev/data/n$(cat $file)
done
"""


@pytest.fixture(name="networkd")
def fixture_networkd(machine, world):
    """networkd, managing a cable without addresses and routes; afterwards it is removed, and they are restored."""
    machine.run("sh", "-euc", PRETEND_UDEV)
    machine.write(f"{DROP_IN}/udev.conf", "[Service]\nBindPaths=/run/sys:/sys\n")
    machine.write("/etc/systemd/network/cable.network", NETWORK)
    machine.run("systemctl", "daemon-reload")
    world.host.ip("addr flush dev cable")
    world.host.run("ip", "-6", "addr", "flush", "dev", "cable")
    try:
        machine.run("systemctl", "start", NETWORKD)
        wait_until(lambda: has_restarted(world, machine), "networkd has set up the cable")
        yield
    finally:
        machine.run("systemctl", "stop", NETWORKD, "systemd-networkd.socket")
        machine.run("rm", "-r", DROP_IN, "/etc/systemd/network/cable.network", "/run/udev")
        machine.run("umount", "/run/sys")
        machine.run("systemctl", "daemon-reload")
        world.host.ip(*(f"addr replace {HOST[f]}/{24 if f == V4 else 64} dev cable" for f in (V4, V6)),
                      *(f"route replace default via {GATEWAY[f]}" for f in (V4, V6)))


def has_restarted(world, machine):
    """Whether networkd has done its work: foreign rules are gone, as they must be lest the test prove nothing."""
    return ("lookup 4242" not in world.host.run("ip", "rule")
            and "(configured)" in machine.run("networkctl", "status", "cable"))


class RuleMonitor:
    """Changes to policy rules, as reported by `ip monitor`."""

    def __init__(self, world):
        self._world = world
        self._output = world.scratch.path(".rules")
        with open(self._output, "wb") as output:
            argv = world.host.command("stdbuf", "-oL", "ip", "monitor", "rule")
            self._process = subprocess.Popen(argv, stdout=output)
        wait_until(lambda: self._sees("7777"), "ip monitor runs")

    def _sees(self, priority):
        """Whether a rule of this priority, added and removed at once, is told; so is then all that was before."""
        for command in ("add", "del"):
            self._world.host.run("ip", "rule", command, "fwmark", "7777", "lookup", "7777", "priority", priority)
        return f"Deleted {priority}:" in self._output.read_text(encoding="utf-8")

    def deleted(self):
        """The tables that rules led to which are deleted by now."""
        wait_until(lambda: self._sees("7778"), "ip monitor tells it all")
        return re.findall(r"^Deleted .* lookup (\S+)", self._output.read_text(encoding="utf-8"), re.M)

    def close(self):
        """End it."""
        self._process.kill()
        self._process.wait()


@pytest.mark.usefixtures("networkd", "service", "proxy")
def test_a_restart_leaves_the_rules_in_place(world, machine, start):
    before = routing(world)
    monitor = world.keep(RuleMonitor(world))
    with watching(world, start) as watch:
        for _ in range(3):
            world.host.run("ip", "rule", "add", *FOREIGN.split())
            watch.look_while(machine.popen("systemctl", "restart", NETWORKD), excuses=NO_ROUTE)
            watch.look_until(lambda: has_restarted(world, machine), "networkd removes foreign rules", excuses=NO_ROUTE)
            assert routing(world) == before
    deleted = monitor.deleted()
    assert deleted.count("4242") == 3
    assert "300" not in deleted  # nor were they put back: they have never been away
