# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""Puts the figures of the last run into docs/performance.md and its translation. Usage: docs.py [BUILD_DIRECTORY]"""

import json
import re
import shutil
import sys
from pathlib import Path

from figures import markdown

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_PAGES = {"performance.md": 0, "performance.zh_CN.md": 1}


def machine(one, language):
    """A sentence about the machine that it was measured on."""
    if language == 0:
        return (f"Measured on {one['cpus']} CPUs ({one['cpu']}){', a virtual machine on a shared host' if one['virtual'] else ''}"
                f", Linux {one['kernel']}.\n")
    return f"测量环境：{one['cpus']} 个 CPU（{one['cpu']}）{'，共享主机上的虚拟机' if one['virtual'] else ''}，Linux {one['kernel']}。\n"


def put(text, name, content):
    """The text with the content between two markers replaced."""
    changed, count = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", lambda m: f"{m[1]}\n{content}\n{m[2]}", text,
                             flags=re.S)
    assert count == 1, f"the mark {name} must be there once"
    return changed


def main():
    """Put the machine, the table and the plot into the documents."""
    build = Path(sys.argv[1] if len(sys.argv) > 1 else "build")
    result = json.loads((build / "bench.json").read_text(encoding="utf-8"))
    for page, language in _PAGES.items():
        path = _DOCS / page
        text = put(path.read_text(encoding="utf-8"), "machine", machine(result["machine"], language))
        path.write_text(put(text, "figures", markdown(result["figures"], language)), encoding="utf-8")
    shutil.copy(build / "bench.svg", _DOCS / "performance.svg")


if __name__ == "__main__":
    main()
