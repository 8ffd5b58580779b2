# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No way around: all programs of lab/ways/programs.py under all disturbances of lab/ways/disturbances.py.

Each test is a row in a column: one program under one disturbance, over both families, in each kind of cgroup. Nothing of
a proxied, dropped or refused one may come out of the host, and everything of a direct one has to.
"""

import functools
import traceback

import pytest
from lab.ways.cells import DIRECT, DROPPED, PROXIED
from lab.ways.column import Column
from lab.ways.disturbances import DISTURBANCES, NOTHING
from lab.ways.programs import EVERYDAY, PROGRAMS
from lab.ways.recorder import described

TARGETS = (DIRECT, PROXIED, DROPPED)


def marks(disturbance, quick):
    """Whoever runs tests side by side has to run a column's in one process."""
    group = pytest.mark.xdist_group(disturbance.name)
    return [group] if quick else [group, pytest.mark.long]


def rows():
    """All rows under "nothing", and the everyday ones under the rest, are quick enough for each run of the tests."""
    for disturbance in DISTURBANCES:
        for program in PROGRAMS:
            quick = disturbance is NOTHING or program in EVERYDAY
            yield pytest.param(disturbance, program, id=f"{disturbance.name}-{program.name}",
                               marks=marks(disturbance, quick))


def columns():
    """Each column twice: with the programs that are quick, and with the others."""
    for disturbance in DISTURBANCES:
        for quick, ending in ((True, ""), (False, ", all programs")):
            yield pytest.param(disturbance, id=disturbance.name + ending, marks=marks(disturbance, quick))


@pytest.fixture(scope="module", name="column_of")
def column_of_fixture(request):
    """Runs a column once, with the programs that this session asks for."""
    @functools.cache
    def run(disturbance):
        chosen = [item.callspec.params for item in request.session.items if item.path == request.path]
        wanted = [row["program"] for row in chosen if row["disturbance"] is disturbance and "program" in row]
        column = Column(disturbance, TARGETS, wanted)
        try:
            return column.run()
        except Exception:  # once for all of its rows: each would have to wait for the same
            return traceback.format_exc()
    return run


def check(outcome):
    """The column, or fail with what it ended with."""
    if isinstance(outcome, str):
        pytest.fail(outcome, pytrace=False)
    return outcome


@pytest.mark.parametrize(("disturbance", "program"), rows())
def test_way_out(column_of, disturbance, program):
    column = check(column_of(disturbance))
    faults = [f"{cell}, {disturbance.name}: {fault}" for cell in column.cells if cell.program is program
              for fault in column.faults(cell)]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("disturbance", columns())
def test_nothing_else_gets_out(column_of, disturbance):
    """All that came out belongs to some program; this test comes last, so that those have run."""
    strays = check(column_of(disturbance)).strays
    assert not strays, f"{disturbance.name}:\n" + "\n".join(described(strays))
