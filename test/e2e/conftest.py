# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared by all end-to-end tests: a World for each test, or one for a module whose tests can share a daemon."""

import logging
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from lab import locales  # noqa: E402  (after the path to it)
from lab.layouts import enter_usual_layout  # noqa: E402
from lab.world import World  # noqa: E402

logging.getLogger("lab").setLevel(logging.INFO)  # the daemons' logs, shown for tests that fail


def pytest_sessionstart():
    """Without root no test can run: report that once instead of failing a hundred times."""
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests make network namespaces and cgroups: run them as root", returncode=1)
    enter_usual_layout()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Slow waiting tests start first, so that they don't outlast the others."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


@pytest.fixture(scope="session")
def chinese(tmp_path_factory):
    """The environment in which the program's language is Chinese."""
    return locales.make(tmp_path_factory.mktemp("locale"), locales.CHINESE)


@pytest.fixture
def world():
    """A private network for the test."""
    with World() as fresh:
        yield fresh
