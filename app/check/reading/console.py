"""What a trainer wrote to the console: dictionaries, lines of metrics, progress bars.

Everything else between them, warnings and whatever a program prints, is passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from app.check.reading.metrics import EXAMPLES, metric
from app.check.reading.objects import Placed, read_at
from app.check.reading.rows import Row, Rows, flat
from app.check.tables import LOGGED, RunFileError
from app.check.trainers import STEP

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*+[A-Za-z]|\][^\x07\x1b]*+\x07?|[()][A-Za-z0-9])")
BAR = re.compile(r"(?<!\d)(\d{1,9})/(\d{1,9}) \[")
NUMBER = re.compile(
    r"(?<![\w.])[+\-\u2212]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?(?![\w.])"
    r"|(?<![\w.])-?(?:nan|NaN|inf|Inf|Infinity)(?!\w)"
)
AFTER = re.compile(r"after (\d{1,12})")
SETTING = re.compile(
    r"(?:(Gradient Accumulation steps)|(Total optimization steps)|(?<![\w.])(beta|loss_type|max_steps))"
    r"['\"]?\s{0,3}[=:]\s{0,3}['\"]?\[?['\"]?([\w.+-]{1,40})"
)
SETTING_NAMES = {
    "Gradient Accumulation steps": "gradient_accumulation_steps",
    "Total optimization steps": "max_steps",
}
NAME_EDGE = " \t'\":=|,;[](){}<>-"
LONGEST_LABEL = 80
MOST_WORDS = 3
"""words of a metric's name: Train chosen reward"""


@dataclass
class _Seen:
    """What was read so far."""

    rows: list[Row] = field(default_factory=list)
    bars: list[tuple[int, int] | None] = field(default_factory=list)
    """for each row the progress bar before it, if there was one since the row before"""
    settings: dict[str, object] = field(default_factory=dict)
    objects: int = 0


def console_rows(text: str) -> Rows:
    """Rows of whatever metrics or objects stand in a text."""
    if "\x1b" in text:
        text = ESCAPES.sub("", text)
    seen = _Seen()
    line, counted = 1, 0
    bar: tuple[int, int] | None = None
    damaged: list[int] = []
    for start, end, found in _parts(text, damaged):
        line += text.count("\n", counted, start)
        counted = start
        if found is not None:
            cells = flat(found)
            before = text[max(0, start - LONGEST_LABEL) : start].rpartition("\n")[2]
            if (after := AFTER.search(before)) is not None:
                cells.setdefault("counters/examples", float(after[1]))
            seen.rows.append(Row(line, cells))
            seen.bars.append(bar)
            seen.objects += 1
            bar = None
            continue
        bar = _between(text[start:end], line, seen, bar)
    rows = _with_steps(seen)
    broken = None
    if damaged:
        at = text.count("\n", 0, damaged[0]) + 1
        broken = RunFileError(at, None, "this is no whole object: it may have been cut off")
    alone = seen.objects == len(rows) and not any(seen.bars)
    format_ = "objects, as Python prints them" if alone else "lines of a console"
    return Rows(rows, format_, settings=seen.settings, broken=broken)


def _parts(text: str, damaged: list[int]) -> Iterator[tuple[int, int, Placed | None]]:
    """Objects of a text, and what stands between them, in order; where objects are damaged."""
    done = at = 0
    while (start := text.find("{", at)) >= 0:
        found = read_at(text, start)
        for placed in found.objects:
            if done < placed.start:
                yield done, placed.start, None
            yield placed.start, placed.end, placed
            done = placed.end
        if not found.whole:
            damaged.append(start)
        at = max(found.end, start + 1)
    if done < len(text):
        yield done, len(text), None


def _between(
    text: str, line: int, seen: _Seen, bar: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Rows among lines without objects. Returns the last progress bar."""
    for number_, whole in enumerate(text.split("\n"), line):
        for written in whole.split("\r"):
            bars = BAR.findall(written)
            if bars:
                bar = int(bars[-1][0]), int(bars[-1][1])
            for found in SETTING.finditer(written):
                name = found[1] or found[2] or found[3]
                seen.settings.setdefault(SETTING_NAMES.get(name, name), found[4])
            cells = _labeled(written)
            if cells:
                seen.rows.append(Row(number_, cells))
                seen.bars.append(bar)
                bar = None
    return bar


def _labeled(written: str) -> dict[str, object]:
    """The metrics of a line such as Step 1 | loss:0.69 rewards/chosen:0.1; none if it has only
    one that could be prose."""
    cells: dict[str, object] = {}
    done = 0
    for found in NUMBER.finditer(written):
        label = written[max(done, found.start() - LONGEST_LABEL) : found.start()]
        done = found.end()
        name = _metric_name(label)
        if name is not None:
            cells.setdefault(name, found[0])
    quantities = {known.quantity for name in cells if (known := metric(name)) is not None}
    if quantities & (set(LOGGED) - {"epoch", "learning_rate"}) and len(quantities) > 1:
        return cells
    return {}


def _metric_name(label: str) -> str | None:
    label = label.strip(NAME_EDGE).removesuffix("tensor").rstrip(NAME_EDGE)
    words = label.split()[-MOST_WORDS:]
    for first in range(len(words)):
        name = " ".join(words[first:]).strip(NAME_EDGE)
        if name and metric(name) is not None:
            return name
    return None


def _with_steps(seen: _Seen) -> list[Row]:
    """The rows, with the counts of their progress bars where they have no steps of their own."""
    trained = [
        place
        for place, row in enumerate(seen.rows)
        if any(
            known is not None
            and known.split == "train"
            and known.quantity in ("loss", "rewards/chosen")
            for known in map(metric, row.cells)
        )
    ]
    if any(
        known is not None and known.quantity in (STEP, EXAMPLES)
        for place in trained
        for known in map(metric, seen.rows[place].cells)
    ):
        return seen.rows
    totals = Counter(bar[1] for place in trained if (bar := seen.bars[place]) is not None)
    if not totals:
        return seen.rows
    total = totals.most_common(1)[0][0]
    steps = [
        bar[0] for place in trained if (bar := seen.bars[place]) is not None and bar[1] == total
    ]
    rising = all(earlier < later for earlier, later in pairwise(steps))
    if len(steps) < len(trained) or not rising:
        return seen.rows
    seen.settings.setdefault("max_steps", total)
    rows = list(seen.rows)
    last = 0
    for place, row in enumerate(rows):
        bar = seen.bars[place]
        if bar is not None and bar[1] == total:
            last = bar[0]
        rows[place] = Row(row.line, {**row.cells, STEP: last})
    return rows
