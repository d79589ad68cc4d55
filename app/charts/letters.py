"""Widths of texts in drawings, as static/text_width.js has them."""

from __future__ import annotations

import json

from app.paths import STATIC

# An ES module of one constant, which is JSON.
_MODULE = (STATIC / "letters.js").read_text(encoding="utf-8")
LETTERS: dict[str, dict[str, int]] = json.loads(_MODULE.partition(" = ")[2].rstrip(";\n"))
"""widths of letters in thousandths of the font's size, regular and bold"""


def width_of(text: str, size: float, bold: bool = False) -> float:
    """The width in pixels of a text of one line in Source Sans 3, without kerning.

    A letter that is not in the table counts as an m.
    """
    widths = LETTERS["bold" if bold else "regular"]
    return sum(widths.get(letter, widths["m"]) for letter in text) * size / 1000
