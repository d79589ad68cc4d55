"""A labeled pair: the chances of the coin, from one answer to the other, once the reader has chosen."""

from __future__ import annotations

from app.charts.stage import Anchor, Axis, Box, Only, Stage, StagePoint, number
from app.formatting import percent
from app.widgets.preference_pairs import ROUNDING, Params, Result

HIDDEN: tuple[tuple[str, Only], ...] = (
    ("how the coin is weighted, hidden until you have chosen", "wide"),
    ("the coin, hidden until you choose", "narrow"),
)
CLEAR, CLOSE = 0.9, 0.65
"""chances of the better response from which a label says much, and up to which it says little"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a pair: A at the left, B at the right."""
    wins_a = result.probability if result.first == "chosen" else 1 - result.probability
    made = Stage(
        "A label says which answer won one toss of a coin",
        wide=120,
        narrow=118,
        readout=_readout(result),
        more={
            "settings": f"{params.prompt} prompt, pairs "
            f"{'held out' if params.split == 'test' else 'used in training'}"
        },
        alt="A line from answer A to answer B, on which the chances of the coin stand once you have chosen",
        after={letter: _after(result, letter) for letter in "ab"},
    )
    line = made.panel(Axis(0, 1), Axis(0, 1), wide=Box(10, 10, 14, 98), narrow=Box(8, 8, 14, 96))
    line.track(0.5)
    line.line(line.pt(0.5, 0.5, 0, -9), line.pt(0.5, 0.5, 0, 9), "axis", when="answered")
    line.text(line.spot(0.5, 0.5, 0, 5), "?", "lab f-ink", "middle", when="asking")
    for words, only in HIDDEN:
        line.text(line.spot(0.5, 1, 0, 14), words, "", "middle", only=only, when="asking")
    line.text(line.spot(0, 0, 0, 8), "← A always wins")
    line.text(line.spot(1, 0, 0, 8), "B always wins →", "", "end")
    here = line.pt(1 - wins_a, 0.5)
    line.point(here, "f-true", 9, when="answered")
    line.name(_chances(wins_a), "f-true", _around(here), when="answered")
    return made


def _chances(wins_a: float) -> str:
    letter, wins = ("A", wins_a) if wins_a >= 0.5 else ("B", 1 - wins_a)
    return f"by true quality {letter} wins {percent(0)(wins)} of tosses"


def _around(here: StagePoint) -> list[tuple[StagePoint, Anchor]]:
    anchors: tuple[tuple[float, Anchor], ...] = ((0, "middle"), (9, "end"), (-9, "start"))
    return [([*here[:3], dx, dy], anchor) for dy in (-20.0, 30.0) for dx, anchor in anchors]


def _after(result: Result, letter: str) -> str:
    margin = result.judges.true_quality.margin
    if abs(margin) <= ROUNDING:
        return "By true quality the two are equal."
    chosen = (result.first == "chosen") == (letter == "a")
    better = chosen == (margin > 0)
    return f"By true quality you chose <strong>the {'better' if better else 'worse'} one</strong>."


def _readout(result: Result) -> str:
    if result.chosen.text == result.rejected.text:
        return "The same response was drawn twice, so there is nothing to prefer."
    quality = result.judges.true_quality
    if abs(quality.margin) <= ROUNDING:
        return "The two are equally good, so the coin was fair and its label says nothing."
    wins = max(quality.probability, 1 - quality.probability)
    better = f"The better answer wins {number(percent(0)(wins), 'true')} of tosses"
    if not quality.agrees:
        return (
            f"{better}, but <strong>this coin chose the other</strong>, so whoever learns from the "
            "label learns the wrong thing."
        )
    if wins >= CLEAR:
        means = "so this label is hardly a matter of luck"
    elif wins <= CLOSE:
        means = "though it could almost as well have chosen the other"
    else:
        means = "so such a label is right more often than not"
    return f"{better}, and this coin agreed, {means}."
