"""Measure, and print one table: ``make bench``, or ``python -m tools.bench --only server`` for a part."""

from __future__ import annotations

import argparse
import importlib
import time

from tools.bench.machine import header
from tools.bench.table import COLUMNS, line

PARTS = ("lab", "server", "readers", "browser", "own_machine")
"""modules of this package, each with ``rows()``"""


def main(arguments: list[str] | None = None) -> None:
    """Print each row as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part")
    chosen = parser.parse_args(arguments).only or PARTS
    start = time.perf_counter()
    print(f"{header()} before the start. Medians, with the range of all runs.\n")
    print(line(COLUMNS), line(["---"] * len(COLUMNS)), sep="\n")
    for part in chosen:
        for row in importlib.import_module(f"tools.bench.{part}").rows():
            print(line(row.cells()), flush=True)
    print(f"\nMeasured in {(time.perf_counter() - start) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
