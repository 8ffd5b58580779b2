# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in the C sources of unit tests, for tests that take their cases from there instead of a second list."""

import ast
import re

_TOKEN = re.compile(r'\s+|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>\w+)|(?P<sign>[{},-])')


def _tokens(source, position):
    while True:
        found = _TOKEN.match(source, position)
        assert found, f"no C that this can read: {source[position:position + 40]!r}"
        position = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[0]


def _items(tokens, macros):
    """What is between braces, after the first: adjacent texts are one, and numbers and names come as texts."""
    items, text = [], None
    for kind, token in tokens:
        if token == "{":
            items.append(_items(tokens, macros))
            continue
        if token in ",}":
            if text is not None:
                items.append(text)
            text = None
            if token == "}":
                return items
            continue
        text = (text or "") + (ast.literal_eval(token) if kind == "text" else macros.get(token, token))
    return items


def c_table(source, name, **macros):
    """The initialiser of the array with this name, as nested lists of texts."""
    begin = re.search(rf"\b{name}\[\] = {{", source)
    assert begin, name
    return _items(_tokens(source, begin.end()), macros)
