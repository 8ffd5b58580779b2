# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the lab importable, and reports once what is missing."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from lab.layouts import enter_usual_layout  # noqa: E402  (after the path to it)


def pytest_sessionstart():
    """Without root no test can run: report that once instead of failing each."""
    if os.geteuid() != 0:
        pytest.exit("the tests of faults make network namespaces and cgroups: run them as root", returncode=1)
    enter_usual_layout()
