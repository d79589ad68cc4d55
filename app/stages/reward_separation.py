"""Two rewards on a line: the Bradley-Terry probability above it, the loss below."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from app.charts.stage import Anchor, Axis, Box, Stage, number
from app.formatting import fixed, percent, signed
from app.widgets.reward_separation import Params, Result

LOW, HIGH = -10, 10
MOST_LOSS = 10
ALONG = torch.linspace(LOW, HIGH, 201, dtype=torch.float64)


def stage(params: Params, result: Result) -> Stage:
    """The stage for a pair of rewards."""
    chosen, rejected = params.reward_chosen, params.reward_rejected
    margins = ALONG - rejected
    made = Stage(
        "Only the gap between two rewards matters",
        wide=412,
        narrow=372,
        readout=_readout(result),
        alt="Probability above, loss below a line of rewards",
    )
    x = Axis(LOW, HIGH)
    above = made.panel(x, Axis(0, 1), wide=Box(54, 16, 18, 180), narrow=Box(46, 10, 18, 152))
    line = made.panel(x, Axis(0, 1), wide=Box(54, 16, 204, 214), narrow=Box(46, 10, 176, 186))
    below = made.panel(
        x, Axis(MOST_LOSS, 0), wide=Box(54, 16, 272, 402), narrow=Box(46, 10, 242, 358)
    )
    above.y_grid((0, 0.5, 1), lambda share: percent(0)(share) if share else "0")
    below.y_grid((0, 5, 10), fixed(0))
    above.curve(ALONG.tolist(), torch.sigmoid(margins).tolist(), "s-opt")
    below.curve(ALONG.tolist(), (-F.logsigmoid(margins)).tolist(), "s-rej")

    line.track()
    for step, only in ((2, "wide"), (5, "narrow")):
        line.x_ticks(range(LOW, HIGH + 1, step), fixed(0), 25, only=only)
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
        for longest, only in ((74, "wide"), (46, "narrow")):
            # Side by side where they would meet.
            up = -29 if way > 0 and chosen < rejected else -18
            start = line.pt(value, 0, way * 13, up)
            line.arrow(
                start,
                line.pt(value, 0, way * (13 + pull * longest), up),
                f"s-{role}",
                f"f-{role}",
                only=only,
            )
    apart = chosen - rejected
    side = 1 if apart >= 0 else -1
    for value, name, role, way in (
        (chosen, "chosen", "opt", side),
        (rejected, "rejected", "rej", -side),
    ):
        for near, only in ((1.9, "wide"), (4.7, "narrow")):
            anchor: Anchor = ("start" if way > 0 else "end") if abs(apart) < near else "middle"
            # At the ends of the line there is room on one side alone.
            edge = 8.4 if abs(apart) >= near else 10
            line.text(
                line.pt(max(-edge, min(edge, value)), 0, 0, 45),
                name,
                f"lab f-{role}",
                anchor,
                only=only,
            )
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


def _readout(result: Result) -> str:
    return (
        f"A gap of {number(signed(result.margin, 1))} gives the chosen response a "
        f"{number(percent(1)(result.probability), 'opt')} chance of being preferred, at a loss of "
        f"{number(fixed(2)(result.loss), 'rej')} nats. {_meaning(result)}"
    )


def _meaning(result: Result) -> str:
    if abs(result.margin) < 0.05:
        return "A fair coin: the loss is ln 2."
    if result.margin < -2.5:
        return "Wrong way round, the loss is nearly the gap itself."
    if result.probability > 0.9:
        return "The arrows, the pull of one training step, have almost vanished."
    return "The arrows show how hard training pulls each reward."
