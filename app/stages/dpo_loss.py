"""The loss of one pair over the gap of its log-ratios, its tangent there, and the pair as two bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.charts.scales import evenly, nice_step
from app.charts.stage import Anchor, Axis, Box, Only, Panel, Stage, StagePoint, inside, number
from app.formatting import fixed, percent, signed
from app.lab.losses import REFERENCE_FREE
from app.widgets.common.loss_types import LOSS_NAMES
from app.widgets.dpo_loss.widget import Params, Result, loss_of

LOWEST, HIGHEST = -20.0, 20.0
"""of both log-ratios"""
GAP_ENDS, BAR_ENDS = (10, 20, 40), (10, 20)
"""where the axes may end: they stay as they are while a pair moves, unless it leaves them"""
POINTS = 201
BETAS = tuple(10 ** (place / 20 - 2) for place in range(61))
"""at the positions of the control of beta"""
GHOSTS = (0.1, 0.5, 2.0)
NEAR = 0.3
"""of logarithms of beta: a curve so near to a ghost stands for it"""

USUAL_RANGE: dict[str, tuple[float, float]] = {
    "robust": (-2, 5),
    "exo_pair": (0, 8),
    "apo_zero": (0, 2),
    "apo_down": (0, 2),
    "kto": (0, 2),
    **dict.fromkeys(
        ("sigmoid", "hinge", "nca_pair", "bco_pair", "discopop", "sigmoid_norm", "simpo"), (0, 5)
    ),
}
"""of the losses' axis, if much of the curve lies there; other losses have the range of their curve"""
LEAST_SEEN = 0.05
"""share of a curve that has to lie in the usual range"""

BENT = frozenset({"sigmoid", "robust", "hinge", "discopop", "sigmoid_norm", "simpo"})
"""losses whose curve is pulled at its left end to set beta"""
TARGETED = frozenset({"ipo", "ipo_norm"})
"""losses whose curve is lowest at a gap that beta sets"""

AT_REST = 1e-9

ACROSS: tuple[tuple[float, Anchor], ...] = ((12, "start"), (-12, "end"))
BESIDE = [(dx, dy, anchor) for dy in (22, 44, 66, 88) for dx, anchor in ACROSS]
"""where the loss of a point beyond the axis may stand"""
WIDTHS: tuple[tuple[float, Only], ...] = ((6, "wide"), (4.5, "narrow"))
"""half those of the bars, in pixels"""
TANGENT: dict[Only, tuple[float, float, float]] = {"wide": (92, 548, 304), "narrow": (54, 190, 216)}
"""half the length of the tangent, and the usual size of the panel, in pixels"""


Shares = tuple[float, float]


@dataclass(frozen=True)
class _Family:
    """The loss over the gap, the chosen log-ratio moved and the rejected one kept."""

    y: Axis
    gaps: list[float]
    losses: list[list[float]]
    """of the present beta, then of the ghosts"""
    beta_at: Shares | None
    """where the curve comes into the panel, from the left"""
    beta_track: list[Shares]
    """the same at each position of the control of beta; empty if a curve never does"""

    def near(self, row: int, parts: Sequence[float]) -> list[Shares]:
        """Points of a curve, at these parts of its way through the panel."""
        gaps = [(gap - self.gaps[0]) / (-2 * self.gaps[0]) for gap in self.gaps]
        shares = [self.y.share(loss) for loss in self.losses[row]]
        line = inside(list(zip(gaps, shares, strict=True)))
        return [line[round(part * (len(line) - 1))] for part in parts if line]


def _family(params: Params, end: float) -> _Family:
    """The curves from a gap of -end to one of end, as far as they are possible."""
    gaps = _gaps(params, end)
    losses = [_losses(params, beta, gaps) for beta in (params.beta, *GHOSTS)]
    y = _loss_axis(params, losses[0], end)
    entry, track = None, []
    if params.loss_type in BENT:
        entries = _entries(params.model_copy(update={"beta": BETAS[0]}), end, y.low, y.high)
        entry = _entry(losses[0], y) if entries else None
        track = entries if entry else []
    return _Family(y, gaps, losses, entry, track)


def _gaps(params: Params, end: float) -> list[float]:
    gaps = evenly(-end, end, POINTS)
    if params.loss_type in REFERENCE_FREE:
        # The policy's own probability is below 1.
        most = -params.reference_chosen_logp - 1e-6
        gaps = [gap for gap in gaps if gap + params.logratio_rejected < most]
    return gaps


def _losses(params: Params, beta: float, gaps: Sequence[float]) -> list[float]:
    rejected = params.logratio_rejected
    return loss_of(params, beta).losses([gap + rejected for gap in gaps], rejected)


@lru_cache(maxsize=16)
def _entries(params: Params, end: float, low: float, high: float) -> list[Shares]:
    """Where the curve of each of ``BETAS`` comes into the panel from the left; empty if one does not."""
    gaps, y = _gaps(params, end), Axis(low, high)
    found = [_entry(_losses(params, beta, gaps), y) for beta in BETAS]
    return [entry for entry in found if entry] if all(found) else []


def _entry(losses: Sequence[float], y: Axis) -> Shares | None:
    """Where a curve comes into the panel from the left; None if it does not."""
    shares = [y.share(loss) for loss in losses]
    first = next((n for n, share in enumerate(shares) if 0 <= share <= 1), None)
    if first is None:
        return None
    here, edge, part = shares[first], shares[first], 0.0
    if first:
        before = shares[first - 1]
        edge = max(0.0, min(1.0, before))
        part = (edge - here) / (before - here)
    return (first - part) / (POINTS - 1), edge


def stage(params: Params, result: Result) -> Stage:
    """The stage of a pair."""
    chosen, rejected = params.logratio_chosen, params.logratio_rejected
    gap, name = round(chosen - rejected, 9), LOSS_NAMES[params.loss_type]
    end = next(end for end in GAP_ENDS if abs(gap) <= end)
    still = {"logratio_chosen": 0.0}
    if result.reads.only_difference and result.reads.reference:
        still["logratio_rejected"] = 0.0
    curves = _curves(params.model_copy(update=still), end)
    made = Stage(
        _title(params, result, name),
        wide=384,
        narrow=304,
        readout=_readout(params, result, gap, name),
        alt="Loss over the gap of log-ratios, and the two log-ratios of this pair",
        more={"falls": int(params.loss_type in TARGETED), "settings": _settings(params)},
        marks=[*curves.marks],
        handles=[*curves.handles],
    )
    y = curves.panels[0].y
    panel = _loss_panel(made, y, end)
    _draw_pair(panel, result, gap)

    bars = next(end for end in BAR_ENDS if max(abs(chosen), abs(rejected)) <= end)
    beside = made.panel(
        Axis(0, 1),
        Axis(-bars, bars),
        wide=Box((1, -204), 8, 40, 318),
        narrow=Box((1, -96), 8, 40, 246),
    )
    _draw_bars(beside, params, gap, bars)
    reach = [HIGHEST, HIGHEST]
    if params.loss_type in REFERENCE_FREE:
        references = (params.reference_chosen_logp, params.reference_rejected_logp)
        reach = [min(HIGHEST, math.ceil(-10 * log - 1e-9) / 10 - 0.1) for log in references]
    for field, value, across, role, most in (
        ("logratio_rejected", rejected, 0.76, "rej", reach[1]),
        ("logratio_chosen", chosen, 0.27, "opt", reach[0]),
    ):
        made.handle(
            field,
            beside.pt(across, value),
            "rej" if role == "rej" else "opt",
            [beside.pt(across, LOWEST), beside.pt(across, HIGHEST)],
            along="y",
            span=_span(-bars, min(bars, most)),
            r=9,
            grip=False,
        )
    made.handle(
        "logratio_chosen",
        panel.spot(panel.x.share(gap), _shown(y, result.loss)),
        "ink",
        [panel.pt(end_ - rejected, y.low) for end_ in (LOWEST, HIGHEST)],
        span=_span(rejected - end, min(rejected + end, reach[0])),
    )
    return made


@lru_cache(maxsize=128)
def _curves(params: Params, end: int) -> Stage:
    """The part of the stage that stays while a pair moves: axes, curves with names, the handle of beta."""
    family = _family(params, end)
    part = Stage("", wide=0, narrow=0)
    panel = _loss_panel(part, family.y, end)
    _draw_axes(panel, end)
    for losses in family.losses[1:]:
        panel.curve(family.gaps, losses, "thin ghost s-tmp")
    panel.curve(family.gaps, family.losses[0], "s-rej")
    _name_curves(panel, family, params.beta)
    _add_beta(panel, params, family)
    return part


def _loss_panel(stage: Stage, y: Axis, end: int) -> Panel:
    return stage.panel(Axis(-end, end), y, wide=Box(40, 276, 18, 318), narrow=Box(30, 138, 18, 246))


def _span(low: float, high: float) -> tuple[float, float]:
    """The log-ratios that a handle reaches, as shares of their control."""
    low, high = max(low, LOWEST), min(high, HIGHEST)
    return (low - LOWEST) / (HIGHEST - LOWEST), (high - LOWEST) / (HIGHEST - LOWEST)


def _loss_axis(params: Params, losses: Sequence[float], end: float) -> Axis:
    """The axis of the loss, which stays as it is while a pair moves."""
    usual = USUAL_RANGE.get(params.loss_type)
    if params.loss_type == "robust" and params.label_smoothing == 0:
        usual = USUAL_RANGE["sigmoid"]
    if params.loss_type == "ipo":
        usual = (0, end * end)
    if usual:
        low, high = usual
        if sum(low <= loss <= high for loss in losses) >= LEAST_SEEN * len(losses):
            return Axis(low, high)
    least, most = min(losses), max(losses)
    step = nice_step(max(most - least, 1e-6), 5)
    return Axis(math.floor(least / step) * step, math.ceil(most / step) * step)


def _shown(y: Axis, loss: float) -> float:
    """Where a loss is drawn: beyond the axis, at its end."""
    return max(0.0, min(1.0, y.share(loss)))


# ---- the drawing -------------------------------------------------------------------------------


def _draw_axes(panel: Panel, end: int) -> None:
    y = panel.y
    step = nice_step(y.high - y.low, 5)
    values = [step * n for n in range(math.ceil(y.low / step), math.floor(y.high / step) + 1)]
    panel.y_grid(values, fixed(0 if step >= 1 else 2 if step < 0.1 else 1))
    panel.line(panel.pt(0, y.high), panel.pt(0, y.low, 0, 10), "zero")
    panel.track(0, 10)
    for only, every in (("wide", end // 5), ("narrow", end // 2)):
        panel.x_ticks(range(-end, end + 1, every), fixed(0), 33, only=only)
    for text, only, dy in (
        ("gap: log-ratio of the chosen minus that of the rejected, in nats", "wide", 57),
        ("gap of log-ratios, nats", "narrow", 53),
    ):
        panel.text(panel.spot(0.5, 0, 0, dy), text, "", "middle", only=only)


def _draw_pair(panel: Panel, result: Result, gap: float) -> None:
    """The pair on the curve: lines to both axes, the tangent, and how far a loss beyond the axis is."""
    x, y = panel.x.share(gap), _shown(panel.y, result.loss)
    beyond = panel.y.share(result.loss) > 1 + 1e-9
    here = panel.spot(x, y)
    panel.line(here, panel.spot(x, 0, 0, 10), "drop s-ink")
    panel.line(here if beyond else panel.spot(0, y), here, "drop s-rej")
    slope = result.gradient.logratio_chosen
    scale = (panel.x.high - panel.x.low) / (panel.y.high - panel.y.low)
    for only, (half, width, height) in TANGENT.items():
        rise = slope * scale
        along = half / math.hypot(width, rise * height)
        # No further than a little beyond the panel.
        room = [(1.04 - y) / rise, (y + 0.06) / rise] if abs(rise) > 1e-9 else [1.0, 1.0]
        before, after = (min(along, abs(part)) for part in room)
        if rise > 0:
            before, after = after, before
        if beyond:
            before, after = 0.0, 0.0
        panel.line(
            panel.spot(x - before, y - before * rise),
            panel.spot(x + after, y + after * rise),
            "line s-ink",
            only=only,
        )
    told = f"{fixed(1)(result.loss)} ↑" if beyond else ""
    panel.beside(told, "f-rej", panel.spot(x, 1), BESIDE)


def _name_curves(panel: Panel, family: _Family, beta: float) -> None:
    names = [("loss", (0.97, 0.88, 0.78, 0.68, 0.1))]
    for ghost in GHOSTS:
        apart = abs(math.log(ghost / beta)) > NEAR
        names.append((f"{ghost:g}" if apart else "", (0.04, 0.12, 0.25, 0.4, 0.95)))
    for row, (name, parts) in enumerate(names):
        places: list[tuple[StagePoint, Anchor]] = []
        for x, y in family.near(row, parts):
            places += [
                (panel.spot(x, y, 0, -10), "middle"),
                (panel.spot(x, y, 10, 6), "start"),
                (panel.spot(x, y, -10, 6), "end"),
                (panel.spot(x, y, 0, 22), "middle"),
            ]
        css = "thin-name f-tmp" if row else "f-rej"
        panel.name(name, css, places or [(panel.spot(0.9, 0.5), "middle")], maybe=row > 0)


def _draw_bars(panel: Panel, params: Params, gap: float, bars: int) -> None:
    title = panel.spot(1, 1, 0, -22)
    panel.text(title, "this pair, against the reference", "strong", "end", only="wide")
    panel.text(title, "this pair", "strong", "end", only="narrow")
    half = bars // 2
    for tick in (bars, half, -half, -bars):
        panel.line(panel.pt(0, tick), panel.pt(1, tick), "grid")
        panel.text(panel.pt(0, tick, -8, 4), signed(tick, 0), "tick", "end", only="wide")
    panel.line(panel.pt(0, 0), panel.pt(1, 0), "axis")
    panel.text(panel.pt(0, 0, -8, 4), "0", "tick", "end", only="wide")
    for value, across, role, name, place in (
        (params.logratio_chosen, 0.27, "opt", "chosen", panel.spot(0, 0, 34, 33)),
        (params.logratio_rejected, 0.76, "rej", "rejected", panel.spot(1, 0, 8, 33)),
    ):
        for width, only in WIDTHS:
            panel.rect(
                panel.pt(across, 0, -width), panel.pt(across, value, width), f"f-{role}", only=only
            )
        panel.text(panel.spot(across, 0, 0, 33), name, f"lab f-{role}", "middle", only="wide")
        panel.text(place, name, f"lab f-{role}", "end", only="narrow")
    ends = params.logratio_chosen, params.logratio_rejected
    for ratio in ends:
        panel.line(panel.pt(0.515, ratio, -6), panel.pt(0.515, ratio, 6), "line thin s-ink")
    panel.line(panel.pt(0.515, ends[0]), panel.pt(0.515, ends[1]), "line thin s-ink")
    told = signed(gap, 1) if abs(gap) > 0.12 * bars else ""
    panel.text(panel.pt(0.515, sum(ends) / 2, 0, 5), told, "lab f-ink", "middle")


def _add_beta(panel: Panel, params: Params, family: _Family) -> None:
    """The handle of beta: an end of the curve, its lowest point, or else a track of its own."""
    bent, span, down = bool(family.beta_track), None, 0
    if family.beta_at:
        at, track = family.beta_at, family.beta_track
    elif params.loss_type in TARGETED:
        at = max(0.0, min(1.0, panel.x.share(_target(params, params.beta)))), _shown(family.y, 0)
        track = [(panel.x.share(_target(params, beta)), 0.0) for beta in BETAS]
        span = _target_span(params, panel)
    else:
        low, high, down = 0.6, 0.95, 4
        at, track = (
            (low + (high - low) * (math.log10(params.beta) + 2) / 3, 1.0),
            [(low, 1.0), (high, 1.0)],
        )
        panel.line(panel.spot(low, 1, 0, down), panel.spot(high, 1, 0, down), "track s-tmp")
    x, up = at
    above: tuple[tuple[float, float, Anchor], ...] = (
        (-16, -12, "end"),
        (16, -12, "start"),
        (0, -22, "middle"),
    )
    near: tuple[tuple[float, float, Anchor], ...] = (
        (18, 22, "start"),
        (20, -10, "start"),
        (24, 5, "start"),
        (0, 32, "middle"),
        (0, -20, "middle"),
        (-18, 24, "end"),
        (-20, -12, "end"),
    )
    if not up:
        near = above
    panel.name(
        f"β = {params.beta:g}",
        "f-tmp",
        [(panel.spot(x, up, dx, down + dy), anchor) for dx, dy, anchor in near],
    )
    panel.stage.handle(
        "beta",
        panel.spot(x, up, 0, down),
        "tmp",
        [panel.spot(*place, 0, down) for place in track],
        along="xy" if bent else "x",
        span=span,
        r=9,
        grip=False,
    )


def _target(params: Params, beta: float) -> float:
    """The gap at which the loss is lowest."""
    if params.loss_type == "ipo":
        return 1 / (2 * beta)
    share = params.logratio_rejected / params.rejected_length
    return params.chosen_length * (1 / (2 * beta) + share) - params.logratio_rejected


def _target_span(params: Params, panel: Panel) -> tuple[float, float]:
    """The betas whose target lies on the axis, as shares of the control."""
    seen = [place for place, beta in enumerate(BETAS) if abs(_target(params, beta)) <= panel.x.high]
    last = len(BETAS) - 1
    return (seen[0] / last, seen[-1] / last) if seen else (0.0, 1.0)


# ---- words -------------------------------------------------------------------------------------


def _settings(params: Params) -> str:
    smoothed = f", smoothing {params.label_smoothing:g}" if params.label_smoothing else ""
    return f"{LOSS_NAMES[params.loss_type]} loss{smoothed}"


def _title(params: Params, result: Result, name: str) -> str:
    if not result.reads.reference:
        return f"{name} never looks at the reference"
    if not result.reads.only_difference:
        return f"{name} looks at each response separately"
    if params.loss_type == "sigmoid" and params.label_smoothing:
        name = "conservative DPO"
    return f"The {name} loss sees one number: the gap"


def _readout(params: Params, result: Result, gap: float, name: str) -> str:
    at = f"A gap of {number(signed(gap, 1))} nats costs {number(_written(result.loss), 'rej')}"
    if params.loss_type == "sigmoid" and params.label_smoothing == 0:
        pull = number(percent(0)(result.gradient_weight))
        return (
            f"{at}. The pair pulls with {pull} of full weight, the slope of the black line, "
            f"{_meaning(params, result, gap)}."
        )
    slope = result.gradient.logratio_chosen
    if not result.reads.only_difference:
        other = result.gradient.logratio_rejected
        ways = f"{_pushes(slope)} the chosen response and {_pushes(other)} the rejected one"
    elif abs(slope) < AT_REST:
        return f"{at}. The black line is level, so here {name} is at rest."
    else:
        ways = f"{'widens' if slope < 0 else 'narrows'} the gap"
    return (
        f"{at}. The slope of the black line is {number(_written(slope, True))}, so {name} {ways}."
    )


def _pushes(slope: float) -> str:
    """What a step of training does to a log-ratio, by the slope of the loss."""
    if abs(slope) < AT_REST:
        return "leaves"
    return "raises" if slope < 0 else "lowers"


def _meaning(params: Params, result: Result, gap: float) -> str:
    if params.logratio_chosen < 0 and gap > 0:
        return "and that its chosen response has fallen too does not count"
    if result.margin > 3:
        return "so it is learned and hardly counts"
    if result.margin < 0:
        return "so, being ranked the wrong way round, it counts most"
    return "so it still has something to teach"


def _written(value: float, with_sign: bool = False) -> str:
    """A loss or a slope with about three digits."""
    digits = 3 if abs(value) < 10 else 1
    return signed(value, digits) if with_sign else fixed(digits)(value)
