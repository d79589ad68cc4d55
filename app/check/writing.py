"""Log-probabilities as a file that ``app.check.reading`` reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from app.check.tables import LENGTHS, LogpsTable


def csv_text(table: LogpsTable) -> str:
    """A table as CSV, readable by ``app.check.reading``."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(_rows(table))
    return written.getvalue()


def json_lines_text(table: LogpsTable) -> str:
    """A table as JSON Lines, readable by ``app.check.reading``."""
    rows = (dict(zip(table.columns, row, strict=True)) for row in _rows(table))
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def _rows(table: LogpsTable) -> Iterator[list[float | int]]:
    whole = [name in LENGTHS or name == "step" for name in table.columns]
    for row in zip(*table.columns.values(), strict=True):
        yield [
            int(v) if is_whole and v == int(v) else v
            for v, is_whole in zip(row, whole, strict=True)
        ]
