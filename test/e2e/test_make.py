# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of make and its tools."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.daemon import as_nobody

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(name="tree")
def _tree(world):
    """Makefile and tools, as a tarball has them, in a directory that every user may read."""
    directory = world.scratch.path(".tree")
    shutil.copytree(TOP / "tools", directory / "tools")
    shutil.copy(TOP / "Makefile", directory)
    return directory


def run(*argv, tree, **env):
    """Run a command in the tree; its environment is the usual one but for what make would inherit."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "RUN_AS"))}
    return subprocess.run(argv, cwd=tree, env={**inherited, **env}, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)


@pytest.mark.parametrize("target", ["dist", "format", "lint"])
def test_what_needs_a_git_checkout(tree, target):
    done = run("make", target, tree=tree)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith(f"make {target}: this needs a git checkout")


def test_quietly_on_success(tree):
    done = run("tools/quietly", "build/a.log", "Trying", "sh", "-c", "echo out; echo err >&2", tree=tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"Trying \(log: build/a\.log\) \.\.\. \d+ s\n", done.stdout)
    assert (tree / "build/a.log").read_text(encoding="utf-8") == "out\nerr\n"


def test_quietly_on_failure(tree):
    done = run("tools/quietly", "build/a.log", "Trying", "sh", "-c", "seq 100; exit 7", tree=tree)
    assert done.returncode == 7
    assert done.stdout == "Trying (log: build/a.log) ... failed\n"
    *tail, said = done.stderr.splitlines()
    assert tail == [str(number) for number in range(81, 101)]
    assert "exit code 7" in said and "build/a.log" in said


def test_without_sudo(tree, world):
    """Users other than root are told what to run as root, as the command that they typed."""
    programs = world.scratch.path(".bin")
    programs.mkdir()
    (tree / "Makefile").write_text((tree / "Makefile").read_text(encoding="utf-8") +
                                   "\nrooted:\n\t@$(ROOT) true\n", encoding="utf-8")
    for name in ("make", "sh", "id", "true", "setpriv"):
        (programs / name).symlink_to(shutil.which(name))
    for argv, command in ((["make", "rooted"], "make rooted"), (["tools/as-root", "id", "-u"], "id -u")):
        done = run(*as_nobody(argv), tree=tree, PATH=str(programs))
        assert done.returncode != 0
        assert done.stderr.splitlines()[0] == f"This takes root, and there is no sudo here; run as root: {command}"
    assert run("tools/as-root", "id", "-u", tree=tree, PATH=str(programs)).stdout == "0\n"
