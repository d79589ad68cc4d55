"""Log-probabilities of pairs: rows become columns of equal length.

Names and layout are read kindly; a value that cannot be right is refused with its line, its column
and what was expected there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from app.check.reading.names import is_per_token, pair_column
from app.check.reading.numbers import finite, number
from app.check.reading.rows import Cells, Row, Rows, quoted, short
from app.check.tables import COLUMNS, LENGTHS, LOGPS, LogpsTable, RunFileError

MAX_PAIRS = 10_000

TOO_MANY = (
    f"at most {MAX_PAIRS:,} pairs are read; give a sample of them, with pandas as "
    f"df.sample({MAX_PAIRS:_}).sort_index()"
)
NO_VALUE = "there is no value; expected a number of at most 0"
NEVER_WHOLE = (
    "there is no value, and no line has a value in all columns of log-probabilities; expected those "
    "of a pair, chosen and rejected, policy and reference, in one line"
)
POSITIVE = ": a probability is at most 1; if this is a loss, a negative log-likelihood, give minus its value"

MAY_BE_EMPTY = (*LOGPS, "loss")
"""columns in which pandas writes NaN as an empty cell or null"""

ROUNDING = 1e-3
"""nats: a log-probability that is at most this far above 0 was rounded there"""


def read_pairs(rows: Rows, *, finite_only: bool = False) -> LogpsTable:
    """Pairs of a file. Raises RunFileError if a value is missing or impossible.

    Args:
        finite_only: refuse NaN and infinities among log-probabilities and losses too
    """
    if rows.broken is not None:
        raise rows.broken
    _refuse_unknown(rows)
    reader = _Reader(rows.decimal_comma, finite_only)
    for row in rows.rows:
        reader.read(row)
    return reader.table(rows)


def _refuse_unknown(rows: Rows) -> None:
    """Refuse a header that lacks a needed column, or names one twice."""
    if rows.header is None:
        return
    named = [pair_column(name) for name in rows.header.cells]
    for column in LOGPS[:2]:
        if column not in named:
            raise RunFileError(
                rows.header.line, column, "the header has no such column; it is needed"
            )
    if not rows.rows:
        raise RunFileError(rows.header.line + 1, None, "there is no pair below the header")


class _Reader:
    """Collects pairs."""

    def __init__(self, decimal_comma: bool, finite_only: bool) -> None:
        self.decimal_comma = decimal_comma
        self.finite_only = finite_only
        self.columns: dict[str, list[float]] = {name: [] for name in COLUMNS}
        self.lines: list[int] = []
        self.missing: dict[str, int] = {}
        """the first line without a value, by column"""
        self.holes = dict.fromkeys(MAY_BE_EMPTY, 0)
        """lines without a value, by column"""
        self.empty = 0
        """cells without a value that were read as NaN"""
        self.given: set[tuple[str, ...]] = set()
        """which log-probabilities a line has"""
        self.ignored: dict[str, None] = {}
        self.rounded = 0
        self.summed = 0
        self.counted = 0
        """pairs whose lengths were counted"""
        self.batches = 0
        self.sparse = False
        """only some rows have a loss"""

    def read(self, row: Row) -> None:
        names = self._names_of(row)
        cells: Cells = {column: row.cells[name] for column, name in names.items()}
        logps = [cells[name] for name in LOGPS if name in cells]
        if any(isinstance(cell, list) for cell in logps):
            for pair in self._of_lists(row.line, names, cells):
                self._add(row.line, names, pair)
        else:
            self._add(row.line, names, cells)

    def table(self, rows: Rows) -> LogpsTable:
        if not self.lines:
            raise RunFileError(None, None, "there is no pair in the file")
        self._drop_empty()
        for column, line in self.missing.items():
            if self.columns[column] and (self.finite_only or column not in MAY_BE_EMPTY):
                raise RunFileError(
                    line,
                    column,
                    "there is no value, but other lines have one; expected all or none",
                )
        given = {name: values for name, values in self.columns.items() if values}
        for both in (LOGPS[2:], LENGTHS):
            alone = [name for name in both if name in given]
            if len(alone) == 1:
                other = next(name for name in both if name not in given)
                raise RunFileError(
                    self.lines[0],
                    other,
                    f"there is no value; it belongs together with {alone[0]}",
                )
        return LogpsTable(
            given, self.lines, rows.format, tuple(self.ignored), (*rows.notes, *self._notes())
        )

    def _drop_empty(self) -> None:
        """Leave out columns without any value; of the others, an empty cell is NaN.

        Raises:
            RunFileError: they are not columns of pairs
        """
        for column, holes in self.holes.items():
            if holes == len(self.lines) or (column == "loss" and self._of_some_rows()):
                self.columns[column] = []
            elif not self.finite_only:
                self.empty += holes
        present = tuple(name for name in LOGPS if self.columns[name])
        for column in LOGPS[:2]:
            if column not in present:
                raise RunFileError(self.missing[column], column, NO_VALUE)
        if present not in self.given:
            column = next(name for name in present if name in self.missing)
            raise RunFileError(self.missing[column], column, NEVER_WHOLE)

    def _of_some_rows(self) -> bool:
        """Whether losses go on after an empty cell, as where a batch has one loss; a NaN stays."""
        if self.finite_only or not self.holes["loss"]:
            return False
        after = self.columns["loss"][self.lines.index(self.missing["loss"]) :]
        self.sparse = any(math.isfinite(loss) for loss in after)
        return self.sparse

    def _notes(self) -> Iterator[str]:
        if self.sparse:
            yield "The losses were left out: only some rows have one."
        if self.batches:
            yield (
                "Lists were read as batches, a value a pair; if they are of tokens, give the sum of each."
            )
        if self.summed:
            counted = ", and the lengths counted" if self.counted else ""
            yield f"Lists were summed over tokens in {self.summed:,} pairs{counted}."
        if self.rounded:
            values = "1 value" if self.rounded == 1 else f"{self.rounded:,} values"
            yield f"{values} a rounding error above 0 were read as 0."
        if self.empty:
            cells = "1 empty cell was" if self.empty == 1 else f"{self.empty:,} empty cells were"
            yield f"{cells} read as NaN, which pandas writes so."
        if self.decimal_comma:
            yield "Commas were read as decimal points."

    def _names_of(self, row: Row) -> dict[str, str]:
        """The row's own name of each recognized column."""
        names: dict[str, str] = {}
        for name in row.cells:
            column = pair_column(name)
            if column is None:
                if name:
                    self.ignored[short(name)] = None
            elif column in names:
                same = short(names[column])
                raise RunFileError(
                    row.line, short(name), f"the same as {same}: expected only one of them"
                )
            else:
                names[column] = name
        return names

    def _of_lists(self, line: int, names: dict[str, str], cells: Cells) -> Iterator[Cells]:
        """Pairs of a row whose cells are lists: of the tokens of a response, or of a batch."""
        logps = {name: cell for name, cell in cells.items() if name in LOGPS}
        by_token = self._lists_tokens(line, names, cells)
        if by_token:
            yield self._summed(cells)
            return
        sizes = {name: len(cell) for name, cell in cells.items() if isinstance(cell, list)}
        size = max(sizes.values())
        for name, cell in cells.items():
            if name in logps and name not in sizes:
                raise RunFileError(
                    line,
                    short(names[name]),
                    f"{quoted(cell)} is given, but other columns hold lists; expected a list "
                    f"of {size:,} values",
                )
            if name in sizes and sizes[name] != size:
                raise RunFileError(
                    line,
                    short(names[name]),
                    f"there are {sizes[name]:,} values, but {size:,} in another column; a list is "
                    "read as a batch, one value a pair: if these are the tokens of a response, "
                    "give their sum, or name the columns policy_chosen_token_logps and so on",
                )
        self.batches += 1
        inner = {name: cell for name, cell in cells.items() if isinstance(cell, list)}
        for place in range(size):
            pair = {name: cell[place] for name, cell in inner.items()}
            pair |= {name: cell for name, cell in cells.items() if name not in inner}
            pair = {name: value for name, value in pair.items() if value not in (None, "")}
            if any(isinstance(pair.get(name), list) for name in LOGPS):
                self._lists_tokens(line, names, pair, of_a_batch=True)
                pair = self._summed(pair)
            yield pair

    def _lists_tokens(
        self, line: int, names: dict[str, str], cells: Cells, *, of_a_batch: bool = False
    ) -> bool:
        """Whether the lists of a row are those of tokens.

        Raises:
            RunFileError: lists of a batch hold lists, of which nothing says what they are
        """
        lists = {
            name: cell for name, cell in cells.items() if name in LOGPS and isinstance(cell, list)
        }
        if not lists:
            return False
        nested = any(isinstance(item, list) for cell in lists.values() for item in cell[:1])
        said = all(is_per_token(names[name]) for name in lists)
        agree = [
            finite(cells[f"{_side(name)}_lengths"]) == len(cell)
            for name, cell in lists.items()
            if f"{_side(name)}_lengths" in cells
        ]
        if not nested and (said or (agree and all(agree))):
            return True
        if of_a_batch and not all(len(cell) == 1 for cell in lists.values()):
            name = next(iter(lists))
            raise RunFileError(
                line,
                short(names[name]),
                f"{quoted(lists[name])} is given for a pair; expected a log-probability: if "
                "these are the tokens of a response, give their sum, or name the columns "
                "policy_chosen_token_logps and so on",
            )
        return False

    def _summed(self, cells: Cells) -> dict[str, object]:
        """A pair whose lists are summed, with lengths if there were none."""
        pair: dict[str, object] = dict(cells)
        counted: dict[str, int] = {}
        for name, cell in cells.items():
            if name in LOGPS and isinstance(cell, list):
                values = [number(item) for item in cell if item is not None]
                if None not in values:
                    # Not math.fsum, which refuses infinities of both signs.
                    pair[name] = sum(value for value in values if value is not None)
                    counted.setdefault(f"{_side(name)}_lengths", len(values))
        self.summed += 1
        if not any(name in cells for name in LENGTHS):
            pair |= counted
            self.counted += 1
        return pair

    def _add(self, line: int, names: dict[str, str], cells: Cells) -> None:
        if len(self.lines) == MAX_PAIRS:
            raise RunFileError(line, None, TOO_MANY)
        if not cells.keys() & {*COLUMNS}:
            raise RunFileError(line, LOGPS[0], NO_VALUE)
        self.lines.append(line)
        self.given.add(tuple(name for name in LOGPS if name in cells))
        for column, values in self.columns.items():
            if column in cells:
                values.append(self._value(line, names.get(column, column), column, cells[column]))
                continue
            if self.finite_only and column in LOGPS[:2]:
                raise RunFileError(line, column, NO_VALUE)
            self.missing.setdefault(column, line)
            if column in MAY_BE_EMPTY:
                values.append(math.nan)
                self.holes[column] += 1

    def _value(self, line: int, name: str, column: str, given: object) -> float:
        def refused(expected: str) -> RunFileError:
            return RunFileError(line, short(name), f"{quoted(given)} is given; expected {expected}")

        if isinstance(given, list) and len(given) == 1:
            (given,) = given
        value = number(given, decimal_comma=self.decimal_comma)
        if value is not None and not math.isfinite(value):
            if not self.finite_only and (column in LOGPS or column == "loss"):
                return value
            value = None
        if column in LOGPS:
            if value is not None and 0 < value <= ROUNDING:
                self.rounded += 1
                return 0.0
            if value is None or not -1e6 <= value <= 0:
                positive = value is not None and value > 0
                why = POSITIVE if positive else ""
                raise refused(f"a log-probability in nats, from -1000000 to 0{why}")
        elif column in LENGTHS:
            # Means over batches have lengths that are not whole, and a check can say so.
            if value is None or not 1 <= value <= 1e6:
                raise refused("a count of tokens, from 1 to 1000000")
        elif column == "step":
            if value is None or not value.is_integer() or not 0 <= value <= 1e12:
                raise refused("a count of gradient steps, a whole number from 0")
        elif value is None:
            raise refused("a finite number")
        assert value is not None
        return value


def _side(column: str) -> str:
    return "chosen" if "chosen" in column else "rejected"
