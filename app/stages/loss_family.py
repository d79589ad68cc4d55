"""All losses over the gap of one pair, each with a ball that has rolled as far as its training has come."""

from __future__ import annotations

from functools import lru_cache

from app.charts.scales import evenly
from app.charts.stage import Anchor, Axis, Box, Panel, Stage, StagePoint, by_place, number
from app.formatting import fixed, percent
from app.lab.certain_pair import STEPS
from app.widgets.common.loss_types import LOSS_NAMES
from app.widgets.loss_family import (
    BETAS,
    EVERY,
    LossOutcome,
    Params,
    Result,
    losses_along,
)

LEAVE_OUT = {"fates": {"__all__": {"course"}}, "run": True}

POINTS = 117
LEFT, DOWN, UP = 0.14, 0.36, 0.105
"""how far the axes go to the left, down and up, of how far they go to the right"""
BEYOND = 1.17
"""of DPO's last gap: where the axis of the gap ends"""
STRONGEST = 1.6
"""of the first pull: where the strip of it ends"""
AT_TARGET = 0.02
"""of the target: so near to it a loss is at rest"""
NAMED = ("ipo", "sppo_hard", "hinge", "ipo_norm", "discopop", "sigmoid", "orpo")
TICKS = {0.05: (10, 10), 0.1: (5, 10), 0.5: (1, 2), 1.0: (1, 2), 2.0: (1, 1)}
"""steps of the axis on wide and on narrow pages, by beta"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a loss among its family."""
    beta, name = BETAS[params.beta], LOSS_NAMES[params.loss_type]
    sigmoid = next(fate for fate in result.fates if fate.loss_type == "sigmoid")
    right = BEYOND * sigmoid.course[-1]
    x, y = Axis(-LEFT * right, right), Axis(-DOWN * right, UP * right)
    course = result.fate.course
    made = Stage(
        f"A pair always labeled alike: {name} {result.fate.verdict}",
        wide=404,
        narrow=336,
        readout=by_place(
            _readout(place, params, result.fate, pull)
            for place, pull in enumerate(_pulls(params.loss_type, beta, course))
        ),
        alt="Sixteen losses over the gap, each with a ball that has rolled as far as its training has come",
        places=len(course),
        more={"play": {"ms": 4500}, "settings": f"β = {params.beta}"},
    )
    main = made.panel(x, y, wide=Box(14, 20, 20, 284), narrow=Box(8, 10, 50, 226))
    strip = made.panel(
        x, Axis(0, STRONGEST), wide=Box(14, 20, 306, 338), narrow=Box(8, 10, 242, 268)
    )
    rail = made.panel(
        Axis(0, STEPS), Axis(0, 1), wide=Box(66, 52, 376, 386), narrow=Box(56, 44, 306, 316)
    )
    main.line(main.spot(x.share(0), 1), strip.pt(0, 0), "zero")
    curves = {fate.loss_type: _relative(fate.loss_type, beta, right) for fate in result.fates}
    for other, (gaps, losses, _) in curves.items():
        if other != params.loss_type:
            main.curve(gaps, losses, "thin ghost s-mut", free=True)
    gaps, losses, slopes = curves[params.loss_type]
    main.curve(gaps, losses, "s-rej")
    for fate in result.fates:
        if fate.loss_type != params.loss_type:
            balls = by_place(
                [_pale(_ball(main, curves[fate.loss_type], gap))] for gap in fate.course
            )
            made.add("dots", "point pale f-mut", pts=balls, r=[5.5, 5])

    pull = [max(0.0, min(1.0, strip.y.share(-slope))) for slope in slopes]
    places = [strip.spot(x.share(gap), up) for gap, up in zip(gaps, pull, strict=True)]
    strip.area(places, [strip.spot(0, 0), strip.spot(1, 0)], "f-tmp wash")
    strip.curve(gaps, [up * STRONGEST for up in pull], "thin s-tmp")
    strip.line(strip.spot(0, 0), strip.spot(1, 0), "axis")
    for text, only in (("its pull on the gap", "wide"), ("its pull", "narrow")):
        strip.name(
            text,
            "f-tmp",
            [(strip.spot(1, 1, -2, 2), "end"), (strip.spot(1, 1, -2, -8), "end")],
            only=only,
        )
    for every, only in zip(TICKS[beta], ("wide", "narrow"), strict=True):
        first = -int(LEFT * right / every) * every
        ticks = range(first, int((0.93 if only == "wide" else 0.8) * right) + 1, every)
        strip.x_ticks(ticks, fixed(0), 18, only=only)
    strip.text(strip.spot(1, 0, 0, 18), "gap", "strong", "end")

    here = by_place(_ball(main, curves[params.loss_type], gap) for gap in course)
    below = by_place(strip.spot(_inside(x.share(gap)), 0) for gap in course)
    main.line(here, below, "drop s-ink")
    main.point(here, "f-rej", r=10)
    _name(main, name, "f-rej", here["at"], beside=14)
    for other in NAMED:
        fate = next(fate for fate in result.fates if fate.loss_type == other)
        ball = _ball(main, curves[other], fate.course[-1])
        if other != params.loss_type and 0 < ball[1] < 1 and 0 < ball[2] < 1:
            main.name(LOSS_NAMES[other], "thin-name", _around(ball, 9), maybe=True)
    rail.track()
    rail.text(rail.spot(0, 0, -14, 5), "step 0", "", "end")
    rail.text(rail.spot(1, 0, 14, 5), str(STEPS))
    ends = [rail.pt(EVERY * place, 0) for place in range(len(course))]
    made.handle("at", None, "ink", ends)
    return made


def _pale(ball: StagePoint) -> StagePoint:
    """The place of a ball that only goes along: half a pixel does, and there are hundreds."""
    panel, x, y = ball
    return [panel, round(x, 3), round(y, 3)]


Curve = tuple[list[float], list[float], list[float]]
"""gaps, losses and slopes"""


@lru_cache(maxsize=80)
def _relative(loss_type: str, beta: float, right: float) -> Curve:
    """A loss from 0 at a gap of 0, where its steepness is 1."""
    gaps = evenly(-LEFT * right, right, POINTS)
    losses, slopes = losses_along(loss_type, beta, [*gaps, 0.0])
    start, steep = losses.pop(), abs(slopes.pop())
    return gaps, [(loss - start) / steep for loss in losses], [slope / steep for slope in slopes]


def _pulls(loss_type: str, beta: float, course: list[float]) -> list[float]:
    """The pull at each gap, of that at the first one, which is 0."""
    _, slopes = losses_along(loss_type, beta, course)
    return [-slope / abs(slopes[0]) for slope in slopes]


def _inside(share: float) -> float:
    return max(0.0, min(1.0, share))


def _ball(panel: Panel, curve: Curve, gap: float) -> StagePoint:
    """Where the ball of a loss lies on its curve; at the edge if it has rolled out of the picture."""
    gaps, losses, _ = curve
    at = (gap - gaps[0]) / (gaps[1] - gaps[0])
    first = max(0, min(len(gaps) - 2, int(at)))
    part = max(0.0, min(1.0, at - first))
    loss = losses[first] + part * (losses[first + 1] - losses[first])
    return panel.spot(_inside(panel.x.share(gap)), _inside(panel.y.share(loss)))


def _around(ball: StagePoint, beside: float) -> list[tuple[StagePoint, Anchor]]:
    number_, x, y = ball[:3]
    shifts: tuple[tuple[float, float, Anchor], ...] = (
        (0, -beside - 5, "middle"),
        (0, beside + 14, "middle"),
        (beside, -beside, "start"),
        (-beside, -beside, "end"),
        (-beside, beside + 10, "end"),
        (beside, beside + 10, "start"),
    )
    return [([number_, x, y, dx, dy], anchor) for dx, dy, anchor in shifts]


def _name(panel: Panel, text: str, css: str, balls: list[StagePoint], beside: float) -> None:
    """A name that goes with its ball."""
    places = by_place([[*pt, anchor] for pt, anchor in _around(ball, beside)] for ball in balls)
    panel.stage.add("name", f"lab {css}", t=text, places=places)


# ---- words -------------------------------------------------------------------------------------


def _readout(place: int, params: Params, fate: LossOutcome, pull: float) -> str:
    name, beta, gap = LOSS_NAMES[params.loss_type], BETAS[params.beta], fate.course[place]
    told = (
        f"After {number(str(EVERY * place))} steps {name} has a gap of "
        f"{number(fixed(2)(gap), 'rej')} nats and pulls with "
        f"{number(_strength(pull, fate), 'tmp')} of its first strength. "
    )
    if params.loss_type == "ipo":
        target = 1 / (2 * beta)
        if abs(gap - target) < AT_TARGET * target:
            return f"{told}It rests at its target, a gap of 1/(2β)."
        return f"{told}Its target is a gap of 1/(2β), so it is still on its way."
    if params.loss_type == "hinge":
        if gap > 1 / beta:
            return f"{told}It is past its corner at 1/β, so only Adam’s momentum carried it on."
        return f"{told}Its corner is at 1/β, so until there nothing slows it."
    if params.loss_type == "sigmoid":
        return f"{told}A certain pair has no finite answer under DPO, so it never rests."
    if fate.verdict == "stops":
        return f"{told}It comes to rest, so even a certain pair has a finite answer here."
    if fate.verdict == "runs on":
        return f"{told}It runs on, so a certain pair has no finite answer here either."
    return f"{told}It turns away, so the pair ends the wrong way round."


def _strength(pull: float, fate: LossOutcome) -> str:
    """A pull, of the first one; that of a loss that runs on is never written as none."""
    if abs(pull) >= 0.005:
        return percent(0)(pull)
    if fate.verdict == "stops" or not pull:
        return "0%"
    return percent(1)(pull) if abs(pull) >= 0.001 else "less than 0.1%"
