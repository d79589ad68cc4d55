"""Two rewards on a line: the Bradley-Terry probability above it, the loss below."""

from __future__ import annotations

import math
from functools import lru_cache

from app.charts.scales import evenly
from app.charts.stage import Anchor, Axis, Box, Only, Panel, Stage, number
from app.formatting import fixed, percent, signed
from app.lab.preferences import reward_gaps
from app.widgets.reward_separation import Params, Result

LOW, HIGH = -10, 10
MOST_LOSS = 10
LAYOUTS: tuple[tuple[float, float, tuple[float, float], Only], ...] = (
    (74, 28, (54, 16), "wide"),
    (46, 11.5, (46, 10), "narrow"),
)
"""Of the arrows the longest; how many pixels a reward of 1 is at least; the margins left and right"""
ALONG = evenly(LOW, HIGH, 201)


def stage(params: Params, result: Result) -> Stage:
    """The stage for a pair of rewards."""
    chosen, rejected = params.reward_chosen, params.reward_rejected
    made = Stage(
        "Only the gap between two rewards matters",
        wide=412,
        narrow=372,
        readout=_readout(result),
        alt="Probability above, loss below a line of rewards",
        marks=[*_curves(rejected).marks],
    )
    above, line, below = _panels(made)
    line.line(line.pt(rejected, 0), line.pt(chosen, 0), "bar s-ink")

    shown = min(result.loss, MOST_LOSS)
    here, lost = above.pt(chosen, result.probability), below.pt(chosen, shown)
    above.line(here, lost, "drop s-ink")
    above.line(above.pt(LOW, result.probability), here, "drop s-opt")
    below.line(below.pt(LOW, shown), lost, "drop s-rej")
    above.point(here, "f-opt")
    below.point(lost, "f-rej")

    # What a step of training does: two arrows, as long as the gradient.
    pull = -result.gradient.reward_chosen
    for value, way, role in ((chosen, 1, "opt"), (rejected, -1, "rej")):
        for longest, unit, beside, only in LAYOUTS:
            # It begins beside its knob, or where it ends at the edge of the drawing.
            long, room = pull * longest, beside[way > 0] - 3
            at_edge = (HIGH - way * value) * unit + room < 13 + long
            first = (
                line.pt(way * HIGH, 0, way * (room - long))
                if at_edge
                else line.pt(value, 0, way * 13)
            )
            # Side by side where they would meet.
            up = -29 if way > 0 and (at_edge or chosen < rejected) else -18
            start, end = ([*first[:3], first[3] + way * further, up] for further in (0.0, long))
            line.arrow(start, end, f"s-{role}", f"f-{role}", only=only)
    apart = chosen - rejected
    side = 1 if apart >= 0 else -1
    line.beside("chosen", "f-opt", line.pt(chosen, 0), _beside(side))
    line.beside("rejected", "f-rej", line.pt(rejected, 0), [(0, 45, "middle"), *_beside(-side)])
    for text, only in (
        ("probability that the chosen one is preferred", "wide"),
        ("P(chosen wins)", "narrow"),
    ):
        above.name(
            text,
            "f-opt",
            [
                (above.pt(LOW, 1, 8, 21), "start"),
                (above.pt(LOW, 0.5, 8, 20), "start"),
                (above.pt(HIGH, 0.5, -4, 20), "end"),
                (above.pt(HIGH, 0, -4, -10), "end"),
            ],
            only=only,
        )
    at = max(-9.6, min(9.4, rejected - 6.5))
    below.name(
        "loss",
        "f-rej",
        [
            (below.pt(at, min(9.4, math.log1p(math.exp(rejected - at))), 14, 16), "start"),
            (below.pt(HIGH, 0, -4, 24), "end"),
        ],
    )
    ends = [line.pt(LOW, 0), line.pt(HIGH, 0)]
    if abs(apart) >= 1.5:
        # The bar between them moves both.
        made.handle(
            ("reward_chosen", "reward_rejected"),
            line.pt((chosen + rejected) / 2, 0),
            "ink",
            ends,
            r=5,
            grip=False,
        )
    made.handle("reward_rejected", line.pt(rejected, 0), "rej", ends)
    made.handle("reward_chosen", line.pt(chosen, 0), "opt", ends)
    return made


@lru_cache(maxsize=256)
def _curves(rejected: float) -> Stage:
    """The part of the stage that stays while the chosen response moves: axes and curves."""
    curve = reward_gaps(ALONG, [rejected] * len(ALONG))
    part = Stage("", wide=0, narrow=0)
    above, line, below = _panels(part)
    above.y_grid((0, 0.5, 1), lambda share: percent(0)(share) if share else "0")
    below.y_grid((0, 5, 10), fixed(0))
    above.curve(ALONG, curve.probabilities, "s-opt")
    below.curve(ALONG, curve.losses, "s-rej")
    line.track()
    for step, only in ((2, "wide"), (5, "narrow")):
        line.x_ticks(range(LOW, HIGH + 1, step), fixed(0), 25, only=only)
    return part


def _panels(stage: Stage) -> tuple[Panel, Panel, Panel]:
    """Of the probability, of the rewards, and of the loss."""
    x = Axis(LOW, HIGH)
    return (
        stage.panel(x, Axis(0, 1), wide=Box(54, 16, 18, 180), narrow=Box(46, 10, 18, 152)),
        stage.panel(x, Axis(0, 1), wide=Box(54, 16, 204, 214), narrow=Box(46, 10, 176, 186)),
        stage.panel(
            x, Axis(MOST_LOSS, 0), wide=Box(54, 16, 272, 402), narrow=Box(46, 10, 242, 358)
        ),
    )


def _beside(way: int) -> list[tuple[float, float, Anchor]]:
    """Places below a knob, first on one side of it, then on the other, ever further away."""
    anchors: dict[int, Anchor] = {1: "start", -1: "end"}
    return [(one * dx, 45, anchors[one]) for dx in range(9, 120, 11) for one in (way, -way)]


def _readout(result: Result) -> str:
    return (
        f"A gap of {number(signed(result.margin, 1))} gives the chosen response a "
        f"{number(percent(1)(result.probability), 'opt')} chance of winning, at a loss of "
        f"{number(fixed(2)(result.loss), 'rej')} nats. {_meaning(result)}"
    )


def _meaning(result: Result) -> str:
    if abs(result.margin) < 0.05:
        return "So the model is only guessing which of the two is preferred."
    if result.margin < -2.5:
        return "The pair is the wrong way round, so the loss is nearly as large as the gap."
    if result.probability > 0.9:
        return "The arrows, one step’s pull, are almost gone, so the pair is learned."
    return "The pair is not settled, so a training step still pulls the rewards apart, as the arrows show."
