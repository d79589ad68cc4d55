"""Reading a file of a run, whatever wrote it: log-probabilities of pairs, or a trainer's log."""

from __future__ import annotations

from dataclasses import replace

from app.check.reading.assignments import assigned_rows
from app.check.reading.console import console_rows
from app.check.reading.csv_rows import is_filled, table_rows
from app.check.reading.decode import Decoded, decoded
from app.check.reading.documents import json_rows
from app.check.reading.kind import kind_of, named_by_file
from app.check.reading.logs import read_log
from app.check.reading.metrics import is_known
from app.check.reading.notebooks import text_of_html
from app.check.reading.pairs import read_pairs
from app.check.reading.rows import Rows
from app.check.report import RunKind
from app.check.tables import LogpsTable, RunFileError, TrainingLog

EMPTY = (
    "is empty; expected log-probabilities of pairs (CSV with a header, or JSON Lines), or "
    "the log of a trainer"
)

A_LOG = (
    "this is a trainer's log, not the log-probabilities of pairs; the page /check and POST "
    "/api/v1/check_run read it"
)


def read_run(data: str | bytes, name: str | None = None) -> LogpsTable | TrainingLog:
    """Read a file.

    Args:
        data: its text, or its bytes in whatever encoding
        name: what the file is called, which some exports need

    Raises:
        RunFileError: it cannot be read
    """
    return run_of(decoded(data, name), name)


def run_of(file: Decoded, name: str | None) -> LogpsTable | TrainingLog:
    """Read the text of a file. Raises RunFileError if it cannot be read."""
    kind, rows = _told(file, name)
    return read_pairs(rows) if kind == "pairs" else read_log(rows)


def read_logps(data: str | bytes) -> LogpsTable:
    """Read a file of pairs whose values are all finite.

    Raises:
        RunFileError: it cannot be read, or is a trainer's log
    """
    return logps_of(decoded(data))


def logps_of(file: Decoded) -> LogpsTable:
    """Read the text of a file of pairs. Raises RunFileError as ``read_logps`` does."""
    kind, rows = _told(file, None)
    if kind == "log":
        raise RunFileError(None, None, A_LOG)
    return read_pairs(rows, finite_only=True)


def _told(file: Decoded, name: str | None) -> tuple[RunKind, Rows]:
    """The rows of a file, and what they are."""
    if not file.text.strip():
        raise RunFileError(None, None, f"{name or file.called} {EMPTY}")
    rows = named_by_file(_rows(file.text), name)
    return kind_of(rows, file.text), replace(rows, notes=(*file.notes, *rows.notes))


def _rows(text: str) -> Rows:
    if text.lstrip()[:1] in ("{", "["):
        return json_rows(text)
    if text.lstrip()[:1] == "<":
        text = text_of_html(text)
    table = table_rows(text)
    if table is not None and table.broken is None and is_filled(table):
        return table
    # What looked like a header may have been prose, or a line of the console.
    for rows in (console_rows(text), assigned_rows(text)):
        if any(map(is_known, rows.names())) and (
            table is None or not is_filled(table) or len(rows.rows) > len(table.rows)
        ):
            return rows
    if table is None:
        return rows
    if table.broken is not None and not table.rows:
        raise table.broken
    return table
