# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No way around: all programs of lab/ways/programs.py under all disturbances of lab/ways/disturbances.py.

Each test is a row in a column: one program under one disturbance, over both families, in each kind of cgroup. Nothing of
a proxied, dropped or refused one may come out of the host, and everything of a direct one has to.
"""

import functools
import traceback

import pytest
from lab.ways.cells import DIRECT, DROPPED, PROXIED, REFUSED
from lab.ways.column import Column
from lab.ways.disturbances import DISTURBANCES, NOTHING
from lab.ways.programs import EVERYDAY, LET_PASS, LOCAL, OF_DIRECT, PROGRAMS, UNSEEN
from lab.ways.recorder import described
from lab.ways.task import EARLY

TARGETS = (DIRECT, PROXIED, DROPPED)
WHATEVER_THE_CGROUP = (LET_PASS, LOCAL, OF_DIRECT, UNSEEN)


def marks(disturbance, quick):
    """Parallel runs have to run a column's tests in one process."""
    impossible = pytest.mark.skipif(not disturbance.is_possible, reason="the daemon refuses to start on this kernel")
    marks_of = [impossible, pytest.mark.alone if disturbance.is_alone else pytest.mark.xdist_group(disturbance.name)]
    return marks_of if quick and not disturbance.is_slow else [*marks_of, pytest.mark.long]


def rows():
    """All rows under "nothing", and the everyday ones under the rest, are quick enough for each run of the tests.

    A refused cgroup's under "nothing" are in test_refuse.py. Under the rest none of its are quick, and those that are
    the same whatever the cgroup are left out.
    """
    for disturbance in DISTURBANCES:
        for program in PROGRAMS:
            if disturbance.cgroups and program.begins == EARLY:
                continue  # the daemon is there before the cgroups are
            name = f"{disturbance.name}-{program.name}"
            quick = disturbance is NOTHING or program in EVERYDAY
            refused = (REFUSED,) if disturbance is not NOTHING and program.fate not in WHATEVER_THE_CGROUP else ()
            targets = TARGETS if quick else (*TARGETS, *refused)
            yield pytest.param(disturbance, program, targets, id=name, marks=marks(disturbance, quick))
            if refused and quick:
                yield pytest.param(disturbance, program, refused, id=f"{name}, refused", marks=marks(disturbance, quick=False))


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
        rows_of = [row for row in chosen if row["disturbance"] is disturbance and "program" in row]
        wanted = {target: [row["program"] for row in rows_of if target in row["targets"]] for target in (*TARGETS, REFUSED)}
        column = Column(disturbance, {target: programs for target, programs in wanted.items() if programs})
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


@pytest.mark.parametrize(("disturbance", "program", "targets"), rows())
def test_way_out(column_of, disturbance, program, targets):
    column = check(column_of(disturbance))
    faults = [f"{cell}, {disturbance.name}: {fault}" for cell in column.cells
              if cell.program is program and cell.target in targets for fault in column.faults(cell)]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("disturbance", columns())
def test_nothing_else_gets_out(column_of, disturbance):
    """All that came out belongs to some program; this test comes last, so that those have run."""
    strays = check(column_of(disturbance)).strays
    assert not strays, f"{disturbance.name}:\n" + "\n".join(described(strays))
