"""What a notebook shows: its outputs, with the table that a trainer draws in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.check.reading.console import console_rows
from app.check.reading.csv_rows import table_rows
from app.check.reading.metrics import is_known
from app.check.reading.rows import Rows
from app.check.tables import RunFileError

BETWEEN_CELLS = re.compile(r"</t[dh]>", re.I)
BETWEEN_LINES = re.compile(r"</?tr\b[^<>]{0,200}>|</table>", re.I)
TAG = re.compile(r"<[^<>]{0,500}>")
ENTITY = re.compile(r"&(?:#(\d{1,4})|#[xX]([0-9a-fA-F]{1,4})|([a-z]{2,5}));")
ENTITIES = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "quot": '"',
    "apos": "'",
    "nbsp": "\u00a0",
    "minus": "\u2212",
    "ndash": "\u2013",
}
LINE_ENDS = re.compile(r"[\r\n]\s*+")

NO_OUTPUT = (
    "no output of this notebook has rows of a log or a table of pairs; run the training cell and "
    "save the notebook with its outputs, or copy the table into a file"
)


def is_notebook(document: Mapping[str, object]) -> bool:
    """Whether a document is a Jupyter notebook."""
    return "nbformat" in document and isinstance(document.get("cells"), list)


def notebook_rows(document: Mapping[str, object]) -> Rows:
    """The output with the most rows. Raises RunFileError if none has any."""
    best: Rows | None = None
    for text in _outputs(document):
        found = _rows(text)
        if found is not None and (best is None or len(found.rows) > len(best.rows)):
            best = found
    if best is None:
        raise RunFileError(None, None, NO_OUTPUT)
    return replace(best, format="the output of a notebook", broken=None)


def text_of_html(source: str) -> str:
    """The tables of a page as lines of tabs."""
    text = LINE_ENDS.sub(" ", source)
    text = BETWEEN_LINES.sub("\n", BETWEEN_CELLS.sub("\t", text))
    return ENTITY.sub(_character, TAG.sub("", text))


def _character(entity: re.Match[str]) -> str:
    if entity[3]:
        return ENTITIES.get(entity[3], entity[0])
    return chr(int(entity[1]) if entity[1] else int(entity[2], 16))


def _rows(text: str) -> Rows | None:
    for read in (table_rows, console_rows):
        rows = read(text)
        if rows is not None and rows.rows and any(map(is_known, rows.names())):
            return rows
    return None


def _outputs(document: Mapping[str, object]) -> Iterator[str]:
    for cell in _list(document.get("cells")):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in _list(outputs):
            if not isinstance(output, dict):
                continue
            yield _joined(output.get("text"))
            data = output.get("data")
            if isinstance(data, dict):
                yield _joined(data.get("text/plain"))
                yield text_of_html(_joined(data.get("text/html")))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _joined(value: object) -> str:
    """A text that a notebook may hold as a list of lines."""
    if isinstance(value, str):
        return value
    return "".join(line for line in _list(value) if isinstance(line, str))
