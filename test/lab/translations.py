# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT

"""The texts of the sources, and the catalogues of po/, read with gettext's own tools."""

import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_PO = REPOSITORY / "po"
_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[A-Za-z_]\w*|\s+|.', re.DOTALL)
_KEYWORD = re.compile(r"^(\w+)")
_DIRECTIVE = re.compile(r"%(?:\d+\$)?(?:<PRI\w+>|[-+#0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[hljzt]*[a-zA-Z])")


def languages():
    return (_PO / "LINGUAS").read_text().split()


def keywords():
    return (_PO / "KEYWORDS").read_text().split()


def sources():
    return (_PO / "POTFILES").read_text().split()


def catalogue(language):
    return _PO / f"{language}.po"


def entries(text):
    """The entries of a PO text, without its header: dicts with msgid, msgid_plural, msgstr (a list), flags, places."""
    found = []
    for block in text.split("\n\n"):
        entry = {"msgid": "", "msgid_plural": "", "msgstr": [], "flags": set(), "places": [], "obsolete": False}
        target = None
        for line in block.splitlines():
            if line.startswith("#~"):
                entry["obsolete"] = True
                line = line[2:].strip()
            if line.startswith("#,"):
                entry["flags"] |= {flag.strip() for flag in line[2:].split(",")}
            elif line.startswith("#:"):
                entry["places"] += line[2:].split()
            elif match := re.match(r'(msgid_plural|msgid|msgstr(?:\[\d+\])?) "(.*)"$', line):
                target = match[1].split("[")[0]
                if target == "msgstr":
                    entry["msgstr"].append(match[2])
                else:
                    entry[target] = match[2]
            elif match := re.match(r'"(.*)"$', line):
                if target == "msgstr":
                    entry["msgstr"][-1] += match[1]
                else:
                    entry[target] += match[1]
        if entry["msgid"]:
            found.append(entry)
    return found


def plain(text):
    """A text of a catalogue without its escapes."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def literal_parts(text):
    """What a text of a catalogue has before, between and behind its directives."""
    return [plain(part) for part in _DIRECTIVE.split(text)]


def marked():
    """The texts that the program translates, as xgettext(1) finds them in the sources."""
    command = ["xgettext", "--from-code=UTF-8", "--language=C", "--output=-", "--no-wrap", "--keyword",
               *(f"--keyword={keyword}" for keyword in keywords()), *sources()]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return entries(result.stdout)


def literals(path):
    """
    The string literals of a source, as (line, text); neighbours are joined, also across a macro. Without the members
    .about of keys, which are for editors.
    """
    found = []
    line = 1
    follows = False
    before = ""
    for token in _TOKEN.findall((REPOSITORY / path).read_text()):
        if token.startswith('"'):
            if before.endswith(".about="):
                pass
            elif follows:
                found[-1] = (found[-1][0], found[-1][1] + token[1:-1])
            else:
                found.append((line, token[1:-1]))
            follows = not before.endswith(".about=")
        elif not (token.isspace() or token.startswith(("/*", "//")) or (follows and re.match(r"[A-Z]\w+$", token))):
            follows = False
        if not token.isspace() and not token.startswith('"'):
            before = (before + token)[-16:]
        line += token.count("\n")
    return found


def broken_by_macros(path):
    """The marked texts that a macro is part of, as (line, macro): xgettext sees only the text up to there."""
    names = {_KEYWORD.match(keyword)[1] for keyword in keywords()}
    found = []
    line = 1
    depth = 0
    begun = []  # of each marking call that is open, the depth of its parenthesis
    before = [None, None]
    for token in _TOKEN.findall((REPOSITORY / path).read_text()):
        line += token.count("\n")
        if token.isspace() or token.startswith(("/*", "//")):
            continue
        if token == "(":
            depth += 1
            if before[1] in names:
                begun.append(depth)
        elif token == ")":
            if begun and begun[-1] == depth:
                begun.pop()
            depth -= 1
        if begun:
            for word, neighbour in ((token, before[1]), (before[1], token)):
                if word and neighbour and neighbour.startswith('"') and re.match(r"[A-Z]\w+$", word) \
                        and not word.startswith("PRI"):
                    found.append((line, word))
        before = [before[1], token]
    return found
