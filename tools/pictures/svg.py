# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""Draws a terminal's screen as SVG, with its text as text."""

import re
import xml.etree.ElementTree as xml
from itertools import groupby

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import blend_rgb
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme

# The installed one of these, in which Chinese characters may come from another; nothing is fetched.
_FONTS = ('ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono CJK SC", '
          '"Sarasa Mono SC", "PingFang SC", "Microsoft YaHei", monospace')
_FONT_SIZE = 14
# Of a cell, for fonts whose characters are 0.6 wide; other fonts are spaced accordingly. Lines of trees should meet.
_WIDTH, _HEIGHT = 8.4, 17
_BASELINE = 13
_PADDING = 16
_BORDER = "#444c56"
_THEME = TerminalTheme(
    (22, 27, 34), (213, 219, 225),
    # black, red, green, yellow, blue, magenta, cyan, white
    [(72, 79, 88), (255, 123, 114), (86, 211, 100), (227, 179, 65),
     (121, 192, 255), (210, 168, 255), (86, 212, 221), (213, 219, 225)],
)


def _colours(style):
    """The colours of text and background, or None for the screen's own."""
    text = style.color.get_truecolor(_THEME) if style.color else _THEME.foreground_color
    behind = style.bgcolor.get_truecolor(_THEME, foreground=False) if style.bgcolor else _THEME.background_color
    if style.reverse:
        text, behind = behind, text
    if style.dim:
        text = blend_rgb(text, behind, 0.35)
    return (text.hex if text != _THEME.foreground_color else None,
            behind.hex if behind != _THEME.background_color else None)


def _pieces(text):
    """The parts of a run that are placed by themselves, with their columns: words between gaps, wide characters."""
    column = 0
    for _, characters in groupby(text, key=lambda character: cell_len(character) > 1):
        part = "".join(characters)
        for match in re.finditer(r"\S+(?: \S+)*", part):
            yield column + cell_len(part[:match.start()]), match[0]
        column += cell_len(part)


def _number(value):
    return f"{value:.6g}"


def _place(column, text):
    """Where a piece is: its characters are spaced to fit their cells, and wide ones are in the middle of theirs."""
    if cell_len(text[0]) == 1:
        return {"x": _number(column * _WIDTH), "textLength": _number(cell_len(text) * _WIDTH)}
    begin = column * _WIDTH + (2 * _WIDTH - _FONT_SIZE) / 2
    return {"x": " ".join(_number(begin + 2 * _WIDTH * i) for i in range(len(text)))}


def _draw_text(line, row, column, text, style):
    attributes = {**_place(column, text), "y": str(row * _HEIGHT + _BASELINE)}
    colour, _ = _colours(style)
    if colour:
        attributes["fill"] = colour
    if style.bold:
        attributes["font-weight"] = "bold"
    if style.underline:
        attributes["text-decoration"] = "underline"
    xml.SubElement(line, "text", attributes).text = text


def _draw_line(screen, row, segments):
    line = xml.SubElement(screen, "g")
    column = 0
    for text, style, _ in segments:
        style = style or Style()
        _, behind = _colours(style)
        if behind:
            xml.SubElement(line, "rect", x=_number(column * _WIDTH), y=str(row * _HEIGHT), fill=behind,
                           width=_number(cell_len(text) * _WIDTH), height=str(_HEIGHT))
        for place, piece in _pieces(text):
            _draw_text(line, row, column + place, piece, style)
        column += cell_len(text)


def draw(escapes, title):
    """The SVG of a screen: its lines, with escape sequences of colours, as `tmux capture-pane -e` prints them."""
    decoder = AnsiDecoder()  # one for all, since a style may go on in the next line
    lines = [decoder.decode_line(line) for line in escapes]
    columns = max(line.cell_len for line in lines)
    width, height = columns * _WIDTH + 2 * _PADDING, len(lines) * _HEIGHT + 2 * _PADDING
    root = xml.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img", viewBox=f"0 0 {_number(width)} {height}",
                       width=_number(width), height=str(height))
    xml.SubElement(root, "title").text = title
    xml.SubElement(root, "rect", x="0.5", y="0.5", width=_number(width - 1), height=str(height - 1), rx="8",
                   fill=_THEME.background_color.hex, stroke=_BORDER)
    screen = xml.SubElement(root, "g", {"transform": f"translate({_PADDING} {_PADDING})", "font-family": _FONTS,
                                        "font-size": str(_FONT_SIZE), "fill": _THEME.foreground_color.hex})
    console = Console()
    for row, line in enumerate(lines):
        _draw_line(screen, row, line.render(console))
    xml.indent(root)
    return xml.tostring(root, encoding="unicode") + "\n"
