"""JSON: a line an object, an array of them, or one document with rows or columns somewhere."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

from app.check.reading.console import console_rows
from app.check.reading.metrics import is_known
from app.check.reading.names import pair_column
from app.check.reading.notebooks import is_notebook, notebook_rows
from app.check.reading.objects import Placed, read_at
from app.check.reading.rows import MAX_COLUMNS, Row, Rows, flat, refuse_too_wide
from app.check.tables import LOGPS, RunFileError

LINE_END = re.compile(r"\r\n|\n|\r")
DEEPEST = 5
"""levels of a document at which rows are looked for"""

JSON = json.JSONDecoder(parse_int=float)
LOG_HISTORY = "log_history"


def json_rows(text: str) -> Rows:
    """Rows of a text that begins with a bracket. Raises RunFileError if it is not JSON."""
    # Not splitlines(): a prompt in the file may contain a Unicode line separator.
    lines = [(line, at) for line, at in enumerate(LINE_END.split(text), 1) if at.strip()]
    first = _object(lines[0][1])
    if first is not None and len(lines) > 1:
        rows = _json_lines(lines)
        if rows.broken is None or any(pair_column(name) for name in flat(first, 1)):
            return rows
        return _recognized(console_rows(text)) or rows
    start = len(text) - len(text.lstrip())
    found = read_at(text, start)
    if found.whole and not text[found.end :].strip():
        return _document(found.value, _Lines(text))
    rows = console_rows(text)
    if _recognized(rows) is not None:
        return rows
    line, reason = _first_error(text, lines[0][0])
    raise RunFileError(line, None, f"this is not JSON ({reason})")


def _recognized(rows: Rows) -> Rows | None:
    return rows if any(map(is_known, rows.names())) else None


def _object(written: str) -> dict[str, object] | None:
    try:
        row = JSON.decode(written)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _json_lines(lines: list[tuple[int, str]]) -> Rows:
    rows = []
    broken = None
    for line, written in lines:
        try:
            row = JSON.decode(written)
        except (ValueError, RecursionError) as error:
            broken = broken or RunFileError(line, None, f"this is not JSON ({_reason(error)})")
            continue
        if not isinstance(row, dict):
            message = "expected a JSON object with a pair's values by their names"
            broken = broken or RunFileError(line, None, message)
            continue
        rows.append(Row(line, flat(row, line)))
    return Rows(rows, "JSON Lines", broken=broken)


def _first_error(text: str, line: int) -> tuple[int, str]:
    try:
        JSON.decode(text)
    except json.JSONDecodeError as error:
        return error.lineno, _reason(error)
    except (ValueError, RecursionError) as error:
        return line, _reason(error)
    return line, "unexpected"


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at character {error.colno}"
    return "too large or too deep"


class _Lines:
    """Line numbers of places in a text."""

    def __init__(self, text: str) -> None:
        self.ends = [found.end() for found in LINE_END.finditer(text)]

    def at(self, place: int) -> int:
        return bisect_right(self.ends, place) + 1


def _document(value: object, lines: _Lines) -> Rows:
    """The rows of a document: an array of objects, log_history, or an object of columns."""
    if isinstance(value, list):
        return Rows(_objects(value, lines), "a JSON array")
    assert isinstance(value, Placed)
    at = lines.at(value.start)
    refuse_too_wide(at, len(value))
    if is_notebook(value):
        return notebook_rows(value)
    if isinstance(history := value.get(LOG_HISTORY), list):
        beside = Placed((name, cell) for name, cell in value.items() if name != LOG_HISTORY)
        return Rows(_objects(history, lines), "trainer_state.json", settings=_settings(beside, at))
    if (columns := _columns(value)) is not None:
        return Rows([Row(at, columns)], "JSON")
    whole = flat(value, at)
    if {pair_column(name) for name in whole} >= set(LOGPS[:2]):
        return Rows([Row(at, whole)], "JSON")
    for inner in _inner(value):
        rows = _objects(inner, lines) if isinstance(inner, list) else _of_columns(inner, lines)
        if any(is_known(name) for row in rows for name in row.cells):
            return Rows(rows, "JSON", settings=_settings(value, at))
    return Rows([Row(at, whole)], "JSON")


def _settings(value: Placed, line: int) -> dict[str, object]:
    """What stands beside rows, as far as it is no long list."""
    short = {name: cell for name, cell in value.items() if not isinstance(cell, list)}
    try:
        return flat(short, line)
    except RunFileError:
        return {}


def _inner(value: Placed) -> Iterator[Placed | list[object]]:
    """Objects and arrays of objects in a document, the outer ones first."""
    level: list[Placed] = [value]
    for _ in range(DEEPEST):
        below: list[Placed] = []
        for within in level:
            for cell in within.values():
                if isinstance(cell, Placed):
                    yield cell
                    below.append(cell)
                elif isinstance(cell, list) and cell and isinstance(cell[0], Placed):
                    yield cell
        level = below


def _objects(values: list[object], lines: _Lines) -> list[Row]:
    rows = []
    for value in values:
        if isinstance(value, Placed):
            line = lines.at(value.start)
            rows.append(Row(line, flat(value, line)))
    return rows


def _of_columns(value: Placed, lines: _Lines) -> list[Row]:
    columns = _columns(value)
    if columns is None:
        columns = flat(value, lines.at(value.start)) if len(value) <= MAX_COLUMNS else {}
    return [Row(lines.at(value.start), columns)]


def _columns(value: Placed) -> dict[str, object] | None:
    """The lists of an object of columns, if it is one; pandas writes them as objects of rows."""
    columns = {
        name: list(cell.values()) if isinstance(cell, Placed) and _is_numbered(cell) else cell
        for name, cell in value.items()
    }
    listed = {name for name, cell in columns.items() if isinstance(cell, list)}
    if not any(is_known(name) for name in listed):
        return None
    return {name: cell for name, cell in columns.items() if not isinstance(cell, Placed)}


def _is_numbered(cell: Placed) -> bool:
    return bool(cell) and all(key.isdecimal() for key in islice(cell, 3))
