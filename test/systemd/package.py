# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Debian package must contain so that installing it enables and starts the service, and removing it stops it.

debhelper generates these scripts only if it finds the unit, whose location differs between versions of Debian.
"""

import subprocess
import tempfile
from pathlib import Path

UNIT = "cgtproxy.service"
# Script: its required content.
SCRIPTS = {
    "postinst": [f"deb-systemd-helper enable '{UNIT}'", f"deb-systemd-invoke $_dh_action '{UNIT}'", "_dh_action=start"],
    "prerm": [f"deb-systemd-invoke stop '{UNIT}'", "cgtproxy clear"],
    "postrm": [f"deb-systemd-helper purge '{UNIT}'", "systemctl --system daemon-reload"],
}


def scripts(deb):
    """The maintainer scripts of a package, by name, with one kind of quotation marks."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["dpkg-deb", "--control", deb, directory], check=True)
        return {name: path.read_text(encoding="utf-8").replace('"', "'") for name in SCRIPTS
                if (path := Path(directory) / name).exists()}


def units(deb):
    """Where in a package its unit is."""
    listing = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True).stdout
    paths = [line.split()[5].removeprefix(".") for line in listing.splitlines()]
    return [path for path in paths if path.endswith(f"/{UNIT}")]


def check(deb):
    """Fail, with all that is missing, unless the package has what it needs."""
    found = scripts(deb)
    missing = [f"{name}: {text}" for name, texts in SCRIPTS.items() for text in texts
               if text not in found.get(name, "")]
    assert not missing, f"{deb.name} lacks: {'; '.join(missing)}"
    assert units(deb) in ([f"/lib/systemd/system/{UNIT}"], [f"/usr/lib/systemd/system/{UNIT}"]), units(deb)
