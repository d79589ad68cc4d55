"""What a trainer wrote to the console: dictionaries, lines of metrics, progress bars.

Everything else between them, warnings and whatever a program prints, is passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from app.check.reading.metrics import BAR_STEP, EXAMPLES, is_known, is_summary, metric
from app.check.reading.numbers import finite
from app.check.reading.objects import Placed, read_at
from app.check.reading.rows import Cells, Row, Rows, flat
from app.check.tables import LOGGED, STEP, RunFileError

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*+[A-Za-z]|\][^\x07\x1b]*+\x07?|[()][A-Za-z0-9])")
COMMENTED = re.compile(r"^[ \t]*+(?:#++|//|>)[ \t]?+", re.M)
"""the mark of a line that was commented out or quoted"""
OBJECT = re.compile(r"""\{(?=\s*+(?:"[^"\\]*+"|'[^'\\]*+')\s*+:)""")
"""the beginning of an object, up to its first key"""
BAR = re.compile(r"(?<!\d)(\d{1,9})/(\d{1,9}) \[")
NUMBER = re.compile(
    r"(?<![\w.])[+\-\u2212]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?(?![\w.])"
    r"|(?<![\w.])-?(?:nan|NaN|inf|Inf|Infinity)(?!\w)"
)
EPOCH = re.compile(r"epoch (\d{1,6})", re.I)
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
COMPARED = re.compile(r"(?:(?<!-)[<>]=?|[\u2264\u2265])\s{0,3}$")
"""before a limit, as in stop if loss < 0.05; an arrow is none"""
BRACE = re.compile(r"[{}]")
LINE_END = re.compile(r"[\r\n]|\Z")
LONGEST_DAMAGE = 2_000
"""characters behind the place where an object is damaged that may still be part of it"""
LONGEST_LABEL = 80
MOST_WORDS = 3
"""words of a metric's name: Train chosen reward"""


Bar = tuple[int, int]
"""how far a progress bar is, and its total"""


@dataclass
class _Seen:
    """What was read so far."""

    rows: list[Row] = field(default_factory=list)
    bars: list[list[Bar]] = field(default_factory=list)
    """the progress bars behind each row"""
    bars_before: list[Bar] = field(default_factory=list)
    """those before the first row"""
    beside: list[Bar | None] = field(default_factory=list)
    """the progress bar on the line of each row, before it"""
    on_this_line: Bar | None = None
    settings: dict[str, object] = field(default_factory=dict)
    plain: bool = True
    """whether there is nothing but objects"""
    twice: int = 0
    labeled: set[int] = field(default_factory=set)
    """the places of rows that are lines of names and values"""

    def add(self, line: int, cells: Cells, *, labeled: bool = False) -> None:
        """A row, unless it is the one before once more: another process or logger prints it, and
        may say less."""
        if not self.rows or not _are_one(self.rows[-1].cells, cells):
            if labeled:
                self.labeled.add(len(self.rows))
            self.rows.append(Row(line, cells))
            self.bars.append([])
            self.beside.append(self.on_this_line)
            return
        self.twice += 1
        self.labeled.discard(len(self.rows) - 1)
        if len(cells) > len(self.rows[-1].cells):
            self.rows[-1] = Row(line, cells)

    def without_prose(self) -> int | None:
        """Drop the one line of names and values among objects; the number of that line."""
        if len(self.labeled) != 1 or len(self.rows) < 3:
            return None
        place = self.labeled.pop()
        (self.bars[place - 1] if place else self.bars_before).extend(self.bars.pop(place))
        self.beside.pop(place)
        return self.rows.pop(place).line


def _are_one(one: Cells, other: Cells) -> bool:
    """Whether two rows are the same, or one repeats the loss and more of the other in fewer digits."""
    if one == other:
        return True
    shared = one.keys() & other.keys()
    return (
        len(shared) == min(len(one), len(other))
        and {"loss", "epoch"} <= shared
        and all(_are_close(one[name], other[name]) for name in shared)
    )


def _are_close(one: object, other: object) -> bool:
    values = finite(one), finite(other)
    if values[0] is None or values[1] is None:
        return one == other
    return abs(values[0] - values[1]) <= 1e-3 * abs(values[0]) + 1e-12


def console_rows(text: str) -> Rows:
    """Rows of whatever metrics or objects stand in a text."""
    if "\x1b" in text:
        text = ESCAPES.sub("", text)
    text = COMMENTED.sub("", text)
    seen = _Seen()
    line, counted = 1, 0
    damaged: list[int] = []
    for start, end, found in _parts(text, damaged):
        line += text.count("\n", counted, start)
        counted = start
        if found is None:
            _between(text[start:end], line, seen)
            continue
        if not found:
            # What is left of a damaged object is no row.
            _take_settings(text[start:end], seen)
            continue
        cells = flat(found, line)
        if not any(is_known(name) for name in cells):
            seen.settings |= cells
            continue
        before = text[max(0, start - LONGEST_LABEL) : start].rpartition("\n")[2]
        if (after := AFTER.search(before)) is not None:
            cells.setdefault("counters/examples", float(after[1]))
        seen.add(line, cells)
        seen.on_this_line = None
    broken = None
    if damaged:
        at = text.count("\n", 0, damaged[0]) + 1
        broken = RunFileError(at, None, "an object is damaged or was cut off here")
    notes = [f"{seen.twice:,} rows that stood there twice were read once."] if seen.twice else []
    if (prose := seen.without_prose()) is not None:
        notes.append(
            f"Line {prose} names metrics, but is not written as the rows are; it is skipped."
        )
    return Rows(
        _with_steps(seen),
        "objects, as Python prints them" if seen.plain else "lines of a console",
        settings=seen.settings,
        broken=broken,
        notes=tuple(notes),
    )


def _parts(text: str, damaged: list[int]) -> Iterator[tuple[int, int, Placed | None]]:
    """Objects of a text, and what stands between them, in order; where objects are damaged.

    What is left of a damaged object is an empty one.
    """
    done = at = 0
    while (bracket := OBJECT.search(text, at)) is not None:
        start = bracket.start()
        found = read_at(text, start)
        if done < start:
            yield done, start, None
        done = start
        for placed in found.objects:
            if done < placed.start:
                yield done, placed.start, Placed()
            yield placed.start, placed.end, placed
            done = placed.end
        at = max(found.end, start + 1)
        if not found.whole:
            damaged.append(start)
            at = _end_of_damage(text, at)
            yield done, at, Placed()
            done = at
    if done < len(text):
        yield done, len(text), None


def _end_of_damage(text: str, at: int) -> int:
    """Where an object ends that is damaged: with its bracket, or else with the line."""
    brace = BRACE.search(text, at, at + LONGEST_DAMAGE)
    if brace is not None and brace[0] == "}":
        return brace.end()
    most = len(text) if brace is None else brace.start()
    return LINE_END.search(text, at, most).start()  # type: ignore[union-attr]


def _take_settings(written: str, seen: _Seen) -> None:
    for found in SETTING.finditer(written):
        name = found[1] or found[2] or found[3]
        seen.settings.setdefault(SETTING_NAMES.get(name, name), found[4])


def _between(text: str, first: int, seen: _Seen) -> None:
    """Rows, settings and progress bars among lines without objects."""
    if text.strip(" \t\r\n,[]"):
        seen.plain = False
    shown: tuple[str, Bar] | None = None
    for line, whole in enumerate(text.split("\n"), first):
        for written in whole.split("\r"):
            _take_settings(written, seen)
            bar = BAR.search(written)
            seen.on_this_line = None
            cells = _labeled(written[bar.end() :] if bar else written, bar is not None)
            if bar is None:
                if cells:
                    seen.add(line, cells, labeled=True)
                continue
            now = int(bar[1]), int(bar[2])
            if not cells:
                (seen.bars[-1] if seen.bars else seen.bars_before).append(now)
                seen.on_this_line = now
                continue
            # A bar is drawn again and again, at first with the values of its own step.
            epoch = EPOCH.search(written)
            title = epoch[1] if epoch is not None else "0"
            if shown != (title, now):
                seen.add(line, {BAR_STEP: int(title) * now[1] + now[0], **cells})
            shown = title, now


def _labeled(written: str, on_a_bar: bool) -> dict[str, object]:
    """The metrics of a line such as Step 1 | loss:0.69 rewards/chosen:0.1; none if there is only
    one, which may be prose."""
    cells: dict[str, object] = {}
    done = 0
    for found in NUMBER.finditer(written):
        label = written[max(done, found.start() - LONGEST_LABEL) : found.start()]
        done = found.end()
        if COMPARED.search(label):
            continue
        name = _metric_name(label)
        if name is not None:
            cells.setdefault(name, found[0])
    quantities = {known.quantity for name in cells if (known := metric(name)) is not None}
    enough = len(quantities) > 1 or on_a_bar
    if enough and quantities & (set(LOGGED) - {"epoch", "learning_rate"}):
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
    """The rows, with steps from the progress bars around them if they have none of their own.

    A bar on the line of each row, before it, is at its step. Else a trainer writes above its bar and
    draws the bar again, so the bar behind a row is at its step; in what was copied, there may be
    only the bars before.
    """
    quantities = {
        known.quantity for row in seen.rows for name in row.cells if (known := metric(name))
    }
    trained = [place for place, row in enumerate(seen.rows) if _is_of_a_step(row.cells)]
    if quantities & {STEP, EXAMPLES} or not trained:
        return seen.rows
    # The bars before the first of these rows, between two of them, and behind the last.
    gaps: list[list[Bar]] = [list(seen.bars_before)]
    for row, bars in zip(seen.rows, seen.bars, strict=True):
        if _is_of_a_step(row.cells):
            gaps.append([])
        gaps[-1].extend(bars)
    totals = Counter(total for bars in gaps for total in {of for _, of in bars})
    if not totals:
        return seen.rows
    total = totals.most_common(1)[0][0]
    counted = [[at for at, of in bars if of == total] for bars in gaps]
    beside = [bar[0] for bar in (seen.beside[at] for at in trained) if bar and bar[1] == total]
    behind = [bars[0] for bars in counted[1:] if bars]
    before = [bars[-1] for bars in counted[:-1] if bars]
    for steps in (beside, behind, before):
        if len(steps) == len(trained) and all(a < b for a, b in pairwise(steps)):
            break
    else:
        return seen.rows
    seen.settings.setdefault("max_steps", total)
    at_row = dict(zip(trained, steps, strict=True))
    rows, last = [], 0
    for place, row in enumerate(seen.rows):
        last = at_row.get(place, last)
        rows.append(Row(row.line, {**row.cells, BAR_STEP: last}))
    return rows


def _is_of_a_step(cells: Cells) -> bool:
    """Whether a row has the loss of training at a step, and not that of the whole run."""
    if is_summary(cells):
        return False
    found = [known for name in cells if (known := metric(name)) is not None]
    return any(known.split == "train" and known.quantity == "loss" for known in found)
