# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed service on the machine: cgtproxy.service from the Debian package."""

import os
import shutil
from pathlib import Path

from lab.documents import TOP, blocks
from lab.waiting import wait_until
from programs import LAB

UNIT = "cgtproxy.service"
CONFIG_PATH = "/etc/cgtproxy/config.yaml"
DROP_IN_DIRECTORY = f"/etc/systemd/system/{UNIT}.d"

# The README's first config, without its bypass list and its application.
CONFIG = """
version: 1
cgroup-root: AUTO
route-table: 300
tproxies:
  mihomo:
    mark: 3000
    port: 7893
rules:
  - unit: mihomo.service
    direct: true
  - slice: cgtproxy-drop.slice
    drop: true
  - slice: cgtproxy-proxy.slice
    tproxy: mihomo
"""


def with_rule(config, rule):
    """The config with one more rule, the first."""
    return config.replace("rules:\n", f"rules:\n  - {{{rule}}}\n")


def package_file():
    """The package under test, from $CGTPROXY_PACKAGES."""
    (path,) = Path(os.environ.get("CGTPROXY_PACKAGES", TOP / "build/deb")).glob("cgtproxy_*.deb")
    return path


def add_package(additions):
    """Put the package that is tested where install() finds it on the machine."""
    destination = additions / LAB.lstrip("/") / "build/deb"
    destination.mkdir(parents=True)
    shutil.copy(package_file(), destination)


def installation():
    """The README's command that installs the package, where a build has left it in build/deb."""
    (command,) = [step for block in blocks(TOP / "README.md") if "package" in block.words
                  for step, _ in block.steps if step.startswith("sudo apt install")]
    return command


def install(machine):
    """Install the package as the README says. It enables and starts the service."""
    machine.run("bash", "-euc", f'cd {LAB}; sudo() {{ "$@"; }}; {installation()}')


class Service:
    """Manages the service as an administrator would."""

    def __init__(self, machine):
        self._machine = machine

    def systemctl(self, command, *arguments):
        """systemctl COMMAND ARGUMENTS cgtproxy.service, which must succeed; what it says."""
        return self._machine.run("systemctl", command, *arguments, UNIT)

    def show(self, name):
        """A property of the unit."""
        return self._machine.show(UNIT, name)

    @property
    def pid(self):
        """The daemon's process id inside the machine; 0 when it does not run."""
        return int(self.show("MainPID"))

    def configure(self, config):
        """Write the config file, for the next start or reload."""
        self._machine.write(CONFIG_PATH, config)

    def reload(self, config):
        """Have another config in force."""
        cursor = self._machine.cursor()
        self.configure(config)
        self.systemctl("reload")
        self.await_message("the new config is in force", cursor)

    def drop_in(self, text):
        """Change the unit as `systemctl edit` does, for the next start; the fixture undoes it."""
        self._machine.write(f"{DROP_IN_DIRECTORY}/override.conf", text)
        self._machine.run("systemctl", "daemon-reload")

    def begin(self):
        """Apply the usual config and enable the service."""
        self.configure(CONFIG)
        self.systemctl("enable", "--now")
        return self

    def end(self):
        """Stop it and restore the machine's previous state."""
        self.systemctl("disable", "--now")
        self._machine.run("rm", "-rf", DROP_IN_DIRECTORY, CONFIG_PATH)
        self._machine.run("systemctl", "daemon-reload")
        self._machine.try_run("systemctl", "reset-failed", UNIT)  # and with it the count of starts in a short time
        self._machine.run("cgtproxy", "clear")  # what a test with on-stop: keep has kept

    def journal(self, after=None):
        """Its journal entries and systemd's about it; with a cursor: only later ones."""
        return self._machine.journal(f"_SYSTEMD_UNIT={UNIT}", "+", f"UNIT={UNIT}", "+", "SYSLOG_IDENTIFIER=cgtproxy",
                                     after=after)

    def await_message(self, text, after):
        """Await a message with this text in the journal, later than the cursor; return its entry."""
        seen = []

        def entry():
            seen[:] = self.journal(after)
            return next((one for one in seen if text in one["MESSAGE"]), None)

        return wait_until(entry, lambda: f"{text!r} in the journal; there was {[one['MESSAGE'] for one in seen]}")
