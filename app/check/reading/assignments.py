"""Tensors and lists that were printed by their names: policy_chosen_logps: tensor([-41.2, -18.5])."""

from __future__ import annotations

import re

from app.check.reading.names import pair_column
from app.check.reading.objects import read_at
from app.check.reading.rows import Row, Rows

ASSIGNED = re.compile(
    r"(?<![\w./])([A-Za-z_][\w./]{0,80})['\"]?[ \t]{0,3}[:=]"
    r"[ \t]{0,3}(?:torch\.|np\.)?(?:tensor|array)?(?=[\[(])"
)


def assigned_rows(text: str) -> Rows:
    """A batch of pairs for each time that the names come round."""
    rows: list[Row] = []
    cells: dict[str, object] = {}
    line, counted = 1, 0
    at = 0
    while (found := ASSIGNED.search(text, at)) is not None:
        at = found.end()
        if pair_column(found[1]) is None:
            continue
        read = read_at(text, at)
        at = max(read.end, at + 1)
        if not read.whole:
            continue
        if found[1] in cells or not cells:
            line += text.count("\n", counted, found.start())
            counted = found.start()
            cells = {}
            rows.append(Row(line, cells))
        cells[found[1]] = read.value
    return Rows(rows, "printed tensors")
