# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small private network: a host with cgroups, proxies and the daemon, and an outside with servers."""

import re
import subprocess
from contextlib import ExitStack

from .addresses import (ALL_TRAFFIC, ANY, DISCARD_PORT, DNS_PORT, GATEWAY, HOST, OUTSIDE_PREFIXES, SERVICE_PORT, V4,
                        V6)
from .cgroups import CgroupTree, remove_leftovers
from .client import Client
from .daemon import Daemon, Scratch, binary, environment
from .lans import Lan, become_router
from .namespaces import Namespace
from .servers import Server, Sink
from .wire import Wire

# Usual proxy port of the tests.
PROXY_PORT = 7893


def without_cgroups(listing):
    """A listing of the daemon's table without the cgroup elements."""
    return re.sub(r"(\{\s*type cgroupsv2\b[^}]*?)\s*elements = \{[^}]*\}", r"\1", listing)


class World:
    """Two namespaces, "host" and "outside", joined by a cable, and a cgroup tree. Use it with `with`.

    Everything created in it (clients, servers, daemons, cgroups) ends with it in any case.
    """

    def __init__(self, ipv6=True, purpose="test"):
        self.families = (V4, V6) if ipv6 else (V4,)
        self._purpose = purpose
        self._cleanup = ExitStack()
        self._clients = {}
        self._lans = 0
        self.host = self.outside = self.server = self.wire = self.cgroups = self.scratch = None

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def keep(self, thing):
        """Close this thing when the World ends; return it."""
        self._cleanup.callback(thing.close)
        return thing

    def _build(self):
        remove_leftovers()
        self.host = self.keep(Namespace())
        self.outside = self.keep(Namespace())
        self.scratch = self.keep(Scratch())
        self.cgroups = self.keep(CgroupTree(self._purpose))
        if V6 not in self.families:
            for name in ("all", "default", "lo"):
                self.host.sysctl(f"ipv6/conf/{name}/disable_ipv6", 1)
        self.host.sysctl("ipv4/ping_group_range", "0 0")
        # Any address of the outside's prefixes may answer, and addresses are usable at once.
        self.outside.sysctl("ipv6/ip_nonlocal_bind", 1)
        for namespace in (self.host, self.outside):
            namespace.sysctl("ipv6/conf/default/accept_dad", 0)
        self._lay_cable()
        self.wire = self.keep(Wire(self.outside, "cable"))
        self.server = self.keep(Server("outside", [SERVICE_PORT, DNS_PORT], self.outside))
        self.keep(Sink(DISCARD_PORT, self.outside))

    def _lay_cable(self):
        self.host.ip("link set lo up",
                     f"link add cable type veth peer name cable netns {self.outside.path}",
                     "link set cable up",
                     *(f"addr add {HOST[f]}/{24 if f == V4 else 64} dev cable" for f in self.families))
        self.outside.ip("link set lo up", "link set cable up",
                        *(f"addr add {GATEWAY[f]}/{24 if f == V4 else 64} dev cable" for f in (V4, V6)),
                        *(f"route add local {prefix} dev lo" for f in (V4, V6) for prefix in OUTSIDE_PREFIXES[f]))
        self.host.ip(*(f"route add default via {GATEWAY[f]}" for f in self.families))

    def client(self, cgroup):
        """The client in this cgroup (a path below the top, made if missing); one process for each cgroup."""
        if cgroup not in self._clients:
            self.cgroups.make(cgroup)
            self._clients[cgroup] = self.new_client(cgroup)
        return self._clients[cgroup]

    def new_client(self, cgroup):
        """A new process in this cgroup."""
        return self.keep(Client(self.host, self.cgroups.directory(self.cgroups.path(cgroup))))

    def check(self, expected, traffic=tuple(ALL_TRAFFIC)):
        """Check that all this client traffic goes where it should: a dict of cgroups and who answers there.

        Who is "outside", "proxy NAME" or "dropped". Expected answers are awaited; dropped traffic must not have left
        the host either.
        """
        for cgroup, who in expected.items():
            for protocol, family in traffic:
                client = self.client(cgroup)
                ask = client.ask_in_vain if who == "dropped" else client.ask
                result = ask(protocol, family)
                happened = "dropped" if result.dropped and not self.wire.saw(result) else result.who
                assert happened == who, f"{cgroup}, {protocol} over IPv{family}: {happened}, not {who}"

    def outside_client(self):
        """A client on the outside."""
        return self.keep(Client(self.outside))

    def lan(self, name, bridge=False):
        """A network for whose devices the host is the router; name is that of the host's interface."""
        if self._lans == 0:
            become_router(self)
        self._lans += 1
        return Lan(self, name, self._lans, bridge)

    def proxy(self, name, port=PROXY_PORT, **options):
        """A TPROXY server on the host; it answers as "proxy NAME"."""
        return self.keep(Server(f"proxy {name}", [port], self.host, transparent=True, **options))

    def dns(self, name, port, addresses=(ANY[V4], ANY[V6])):
        """A DNS server on the host; it answers as "dns NAME"."""
        return self.keep(Server(f"dns {name}", [port], self.host, addresses))

    def daemon(self, config, *arguments, wrap=lambda argv: argv, **env):
        """Start the daemon with this config text, and await its readiness."""
        return self.start_daemon(config, *arguments, wrap=wrap, **env).wait_ready()

    def start_daemon(self, config, *arguments, **options):
        """Start the daemon with this config text, without waiting for anything."""
        return self.launch(binary(), "-c", self.scratch.write(config), *arguments, **options)

    def launch(self, *argv, **options):
        """Start the daemon with this argument list."""
        return self.keep(Daemon(self.host, self.scratch, argv, **options))

    def cgtproxy(self, *arguments, wrap=lambda argv: argv, program=None, **env):
        """Run one of the program's other commands on the host to its end; the result has returncode, stdout, stderr."""
        argv = wrap([str(program or binary()), *map(str, arguments)])
        return subprocess.run(self.host.command(*argv), env=environment(**env), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="surrogateescape", timeout=120, check=False)

    def footprint(self):
        """Everything that the daemon could have left in the host's network, as text to compare.

        Cgroup elements are left out: they change with every program started on this machine.
        """
        commands = ("nft list ruleset", "ip rule", "ip -6 rule", "ip route show table all",
                    "ip -6 route show table all")
        listing = "\n".join(self.host.run(*command.split()) for command in commands)
        return without_cgroups(listing)
