"""What every format is read as first: rows with the file's own names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.check.tables import RunFileError

MAX_COLUMNS = 1_000
"""most columns of a file, including ignored ones"""

COUNTED = re.compile(r"(\d{1,12})/(\d{1,12})")
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
        """All names of columns, in the order of their first appearance.

        Raises:
            RunFileError: there are too many
        """
        if self.header is not None:
            return list(self.header.cells)
        names: dict[str, None] = {}
        for row in self.rows:
            names |= dict.fromkeys(row.cells)
            refuse_too_wide(row.line, len(names))
        return list(names)


def flat(row: Mapping[str, object], line: int) -> dict[str, object]:
    """A row whose nested objects are columns: policy.chosen_logps. Cells without a value are left
    out.

    Raises:
        RunFileError: there are too many
    """
    cells: dict[str, object] = {}

    def add(prefix: str, within: Mapping[str, object], depth: int) -> None:
        refuse_too_wide(line, len(within) + len(cells))
        for name, value in within.items():
            if isinstance(value, dict) and depth < DEEPEST:
                add(f"{prefix}{name}.", value, depth + 1)
            elif "/" in name and isinstance(value, str) and (both := COUNTED.fullmatch(value)):
                # ms-swift writes 'global_step/max_steps': '56/176'.
                of, _, total = name.partition("/")
                cells[f"{prefix}{of}"] = both[1]
                cells[f"{prefix}{total}"] = both[2]
            elif value is not None:
                cells[f"{prefix}{name}"] = value

    add("", row, 1)
    return cells


def refuse_too_wide(line: int, columns: int) -> None:
    """A table of that many columns is no table of log-probabilities."""
    if columns > MAX_COLUMNS:
        message = f"there are {columns:,} columns; at most {MAX_COLUMNS:,} are accepted"
        raise RunFileError(line, None, message)


QUOTED = 40
"""most characters of a name or a value in a message"""


def short(text: str) -> str:
    """A name as a message quotes it."""
    text = " ".join(text[:200].split())
    return text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…"


def quoted(value: object) -> str:
    """A value as a message quotes it."""
    return short(_written(value))


def _written(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_written(one) for one in value[:QUOTED])}]"
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.15g}"
    return str(value)
