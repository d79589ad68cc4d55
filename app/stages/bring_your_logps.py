"""The pairs of a batch: dots that hang under the loss by their margin, red where they are ranked wrongly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from app.charts.scales import nice_step, tick_text
from app.charts.stage import (
    Anchor,
    Axis,
    Box,
    Only,
    Panel,
    Role,
    Stage,
    StagePoint,
    by_place,
    by_place_filled,
    number,
)
from app.formatting import count, fixed, percent, scientific
from app.lab.losses import NEEDS_LENGTHS, REFERENCE_FREE, LossParams, PairLogps, preference_loss
from app.widgets.bring_your_logps.widget import (
    ExaminedPair,
    Params,
    ReportedLoss,
    Result,
)
from app.widgets.common.loss_types import LOSS_NAMES

LEAVE_OUT = ("drawn", "warnings", "by_length")

OF_THE_MARGIN = frozenset({"sigmoid", "robust", "hinge", "ipo", "exo_pair", "discopop"})
"""losses that are functions of the margin alone, and so have a curve"""
POINTS = 201

AFTER = {
    **dict.fromkeys("ab", "<strong>All margins change sign.</strong>"),
    "c": "<strong>Right: all margins change sign.</strong>",
}

LONGEST_TITLE = 70
"""characters"""
BREAK = re.compile("[:,] ")
"""where a long sentence may end"""

LEAST_SPAN = 13.0
"""nats of log-ratio that the axis has on both sides of 0, so that means over tokens are seen to be small"""
LEAST_SPAN_PER_TOKEN = 3.0
"""the same for losses that take means over tokens themselves"""
AIR = 1.04
COLUMNS: dict[Only, int] = {"wide": 96, "narrow": 48}
"""columns of dots; a wide one is half a narrow one"""
ROWS = 15
"""rows of dots that fit with room between them; a higher pile is pressed together"""
DIGITS = 3
"""of a share: half a pixel at most"""
RADII: dict[Only, float] = {"wide": 3.6, "narrow": 2.7}

MOST_WRITTEN_OUT = 10_000
"""from which on numbers of axes have a power of ten"""

SAME_LOSS = (0.002, 0.01)
"""a reported mean that differs by no more than this, and this share, is not drawn beside the computed one"""


@dataclass(frozen=True)
class _Margins:
    """The axis of margins, with 0 between two columns of dots."""

    step: float
    """width of a narrow column"""
    left: int
    """narrow columns to the left of 0"""

    @classmethod
    def of(cls, margins: Sequence[float], params: ReportedLoss) -> _Margins:
        """The axis on which all of these lie."""
        per_token = params.loss_type in NEEDS_LENGTHS
        span = params.beta * (LEAST_SPAN_PER_TOKEN if per_token else LEAST_SPAN)
        low, high = AIR * min(-span, *margins), AIR * max(span, *margins)
        step = (high - low) / (COLUMNS["narrow"] - 1)
        return cls(step, math.ceil(-low / step))

    @property
    def axis(self) -> Axis:
        low = -self.left * self.step
        return Axis(low, low + COLUMNS["narrow"] * self.step)

    def column(self, margin: float, only: Only) -> int:
        """The column of a margin; one of 0 is ranked wrongly."""
        finer = COLUMNS[only] // COLUMNS["narrow"]
        found = math.ceil(margin * finer / self.step) - 1 + self.left * finer
        return max(0, min(COLUMNS[only] - 1, found))


def stage(params: ReportedLoss, result: Result) -> Stage:
    """The stage of a batch."""
    pairs, own = result.drawn, _own(params, result)
    made = Stage(
        _title(params, result),
        wide=386,
        narrow=290,
        readout=by_place_filled(_readout(params, pair) for pair in pairs),
        alt="Loss over the margin; below, a dot for each pair",
        asking_title="How do the pairs rank with policy and reference swapped?",
        places=len(pairs),
        known=0,
        after={} if own else AFTER,
        more={"own": own, "settings": _settings(params)},
    )
    margins = _Margins.of([pair.margin for pair in pairs], params)
    curve = _curve(params, margins.axis)
    y = _loss_axis(params, result)
    main = made.panel(margins.axis, y, wide=Box(40, 16, 16, 208), narrow=Box(34, 8, 14, 150))
    piles = made.panel(
        margins.axis, Axis(0, 1), wide=Box(40, 16, 214, 336), narrow=Box(34, 8, 155, 247)
    )
    _draw_axes(main, piles, losses=any(pair.loss is not None for pair in pairs))
    _draw_means(main, result)
    _draw_piles(piles, margins, result)
    if curve[0]:
        main.curve(*curve, "s-rej")
    else:
        for right, role in ((False, "rej"), (True, "opt")):
            spots = [
                _spot(main, p) for p in pairs if (p.margin > 0) is right and p.loss is not None
            ]
            made.add("dots", f"f-{role} other", pts=spots, r=[3.2, 2.5], when="answered")
    _name_losses(main, params, result, curve)
    here = [_spot(main, pair) for pair in pairs]
    main.drop(by_place(here), "s-ink", when="answered")
    made.handle("at", None, "ink", here)
    return made


def _spot(panel: Panel, pair: ExaminedPair) -> StagePoint:
    """Where a pair lies over the axis; without a loss, on it."""
    up = 0.0 if pair.loss is None else panel.y.share(pair.loss)
    return panel.spot(
        round(panel.x.share(pair.margin), DIGITS), round(max(0.0, min(1.0, up)), DIGITS)
    )


# ---- the loss ------------------------------------------------------------------------------------

MarginCurve = tuple[list[float], list[float]]


def _curve(params: ReportedLoss, x: Axis) -> MarginCurve:
    """The loss along the margin; empty if it reads more than the margin."""
    if params.loss_type not in OF_THE_MARGIN:
        return [], []
    margins = torch.linspace(x.low, x.high, POINTS, dtype=torch.float64)
    zeros = torch.zeros_like(margins)
    smoothed = LossParams(label_smoothing=params.label_smoothing)
    pairs = PairLogps(margins / params.beta, zeros, zeros, zeros, params=smoothed)
    return margins.tolist(), preference_loss(params.loss_type, pairs, params.beta).tolist()


def _loss_axis(params: ReportedLoss, result: Result) -> Axis:
    """The axis that all losses of the pairs lie on, with room above that of an untrained policy."""
    values = [pair.loss for pair in result.drawn if pair.loss is not None]
    values += [
        value for value in (result.loss, 2 * (_at_start(params, result) or 0)) if value is not None
    ]
    low, high = min([0.0, *values]), max([0.0, *values])
    if high - low < 1e-12:
        high = low + 1
    air = 0.08 * (high - low)
    return Axis(low - air if low < 0 else 0.0, high + air)


def _at_start(params: ReportedLoss, result: Result) -> float | None:
    """Mean loss if the policy equalled the reference."""
    row = next(row for row in result.losses if row.loss_type == params.loss_type)
    return row.at_start


# ---- the drawing ---------------------------------------------------------------------------------


def _draw_axes(main: Panel, piles: Panel, *, losses: bool) -> None:
    y, x = main.y, main.x
    step = nice_step(y.high - y.low, 5)
    values = [step * n for n in range(math.ceil(y.low / step), math.floor(y.high / step) + 1)]
    texts = dict(zip(values, _tick_texts(values), strict=True))
    if losses:
        main.y_grid([value for value in values if value or y.low < 0], texts.__getitem__)
    main.line(main.pt(0, y.high), piles.pt(0, 0), "zero")
    main.track()
    ticks: tuple[tuple[Only, int], ...] = (("wide", 10), ("narrow", 7))
    for only, most in ticks:
        step = nice_step(x.high - x.low, most)
        values = [step * n for n in range(math.ceil(x.low / step), math.floor(x.high / step) + 1)]
        texts = dict(zip(values, _tick_texts(values), strict=True))
        piles.x_ticks(values, texts.__getitem__, 19, only=only)
    for text, only_, dy in (
        (
            "margin: implicit reward of the chosen response minus that of the rejected one",
            "wide",
            42,
        ),
        ("margin of implicit rewards", "narrow", 37),
    ):
        piles.text(piles.spot(0.5, 0, 0, dy), text, "", "middle", only=only_)


def _tick_texts(values: Sequence[float]) -> list[str]:
    """Numbers short enough for the margin of the drawing."""
    if max((abs(value) for value in values), default=0) < MOST_WRITTEN_OUT:
        return [tick_text(value) for value in values]
    return [scientific(value).replace(".0e", "e") for value in values]


def _draw_means(main: Panel, result: Result) -> None:
    """The mean loss, and the reported one if that differs."""
    if result.loss is None:
        return
    reported, lines = result.reported_loss, [("mean loss", result.loss, "s-ink", "f-ink")]
    if reported is not None and not _alike(reported, result.loss):
        lines.append(("reported", reported, "s-rej", "f-rej"))
    for name, value, stroke, fill in lines:
        up = main.y.share(value)
        beyond = up > 1 or up < 0
        up = max(0.0, min(1.0, up))
        main.line(main.spot(0, up), main.spot(1, up), f"drop {stroke}", when="answered")
        arrow = (" ↑" if up else " ↓") if beyond else ""
        # Away from the other line.
        above = value >= max(line[1] for line in lines)
        shifts = (-8, 19) if above else (19, -8)
        shares: tuple[tuple[float, Anchor], ...] = (
            (1, "end"),
            (0, "start"),
            (0.7, "middle"),
            (0.4, "middle"),
        )
        main.name(
            f"{name} {_short(value)}{arrow}",
            f"thin-name {fill}",
            [
                (main.spot(share, up, -4 if share == 1 else 6 if share == 0 else 0, dy), anchor)
                for dy in shifts
                for share, anchor in shares
            ],
            when="answered",
        )


def _alike(one: float, other: float) -> bool:
    nats, share = SAME_LOSS
    return abs(one - other) <= nats + share * max(abs(one), abs(other))


def _draw_piles(piles: Panel, margins: _Margins, result: Result) -> None:
    """A dot for each pair, hanging under its margin, and a ring around that of the present place."""
    for only in COLUMNS:
        columns = [margins.column(pair.margin, only) for pair in result.drawn]
        rows = _rows(columns)
        pitch = 1 / max(ROWS, 1 + max(rows))
        spots = [
            piles.spot(
                round((column + 0.5) / COLUMNS[only], DIGITS),
                round(1 - (row + 0.5) * pitch, DIGITS),
            )
            for column, row in zip(columns, rows, strict=True)
        ]
        for right, role in ((False, "rej"), (True, "opt")):
            found = [
                spot
                for spot, pair in zip(spots, result.drawn, strict=True)
                if (pair.margin > 0) is right
            ]
            piles.dots(
                found,
                f"f-{role} pale",
                RADII[only],
                cell=0.94 / COLUMNS[only],
                only=only,
                when="answered",
            )
        made = piles.stage
        made.add(
            "circle",
            "hollow s-ink",
            pt=by_place(spots),
            r=RADII[only] + 2.4,
            only=only,
            when="answered",
        )
    wrong = round((1 - result.accuracy) * result.pairs)
    zero = piles.x.share(0)
    for many, name, css, ends in (
        (wrong, "ranked wrongly", "f-rej", ((0, 4, "start"), (zero, -8, "end"))),
        (result.pairs - wrong, "as labeled", "f-opt", ((1, -4, "end"), (zero, 8, "start"))),
    ):
        places = [
            (piles.spot(share, up, dx, dy), anchor)
            for up, dy in ((0, -4), (0.4, 0), (1, 16))
            for share, dx, anchor in ends
        ]
        piles.name(f"{count(many)} {name}", f"thin-name {css}", places, when="answered")  # type: ignore[arg-type]
    if len(result.drawn) < result.pairs:
        told = f"{len(result.drawn)} of {count(result.pairs)} pairs drawn"
        piles.text(piles.spot(1, 0, 0, 42), told, "", "end", only="wide")


def _rows(columns: Iterable[int]) -> list[int]:
    """The row of each dot: below those of its column before it."""
    filled: dict[int, int] = {}
    rows = []
    for column in columns:
        rows.append(filled.get(column, 0))
        filled[column] = rows[-1] + 1
    return rows


def _name_losses(main: Panel, params: ReportedLoss, result: Result, curve: MarginCurve) -> None:
    name = f"{LOSS_NAMES[params.loss_type]} loss"
    if all(pair.loss is None for pair in result.drawn):
        name += f" {_why_none(params)}"
    places: list[tuple[StagePoint, Anchor]] = []
    for part in (0.2, 0.12, 0.75):
        if not curve[0]:
            break
        number_ = round(part * (POINTS - 1))
        x, up = main.x.share(curve[0][number_]), main.y.share(curve[1][number_])
        if 0 <= up <= 1:
            places += [
                (main.spot(x, up, 10, -8), "start"),
                (main.spot(x, up, 0, -12), "middle"),
                (main.spot(x, up, -10, 16), "end"),
            ]
    places += [(main.spot(0, 1, 8, 14), "start"), (main.spot(1, 1, -4, 14), "end")]
    main.name(name, "f-rej", places)


# ---- words -------------------------------------------------------------------------------------


def _title(params: ReportedLoss, result: Result) -> str:
    """The verdict: what may be wrong, else how the policy ranks its pairs."""
    # Few pairs are no mistake of the run, but the share of those ranked as labeled says little then.
    found = [warning.message for warning in result.warnings if warning.kind != "few_pairs"]
    if len(found) > 1:
        return f"{len(found)} of {len(result.checks)} checks found a mistake"
    if found:
        return _in_short(found[0])
    said = f"{_share(result)} ranked as labeled"
    if result.warnings:
        return f"{said}: too few to tell"
    start = _at_start(params, result)
    if result.loss is None or start is None:
        return said
    loss, at_start = fixed(3)(result.loss), fixed(3)(start)
    than = "ln 2" if abs(start - math.log(2)) < 1e-9 else "that of the reference"
    if loss == at_start:
        return (
            f"{said}, at a loss of {than}"
            if than == "ln 2"
            else f"{said}, at the loss of the reference"
        )
    return f"{said}, at a loss {'below' if result.loss < start else 'above'} {than}"


def _in_short(message: str) -> str:
    """Its first sentence, or where that is long, the beginning that says enough."""
    sentence = message.partition(". ")[0].removesuffix(".")
    return sentence if len(sentence) <= LONGEST_TITLE else BREAK.split(sentence)[0]


def _share(result: Result) -> str:
    """Which share of the pairs has a margin above 0; neither none nor all by rounding."""
    pairs = result.pairs
    if result.accuracy == 1:
        all_of_them = {1: "The only pair is", 2: "Both pairs are"}
        return all_of_them.get(pairs, f"All {count(pairs)} pairs are")
    if result.accuracy == 0:
        return "No pair is"
    return f"{percent(1)(max(0.001, min(0.999, result.accuracy)))} of the pairs are"


def _own(params: ReportedLoss, result: Result) -> str:
    """What stands in place of a step's sentence for the reader's own data; empty for an example."""
    if isinstance(params, Params):
        return ""
    pairs = "1 pair" if result.pairs == 1 else f"{count(result.pairs)} pairs"
    drawn = len(result.drawn)
    some = f"; {drawn} of them are drawn, evenly spaced" if drawn < result.pairs else ""
    return f"<b>Your data:</b> {pairs}{some}. They are neither stored nor logged."


def _settings(params: ReportedLoss) -> str:
    return f"{LOSS_NAMES[params.loss_type]} loss, β = {params.beta:g}"


def _readout(params: ReportedLoss, pair: ExaminedPair) -> tuple[str, ...]:
    """What is said of a pair: the form of the sentences, and their numbers."""
    role: Role = "opt" if pair.margin > 0 else "rej"
    if pair.margin == 0:
        means = "A tie counts as wrong, so this pair lowers the accuracy"
    else:
        ranked, which = ("as labeled", "chosen") if pair.margin > 0 else ("wrongly", "rejected")
        means = f"Ranked {ranked}, so the policy {_preference(params)} the {which} response"
    form = f"Line {number('{}')} has a margin of {number('{}', role)} "
    if pair.loss is None:
        form += f"and no loss: the {LOSS_NAMES[params.loss_type]} loss {_why_none(params)}"
    else:
        form += f"and a loss of {number('{}', 'rej')}"
    words = [str(pair.line), _signed(pair.margin)]
    return f"{form}. {means}.", *words, *([] if pair.loss is None else [_short(pair.loss)])


def _preference(params: ReportedLoss) -> str:
    """What a margin says of a policy: how it has moved, or without a reference, how it stands."""
    return "prefers" if params.loss_type in REFERENCE_FREE else "has moved toward"


def _why_none(params: ReportedLoss) -> str:
    return "needs lengths" if params.loss_type in NEEDS_LENGTHS else "overflows"


def _short(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}".replace("-", "−")


def _signed(value: float) -> str:
    """The same with its sign."""
    text = _short(value)
    return f"+{text}" if value > 0 else text
