"""Tables as text: CSV in every dialect, what was copied from a spreadsheet, Markdown."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator

from app.check.reading.metrics import is_known
from app.check.reading.names import is_mean, is_negated
from app.check.reading.numbers import DecimalPoints, number
from app.check.reading.rows import Row, Rows, refuse_too_wide, short
from app.check.tables import RunFileError

DELIMITERS = ",;\t|"
HEADER_WITHIN = 50
"""lines that may stand before the header"""
LINE = re.compile(r"[^\r\n]*+(?:\r\n|[\r\n])|[^\r\n]++\Z")
"""with its end"""
LINE_END = re.compile(r"[\r\n]")
LONGEST_HEADER = 100_000
"""characters"""

TWO_WORDS = re.compile(r"\b(Training|Validation) (Loss)\b")
ALSO_HEADERS = (frozenset({"chosen", "rejected"}), frozenset({"step", "value"}))
"""names of tables that are recognized, so that a refusal can say what they are"""

RULE = re.compile(r"[\s|:+=\u2500-]++")
"""the line below the header of a Markdown table"""
DOTS = re.compile(r"\.{2,}+|[\u2026\u22ee\u22ef]++")
"""a cell where rows were left out"""
CALLED = {",": "CSV", ";": "CSV with semicolons", "\t": "tab-separated text", "|": "a table with |"}


def table_rows(text: str) -> Rows | None:
    """The rows of a table; None if no header is found.

    Raises:
        RunFileError: it is a table, but its lines do not fit its header
    """
    found = _header(text)
    if found is None:
        return None
    start, line, delimiter, names = found
    refuse_too_wide(line, len(names))
    called = CALLED.get(delimiter, "a table with spaces")
    twice = next((name for name, times in Counter(names).items() if name and times > 1), None)
    if twice:
        error = RunFileError(line, short(twice), "this column is there twice")
        return Rows([], called, header=Row(line, dict.fromkeys(names)), broken=error)
    header = Row(line, {name: name for name in names if name})
    rest = text[start:]
    first = line + 1
    rows: list[Row] = []
    of_use = [place for place, name in enumerate(names) if is_known(name)]
    points = DecimalPoints(commas_are_quoted=delimiter == ",")
    broken = None
    skipped = 0
    try:
        for at, cells in _lines(rest, first, delimiter):
            if all(DOTS.fullmatch(cell) for cell in cells if cell):
                skipped += 1
                continue
            cells = _fitted(at, cells, names)
            for place in of_use:
                points.see(cells[place])
            rows.append(
                Row(at, {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""})
            )
    except RunFileError as error:
        broken = error
    return Rows(
        rows,
        called,
        header=header,
        decimal_comma=points.are_commas,
        broken=broken,
        notes=(f"Lines of dots, where rows were left out, are skipped: {skipped:,}.",)
        if skipped
        else (),
    )


def is_filled(table: Rows) -> bool:
    """Whether there is nothing below the header, or a number in a column that is known."""
    if not table.rows:
        return table.broken is None
    assert table.header is not None
    known = [name for name in table.header.cells if is_known(name)]
    return not known or any(
        number(row.cells.get(name)) is not None for row in table.rows for name in known
    )


def _header(text: str) -> tuple[int, int, str, list[str]] | None:
    """Where the lines below the header start, its line, the delimiter and the names."""
    at = 0
    fixed = None
    for line in range(1, HEADER_WITHIN + 1):
        end = _line_end(text, at)
        written = text[at:end] if end - at <= LONGEST_HEADER else ""
        after = end + (2 if text[end : end + 2] == "\r\n" else 1)
        bare = written.strip()
        if bare.lower().startswith("sep=") and len(bare) == 5:
            fixed = bare[4]
        elif bare:
            delimiter = fixed or max(DELIMITERS, key=lambda mark: written.count(mark))
            if fixed is None and delimiter not in written:
                delimiter = " "
            names = _names(written, delimiter)
            if names is not None:
                return after, line, delimiter, names
        if end >= len(text):
            return None
        at = after
    return None


def _line_end(text: str, at: int) -> int:
    found = LINE_END.search(text, at)
    return len(text) if found is None else found.start()


def _names(written: str, delimiter: str) -> list[str] | None:
    """The names in a line, if it is a header."""
    written = written.lstrip("\ufeff# ") if written.lstrip("\ufeff ").startswith("#") else written
    if delimiter == " ":
        # A notebook's Training Loss is one name.
        names = [name.replace("~", " ") for name in TWO_WORDS.sub(r"\1~\2", written).split()]
    else:
        try:
            names = next(csv.reader([written], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            return None
    names = [name.strip() for name in names]
    if delimiter == "|" and names and not names[0]:
        names = names[1:]
    while names and not names[-1]:
        names.pop()
    if any(number(name) is not None for name in names):
        return None
    known = [name for name in names if is_known(name) or is_mean(name) or is_negated(name)]
    lower = {name.lower() for name in names}
    # One known word may be prose; two are a header.
    enough = (
        len(known) >= 2
        or (len(known) == len(names) == 1)
        or any(lower >= named for named in ALSO_HEADERS)
    )
    return names if enough else None


def _lines(text: str, first: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that has any."""
    if delimiter == " ":
        for line, written in enumerate(_split(text), first):
            cells = written.split()
            if cells and not cells[0].startswith("#"):
                yield line, cells
        return
    reader = csv.reader(
        ("\n" if written.startswith("#") else written for written in _split(text)),
        delimiter=delimiter,
        skipinitialspace=True,
        strict=True,
    )
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if delimiter == "|":
                if all(RULE.fullmatch(cell) for cell in cells if cell):
                    continue
                if not cells[0]:
                    cells = cells[1:]
            yield first - 1 + reader.line_num, cells
    except csv.Error as error:
        line = first - 1 + reader.line_num
        raise RunFileError(line, None, f"this is not CSV ({error})") from error


def _split(text: str) -> Iterator[str]:
    return (found[0] for found in LINE.finditer(text))


def _fitted(line: int, cells: list[str], names: list[str]) -> list[str]:
    """As many cells as there are names."""
    while len(cells) > len(names) and not cells[-1]:
        cells.pop()
    if len(cells) == len(names) + 1:
        # Numbered rows whose numbers have no name, as R and pandas print them.
        return cells[1:]
    if len(cells) != len(names):
        raise RunFileError(
            line, None, f"{len(cells)} values, but the header names {len(names)} columns"
        )
    return cells
