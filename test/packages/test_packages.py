# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make packages` built: what is in each package, that it is where its system looks for it, and that it runs."""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
DIRECTORY = Path(os.environ["CGTPROXY_PACKAGES"])
VERSION = re.search(r"^  version: '(.*)',$", (TOP / "meson.build").read_text(encoding="utf-8"), re.M)[1]
MACHINE = os.uname().machine
# The archive, its prefix, where it has private programs, and the end of compressed manuals' names.
KINDS = {
    "arch": (f"cgtproxy-{VERSION}-1-{MACHINE}.pkg.tar.zst", "usr", "lib", ".gz"),
    "rpm": (f"cgtproxy-{VERSION}-1.{MACHINE}.rpm", "usr", "libexec", ""),
    "tarball": (f"cgtproxy-{VERSION}-linux-{MACHINE}.tar.xz", "cgtproxy", "libexec", ""),
}


class Package:
    """One that is unpacked."""

    def __init__(self, kind, directory):
        archive, prefix, libexec, self.compressed = KINDS[kind]
        self.archive = DIRECTORY / archive
        subprocess.run(["bsdtar", "-xf", self.archive, "-C", directory], check=True)
        self.root = directory
        self.prefix = directory / prefix
        self.libexec = libexec

    @property
    def files(self):
        """All but directories and what is about the package itself, relative to the root."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")
                if not path.is_dir() and path.parent != self.root}

    def run(self, *argv):
        """What the program that is in it prints."""
        done = subprocess.run([self.prefix / "bin/cgtproxy", *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(name="package", scope="module", params=KINDS)
def _package(request, tmp_path_factory):
    return Package(request.param, tmp_path_factory.mktemp(request.param))


def test_everything_is_there(package):
    share = [f"share/{path}" for path in (
        f"man/man8/cgtproxy.8{package.compressed}", f"man/man8/cgtproxy-relay.8{package.compressed}", f"man/man5/cgtproxy.yaml.5{package.compressed}",
        "locale/zh_CN/LC_MESSAGES/cgtproxy.mo",
        f"man/zh_CN/man8/cgtproxy.8{package.compressed}", f"man/zh_CN/man5/cgtproxy.yaml.5{package.compressed}",
        "bash-completion/completions/cgtproxy", "zsh/site-functions/_cgtproxy", "fish/vendor_completions.d/cgtproxy.fish",
        "cgtproxy/config.schema.json", "cgtproxy/config.d.schema.json", "cgtproxy/grafana.json",
        "doc/cgtproxy/README.md", "doc/cgtproxy/examples/example.yaml")]
    wanted = ["bin/cgtproxy", "bin/cgtproxy-relay", f"{package.libexec}/cgtproxy/write-metrics",
              f"{package.libexec}/cgtproxy/cgtproxy-top", *share,
              *(f"lib/systemd/system/{name}" for name in
                ("cgtproxy.service", "cgtproxy-metrics.service", "cgtproxy-metrics.timer", "cgtproxy-relay@.service",
                 "cgtproxy-relay@.socket")),
              "lib/systemd/system-generators/cgtproxy-relay-generator"]
    prefix = package.prefix.relative_to(package.root)
    assert {f"{prefix}/{path}" for path in wanted} <= package.files
    licenses = {Path(path).name for path in package.files if "/licenses/cgtproxy" in path}
    assert licenses == {path.name for path in (TOP / "LICENSES").iterdir()}


def test_nothing_is_elsewhere(package):
    """Not in /lib, which is a link on these systems, nor in /usr/local; and no config that would be in force."""
    prefix = package.prefix.relative_to(package.root)
    assert not {path for path in package.files if not path.startswith(f"{prefix}/")}
    assert not {path for path in package.files if "/local/" in path or path.startswith("etc/")}


def test_the_program_runs(package):
    assert package.run("--version") == f"cgtproxy {VERSION}\n"
    package.run("check", "config", "-c", package.prefix / "share/doc/cgtproxy/examples/example.yaml")


def test_the_units_name_what_is_there(package):
    """Everything that they start is in the package, or the system's; systemd finds nothing wrong with them."""
    units = package.prefix / "lib/systemd/system"
    own = {"/" + path for path in package.files} | {"/opt/" + path for path in package.files}
    for unit in sorted(units.glob("*.service")):
        commands = re.findall(r"^Exec\w+=(\S+)", unit.read_text(encoding="utf-8"), re.M)
        assert commands
        for command in commands:
            command = command.lstrip("-+")  # systemd.service(5)
            assert command in own or command in ("/bin/kill", "/bin/sh"), f"{unit.name}: {command}"
    modeline = (package.prefix / "share/doc/cgtproxy/examples/example.yaml").read_text(encoding="utf-8")
    assert re.search(r"\$schema=(\S+)$", modeline, re.M)[1] in own


def test_no_file_is_writable_for_all_or_owned_by_the_builder(package):
    """What a package gives to whoever built it would be somebody else's on other machines."""
    if package.archive.suffix == ".rpm":
        listed = subprocess.run(["rpm", "-qp", "--qf", "[%{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEMODES:perms}\n]", package.archive],
                                capture_output=True, text=True, check=True).stdout.splitlines()
        assert {line.split()[0] for line in listed} == {"root:root"}
        modes = {line.split()[1] for line in listed}
    else:
        listed = subprocess.run(["bsdtar", "-tvf", package.archive, "--numeric-owner"], capture_output=True, text=True,
                                check=True).stdout.splitlines()
        assert {tuple(line.split()[2:4]) for line in listed} == {("0", "0")}
        modes = {line.split()[0] for line in listed}
    assert not {mode for mode in modes if mode[8] == "w" and mode[0] != "l"}
    assert not {mode for mode in modes if "s" in mode}


def test_what_the_packages_depend_on():
    """Arch's by name, since nothing finds them; rpm's are found in the program."""
    info = subprocess.run(["bsdtar", "-xOf", DIRECTORY / KINDS["arch"][0], ".PKGINFO"], capture_output=True, text=True,
                          check=True).stdout
    needed = subprocess.run(["rpm", "-qp", "--requires", DIRECTORY / KINDS["rpm"][0]], capture_output=True, text=True,
                            check=True).stdout
    libraries = set(re.findall(r"^lib(\w+)\.so", needed, re.M)) - {"c", "gcc_s", "stdc++", "m"}
    depends = set(re.findall(r"^depend = (\S+)", info, re.M))
    names = {"systemd": "systemd-libs", "re2": "re2", "ldns": "ldns", "ncursesw": "ncurses", "tinfo": "ncurses"}
    assert len(libraries) > 5
    assert {names.get(library, f"lib{library}" if library != "jansson" else library) for library in libraries} <= depends


def test_the_tarball_needs_nothing_but_glibc(tmp_path):
    """In a root that has only that, and /proc, by which the loader finds where the program is."""
    package = Package("tarball", tmp_path)
    programs = [*(package.prefix / "bin" / name for name in ("cgtproxy", "cgtproxy-relay")), package.prefix / "libexec/cgtproxy/cgtproxy-top"]
    listed = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"=> (/\S+)|^\t(/\S+)", listed, re.M):
        path = Path(library[0] or library[1])
        if path.is_relative_to(tmp_path):
            continue
        assert re.fullmatch(r"(?:lib[cm]|ld-linux.*)\.so\.\d", path.name), path
        target = tmp_path / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (tmp_path / "proc").mkdir()
    script = 'mount -t proc proc "$1/proc"; exec chroot "$@"'
    done = subprocess.run(["unshare", "--mount", "sh", "-euc", script, "sh", tmp_path, "/cgtproxy/bin/cgtproxy", "check", "config", "-c",
                           "/cgtproxy/share/doc/cgtproxy/examples/example.yaml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list((package.prefix / "lib/cgtproxy").glob("libc.so*"))


def test_the_tarball_has_what_is_loaded_later():
    names = {name for path in (TOP / "src").glob("*/*.c") for name in re.findall(r'dlopen\("([^"]+)"', path.read_text(encoding="utf-8"))}
    assert names
    with tarfile.open(DIRECTORY / KINDS["tarball"][0]) as archive:
        assert names <= {Path(name).name for name in archive.getnames()}


def test_the_source_has_the_whole_tree(tmp_path):
    done = subprocess.run(["tools/source-tarball", tmp_path], cwd=TOP, capture_output=True, text=True, check=True)
    with tarfile.open(done.stdout.strip()) as archive:
        names = set(archive.getnames())
    assert {f"cgtproxy-{VERSION}/{path}" for path in ("meson.build", "src/main.c", ".ci/run", "packaging/arch/PKGBUILD")} <= names
    assert all(name.startswith(f"cgtproxy-{VERSION}/") for name in names)
    assert not {name for name in names if "/build/" in name or "/.git/" in name}
