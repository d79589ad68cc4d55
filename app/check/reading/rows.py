"""What every format is read as first: rows with the file's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.check.tables import RunFileError

MAX_COLUMNS = 1_000
"""most columns of a file, including ignored ones"""

DEEPEST = 6
"""levels of objects within a row"""

Cells = Mapping[str, object]
"""by the file's column names, without empty ones"""


@dataclass(frozen=True)
class Row:
    """A row, or an object of columns."""

    line: int
    cells: Cells


@dataclass(frozen=True)
class Rows:
    """The rows of a file, before it is known what they mean."""

    rows: list[Row]
    format: str
    header: Row | None = None
    """the names of the columns, if they stand in a line of their own"""
    decimal_comma: bool = False
    settings: dict[str, object] = field(default_factory=dict)
    """what stands beside the rows"""
    broken: RunFileError | None = None
    """the first part that could not be read"""
    notes: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """All names of columns, in the order of their first appearance."""
        every = [] if self.header is None else [self.header]
        return list(dict.fromkeys(name for row in [*every, *self.rows] for name in row.cells))


def flat(row: Mapping[str, object]) -> dict[str, object]:
    """A row whose nested objects are columns: policy.chosen_logps. Cells without a value are left
    out."""
    cells: dict[str, object] = {}

    def add(prefix: str, within: Mapping[str, object], depth: int) -> None:
        for name, value in within.items():
            if isinstance(value, Mapping) and depth < DEEPEST:
                add(f"{prefix}{name}.", value, depth + 1)
            elif value is not None:
                cells[f"{prefix}{name}"] = value

    add("", row, 1)
    return cells


def refuse_too_wide(line: int, columns: int) -> None:
    """A table of that many columns is no table of log-probabilities."""
    if columns > MAX_COLUMNS:
        message = f"there are {columns:,} columns; at most {MAX_COLUMNS:,} are accepted"
        raise RunFileError(line, None, message)


def short(text: str) -> str:
    """A name or a value as a message quotes it."""
    text = " ".join(text[:200].split())
    return text if len(text) <= 40 else f"{text[:39]}…"
