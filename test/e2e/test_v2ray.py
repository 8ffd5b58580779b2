# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real TPROXY server instead of the lab's: v2ray, in its own direct cgroup."""

import json
import shutil
import subprocess

from lab.addresses import HOST, OUTSIDE, SERVICE_PORT, TCP, UDP, V4
from lab.waiting import wait_until

PORT = 12345
CONFIG = f"""
version: 1
tproxies: {{v2ray: {{mark: 3000, port: {PORT}}}}}
rules:
  - {{match: '/v2ray\\.service$', direct: true}}
  - {{match: /programs/, tproxy: v2ray}}
  - {{match: /cgtproxy-test, tproxy: v2ray}}
"""
V2RAY_CONFIG = {
    "log": {"loglevel": "warning"},  # and the access log, on standard output
    "inbounds": [{
        "listen": "0.0.0.0",
        "port": PORT,
        "protocol": "dokodemo-door",
        "settings": {"network": "tcp,udp", "followRedirect": True},
        "streamSettings": {"sockopt": {"tproxy": "tproxy"}},
    }],
    "outbounds": [{"protocol": "freedom"}],
}


class V2ray:
    """The process, and its access log."""

    def __init__(self, world):
        program = shutil.which("v2ray")
        assert program, "v2ray is missing: install the package of this name"
        self._namespace = world.host
        config = world.scratch.write(json.dumps(V2RAY_CONFIG), ".json")
        procs = world.cgroups.directory(world.cgroups.make("v2ray.service")) / "cgroup.procs"
        into_cgroup = f"echo $$ > '{procs}'; exec \"$@\""
        self._log_path = world.scratch.write("", ".log")
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                world.host.command("sh", "-euc", into_cgroup, "sh", "setpriv", "--pdeathsig", "KILL", program, "-config", str(config)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def log(self):
        """What it printed so far."""
        return self._log_path.read_text(encoding="utf-8")

    def listens(self):
        """Whether it serves already."""
        return all(self._namespace.listens(protocol, PORT) for protocol in (TCP, UDP))

    def close(self):
        """Stop it."""
        self._process.kill()
        self._process.wait()


def test_v2ray_carries_proxied_traffic(world):
    """Proven by its access log, by the port that the outside sees, and by what happens when it is stopped."""
    program = world.client("programs/browser")
    v2ray = world.keep(V2ray(world))
    world.daemon(CONFIG)
    wait_until(v2ray.listens, "v2ray listens")
    for protocol in (TCP, UDP):
        result = program.ask(protocol, V4, times=3, await_end=True)
        assert result.who == "outside", v2ray.log
        assert result.answer.asked == (OUTSIDE[V4], SERVICE_PORT)
        assert result.answer.source == (OUTSIDE[V4], SERVICE_PORT)
        assert result.answer.peer[0] == HOST[V4]
        assert not world.wire.saw(result)  # v2ray's socket asked, not the program's
        carried = f"{protocol}:{OUTSIDE[V4]}:{SERVICE_PORT}"
        wait_until(lambda line=carried: line in v2ray.log, f"{carried} in v2ray's access log")
    v2ray.close()
    for protocol in (TCP, UDP):
        result = program.ask_in_vain(protocol, V4)
        assert result.answers == []
        assert not world.wire.saw(result)


def test_v2ray_and_large_amounts(world):
    """Many flows of both kinds one after the other, none lost or mixed up."""
    v2ray = world.keep(V2ray(world))
    world.daemon(CONFIG)
    wait_until(v2ray.listens, "v2ray listens")
    for number in range(50):
        result = world.client(f"programs/{number % 5}").ask((TCP, UDP)[number % 2], V4, f"203.0.113.{number + 1}")
        assert result.who == "outside", v2ray.log
        assert result.answer.asked == (f"203.0.113.{number + 1}", SERVICE_PORT)
