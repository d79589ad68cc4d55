"""The data of a figure as a table: a row for each place along the figure, a column for each series.

static/data_table.js makes the same on a page; tests/js/tables.json holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from app.charts.figures import Layout, Trace
from app.formatting import count, significant

MOST_ROWS = 400
"""rows of a table at most: of more, every second, third or n-th is in it"""

RowName = float | str
NumberedPlace = tuple[RowName, int]
"""a place, and how many points of the same series come before it there"""


@dataclass(frozen=True)
class Table:
    """The texts of a table."""

    heads: list[str]
    """what the places are, then the name of each series"""
    rows: list[list[str]]
    """a place and the value of each series there, empty where it has none"""
    note: str = ""
    """which rows these are, if not all"""


class _Series(NamedTuple):
    name: str
    places: Sequence[RowName]
    values: Sequence[float | None]


def columns_of(figure: dict[str, Any]) -> Table:
    """The table of a figure. Places are sorted; those that are names stay in the figure's order."""
    data, layout = figure["data"], figure["layout"]
    sideways = any(trace.get("orientation") == "h" for trace in data)
    series = list(_series_of(data, layout, sideways))
    columns = [dict(zip(_numbered(one.places), one.values, strict=True)) for one in series]
    places = _sorted(dict.fromkeys(chain.from_iterable(columns)))
    every = -(-len(places) // MOST_ROWS) or 1
    rows = [
        [_written(place[0]), *(_written(column.get(place)) for column in columns)]
        for place in places[::every]
    ]
    note = ""
    if every > 1:
        note = f"{len(rows)} of {count(len(places))} rows, evenly spaced; the JSON has them all."
    # A table of no series has no rows.
    names = [one.name for one in series] or [_title(layout["yaxis"])]
    along = _title(layout["yaxis" if sideways else "xaxis"]).removesuffix(" (logarithmic)")
    return Table([along, *names], rows, note)


def _series_of(data: Sequence[Trace], layout: Layout, sideways: bool) -> Iterator[_Series]:
    """The series of a figure, each followed by its error bars if it has any."""
    along, across = "yx" if sideways else "xy"
    if len(data) > 1 and _have_own_bars(data, along):
        data = [_joined(data, along, across, _title(layout[f"{across}axis"]))]
    for trace in data:
        title = _title(layout["xaxis" if sideways else f"yaxis{trace.get('yaxis', 'y')[1:]}"])
        unit = found[0] if (found := re.search(r" \([^()]*\)$", title)) else ""
        name = trace["name"].removesuffix(unit) + unit
        yield _Series(name, trace[along], trace[across])
        if any(errors := _errors(trace, across)):
            yield _Series(f"±{unit}", trace[along], [error or None for error in errors])


def _have_own_bars(data: Sequence[Trace], along: str) -> bool:
    """Whether each trace is one bar, at a place of its own."""
    bars = all(trace["type"] == "bar" and len(trace[along]) == 1 for trace in data)
    return bars and len({trace[along][0] for trace in data}) == len(data)


def _joined(data: Sequence[Trace], along: str, across: str, name: str) -> Trace:
    """Bars, each with its name as its place, as the one series that they are."""
    return {
        "name": name,
        along: [place for trace in data for place in trace[along]],
        across: [value for trace in data for value in trace[across]],
        f"error_{across}": {"array": [error for trace in data for error in _errors(trace, across)]},
    }


def _errors(trace: Trace, across: str) -> list[float]:
    """The lengths of error bars; 0 where the error is not known."""
    return (trace.get(f"error_{across}") or {}).get("array") or [0.0] * len(trace[across])


def _numbered(places: Iterable[RowName]) -> Iterator[NumberedPlace]:
    seen: dict[RowName, int] = {}
    for place in places:
        seen[place] = seen.get(place, -1) + 1
        yield place, seen[place]


def _sorted(places: Iterable[NumberedPlace]) -> list[NumberedPlace]:
    listed = list(places)
    if any(isinstance(place, str) for place, _ in listed):
        order = {place: number for number, place in enumerate(dict.fromkeys(p for p, _ in listed))}
        return sorted(listed, key=lambda place: (order[place[0]], place[1]))
    return sorted(listed)


def _title(axis: Layout) -> str:
    return str(axis["title"]["text"])


def _written(value: RowName | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else significant(value)
