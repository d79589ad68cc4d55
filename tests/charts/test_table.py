"""The table of a figure's data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.charts.table import columns_of

CASES = json.loads((Path(__file__).parents[1] / "js" / "tables.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_figure_has_the_table_that_the_script_makes(case: dict[str, Any]) -> None:
    table = columns_of(case["figure"])
    assert (table.heads, table.rows, table.note) == (case["heads"], case["rows"], "")


def test_a_long_table_is_thinned_evenly_and_says_so() -> None:
    places = list(range(1001))
    title = {"title": {"text": "step"}}
    curve = {"type": "scatter", "mode": "lines", "name": "loss", "x": places, "y": places}
    table = columns_of({"data": [curve], "layout": {"xaxis": title, "yaxis": title}})
    assert [row[0].replace(",", "") for row in table.rows] == [str(n) for n in places[::3]]
    assert table.note == "334 of 1,001 rows, evenly spaced; the JSON has them all."
