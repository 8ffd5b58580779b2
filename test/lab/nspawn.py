# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of systemd-nspawn with a veth, in which the lab's clients run.

Their root is that of Podman's (podman.py): links to the host's /usr. What systemd-networkd does for such a veth where it
runs is done here, with addresses of the test's own.
"""

import subprocess

from .addresses import V4, V6
from .client import Client
from .podman import ENVIRONMENT, root_archive

_PREFIX = {V4: "10.78.{}.", V6: "fd78:{:x}::"}
_LENGTH = {V4: 24, V6: 64}
_ROOTS = "/var/tmp/cgtproxy-test-nspawn"


def _address(network, host):
    return {family: f"{prefix.format(network)}{host}" for family, prefix in _PREFIX.items()}


def _give(host, interface, address, namespace=()):
    """Have an interface up and give it addresses."""
    for family in (V4, V6):
        host.run(*namespace, "ip", "addr", "replace", f"{address[family]}/{_LENGTH[family]}", "dev", interface,
                 *(["nodad"] if family == V6 else []))
    host.run(*namespace, "ip", "link", "set", interface, "up")


class NspawnBridge:
    """A bridge for containers, on a host that has run(*argv)."""

    def __init__(self, host, name, network):
        self.name, self.network = name, network
        self._host = host
        host.run("ip", "link", "add", name, "type", "bridge")
        _give(host, name, _address(network, 1))

    def close(self):
        """Remove it."""
        self._host.run("ip", "link", "del", self.name)


class NspawnContainer(Client):
    """A container with a client as its process; `agent` is the argument list of the client's program.

    Number is that of the container on its bridge, or without a bridge, of its network. The host is one with systemd.
    """

    def __init__(self, host, agent, name, number, bridge=None, options=()):
        self._host, self.name = host, name
        self._root = f"{_ROOTS}/{name}"
        host.run("mkdir", "-p", self._root)
        subprocess.run(host.command("tar", "-C", self._root, "-x"), input=root_archive(), check=True)
        argv = host.command("systemd-nspawn", "--quiet", f"--directory={self._root}", f"--machine={name}", "--bind-ro=/usr", "--pipe",
                            f"--network-bridge={bridge.name}" if bridge else "--network-veth", *options, *agent)
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
                                         start_new_session=True)
        self._read_reply()
        leader = host.run("machinectl", "show", "--property=Leader", "--value", name).strip()
        self.cgroup = host.run("sh", "-c", f"sed -n s/^0:://p /proc/{leader}/cgroup").strip()
        self._inside = ("nsenter", f"--net=/proc/{leader}/ns/net", "--")
        network, position = (bridge.network, number + 1) if bridge else (number, 2)
        self.address, self.host_end = _address(network, position), f"{'vb' if bridge else 've'}-{name}"
        self._connect(bridge, network)

    def _connect(self, bridge, network):
        router = _address(network, 1)
        if bridge:
            self._host.run("ip", "link", "set", self.host_end, "up")
        else:
            _give(self._host, self.host_end, router)
        _give(self._host, "host0", self.address, self._inside)
        for family in (V4, V6):
            self._host.run(*self._inside, "ip", "route", "replace", "default", "via", router[family])

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._host.run("rm", "-rf", self._root)
