# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests that only an older kernel can run: a World for each, and a refusal to run anywhere else."""

import logging
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from lab.checks import kernel_owns_tables  # noqa: E402  (after the path to it)
from lab.layouts import enter_usual_layout  # noqa: E402
from lab.world import World  # noqa: E402

logging.getLogger("lab").setLevel(logging.INFO)  # the daemons' logs, shown for tests that fail


def pytest_sessionstart():
    """Where the kernel protects the table, these tests would fail for no reason."""
    if kernel_owns_tables():
        pytest.exit(f"Linux {os.uname().release} protects the daemon's table; test/kernel/run boots one that does not",
                    returncode=1)
    enter_usual_layout()


@pytest.fixture
def world():
    """A private network for the test."""
    with World() as fresh:
        yield fresh
