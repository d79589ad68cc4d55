"""Measure, and print one table. ``make bench``; ``python -m tools.bench --only server`` for a part."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Iterator

from tools.bench.machine import header
from tools.bench.table import Missing, Row, table

PARTS = ("lab", "server", "readers", "sliders", "pages")
"""each a module beside this one, with ``SUBJECTS`` and ``rows()``"""


def main(arguments: list[str] | None = None) -> None:
    """Rows go to standard error as they are made, the table to standard output."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone")
    chosen = parser.parse_args(arguments).only or PARTS
    machine, start = header(), time.perf_counter()
    rows = [row for part in PARTS if part in chosen for row in _told(rows_of(part))]
    took = time.perf_counter() - start
    print(
        f"{machine} before the start. Medians, with the range of all runs; "
        f"measured in {took / 60:.1f} minutes.\n"
    )
    print(table(rows))


def rows_of(part: str) -> Iterator[Row | Missing]:
    """The rows of a part, as they are made."""
    rows: Iterator[Row | Missing] = importlib.import_module(f"tools.bench.{part}").rows()
    return rows


def _told(rows: Iterator[Row | Missing]) -> Iterator[Row | Missing]:
    for row in rows:
        print(" | ".join(row.cells()), file=sys.stderr, flush=True)
        yield row


if __name__ == "__main__":
    main()
