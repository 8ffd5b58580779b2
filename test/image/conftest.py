# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image, and the settings that the manifest for Kubernetes gives its container."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from lab.world import World  # noqa: E402  (after the path to it)


def pytest_sessionstart():
    """Without root, or without an image, no test can run."""
    if os.geteuid() != 0:
        pytest.exit("the tests of the image make network namespaces and cgroups: run them as root", returncode=1)
    if "CGTPROXY_IMAGE" not in os.environ:
        pytest.exit("CGTPROXY_IMAGE names no image: run \"make test-image\"", returncode=1)


@pytest.fixture
def world():
    """A private network for the test."""
    with World() as fresh:
        yield fresh
