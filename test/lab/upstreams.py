# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies of Debian, run on the host of a World; each is skipped where it is not installed."""

import os
import shutil
import subprocess

import pytest

from .addresses import TCP
from .daemon import in_private_mounts
from .relays import PASSWORD, UPSTREAM_PORT, USER
from .waiting import wait_until

_DANTE = """
logoutput: stderr
internal: 127.0.0.1 port = {port}
external.protocol: ipv4 ipv6
external: cable
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 0/0 to: 0/0 }}
socks pass {{ from: 0/0 to: 0/0 }}
"""
_TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 100
{more}
"""
_SQUID = """
http_port 127.0.0.1:{port}
http_access allow all
cache deny all
access_log none
cache_log {directory}/squid.log
pid_filename none
netdb_filename none
coredump_dir {directory}
shutdown_lifetime 0 seconds
"""
_SSHD = """
Port 2222
ListenAddress 127.0.0.1
HostKey {directory}/host
AuthorizedKeysFile {directory}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
"""


class _Process:
    """A process in the host's namespace, which ends with the World, and all those with it that it starts."""

    def __init__(self, world, log, *argv):
        # a shell is the first in a namespace of processes: one that changes its user would no longer be told to end
        command = world.host.command("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child=KILL",
                                     "sh", "-c", '"$@" & wait', "sh", *map(str, argv))
        with open(log, "ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        world.keep(self)

    @property
    def is_over(self):
        """Whether it has ended."""
        return self._process.poll() is not None

    def close(self):
        """End all of them."""
        self._process.kill()
        self._process.wait()


def _find(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def _start(world, *argv, port=UPSTREAM_PORT):
    """Start it, and await that it listens."""
    log = world.scratch.write("", ".log")
    process = _Process(world, log, *argv)
    wait_until(lambda: process.is_over or world.host.listens(TCP, port), f"{argv[0]} listens")
    assert not process.is_over, log.read_text()


def _directory(world):
    directory = world.scratch.path(".upstream")
    directory.mkdir()
    directory.chmod(0o777)
    return directory


def microsocks(world, password=False, wrap=lambda argv: argv):
    """Start it; its URL. `wrap` makes another argument list of its own."""
    more = ("-u", USER, "-P", PASSWORD) if password else ()
    _start(world, *wrap([_find("microsocks"), "-i", "127.0.0.1", "-p", UPSTREAM_PORT, *more]))
    return f"socks5://{USER}@127.0.0.1:{UPSTREAM_PORT}" if password else f"socks5://127.0.0.1:{UPSTREAM_PORT}"


def microsocks_with_password(world):
    """The same with a password."""
    return microsocks(world, password=True)


def dante(world):
    """Start it; its URL."""
    config = world.scratch.write(_DANTE.format(port=UPSTREAM_PORT), ".conf")
    _start(world, _find("danted"), "-f", config, "-p", _directory(world) / "pid")
    return f"socks5://127.0.0.1:{UPSTREAM_PORT}"


def tinyproxy(world, password=False):
    """Start it; its URL."""
    more = f"BasicAuth {USER} {PASSWORD.replace(':', '-')}" if password else ""
    config = world.scratch.write(_TINYPROXY.format(port=UPSTREAM_PORT, more=more), ".conf")
    _start(world, _find("tinyproxy"), "-d", "-c", config)
    return f"http://{USER}@127.0.0.1:{UPSTREAM_PORT}" if password else f"http://127.0.0.1:{UPSTREAM_PORT}"


def tinyproxy_with_password(world):
    """The same with a password, which can't have a colon there."""
    return tinyproxy(world, password=True)


def squid(world):
    """Start it; its URL."""
    config = world.scratch.write(_SQUID.format(port=UPSTREAM_PORT, directory=_directory(world)), ".conf")
    _start(world, _find("squid"), "-N", "-f", config)
    return f"http://127.0.0.1:{UPSTREAM_PORT}"


def ssh(world):
    """Start sshd and `ssh -D`; its URL."""
    directory = _directory(world)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    server = [_find("sshd"), "-D", "-e", "-f", world.scratch.write(_SSHD.format(directory=directory), ".conf")]
    _start(world, *in_private_mounts("mount -t tmpfs tmpfs /run; mkdir /run/sshd", server), port=2222)
    _start(world, _find("ssh"), "-N", "-D", f"127.0.0.1:{UPSTREAM_PORT}", "-p", "2222", "-i", directory / "user",
           "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={directory}/known", "root@127.0.0.1")
    return f"socks5://127.0.0.1:{UPSTREAM_PORT}"


# Each with the password that it wants, or None.
ALL = [(microsocks, None), (microsocks_with_password, PASSWORD), (dante, None), (tinyproxy, None),
       (tinyproxy_with_password, PASSWORD.replace(":", "-")), (squid, None), (ssh, None)]
