# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package: what it installs and starts, and what its removal leaves behind."""

import re
import subprocess

import package
from lab.documents import TOP
from service import CONFIG, CONFIG_PATH, DROP_IN_DIRECTORY, Service, install, package_file

# What the package must not forget, and where Debian's programs look for it.
FILES = [
    "/usr/bin/cgtproxy",
    "/usr/bin/cgtproxy-relay",
    "/lib/systemd/system/cgtproxy.service",
    "/usr/lib/systemd/system/cgtproxy-relay@.service",
    "/usr/lib/systemd/system/cgtproxy-relay@.socket",
    "/usr/lib/systemd/system-generators/cgtproxy-relay-generator",
    "/usr/lib/systemd/system/cgtproxy-retry.path",
    "/usr/lib/systemd/system/cgtproxy-retry.timer",
    "/usr/share/bash-completion/completions/cgtproxy",
    "/usr/share/fish/vendor_completions.d/cgtproxy.fish",
    "/usr/share/zsh/vendor-completions/_cgtproxy",
    "/usr/share/doc/cgtproxy/copyright",
    "/usr/share/doc/cgtproxy/examples/example.yaml",
    *(f"/usr/share/man/{place}{page}.gz" for place in ("", "zh_CN/")
      for page in ("man8/cgtproxy.8", "man8/cgtproxy-relay.8", "man5/cgtproxy.yaml.5")),
]


# A link in a document, without the place in the file that it leads to.
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
# What only those need who build it.
OF_THE_SOURCE = ("../meson_options.txt", "../packaging/")


def rules(world):
    """What is in force, but for when it was made."""
    return re.sub(r"\d+-\d+-\d+T[\d:.]+Z", "", world.footprint())


def files(machine):
    """The files of the package, without directories."""
    return machine.run("sh", "-euc", 'dpkg -L cgtproxy | while read -r file; do [ -d "$file" ] || echo "$file"; done').split()


def test_its_scripts():
    package.check(package_file())


def test_its_documents_link_to_each_other(tmp_path):
    """What the README names is there, by the names that it uses."""
    subprocess.run(["dpkg-deb", "--extract", package_file(), tmp_path], check=True)
    documents = tmp_path / "usr/share/doc/cgtproxy"
    links = {(path, target) for path in documents.rglob("*.md") for target in LINK.findall(path.read_text("utf-8"))}
    assert {documents / name for name in ("README.md", "README.zh_CN.md", "docs/recipes.zh_CN.md")} <= \
        {path for path, _ in links}
    assert not [(path.name, target) for path, target in links
                if not (path.parent / target).exists() and not target.startswith(OF_THE_SOURCE)]


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


def owner(machine):
    """Whose the directory of the config is, and who may do what there."""
    return machine.run("stat", "--format", "%u:%g %a", "/etc/cgtproxy").strip()


def test_a_new_version_goes_on_with_the_config(own_world, bare_machine):
    """Installed over itself, as a new version would be."""
    install(bare_machine)
    service = Service(bare_machine)
    service.configure(CONFIG)
    service.systemctl("restart")
    before, pid = rules(own_world), service.pid
    bare_machine.run("chown", "61234:61234", "/etc/cgtproxy")  # as 0.1.0 had systemd make it
    bare_machine.run("sh", "-euc", "dpkg --install /usr/local/lib/cgtproxy-test/build/deb/cgtproxy_*.deb")
    assert owner(bare_machine) == "0:0 755"
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
    said = bare_machine.run("apt-get", "purge", "-y", "cgtproxy")
    assert "cgtproxy: your files in /etc/cgtproxy are left; to remove them: rm -r /etc/cgtproxy" in said.splitlines()
    assert own_world.footprint() == before
    assert bare_machine.try_run("ls", *there).stdout == ""
    assert bare_machine.run("find", "/etc", "-name", "cgtproxy*").split() == ["/etc/cgtproxy"]
    assert bare_machine.read(CONFIG_PATH).endswith("keep\n")
    assert service.show("LoadState") == "not-found"


def test_its_removal_leaves_nothing_where_nobody_configured_anything(bare_machine):
    install(bare_machine)
    assert owner(bare_machine) == "0:0 755"
    said = bare_machine.run("apt-get", "purge", "-y", "cgtproxy")
    assert "are left" not in said
    assert bare_machine.run("find", "/etc", "/usr/share", "/usr/lib/systemd", "/var/lib/systemd", "-name", "cgtproxy*") == ""


def test_its_removal_keeps_what_systemctl_edit_wrote(bare_machine):
    """And says so."""
    install(bare_machine)
    Service(bare_machine).drop_in("[Service]\nEnvironment=LOG_LEVEL=debug\n")
    said = bare_machine.run("apt-get", "purge", "-y", "cgtproxy")
    assert f"rm -r {DROP_IN_DIRECTORY}" in said
    assert bare_machine.read(f"{DROP_IN_DIRECTORY}/override.conf")
