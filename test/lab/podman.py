# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman and its containers, in which the lab's clients run.

Containers have the host's /usr, read-only, and nothing else: so the image is a handful of links, and no registry is
asked.
"""

import io
import json
import subprocess
import tarfile

from .addresses import V4, V6
from .client import Client

_IMAGE = "localhost/lab"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
# crun wants CAP_SYS_RESOURCE, and so does raising a limit. A storage of files works on any file system.
_ENGINE = ("--runtime=runc", "--storage-driver=vfs", "--log-level=error")
_LIMITS = ("--pids-limit=0", "--ulimit=nofile=1000:1000", "--ulimit=nproc=1000:1000")
_PREFIX = {V4: "10.77.{}.", V6: "fd77:{:x}::"}
_LENGTH = {V4: 24, V6: 64}


def root_archive():
    """A root file system as a tar archive: where /usr and the kernel's file systems are mounted, and links to /usr."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("usr", "etc", "root", "tmp", "proc", "sys", "dev", "run"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(directory)
        archive.addfile(tarfile.TarInfo("etc/os-release"))
        for name in ("bin", "sbin", "lib", "lib64"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            archive.addfile(link)
    return buffer.getvalue()


class Podman:
    """Podman on a host. `command` makes an argument list one that runs there; options are Podman's own, for each call."""

    def __init__(self, command, *options):
        self._command = command
        self._options = options
        self._networks = []
        self.run("import", "-", _IMAGE, data_in=root_archive())

    def command(self, *argv):
        """The argument list of a podman command."""
        return self._command("podman", *_ENGINE, *self._options, *argv)

    def run(self, *argv, data_in=b""):
        """Run a podman command that must succeed; return its standard output."""
        done = subprocess.run(self.command(*argv), input=data_in, capture_output=True, env=ENVIRONMENT, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(argv)}: exit {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode()

    def run_arguments(self, name, networks, *options):
        """The argument list that starts a container; what it runs is to be appended."""
        return self.command("run", "--interactive", f"--name={name}", *_LIMITS, "--volume=/usr:/usr:ro",
                            *(f"--network={network}" for network in networks), *options, _IMAGE)

    def inspect(self, name):
        """What Podman knows of a container."""
        return json.loads(self.run("container", "inspect", name))[0]

    def network(self, name, number):
        """Make a network with a bridge, with both families and the engine's name server; return its name."""
        self.run("network", "create", "--ipv6", *(f"--subnet={_PREFIX[f].format(number)}{'0' if f == V4 else ''}/{_LENGTH[f]}"
                                                  for f in (V4, V6)), name)
        self._networks.append(name)
        return name

    def remove(self, *names):
        """Remove containers, whether they run or not."""
        self.run("rm", "--force", "--ignore", "--time=0", *names)

    def close(self):
        """Remove all containers and the networks."""
        self.run("rm", "--force", "--all", "--time=0")
        for network in self._networks:
            self.run("network", "rm", network)


class PodmanContainer(Client):
    """A container with a client as its process. `agent` is the argument list of the client's program."""

    def __init__(self, podman, agent, name, networks, *options):
        self._podman = podman
        self.name = name
        self._process = subprocess.Popen(podman.run_arguments(name, networks, *options) + list(agent), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, start_new_session=True)
        self._read_reply()
        self.cgroup = podman.inspect(name)["State"]["CgroupPath"]

    def address(self, network):
        """Its addresses in a network, by family."""
        found = self._podman.inspect(self.name)["NetworkSettings"]["Networks"][network]
        return {V4: found["IPAddress"], V6: found["GlobalIPv6Address"]}

    def execute(self, *argv):
        """Run another program in it to its end; its standard output."""
        return self._podman.run("exec", self.name, *argv)

    def close(self):
        """Remove it."""
        self._podman.remove(self.name)
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
