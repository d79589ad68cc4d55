"""Dots of probability that walk as beta falls, over the curve that says what the walk is worth."""

from __future__ import annotations

from app.charts.stage import Anchor, Axis, Box, Panel, Stage, StagePoint, log_axis, number
from app.formatting import fixed, percent, signed
from app.stages.speech import speaker, speech
from app.widgets.beta_effect.dots import DotAxis
from app.widgets.beta_effect.widget import BetaCurvePoint, Params, Result, RewardName

LEAVE_OUT = ("dots", "dots_axis", "curve")

LOOSE, CLOSE = 0.01, 10.0
"""ends of the scale of beta; it falls from left to right, the way that the dots walk"""
ROWS = 18
"""rows of dots that fit above the axis with room between them; a higher stack is pressed together"""
FEW = 20
"""equally likely answers below which an optimum has little variety"""
UNMOVED = 0.1
"""KL in nats below which hardly a dot has left its place"""


def stage(params: Params, result: Result) -> Stage:
    """The stage for an optimum."""
    made = Stage(
        "β sets how far the optimum may go",
        wide=424,
        narrow=290,
        readout=_readout(params, result),
        alt="One hundred dots of the optimum over one hundred of the reference; below, true quality "
        "and KL over β",
        more={"beside": 1, "settings": _settings(params)}
        | speech(
            params.prompt,
            speaker(
                f"Its favorite, <i>{_share(result.favorite.probability)} of the probability</i>",
                "opt",
                params.prompt,
                result.favorite.text,
            ),
        ),
    )
    _dots(made, params, result)
    _curves(made, params, result)
    return made


def _dots(made: Stage, params: Params, result: Result) -> None:
    axis = result.dots_axis
    x = Axis(axis.low, axis.high)
    above = made.panel(x, Axis(0, 1), wide=Box(12, 16, 10, 186), narrow=Box(8, 8, 8, 118))
    below = made.panel(x, Axis(1, 0), wide=Box(12, 16, 210, 276), narrow=Box(8, 8, 140, 184))
    pitch = 1 / max(ROWS, 1 + max(dot.row for dot in result.dots))
    above.dots(
        [_cell(above, axis, dot.column, (dot.row + 0.6) * pitch) for dot in result.dots],
        "walks f-opt",
        [4.4, 3.2],
        cell=0.96 / axis.columns,
    )
    below.dots(
        [
            _cell(
                below,
                axis,
                dot.reference_column,
                1 - (dot.reference_row + 0.5) / axis.reference_rows,
            )
            for dot in result.dots
        ],
        "walks hollow s-ref",
        [3.6, 2.5],
        cell=0.8 / axis.columns,
    )
    above.line(above.spot(0, 0), above.spot(1, 0), "axis")
    for tick in axis.ticks:
        above.text(above.spot(tick.at, 0, 0, 16), tick.text, "tick", "middle")
    above.text(above.spot(0, 0.5), "the optimum at this β", "lab f-opt")
    for text, only in (("the reference, 100 answers", "wide"), ("the reference", "narrow")):
        below.text(below.spot(0, 0, 0, 12), text, "lab f-ref", only=only)
    which = "true quality" if params.reward == RewardName.true else "learned reward"
    for text, only in ((f"{which} of an answer →", "wide"), (f"{which} →", "narrow")):
        below.text(below.spot(1, 0, 0, 12), text, "", "end", only=only)


def _cell(panel: Panel, axis: DotAxis, column: int, up: float) -> StagePoint:
    return panel.spot((column + 0.5) / axis.columns, up)


def _curves(made: Stage, params: Params, result: Result) -> None:
    betas = [point.beta for point in result.curve]
    qualities = [point.true_quality for point in result.curve]
    kls = [point.kl for point in result.curve]
    low, high = min(0.0, *qualities), max(qualities)
    x = log_axis(CLOSE, LOOSE)
    boxes = {"wide": Box(38, 20, 318, 392), "narrow": Box(30, 10, 214, 262)}
    quality = made.panel(x, Axis(low - 0.03 * (high - low), high), **boxes)
    kl = made.panel(x, Axis(0, max(kls)), **boxes)
    quality.y_grid((0, int(low) if low < -1 else int(high)), fixed(0))
    kl.curve(betas, kls, "thin dashed s-rej", thin=False)
    quality.curve(betas, qualities, "s-true", thin=False)
    here = quality.pt(params.beta, result.true_quality)
    quality.line(quality.spot(x.share(params.beta), 0, 0, 6), here, "drop s-tmp")
    ticks: tuple[tuple[float, Anchor], ...] = (
        (CLOSE, "start"),
        (1, "middle"),
        (0.1, "middle"),
        (LOOSE, "end"),
    )
    for beta, anchor in ticks:
        written = f"β = {beta:g}" if beta == CLOSE else f"{beta:g}"
        quality.text(quality.spot(x.share(beta), 0, 0, 22), written, "tick", anchor)
    for beta, text in ((3, "hold it close"), (0.032, "let it go")):
        quality.text(quality.spot(x.share(beta), 0, 0, 22), text, "", "middle", only="wide")
    for text, only in (("expected true quality", "wide"), ("true quality", "narrow")):
        places = _places(
            quality, result.curve, "true_quality", (8, 5, 3, 1.6, 0.8), (-10, -16, -24)
        )
        places += _places(quality, result.curve, "true_quality", (0.2, 0.1, 0.05), (20, 30, -12))
        quality.name(text, "f-true", [(pt, "start") for pt in places], only=only)
    for text, only in ((f"KL, up to {fixed(0)(max(kls))} nats", "wide"), ("KL", "narrow")):
        places = _places(kl, result.curve, "kl", (LOOSE, 0.02, 0.04, 0.08), (20, 30, -9, 16, 24))
        kl.name(text, "f-rej", [(pt, "end") for pt in places], only=only)
    made.handle("beta", here, "tmp", [quality.spot(1, 0), quality.spot(0, 0)])


def _places(
    panel: Panel,
    curve: list[BetaCurvePoint],
    field: str,
    betas: tuple[float, ...],
    shifts: tuple[float, ...],
) -> list[StagePoint]:
    """Above or below a curve near some betas, so many pixels away."""
    near = [min(curve, key=lambda point: abs(point.beta - beta)) for beta in betas]
    return [panel.pt(point.beta, getattr(point, field), 0, dy) for dy in shifts for point in near]


def _share(probability: float) -> str:
    return percent(0 if probability >= 0.1 else 1)(probability)


def _settings(params: Params) -> str:
    learned = f"the {params.reward_model} reward model"
    by = "true quality" if params.reward == RewardName.true else learned
    return f"{params.prompt} prompt, rewarded by {by}"


def _readout(params: Params, result: Result) -> str:
    return (
        f"At {number(f'β = {params.beta:g}', 'tmp')} the optimum moves "
        f"{number(fixed(1)(result.kl), 'rej')} nats from the reference and earns a true quality of "
        f"{number(signed(result.true_quality, 2), 'true')}. {_meaning(params, result)}"
    )


def _meaning(params: Params, result: Result) -> str:
    if result.kl < UNMOVED:
        return "Hardly a dot has moved, so β this large keeps the reference as it is."
    if params.reward == RewardName.true:
        if result.effective_responses < FEW:
            return "It has all but settled on a few answers, so little variety is left."
        return "It still spreads over many answers, so it gains quality and keeps variety."
    if result.true_quality < 0:
        return "The reward model is delighted with it, so its reward no longer means quality."
    peak = max(result.curve, key=lambda point: point.true_quality)
    if params.beta >= peak.beta:
        return "The learned reward is a fair guide up to here, so the gain is real."
    return "Quality is past its peak while the learned reward still rises, so a larger β would be better."
