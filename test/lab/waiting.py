# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on conditions, with a deadline that only guards against waiting for ever."""

import os
import time

# How many times as long to wait, on a machine that is much slower than usual.
SLOWNESS = float(os.environ.get("CGTPROXY_TEST_SLOWNESS", "1"))
# Generous, because a daemon built with sanitizers on a busy machine is slow; a passing test never waits this long.
PATIENCE = 30.0 * SLOWNESS


def wait_until(condition, what, timeout=PATIENCE):
    """Call condition until it returns something true, and return that.

    Fail with `what` when the deadline passes: a text, or a function that returns one and can tell what was seen last.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {timeout:g} s: {what() if callable(what) else what}")
        time.sleep(0.01)
