# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a config can refuse: a cgroup's whole traffic, or of a proxied one UDP, IPv6 and what no proxy can take.

All programs of the table of ways out run, so that what is refused is refused in each of its forms, and nothing else is.
"""

import pytest
from lab.ways.cells import DIRECT, DROPPED, PROXIED, REFUSED
from lab.ways.column import Column
from lab.ways.disturbances import NOTHING
from lab.ways.policies import POLICIES
from lab.ways.programs import PROGRAMS
from lab.ways.recorder import described


# One after the other: each takes both CPUs for a while.
pytestmark = pytest.mark.xdist_group("refuse")


def check(column):
    """Check that all cells are as expected, and that nothing else came out."""
    column.run()
    faults = [f"{cell}, {column.disturbance.name}: {fault}" for cell in column.cells for fault in column.faults(cell)]
    assert not faults, "\n" + "\n".join(faults)
    assert not column.strays, described(column.strays)


def test_target_refuse():
    """A reset for TCP, an error for the rest, at once; nothing gets out."""
    check(Column(NOTHING, dict.fromkeys((DIRECT, REFUSED), PROGRAMS)))


@pytest.mark.parametrize("policy", [
    pytest.param(policy, id=policy.name, marks=[] if "refused" in policy.name else [pytest.mark.long])
    for policy in POLICIES
])
def test_part_of_a_proxys_traffic(policy):
    check(Column(policy, dict.fromkeys((DIRECT, PROXIED, DROPPED), PROGRAMS)))
