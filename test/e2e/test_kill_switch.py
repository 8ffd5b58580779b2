# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill switch of docs/recipes.md, executed from its text, under all programs of the table of ways out."""

import pytest
from lab.ways.kill_switch import MORE_STATES, RECIPES, RULES, STATES, KillSwitch
from lab.ways.programs import PROGRAMS
from lab.ways.recorder import described

# One after the other: each takes both CPUs for a while.
pytestmark = pytest.mark.xdist_group("kill switch")


def test_the_recipe_is_for_the_user_that_stands_in_here():
    """And it is the same config in both languages."""
    english, chinese = (block.parsed for block in RECIPES)
    assert english == chinese
    assert english["rules"] == RULES


@pytest.mark.parametrize("state", [
    *(pytest.param(state, id=state.name) for state in STATES),
    *(pytest.param(state, id=state.name, marks=pytest.mark.long) for state in MORE_STATES),
])
def test_nothing_gets_out(state):
    """Nothing of the user's, but answers to visitors; and all of the proxy's service's."""
    column = KillSwitch(state, PROGRAMS).run()
    faults = [f"{cell}, {state.name}: {fault}" for cell in column.cells for fault in column.faults(cell)]
    assert not faults, "\n" + "\n".join(faults)
    assert not column.strays, described(column.strays)
