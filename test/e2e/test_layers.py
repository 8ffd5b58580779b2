# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module order of docs/design.md: a file may only include modules below its own, without cycles."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
MODULES = re.findall(r"^\| `src/(\w+)` \|", (TOP / "docs/design.md").read_text(encoding="utf-8"), re.M)
FILES = sorted(path for path in (TOP / "src").glob("*/*") if path.suffix in (".c", ".h", ".cc"))


def included(path):
    """The headers of ours that a file includes."""
    return [TOP / "src" / name for name in re.findall(r'^#include "(\w+/[\w.]+)"', path.read_text(encoding="utf-8"), re.M)]


def test_every_module_is_in_the_list():
    assert {path.parent.name for path in FILES} == set(MODULES)
    assert len(FILES) > 100


@pytest.mark.parametrize("module", MODULES)
def test_a_module_knows_what_is_below_it(module):
    above = MODULES[:MODULES.index(module)]
    wrong = [f"{path.relative_to(TOP)} includes {header.relative_to(TOP)}" for path in FILES
             if path.parent.name == module for header in included(path) if header.parent.name in above]
    assert not wrong


def test_no_circle_between_files():
    """A .c file and its header are one."""
    edges = {}
    for path in FILES:
        edges.setdefault(path.with_suffix(""), set()).update(
            header.with_suffix("") for header in included(path) if header.with_suffix("") != path.with_suffix(""))
    done = set()

    def visit(name, way):
        assert name not in way, " -> ".join(str(one.relative_to(TOP)) for one in (*way[way.index(name):], name))
        if name in done:
            return
        for other in sorted(edges.get(name, ())):
            visit(other, (*way, name))
        done.add(name)

    for name in sorted(edges):
        visit(name, ())


GUIDE = (TOP / "docs/hacking.md").read_text(encoding="utf-8")


def test_the_map_has_every_file():
    """Headers, and sources that have none of their own name."""
    wanted = {path.name for path in FILES if path.suffix == ".h" or not path.with_suffix(".h").exists()}
    assert wanted <= set(re.findall(r"`(?:src/\w+/)?([\w.]+\.(?:h|c|cc))`", GUIDE))


def test_the_functions_that_the_guide_names_exist():
    sources = "".join(path.read_text(encoding="utf-8") for path in FILES)
    named = set(re.findall(r"`(\w+)\(\)`", GUIDE))
    assert len(named) > 20
    assert not {name for name in named if not re.search(rf"\b{name}\(", sources)}
