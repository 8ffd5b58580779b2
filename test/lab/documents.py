# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configs and commands of the documentation, block by block.

The kind of a block is in the info string of its fence in Markdown, and in a preceding comment in the manuals' sources:

yaml        a config, or a part of one
json v2ray  a config of v2ray
sh          commands, each of which must succeed
console     commands behind "$ ", and what they print in the document's language: "..." stands for any lines, "…" for
            anything in a line
text        neither; nothing in it may look like a command

Behind sh and console: "systemd" takes a machine with systemd, "user" is an ordinary user there, "source" is done in a
copy of the sources, "package" is how the machine with systemd gets cgtproxy, "first-steps" is what a newcomer types
after that (test/systemd/test_first_steps.py), "ci" is what .ci/run does, and "behind" is done where a device and a
container send through the host, which does not forward yet (console only). The commands of a document come after each other, under the config
that was last shown in it, or the README's first.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
_LANGUAGES = {"yaml", "json", "sh", "console", "text"}
_WORDS = {"sh": {"systemd", "user", "source", "package", "first-steps", "ci"}, "console": {"systemd", "user", "behind"}, "json": {"v2ray"}}
_COMMAND = re.compile(r"^\s*(?:[$#] |(?:sudo|cgtproxy|nft|ip (?:-[46]|rule|route|link|addr)|systemctl|systemd-run|journalctl|make|apt)\b)", re.M)
# Programs whose traffic is steered. The tests' machines lack them.
STAND_INS = ("curl", "firefox", "ssh", "steam")


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` is that of its fence; `heading`, the nearest one before it."""

    path: Path
    line: int
    language: str
    words: frozenset
    text: str = field(repr=False)
    heading: str = ""

    def __str__(self):
        return f"{self.path.relative_to(TOP)}:{self.line}"

    @property
    def is_config(self):
        """Whether it is a whole config."""
        return self.language == "yaml" and "version" in (self.parsed or {})

    @property
    def parsed(self):
        """What YAML it is."""
        return yaml.safe_load(self.text)

    @property
    def config(self):
        """The block as a whole config: parts of one are completed."""
        if self.is_config:
            return self.text
        text = self.text if isinstance(self.parsed, dict) else "rules:\n" + self.text
        names = dict.fromkeys(re.findall(r"\btproxy: ([\w.-]+)", text))
        if names and not re.search(r"^tproxies:", text, re.M):
            text += "tproxies:\n" + "".join(f"  {name}: {{mark: {3000 + i}, port: {7893 + i}}}\n"
                                            for i, name in enumerate(names))
        return "version: 1\n" + text

    @property
    def steps(self):
        """Its commands, each with its required output, or None if any will do."""
        if self.language == "sh":
            lines = self.text.replace("\\\n", " ").splitlines()
            return [(line, None) for line in lines if line and not line.startswith("#")]
        first, *rest = re.split(r"^\$ ", self.text, flags=re.M)
        assert first == "", f"{self}: output without a command"
        return [tuple(step.partition("\n")[::2]) for step in rest]


def documents():
    """All files of the documentation."""
    return sorted([*TOP.glob("*.md"), *(TOP / "docs").glob("*.md"), *(TOP / "man").rglob("*.scd")])


def is_chinese(path):
    """Whether a document is a translation, and what programs print in it is, too."""
    return "zh_CN" in str(path.relative_to(TOP))


def blocks(path):
    """The blocks of a document, in order; fails if the kind of one is missing."""
    found = []
    lines = path.read_text(encoding="utf-8").splitlines()
    number, heading = 0, ""
    while number < len(lines):
        fence = re.match(r"^( *)```(.*)$", lines[number])
        assert fence or not re.match(r"^(?: {4}|\t) *(?:sudo|cgtproxy|make|systemctl|systemd-run|nft|ip) ", lines[number]) \
            or path.suffix == ".scd", f"{path}:{number + 1}: a command that is in no fenced block"
        heading = lines[number].lstrip("# ") if lines[number].startswith("#") else heading
        number += 1
        if not fence:
            continue
        begin = number
        while not re.match(r"^ *```$", lines[number]):
            number += 1
        info = fence[2] if path.suffix == ".md" else lines[begin - 2].removeprefix("; ")
        language, *words = info.split() or [""]
        text = "".join(line.removeprefix(fence[1]) + "\n" for line in lines[begin:number])
        block = Block(path, begin, language, frozenset(words), text, heading)
        number += 1
        assert language in _LANGUAGES, f"{block} does not say what it is"
        assert block.words <= _WORDS.get(language, set()), f"{block}: {info}?"
        assert language != "text" or not _COMMAND.search(text), f"{block} is no text, but has commands"
        assert language != "json" or "v2ray" in words, f"{block}: whose?"
        found.append(block)
    return found


def config_under(path, heading):
    """The block under the heading with this text in it that is a whole config; there has to be one."""
    (block,) = [block for block in blocks(path) if block.is_config and heading in block.heading]
    return block


def first_config():
    """The assumed config where a document shows none before its commands."""
    return next(block.text for block in blocks(TOP / "README.md") if block.is_config)


def output_matches(wanted, got):
    """Whether a command's output is what a document shows."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else
                      r"[^\n]*".join(re.escape(part) for part in line.split("…")) + r"\n"
                      for line in wanted.splitlines())
    return re.fullmatch(pattern, got) is not None


def carry_out(block, run):
    """Execute the commands of a block; run(COMMAND) runs one with bash and returns a CompletedProcess."""
    for command, wanted in block.steps:
        done = run("exec 2>&1; " + command)  # as a terminal shows it
        said = f"{block}: {command}\nexit {done.returncode}, and:\n{done.stdout}"
        assert done.returncode == 0, said
        assert wanted is None or output_matches(wanted, done.stdout), said + "instead of:\n" + wanted


def write_stand_ins(directory, **more):
    """Stand-ins for programs in documents that tests can't have: NAME=SCRIPT, and those that only succeed."""
    for name, script in {**{name: "true" for name in STAND_INS}, "sudo": 'exec "$@"', **more}.items():
        path = directory / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        path.chmod(0o755)


def bash(command, **options):
    """Run a command with bash, as typed."""
    return subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **options)
