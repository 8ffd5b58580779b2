# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a test repeats slow steps."""

import os

import pytest


def amounts(variable, usual, most):
    """Parameters for a test: `usual` for every run, and `most` (or what the environment says) for that of long ones."""
    most = int(os.environ.get(variable, most))
    return [usual, pytest.param(most, marks=pytest.mark.long)] if most > usual else [most]
