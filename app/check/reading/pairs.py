"""Log-probabilities of somebody's own run: a text, JSON Lines or CSV, becomes columns.

Trainers, logs and spreadsheets write such files, so names and layout are read kindly; a value that
cannot be right is refused with its line, its column and what was expected there.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from app.check.tables import LogpsTable, RunFileError

MAX_PAIRS = 10_000
MAX_COLUMNS = 1_000
"""most columns of a file, including ignored ones"""

LOGPS = (
    "policy_chosen_logps",
    "policy_rejected_logps",
    "reference_chosen_logps",
    "reference_rejected_logps",
)
"""required columns: log-probabilities of whole responses, in nats"""

LENGTHS = ("chosen_lengths", "rejected_lengths")
COLUMNS = (*LOGPS, *LENGTHS, "loss", "step")
"""recognized columns, named as in POST /api/v1/preference_loss"""

OTHER_NAMES = {
    "policy_chosen_logps": ("policy_chosen_logp", "chosen_logps", "chosen_logp"),
    "policy_rejected_logps": ("policy_rejected_logp", "rejected_logps", "rejected_logp"),
    "reference_chosen_logps": ("reference_chosen_logp", "ref_chosen_logps", "ref_chosen_logp"),
    "reference_rejected_logps": (
        "reference_rejected_logp",
        "ref_rejected_logps",
        "ref_rejected_logp",
    ),
    "chosen_lengths": ("chosen_length",),
    "rejected_lengths": ("rejected_length",),
    "loss": ("losses", "reported_loss"),
}
"""alternative names of columns: in the singular, and as in TRL's trainers"""

COLUMN_OF = {name: name for name in COLUMNS} | {
    other: name for name, others in OTHER_NAMES.items() for other in others
}

Row = Mapping[str, object]
"""cells by the file's column names, without empty ones"""


def read_logps(text: str) -> LogpsTable:
    """Parse a file. Raises RunFileError if it is malformed or its values are impossible."""
    text = text.removeprefix("\ufeff")
    start = text.lstrip()
    if not start:
        raise RunFileError(1, None, "the file is empty; expected JSON Lines, or CSV with a header")
    if start.startswith("["):
        raise RunFileError(
            1, None, "expected one JSON object a line, not one array around them all"
        )
    if start.startswith("{"):
        return _table(_json_rows(text), "JSON Lines")
    return _table(_csv_rows(text), "CSV")


def _json_rows(text: str) -> Iterator[tuple[int, Row]]:
    # Not splitlines(): a prompt in the file may contain a Unicode line separator.
    for line, written in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise RunFileError(line, None, f"this is not JSON ({_reason(error)})") from error
        if not isinstance(row, dict):
            raise RunFileError(
                line, None, "expected a JSON object with a pair's values by their names"
            )
        _refuse_too_wide(line, len(row))
        yield line, {name: value for name, value in row.items() if value is not None}


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at character {error.colno}"
    return "too large or too deep"


def _csv_rows(text: str) -> Iterator[tuple[int, Row]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    header: list[str] = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            line = reader.line_num
            if not header:
                header = _header(line, cells)
            elif len(cells) != len(header):
                raise RunFileError(
                    line, None, f"{len(cells)} values, but the header names {len(header)} columns"
                )
            else:
                yield line, {n: c for n, c in zip(header, cells, strict=True) if c != ""}
    except csv.Error as error:
        raise RunFileError(reader.line_num, None, f"this is not CSV ({error})") from error


def _refuse_too_wide(line: int, columns: int) -> None:
    if columns > MAX_COLUMNS:
        message = f"there are {columns:,} columns; at most {MAX_COLUMNS:,} are accepted"
        raise RunFileError(line, None, message)


def _header(line: int, names: list[str]) -> list[str]:
    _refuse_too_wide(line, len(names))
    known = {COLUMN_OF.get(name.lower()) for name in names} - {None}
    if not known:
        raise RunFileError(
            line, None, f"expected a header that names {', '.join(LOGPS)}, or JSON Lines"
        )
    twice = next((name for name, times in Counter(names).items() if name and times > 1), None)
    if twice:
        raise RunFileError(line, _short(twice), "this column is there twice")
    for column in LOGPS:
        if column not in known:
            raise RunFileError(line, column, "the header has no such column; it is needed")
    return names


def _table(rows: Iterable[tuple[int, Row]], format_: str) -> LogpsTable:
    columns: dict[str, list[float]] = {name: [] for name in COLUMNS}
    lines: list[int] = []
    missing: dict[str, int] = {}
    """the first line without a value, by optional column"""
    ignored: dict[str, None] = {}
    for line, row in rows:
        if len(lines) == MAX_PAIRS:
            raise RunFileError(line, None, f"at most {MAX_PAIRS:,} pairs are read")
        lines.append(line)
        names = _names_of(line, row, ignored)
        for column in COLUMNS:
            if column in names:
                name = names[column]
                columns[column].append(_value(line, name, column, row[name]))
            elif column in LOGPS:
                raise RunFileError(
                    line, column, "there is no value; expected a number of at most 0"
                )
            else:
                missing.setdefault(column, line)
    if not lines:
        raise RunFileError(2, None, "there is no pair below the header")
    for column, line in missing.items():
        if columns[column]:
            raise RunFileError(
                line, column, "there is no value, but other lines have one; expected all or none"
            )
    given = {name: values for name, values in columns.items() if values}
    alone = [name for name in LENGTHS if name in given]
    if len(alone) == 1:
        other = next(name for name in LENGTHS if name not in given)
        raise RunFileError(
            lines[0], other, f"there is no value; it belongs together with {alone[0]}"
        )
    return LogpsTable(given, lines, format_, tuple(ignored))


def _names_of(line: int, row: Row, ignored: dict[str, None]) -> dict[str, str]:
    """The row's own name of each recognized column."""
    names: dict[str, str] = {}
    for name in row:
        column = COLUMN_OF.get(name.strip().lower())
        if column is None:
            if name:
                ignored[_short(name)] = None
        elif column in names:
            same = _short(names[column])
            raise RunFileError(line, _short(name), f"the same as {same}: expected only one of them")
        else:
            names[column] = name
    return names


def _value(line: int, name: str, column: str, given: object) -> float:
    def refused(expected: str) -> RunFileError:
        return RunFileError(
            line, _short(name), f"{_short(str(given))} is given; expected {expected}"
        )

    value = _number(given)
    if column in LOGPS:
        if value is None or not -1e6 <= value <= 0:
            positive = value is not None and value > 0 and math.isfinite(value)
            why = ": a probability is at most 1" if positive else ""
            raise refused(f"a log-probability in nats, from -1000000 to 0{why}")
    elif column in LENGTHS:
        if value is None or not value.is_integer() or not 1 <= value <= 1e6:
            raise refused("a count of tokens, a whole number from 1 to 1000000")
    elif column == "step":
        if value is None or not value.is_integer() or not 0 <= value <= 1e12:
            raise refused("a count of gradient steps, a whole number from 0")
    elif value is None:
        raise refused("a finite number")
    assert value is not None
    return value


def _number(given: object) -> float | None:
    """A finite number, or None if it is none."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    if isinstance(given, str) and "_" in given:  # Python would read 1_000
        return None
    try:
        value = float(given)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
