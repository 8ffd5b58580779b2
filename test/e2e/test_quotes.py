# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that the page on troubleshooting quotes stand on its translation in both languages, to be found there."""

import re

import pytest
from lab import translations
from lab.documents import TOP, blocks

ENGLISH = TOP / "docs/troubleshooting.md"
CHINESE = TOP / "docs/troubleshooting.zh_CN.md"
CATALOGUE = translations.entries(translations.catalogue("zh_CN").read_text(encoding="utf-8"))
_ELLIPSIS = re.compile(r"\.\.\.|…+")
_QUOTE = re.compile(r'`[^`]*`|"([^"]+)"|“([^”]+)”')


def squeezed(text):
    """Without blanks, since pages break lines."""
    return re.sub(r"\s+", "", text)


def outputs(path):
    """The lines that programs print in a page's blocks."""
    for block in blocks(path):
        if block.language == "console":
            for _, output in block.steps:
                yield from output.splitlines()
        elif block.language == "text":
            yield from block.text.splitlines()


def quotes(path):
    """What stands between quotation marks on a page, cut at ellipses."""
    prose = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    texts = [english or chinese for english, chinese in _QUOTE.findall(prose)]
    return [part.strip() for text in texts for part in _ELLIPSIS.split(text) if part.strip()]


def words(text):
    return len(re.findall(r"[A-Za-z]{2,}", text))


def pattern(message):
    """What a message looks like when it is squeezed, from the first to the last of its literal parts, or None."""
    parts = [re.escape(squeezed(part)) for part in translations.literal_parts(message)]
    while parts and not parts[0]:
        del parts[0]
    while parts and not parts[-1]:
        del parts[-1]
    return re.compile(".{1,60}?".join(parts)) if parts else None


def partial_messages():
    """The messages of which a few words are quoted, and those."""
    for quote in quotes(ENGLISH):
        for entry in CATALOGUE:
            if words(quote) > 2 and squeezed(quote) in squeezed(translations.plain(entry["msgid"])):
                yield quote, entry


def whole_messages():
    """The messages that are quoted as they are printed, also with others."""
    parts = {quote for quote, _ in partial_messages()}
    texts = [part for text in outputs(ENGLISH) for part in _ELLIPSIS.split(text)]
    texts = [squeezed(text) for text in [*texts, *(quote for quote in quotes(ENGLISH) if quote not in parts)]]
    for entry in CATALOGUE:
        if words(" ".join(translations.literal_parts(entry["msgid"]))) > 1 \
                and any(pattern(entry["msgid"]).search(text) for text in texts):
            yield entry


PAGE = squeezed(CHINESE.read_text(encoding="utf-8"))


def test_there_are_some():
    """So that none of the tests below is about nothing."""
    assert len(list(whole_messages())) > 5
    assert len({quote for quote, _ in partial_messages()}) > 10


@pytest.mark.parametrize("quote", sorted(set(quotes(ENGLISH))))
def test_what_is_quoted_is_a_message(quote):
    """What other programs print is in backquotes."""
    assert any(squeezed(quote) in squeezed(translations.plain(entry["msgid"])) for entry in CATALOGUE)


@pytest.mark.parametrize("entry", whole_messages(), ids=lambda entry: entry["msgid"])
def test_a_message(entry):
    assert pattern(entry["msgid"]).search(PAGE)
    assert pattern(entry["msgstr"][0]).search(PAGE), entry["msgstr"]


@pytest.mark.parametrize("quote, entry", partial_messages(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_part_of_a_message(quote, entry):
    assert squeezed(quote) in PAGE
    chinese = squeezed(translations.plain(entry["msgstr"][0]))
    assert any(squeezed(part) in chinese for part in quotes(CHINESE) if len(part) > 4), entry["msgstr"]
