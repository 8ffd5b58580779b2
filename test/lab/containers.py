# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers made by hand, and the program that shows what src/container knows of them."""

import json
import os
import shutil
import signal
import subprocess
import threading
from contextlib import ExitStack

import pytest

from .cgroups import CgroupTree
from .daemon import Scratch, as_nobody, binary, environment
from .namespaces import Namespace
from .waiting import PATIENCE, wait_until


class Shown:
    """A run of the program. `known` is the last state of each container that is not gone, by its number."""

    def __init__(self, namespace, scratch, wrap, **env):
        built = binary().parent / "test/programs/show-containers"
        if not built.exists():
            pytest.skip("the programs for tests were not built (meson setup -Dtests=true)")
        self._program = scratch.directory / built.name
        if not self._program.exists():
            shutil.copy(built, self._program)
            self._program.chmod(0o755)
        self.known = {}
        self.seen = set()
        self.states = []
        self._log_path = scratch.write("", ".log")
        with open(self._log_path, "ab") as log:
            command = namespace.command(*wrap(["setpriv", "--pdeathsig", "KILL", str(self._program)]))
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=environment(**env))
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.states or self.process.poll() is not None, "the program has looked at what there is")
        assert self.states and self.states[0]["settled"], self.log

    @property
    def log(self):
        """What it said."""
        return self._log_path.read_text(encoding="utf-8")

    def _read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            if "number" not in said:
                self.states.append(said)
            elif said["is_gone"]:
                self.known.pop(said["number"], None)
            else:
                self.seen.add(said["number"])
                self.known[said["number"]] = said

    def ask(self):
        """Its own state, when it has shown everything until now."""
        count = len(self.states)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wait_until(lambda: len(self.states) > count, "the program answers")
        return self.states[-1]

    def wait(self, wanted):
        """Await that it knows exactly these containers: a list of what summary() gives, in any order."""
        wait_until(lambda: sorted(map(summary, list(self.known.values()))) == sorted(wanted),
                   lambda: f"known: {sorted(map(summary, self.known.values()))}\nwanted: {sorted(wanted)}\n{self.log}")

    def close(self):
        """End it; it must end well."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0, self.log


def summary(container):
    """What is compared of a container."""
    return (tuple((one["iif"], one["veth"], one["bridged"]) for one in container["interfaces"]),
            tuple(container["addresses"]), tuple(container["cgroups"]))


class Container:
    """A network namespace with a cable to the host's: "eth0" inside, `name` on the host. Nothing runs in it yet."""

    def __init__(self, place, name, bridge=None):
        self._place = place
        self.name = name
        self.bridge = bridge
        self.inside = Namespace()
        self.addresses = []
        self.cgroups = []

    def connect(self, *options):
        """Lay the cable."""
        self._place.host.ip(f"link add {self.name} type veth peer name eth0 netns {self.inside.path}",
                            *([f"link set {self.name} master {self.bridge}"] if self.bridge else []),
                            f"link set {self.name} up", *options)
        self.inside.ip("link set eth0 up")
        return self

    def disconnect(self):
        """Remove the cable; addresses go with it."""
        self._place.host.ip(f"link del {self.name}")
        self.addresses = []

    def add_address(self, address):
        """Give it an address with a prefix length."""
        self.inside.ip(f"addr add {address} dev eth0" + (" nodad" if ":" in address else ""))
        self.addresses.append(address.partition("/")[0])
        return self

    def remove_address(self, address):
        """Take it away."""
        self.inside.ip(f"addr del {address} dev eth0")
        self.addresses.remove(address.partition("/")[0])

    def run_in(self, cgroup):
        """Have a process of it in this cgroup of ours."""
        self._place.run(self.inside.command("sleep", "infinity"), cgroup)
        path = self._place.cgroups.path(cgroup)
        if path not in self.cgroups:
            self.cgroups.append(path)
        return self

    def summary(self):
        """What is to be known of it, see summary()."""
        veth = self._place.index(self.name)
        iif = self._place.index(self.bridge) if self.bridge else veth
        key = {address: (":" in address, [int(part) for part in address.split(".")] if "." in address else address)
               for address in self.addresses}
        return (((iif, veth, bool(self.bridge)),), tuple(sorted(self.addresses, key=key.get)),
                tuple(sorted(self.cgroups, key=self._place.cgroups.id)))

    def close(self):
        """Let go of it, so that it ends with what runs in it, which is killed with its cgroups."""
        if self.inside:
            self.inside.close()
        self.inside = None


class Place:
    """A host's network with containers. Use it with `with`."""

    def __init__(self):
        self._cleanup = ExitStack()
        self.host = self.scratch = self.cgroups = None

    def __enter__(self):
        self.host = self.keep(Namespace())
        self.scratch = self.keep(Scratch())
        self.cgroups = self.keep(CgroupTree())
        self.host.ip("link set lo up", "link add br0 type bridge", "link set br0 up", "addr add 10.9.0.1/16 dev br0")
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def keep(self, thing):
        """Close this thing at the end; return it."""
        self._cleanup.callback(thing.close)
        return thing

    def container(self, name, bridge=None):
        """A new container, without a cable."""
        return self.keep(Container(self, name, bridge))

    def show(self, wrap=lambda argv: as_nobody(argv, "net_admin"), **env):
        """Start the program that shows them."""
        return self.keep(Shown(self.host, self.scratch, wrap, **env))

    def index(self, name):
        """The index of an interface of the host's."""
        return json.loads(self.host.run("ip", "-j", "link", "show", "dev", name))[0]["ifindex"]

    def run(self, argv, cgroup, file="cgroup.procs"):
        """Start a process in this cgroup of ours, and then what argv is there."""
        self.cgroups.make(cgroup)
        path = self.cgroups.directory(self.cgroups.path(cgroup)) / file
        process = subprocess.Popen(["sh", "-ec", 'echo 0 >"$0"; exec "$@"', str(path), "setpriv", "--pdeathsig", "KILL", *argv],
                                   stdin=subprocess.DEVNULL)
        wait_until(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("/sleep"), f"{argv} runs")
        return process
