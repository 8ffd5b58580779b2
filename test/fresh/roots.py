# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""Minimal root file systems of Debian's suites, as tar archives, made with mmdebstrap."""

import re
import subprocess
import time
from pathlib import Path

# Packages that anyone has who could clone this repository.
_PACKAGES = "ca-certificates,git,make"
# Seconds after which an archive is rebuilt: sid moves, and stable gets updates.
_OLD = 7 * 24 * 3600
# What the host's apt may do other than usual, for example because its mirror is one of the past.
_TAKEN_OVER = re.compile(r"^(Acquire::(?:Check-Valid-Until|Check-Date|Retries|Queue-Mode) .*);$", re.M)


def _output(*argv):
    """What a program prints."""
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


def _codename():
    """This machine's suite."""
    return re.search(r"^VERSION_CODENAME=(\S+)$", Path("/etc/os-release").read_text(encoding="utf-8"), re.M)


def sources(suite):
    """The lines of sources.list for a suite, from the mirrors that the host's apt uses; "" if none is Debian's.

    Suites beside the release, such as its security updates, have its name in their own; sid has none of them.
    """
    here = _codename()
    if here is None:
        return ""
    said = _output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                   "Created-By: Packages", "Origin: Debian")
    lines = []
    for uri, release, component in dict.fromkeys(tuple(line.split()) for line in said.splitlines()):
        name, found, beside = release.partition(here[1])
        if name == "" and found and component == "main" and (suite not in ("sid", "unstable") or not beside):
            lines.append(f"deb {uri} {suite}{beside} {component}\n")
    return "".join(lines)


def make(suite, archive, log):
    """Have the archive of a suite there, not too old."""
    if archive.exists() and time.time() - archive.stat().st_mtime < _OLD:
        return
    part = archive.with_suffix(".part.tar")
    options = [f"--aptopt={option}" for option in _TAKEN_OVER.findall(_output("apt-config", "dump", "--no-empty"))]
    lines = sources(suite)
    argv = ["mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}", *options, suite, str(part)]
    subprocess.run(argv + (["-"] if lines else []), input=lines, text=True, stdout=log, stderr=log, check=True)
    part.rename(archive)


def unpack(archive, directory):
    """Unpack an archive into a directory that this makes."""
    directory.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--numeric-owner", "--file", archive, "--directory", directory], check=True)
