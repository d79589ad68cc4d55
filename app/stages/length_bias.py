"""Dots of probability that walk to longer answers, over the curve that says what the walk costs."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from app.charts.scales import nice_step
from app.charts.stage import Anchor, Axis, Box, Only, Panel, Stage, StagePoint, number
from app.formatting import fixed, percent, signed
from app.widgets.length_bias import (
    GUESSES,
    MOST,
    Params,
    Result,
    TastePoint,
    net_taste,
    quality_range,
)

LEAVE_OUT = ("words", "curve", "trained", "tradeoff")

DOTS = 50
"""dots of a distribution, each for the same share of its probability"""
ROWS = 8
"""rows of dots that fit with room between them; a higher stack is pressed together"""
REFERENCE_ROWS = 6
"""rows of the reference's dots: as many as any prompt fills"""

UNBIASED: tuple[tuple[str, Only], ...] = (
    ("an unbiased judge, same KL", "wide"),
    ("unbiased, same KL", "narrow"),
)
"""the name of what is dashed"""

ANCHORS: tuple[Anchor, Anchor] = ("start", "end")
RISE = -14
"""of the arrow above the dots, pixels"""

CHEAP, DEAR = 0.05, 0.3
"""true quality lost, up to which and from which the readout says so"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a judge and a length price."""
    made = Stage(
        _title(params),
        asking_title="How long do answers get?",
        wide=424,
        narrow=372,
        readout=_readout(params, result),
        alt="Fifty dots of the optimum over fifty of the reference, by number of words; "
        "below, true quality over the judge’s taste for length",
        after=_after(params, result),
        more={"settings": f"{params.prompt} prompt, β {params.beta:g}"},
    )
    _dots(made, result)
    _curves(made, params, result)
    return made


def _dots(made: Stage, result: Result) -> None:
    numbers = [share.words for share in result.words]
    x = Axis(numbers[0] - 0.5, numbers[-1] + 0.5)
    above = made.panel(x, Axis(0, 1), wide=Box(12, 16, 46, 168), narrow=Box(8, 8, 44, 136))
    below = made.panel(x, Axis(1, 0), wide=Box(12, 16, 190, 240), narrow=Box(8, 8, 158, 196))
    cells = len(numbers)
    dots = _stacked([share.probability for share in result.words])
    pitch = 1 / max(ROWS, 1 + max(row for _, row in dots))
    above.dots(
        [
            above.spot(round((column + 0.5) / cells, 3), round((row + 0.6) * pitch, 3))
            for column, row in dots
        ],
        "walks f-opt",
        [6.4, 5],
        cell=0.96 / cells,
        when="answered",
    )
    below.dots(
        [
            below.spot(round((column + 0.5) / cells, 3), 1 - (row + 0.5) / REFERENCE_ROWS)
            for column, row in _stacked([share.reference_probability for share in result.words])
        ],
        "hollow s-ref",
        [3.6, 2.6],
    )
    best = [share.best_probability * DOTS * pitch for share in result.words]
    above.curve(numbers, best, "thin dashed s-opt")
    above.line(above.spot(0, 0), above.spot(1, 0), "axis")
    for words in range(5 * math.ceil(numbers[0] / 5), numbers[-1] + 1, 5):
        above.text(above.pt(words, 0, 0, 16), words, "tick", "middle")
    above.text(above.spot(0, 1, 0, -30), "the optimum for this judge", "lab f-opt")
    above.text(above.spot(0.5, 0.5), "?", "lab f-opt", "middle", when="asking")
    _arrow(above, result)
    for text, only in UNBIASED:
        above.name(text, "thin-name f-opt", _beside(above, result, best), only=only)
    below.text(below.spot(0, 0, 0, 10), "the reference", "lab f-ref")
    below.text(below.spot(1, 0, 0, 10), "words of an answer →", "", "end")


def _beside(
    above: Panel, result: Result, heights: Sequence[float]
) -> list[tuple[StagePoint, Anchor]]:
    """Places beside the dashed curve, on the side that the dots have left, first halfway up."""
    way = -1 if result.extra_words >= 0 else 1
    middle = result.best_words
    outer = [
        (abs(up - max(heights) / 2), share.words, up)
        for share, up in zip(result.words, heights, strict=True)
        if way * (share.words - middle) > 0
    ]
    anchor = ANCHORS[way < 0]
    return [(above.pt(words, up, 8 * way, -8), anchor) for _, words, up in sorted(outer)[:8]]


def _arrow(above: Panel, result: Result) -> None:
    """From the mean of an unbiased judge's optimum at the same KL to that of this one."""
    start, end = result.best_words, result.mean_words
    above.arrow(
        above.pt(start, 1, 0, RISE), above.pt(end, 1, 0, RISE), "s-rej", "f-rej", when="answered"
    )
    if abs(end - start) >= 0.05:
        way = 1 if end > start else -1
        ahead, behind = ANCHORS[::way]
        above.name(
            f"{signed(end - start, 1)} words",
            "f-rej",
            [
                (above.pt(end, 1, 9 * way, RISE + 5), ahead),
                (above.pt(start, 1, -9 * way, RISE + 5), behind),
            ],
            when="answered",
        )


def _stacked(shares: Sequence[float]) -> list[tuple[int, int]]:
    """Column and row of each dot, which stand at even quantiles."""
    below = list(accumulate(shares))
    filled = [0] * len(shares)
    places = []
    for dot in range(DOTS):
        at = min(bisect_left(below, (dot + 0.5) / DOTS * below[-1]), len(shares) - 1)
        places.append((at, filled[at]))
        filled[at] += 1
    return places


def _curves(made: Stage, params: Params, result: Result) -> None:
    low, high = quality_range(params)
    room = 0.05 * (high - low)
    panel = made.panel(
        Axis(0, MOST),
        Axis(low - room, high + room),
        wide=Box(40, 20, 264, 386),
        narrow=Box(32, 12, 218, 334),
    )
    step = nice_step(high - low, 3)
    panel.y_grid(
        [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)],
        fixed(0 if step >= 1 else 1),
    )
    tastes = [point.length_taste for point in result.curve]
    truths = [point.true_quality for point in result.curve]
    bests = [point.best_true_quality for point in result.curve]
    # The edges of an area are soft: half of the points do.
    panel.area(
        panel.pts(tastes[::2], bests[::2]), panel.pts(tastes[::2], truths[::2]), "f-rej wash"
    )
    panel.curve(tastes, bests, "thin dashed s-true")
    panel.curve(tastes, truths, "s-true")
    panel.track(0, 6)
    panel.x_ticks((0, 0.1, 0.2, 0.3, 0.5), lambda taste: f"{taste:g}", 30)
    panel.text(panel.spot(0.4 / MOST, 0, 0, 30), "reward per word", "", "middle")
    here = panel.pt(params.length_taste, result.true_quality)
    panel.line(panel.pt(params.length_taste, result.best_true_quality), here, "drop s-ink")
    panel.line(here, panel.pt(params.length_taste, panel.y.low, 0, 6), "drop s-ref")
    _name_knobs(panel, params, here)
    panel.name(
        "true quality", "f-true", _places(panel, result.curve, "true_quality", (20, 32, -12))
    )
    for text, only in UNBIASED:
        places = _places(panel, result.curve, "best_true_quality", (-12, 20, -26, 34))
        panel.name(text, "thin-name f-true", places, only=only)
    ends = [panel.spot(0, 0), panel.spot(1, 0)]
    lower = [panel.spot(0, 0, 0, 6), panel.spot(1, 0, 0, 6)]
    made.handle("length_price", panel.spot(params.length_price / MOST, 0, 0, 6), "tmp", lower)
    made.handle("length_taste", here, "ref", ends)


def _name_knobs(panel: Panel, params: Params, here: StagePoint) -> None:
    """The names of the knobs, and of the axis along which both run."""
    ways: tuple[tuple[float, Anchor], ...] = ((0, "middle"), (14, "start"), (-14, "end"))
    sides = [(dx, dy, anchor) for dy in (-18.0, 28.0, -30.0, 40.0) for dx, anchor in ways]
    price = panel.spot(params.length_price / MOST, 0, 0, 6)
    beside: tuple[tuple[float, Anchor], ...] = ((16, "start"), (-16, "end"))
    rows = [(dx, dy, anchor) for dy in (-9.0, -24.0, -44.0) for dx, anchor in beside]
    panel.beside("length price α", "f-tmp", price, rows)
    panel.beside("taste", "f-ref", here, sides)


def _places(
    panel: Panel, curve: list[TastePoint], field: str, shifts: tuple[float, ...]
) -> list[tuple[StagePoint, Anchor]]:
    near = [curve[round(part * (len(curve) - 1))] for part in (0.8, 0.6, 0.4, 0.2)]
    return [
        (panel.pt(point.length_taste, getattr(point, field), 0, dy), "middle")
        for dy in shifts
        for point in near
    ]


def _title(params: Params) -> str:
    net = net_taste(params)
    if net > 0:
        return "A taste for length trades quality for words"
    if net < 0:
        return "Too high a length price makes answers too short"
    if params.length_taste:
        return "The right length price cancels the judge’s taste"
    return "A judge without a taste for length pays for quality alone"


def _after(params: Params, result: Result) -> dict[str, str]:
    if net_taste(params) <= 0:
        return {}
    right = min(GUESSES, key=lambda guess: abs(GUESSES[guess] - result.extra_words))
    said = {guess: "More" if words < GUESSES[right] else "Less" for guess, words in GUESSES.items()}
    return {
        guess: f"<strong>{'Right' if guess == right else f'{word} than that'}.</strong>"
        for guess, word in said.items()
    }


def _readout(params: Params, result: Result) -> str:
    net = net_taste(params)
    extra = number(fixed(1)(abs(result.extra_words)), "rej")
    lost = number(fixed(2)(result.lost_quality), "true")
    flipped = number(_share(result.labels_flipped), "ref")
    if net > 0:
        makes = (
            "What the price leaves of the taste makes"
            if params.length_price
            else f"The taste flips {flipped} of the labels and makes"
        )
        return (
            f"{makes} answers {extra} words longer at the same KL. That costs {lost} of true quality, "
            f"{_meaning(result)}"
        )
    if net < 0:
        return (
            f"The price takes off more than the taste adds: answers are {extra} words shorter at the "
            f"same KL. That costs {lost} of true quality, so too much correction is a bias too."
        )
    mean = number(fixed(1)(result.mean_words), "opt")
    if params.length_taste:
        return (
            f"The judge still flips {flipped} of the labels, but the optimum is that of an unbiased "
            f"one, at {mean} words. So a price per word repairs it, if the taste is known."
        )
    before = number(fixed(1)(result.reference_words), "ref")
    way = "longer" if result.mean_words > result.reference_words else "shorter"
    return (
        f"Without a taste, answers go from {before} words to {mean}, because good answers are a "
        f"little {way} here. So not every change of length is a bias."
    )


def _meaning(result: Result) -> str:
    if result.lost_quality < CHEAP:
        return "so far next to nothing."
    if result.lost_quality < DEAR:
        return "so a bias in few labels reaches every answer."
    return "so KL that could buy quality buys words."


def _share(share: float) -> str:
    return percent(0 if share >= 0.1 else 1)(share)
