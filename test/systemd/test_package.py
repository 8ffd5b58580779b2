# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package: what it installs and starts, and what its removal leaves behind."""

import re

import package
from lab.documents import TOP
from service import CONFIG, CONFIG_PATH, Service, install, package_file

# What the package must not forget, and where Debian's programs look for it.
FILES = [
    "/usr/bin/cgtproxy",
    "/lib/systemd/system/cgtproxy.service",
    "/usr/share/bash-completion/completions/cgtproxy",
    "/usr/share/fish/vendor_completions.d/cgtproxy.fish",
    "/usr/share/zsh/vendor-completions/_cgtproxy",
    "/usr/share/doc/cgtproxy/copyright",
    "/usr/share/doc/cgtproxy/examples/example.yaml",
    *(f"/usr/share/man/{place}.gz" for place in ("man8/cgtproxy.8", "man5/cgtproxy.yaml.5", "zh_CN/man8/cgtproxy.8",
                                                 "zh_CN/man5/cgtproxy.yaml.5")),
]


def rules(world):
    """What is in force, but for when it was made."""
    return re.sub(r"\d+-\d+-\d+T[\d:]+Z", "", world.footprint())


def files(machine):
    """The files of the package, without directories."""
    return machine.run("sh", "-euc", 'dpkg -L cgtproxy | while read -r file; do [ -d "$file" ] || echo "$file"; done').split()


def test_its_scripts():
    package.check(package_file())


def test_what_it_brings_and_starts(own_world, bare_machine):
    before = own_world.footprint()
    install(bare_machine)
    service = Service(bare_machine)
    assert service.show("UnitFileState") == "enabled"
    assert (service.show("ActiveState"), service.show("SubState")) == ("active", "running")
    assert own_world.footprint() != before  # its table is there, with nothing in it
    assert "socket cgroupv2" not in bare_machine.run("nft", "list", "table", "inet", "cgtproxy")
    version = re.search(r"^ *version: '(.*)',$", (TOP / "meson.build").read_text(encoding="utf-8"), re.M)[1]
    assert bare_machine.run("cgtproxy", "--version") == f"cgtproxy {version}\n"
    assert bare_machine.run("dpkg-query", "-W", "-f", "${Version}", "cgtproxy") == version
    assert set(FILES) <= set(files(bare_machine))
    assert bare_machine.run("dpkg", "--verify", "cgtproxy") == ""


def test_a_new_version_goes_on_with_the_config(own_world, bare_machine):
    """Installed over itself, as a new version would be."""
    install(bare_machine)
    service = Service(bare_machine)
    service.configure(CONFIG)
    service.systemctl("restart")
    before, pid = rules(own_world), service.pid
    bare_machine.run("sh", "-euc", "dpkg --install /usr/local/lib/cgtproxy-test/build/deb/cgtproxy_*.deb")
    assert service.pid not in (0, pid)
    assert rules(own_world) == before
    assert bare_machine.read(CONFIG_PATH) == CONFIG


def test_what_its_removal_leaves(own_world, bare_machine):
    """Nothing but the administrator's config; not even the rules that `on-stop: keep` keeps."""
    before = own_world.footprint()
    install(bare_machine)
    service = Service(bare_machine)
    service.configure(CONFIG + "on-stop: keep\n")
    service.systemctl("restart")
    service.systemctl("stop")
    assert own_world.footprint() != before
    service.systemctl("start")
    there = files(bare_machine)
    bare_machine.run("apt-get", "purge", "-y", "cgtproxy")
    assert own_world.footprint() == before
    assert bare_machine.try_run("ls", *there).stdout == ""
    assert bare_machine.run("find", "/etc", "-name", "cgtproxy*").split() == ["/etc/cgtproxy"]
    assert bare_machine.read(CONFIG_PATH).endswith("keep\n")
    assert service.show("LoadState") == "not-found"
