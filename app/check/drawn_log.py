"""The drawing of a trainer's log over the band of the lab's healthy runs.

``log_drawing(log, settings)`` is its markup, for a page that has figure.css: the same drawing for wide and
narrow pages, of which style sheets show one, with an alternative text, and a caption that says what
the band is. ``log_stage`` is the drawing as data.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from markupsafe import Markup

from app.charts.scales import nice_step, tick_text
from app.charts.stage import Axis, Box, Edge, Panel, Role, Stage
from app.charts.stage_svg import NARROW, WIDE, svg
from app.check.findings.logs.curves import ACCURACY, MARGIN, Curves
from app.check.findings.logs.expected import loss_at_start
from app.check.settings import RunSettings
from app.check.tables import LOGGED_REWARDS, TrainingLog
from app.formatting import count, fixed, scientific, signed
from app.studies.healthy_runs import AT_END, Band, band

HEIGHTS = {"wide": 150.0, "narrow": 118.0}
"""of a panel, pixels"""
ABOVE, BELOW = 34.0, 30.0
"""pixels for its title and for its numbers"""
LEFT, GAP = 46.0, 24.0

OUTER, INNER = (0, 4), (1, 3)
"""numbers of the quantiles that bound nine in ten and half of the runs"""

LEAST_MARGIN = 0.1
"""margin below which a run is drawn over the band as the lab logged it, since it has nothing to scale by"""

OUTLIERS = 0.02
"""share of the rows, at either end, that an axis may leave out where they lie far away"""

MOST_WRITTEN_OUT = 10_000
"""from which on numbers of axes have a power of ten"""

LARGEST = 1e9
"""size up to which values are drawn as they are"""

MOST_PARTS = 300
"""parts of a run of which only the extremes are drawn: more than there are pixels for"""

LN2 = math.log(2)


@dataclass(frozen=True)
class _Curve:
    """A column with its band."""

    name: str
    points: list[tuple[float, float]]
    """share of the run and value of each row that has one; NaN where that is not finite"""
    role: Role
    band: list[list[float]]
    """the curve of each level"""
    said: str = ""
    """its name in the drawing, if a panel has several"""

    @property
    def finite(self) -> list[tuple[float, float]]:
        """The rows with a number."""
        return [point for point in self.points if math.isfinite(point[1])]


@dataclass(frozen=True)
class _Picture:
    """A panel: its curves, and a line to compare them with."""

    title: str
    curves: list[_Curve]
    level: float | None
    level_name: str = ""


def log_drawing(log: TrainingLog, settings: RunSettings) -> Markup:
    """The drawing as markup; empty if there is nothing to draw."""
    stage = log_stage(log, settings)
    if stage is None:
        return Markup("")
    scene = stage.json
    drawn = [
        Markup('<svg class="at-width {}" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
            kind, width, height, svg(scene, width=width, narrow=kind == "narrow")
        )
        for kind, width, height in (("wide", WIDE, stage.wide), ("narrow", NARROW, stage.narrow))
    ]
    return Markup(
        '<figure class="log-drawing"><div class="drawn" role="img" aria-label="{}" style="--wide: {}px; '
        '--narrow: {}px">{}</div><figcaption>{}</figcaption></figure>'
    ).format(stage.alt, stage.wide, stage.narrow, Markup("").join(drawn), stage.readout)


def log_stage(log: TrainingLog, settings: RunSettings) -> Stage | None:
    """The drawing as data; its readout is the caption. None if the log has no two rows with a curve."""
    curves = Curves(log, settings)
    pictures = _pictures(curves)
    if len(log) < 2 or not pictures:
        return None
    rows = -(-len(pictures) // 2)
    pitch = {kind: ABOVE + height + BELOW for kind, height in HEIGHTS.items()}
    made = Stage(
        "A run over healthy ones",
        wide=rows * pitch["wide"],
        narrow=len(pictures) * pitch["narrow"],
        readout=_caption(curves),
        alt=_alt(curves, pictures),
    )
    for number, picture in enumerate(pictures):
        panel = _panel(made, picture, number)
        _draw(panel, curves, picture)
    return made


# ---- what is drawn -----------------------------------------------------------------------------


def _pictures(curves: Curves) -> list[_Picture]:
    """The panels for which the log has a column."""
    healthy, start = band(), loss_at_start(curves.settings)
    scale, kind = _scale(curves)
    found = []
    if curves.has("loss"):
        at = start or LN2
        over = [[at * (1 + v / LN2) for v in one] for one in healthy.scaled["loss"]]
        loss = _Curve("loss", _points(curves, "loss"), "ink", over if start else [])
        name = f"{curves.loss_name} starts at {fixed(3)(start)}" if start else ""
        found.append(_Picture("Loss", [loss], start, name))
    if curves.has(ACCURACY):
        accuracy = _Curve(ACCURACY, _points(curves, ACCURACY), "ink", healthy.plain[ACCURACY])
        found.append(_Picture("Accuracy", [accuracy], 0.5, "a coin"))
    sides: tuple[tuple[str, Role, str], ...] = (
        (LOGGED_REWARDS[0], "opt", "chosen"),
        (LOGGED_REWARDS[1], "rej", "rejected"),
    )
    rewards = [
        _Curve(name, _points(curves, name), role, _banded(healthy, name, scale, kind), said)
        for name, role, said in sides
        if curves.has(name)
    ]
    if not curves.has_reference:
        rewards = [replace(one, band=[]) for one in rewards]
    if rewards:
        found.append(_Picture("Rewards", rewards, 0.0 if curves.has_reference else None))
    if curves.has(MARGIN):
        over = _banded(healthy, MARGIN, scale, kind) if curves.has_reference else []
        margin = _Curve(MARGIN, _points(curves, MARGIN), "ref", over)
        found.append(_Picture("Margin: chosen less rejected", [margin], 0.0))
    return found


def _scale(curves: Curves) -> tuple[float, str]:
    """What the band's rewards are multiplied by, and which of its curves are taken."""
    margins = curves.together(MARGIN)[0]
    end = float(margins[-AT_END:].mean()) if len(margins) else 0.0
    return (end, "scaled") if LEAST_MARGIN <= end <= LARGEST else (1.0, "plain")


def _banded(healthy: Band, name: str, scale: float, kind: str) -> list[list[float]]:
    curves = healthy.scaled if kind == "scaled" else healthy.plain
    return [[scale * value for value in one] for one in curves[name]]


# ---- the drawing -------------------------------------------------------------------------------


def _panel(made: Stage, picture: _Picture, number: int) -> Panel:
    row, column = divmod(number, 2)
    wide, narrow = HEIGHTS["wide"], HEIGHTS["narrow"]
    top = row * (ABOVE + wide + BELOW) + ABOVE
    left: Edge = (0.5, GAP / 2 + LEFT) if column else LEFT
    right: Edge = 8.0 if column else (0.5, -GAP / 2)
    below = number * (ABOVE + narrow + BELOW) + ABOVE
    return made.panel(
        Axis(0, 1),
        _axis(picture),
        wide=Box(left, right, top, top + wide),
        narrow=Box(LEFT, 8, below, below + narrow),
    )


def _axis(picture: _Picture) -> Axis:
    """A scale that holds the run but for far outliers, the band, and the line."""
    values = torch.tensor(
        [value for curve in picture.curves for _, value in curve.finite], dtype=torch.float64
    )
    ends = torch.stack([values.min(), values.max()])
    inner = values.quantile(torch.tensor([OUTLIERS, 1 - OUTLIERS], dtype=torch.float64))
    low, high = inner.tolist()
    # A few rows far off are left out, so that the rest can be seen.
    if float(ends[1] - ends[0]) <= 3 * max(high - low, 1e-9):
        low, high = ends.tolist()
    others = [value for curve in picture.curves for one in curve.band for value in one]
    others += [] if picture.level is None else [picture.level]
    low, high = min([low, *others]), max([high, *others])
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    air = 0.06 * (high - low)
    return Axis(low - air, high + air)


def _draw(panel: Panel, curves: Curves, picture: _Picture) -> None:
    panel.text(panel.spot(0, 1, -LEFT + 6, -14), picture.title, "strong")
    _grid(panel, curves)
    for curve in picture.curves:
        _band(panel, curve)
    if picture.level is not None:
        share = panel.y.share(picture.level)
        panel.line(panel.spot(0, share), panel.spot(1, share), "zero")
    for curve in picture.curves:
        for run in _runs(curve.points):
            if len(run) > 1:
                # What the axis leaves out runs along its edge.
                ys = [min(panel.y.high, max(panel.y.low, y)) for _, y in run]
                panel.curve([x for x, _ in run], ys, f"thin s-{curve.role}")
            elif 0 <= panel.y.share(run[0][1]) <= 1:
                panel.dots([panel.pt(*run[0])], f"f-{curve.role}", 2.5)
    _names(panel, picture)
    _mark_first_bad(panel, curves, picture)


def _grid(panel: Panel, curves: Curves) -> None:
    y = panel.y
    step = nice_step(y.high - y.low, 4)
    values = [step * n for n in range(math.ceil(y.low / step), math.floor(y.high / step) + 1)]
    panel.y_grid(values, _tick)
    panel.line(panel.spot(0, 0), panel.spot(1, 0), "axis")
    last = curves.last_step
    word = curves.at_rows()
    panel.text(panel.spot(0, 0, 0, 19), "0", "tick", "middle")
    panel.text(panel.spot(1, 0, 0, 19), f"{word} {count(last)}", "tick", "end")


def _tick(value: float) -> str:
    if abs(value) >= MOST_WRITTEN_OUT:
        return scientific(value).replace(".0e", "e")
    return tick_text(value)


def _band(panel: Panel, curve: _Curve) -> None:
    """Nine in ten of the healthy runs, and half of them darker."""
    if not curve.band:
        return
    progress = band().progress
    role = "mut" if curve.role == "ink" else curve.role
    for low, high in (OUTER, INNER):
        upper = panel.pts(progress, curve.band[high])
        lower = panel.pts(progress, curve.band[low])
        panel.area(upper, lower, f"f-{role} wash")


def _points(curves: Curves, name: str) -> list[tuple[float, float]]:
    """A column over the share of the run, without the rows that do not have it."""
    last = max(curves.last_step, 1e-9)
    logged = curves.log.columns.get(name) or [math.nan] * len(curves.log)
    points = [
        (min(1.0, step / last), _drawable(value))
        for step, value, given in zip(
            curves.log.steps, curves.column(name).tolist(), logged, strict=True
        )
        if given is not None or math.isfinite(value)
    ]
    if len(points) <= 2 * MOST_PARTS:
        return points
    size = math.ceil(len(points) / MOST_PARTS)
    parts = [points[first : first + size] for first in range(0, len(points), size)]
    return [point for part in parts for point in _extremes(part)]


def _drawable(value: float) -> float:
    """A value within what can be drawn; NaN as it is."""
    return value if math.isnan(value) else min(LARGEST, max(-LARGEST, value))


def _extremes(part: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The first and last row of many, the lowest and the highest, and one that is not finite."""
    finite = [point for point in part if math.isfinite(point[1])]
    kept = {part[0], part[-1]}
    if finite:
        kept |= {min(finite, key=lambda point: point[1]), max(finite, key=lambda point: point[1])}
    bad = [point for point in part if not math.isfinite(point[1])][:1]
    return sorted({*kept, *bad}, key=lambda point: point[0])


def _runs(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The stretches of a curve between rows that are not finite."""
    for good, group in groupby(points, key=lambda point: math.isfinite(point[1])):
        if good:
            yield list(group)


def _names(panel: Panel, picture: _Picture) -> None:
    for curve in picture.curves:
        if not curve.said:
            continue
        points = curve.finite
        places = [
            (panel.pt(*points[int(part * (len(points) - 1))], 0, dy), "middle")
            for part in (0.75, 0.5, 0.3, 0.9)
            for dy in (-10, 20)
        ]
        panel.name(curve.said, f"f-{curve.role}", places)  # type: ignore[arg-type]
    if picture.level_name and picture.level is not None:
        share = panel.y.share(picture.level)
        places = [
            (panel.spot(across, share, dx, dy), anchor)
            for dy in (-6, 16)
            for across, dx, anchor in ((1, -4, "end"), (0.5, 0, "middle"), (0, 6, "start"))
        ]
        panel.name(picture.level_name, "f-mut thin-name", places, maybe=True)  # type: ignore[arg-type]


def _mark_first_bad(panel: Panel, curves: Curves, picture: _Picture) -> None:
    first = first_bad(curves.log)
    if first is None or all(len(one.finite) == len(one.points) for one in picture.curves):
        return
    share = min(1.0, curves.log.steps[first] / max(curves.last_step, 1e-9))
    panel.line(panel.spot(share, 0), panel.spot(share, 1), "drop s-rej")
    name = f"NaN at {curves.at_rows()} {curves.log.steps[first]:g}"
    panel.name(
        name,
        "f-rej thin-name",
        [(panel.spot(share, 1, 6, 12), "start"), (panel.spot(share, 1, -6, 12), "end")],
    )


def first_bad(log: TrainingLog) -> int | None:
    """The number of the first row with a loss or a reward that is not finite."""
    columns = [log.columns.get(name, []) for name in ("loss", *LOGGED_REWARDS, MARGIN)]
    bad = [
        row
        for column in columns
        for row, value in enumerate(column)
        if value is not None and not math.isfinite(value)
    ]
    return min(bad, default=None)


# ---- words -------------------------------------------------------------------------------------


def _caption(curves: Curves) -> str:
    healthy = band()
    told = (
        f"The bands hold nine in ten, and half, of {healthy.runs} healthy runs of DPO that the lab "
        "recorded, over the share of the run."
    )
    if not curves.has_reference:
        return (
            f"{told} They are of a loss with a reference, so {curves.loss_name} has one for its accuracy "
            "alone."
        )
    scale, kind = _scale(curves)
    if kind == "scaled":
        told += f" Their rewards are scaled to the margin at the end of yours, {signed(scale)}."
    elif curves.has(MARGIN):
        told += (
            " Their rewards stand as the lab logged them, since your margin ends near or below 0."
        )
    if loss_at_start(curves.settings) not in (None, LN2):
        told += f" Their loss is scaled to the start of {curves.loss_name}."
    return told


def _alt(curves: Curves, pictures: list[_Picture]) -> str:
    """What is seen: where each curve begins and ends, and whether it ends in the band."""
    told = []
    for picture in pictures:
        for curve in picture.curves:
            values = [value for _, value in curve.finite]
            write = fixed(2) if curve.name in ("loss", ACCURACY) else signed
            what = picture.title.partition(":")[0].lower()
            name = f"reward of {curve.said} responses" if curve.said else what
            text = f"{name}: from {write(values[0])} to {write(values[-1])}"
            if curve.band:
                text += f", {_ends(curve)} the band of healthy runs"
            told.append(text)
    first = first_bad(curves.log)
    if first is not None:
        told.append(f"not a number from {curves.at_rows()} {curves.log.steps[first]:g} on")
    return f"The run over {count(len(curves.log))} rows. {'; '.join(told).capitalize()}."


def _ends(curve: _Curve) -> str:
    """Where the mean of the last rows lies: within, above or below nine in ten of the healthy runs."""
    last = curve.finite[-AT_END:]
    value = sum(value for _, value in last) / len(last)
    progress = band().progress
    at = min(range(len(progress)), key=lambda place: abs(progress[place] - last[-1][0]))
    low, high = (curve.band[bound][at] for bound in OUTER)
    return "below" if value < low else "above" if value > high else "within"
