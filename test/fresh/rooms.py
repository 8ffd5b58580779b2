# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tried in rooms: a function each, whose visit opens the room and takes the steps (visit.py)."""

import package
from lab.documents import TOP, blocks
from room import USER

_README = blocks(TOP / "README.md")


def _commands(word):
    """The README's commands in blocks with this word, in their order."""
    return [command for block in _README if word in block.words for command, _ in block.steps]


def _command(command):
    """A command which the README must have."""
    assert command in _commands("ci"), f"the README does not say {command!r}"
    return command


def _require_no_systemd(room):
    assert not room.has("/usr/share/pkgconfig/systemd.pc"), "systemd.pc is there"


def demo(visit):
    """The demo, as root."""
    visit.open("root")
    visit.type(_command("make demo"))


def demo_sudo(visit):
    """The demo, as a user with sudo."""
    visit.open(USER)
    visit.type(_command("make demo"))


def install(visit):
    """A build by hand, as a user with sudo; and one by clang."""
    visit.open(USER)
    for command in _commands("source"):
        visit.type(command)
    visit.type("cgtproxy --version && cgtproxy check config")
    visit.type("sudo apt install clang")
    visit.type("CC=clang CXX=clang++ make BUILD=build-clang && build-clang/cgtproxy --version")


def deb(visit):
    """The Debian package, built without systemd, then installed where systemd runs."""
    build, *install_it = _commands("package")
    visit.open(USER)
    visit.check("the package systemd is not installed", _require_no_systemd, visit.room)
    visit.type(build)
    made = visit.keep("build/deb/cgtproxy_*.deb")
    visit.check("the package's scripts", package.check, made)

    visit.open(USER, clone=False)
    visit.type("sudo apt install systemd systemd-sysv dbus", directory=".")
    visit.put(made, "cgtproxy/build/deb")
    visit.check("boot with systemd", visit.room.reboot_with_systemd)
    for command in install_it:
        visit.type(command)
    visit.type("systemctl is-enabled cgtproxy && systemctl is-active cgtproxy")
    visit.type("sudo cgtproxy status")
    visit.type("sudo apt purge cgtproxy && ! systemctl cat cgtproxy && ! command -v cgtproxy")


def dist(visit):
    """The tarball with its unit tests, and a build, an installation and the demo from it."""
    visit.open(USER)
    visit.type("make dist")
    made = visit.keep("build/meson-dist/cgtproxy-*.tar.xz")

    visit.open(USER, clone=False)
    visit.type("sudo apt install xz-utils", directory=".")
    visit.put(made, ".")
    visit.type(f"tar -xf {made.name} && mv {made.name.removesuffix('.tar.xz')} cgtproxy", directory=".")
    for command in (*_commands("source"), _command("make demo")):
        visit.type(command)


def test(visit):
    """All tests, as root."""
    visit.open("root")
    visit.type(_command("make test"))


def test_sudo(visit):
    """All tests, as a user with sudo."""
    visit.open(USER)
    visit.type(_command("make test"))


ROOMS = {function.__name__.replace("_", "-"): function
         for function in (demo, demo_sudo, install, deb, dist, test, test_sudo)}
