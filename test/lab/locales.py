# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locales for the program under test, whether or not this system has them."""

import subprocess

CHINESE = "zh_CN.UTF-8"


def make(directory, name):
    """Makes a locale ("zh_CN.UTF-8"); returns the environment in which it is the program's."""
    language, charset = name.split(".")
    # localedef(1) exits with 1 if it warns, as of a charset that lacks some of the locale's characters
    subprocess.run(["localedef", "--no-archive", f"--inputfile={language}", f"--charmap={charset}", directory / name],
                   capture_output=True, check=False)
    assert (directory / name / "LC_CTYPE").exists(), f"localedef(1) has not made {name}"
    return {"LANG": name, "LOCPATH": str(directory)}
