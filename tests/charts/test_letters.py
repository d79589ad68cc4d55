"""Widths of texts in drawings. tests/js/text_width.test.js holds JavaScript to the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.charts.letters import LETTERS, width_of
from app.paths import STATIC
from tools import fonts

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_committed_widths_are_those_of_the_fonts() -> None:
    assert (STATIC / "letters.js").read_text(encoding="utf-8") == fonts.letters()


def test_javascript_measures_the_same() -> None:
    """Both sides compare with one file."""
    for case in json.loads((ROOT / "js" / "widths.json").read_text(encoding="utf-8")):
        assert width_of(case["text"], case["size"], case["bold"]) == case["width"]


def test_digits_and_signs_stand_in_columns() -> None:
    for widths in LETTERS.values():
        assert len({widths[digit] for digit in "0123456789"}) == 1
        assert widths["+"] == widths["−"]


def test_every_character_has_a_width_in_both_weights() -> None:
    characters = {*fonts.LATIN, *fonts.GREEK, *fonts.SYMBOLS}
    assert {*LETTERS["regular"]} == {*LETTERS["bold"]} == characters
