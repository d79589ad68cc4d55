"""Runs as paths under the exact frontier, as the home page and the race draw them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.charts.scales import nice_step, tick_text
from app.charts.stage import Anchor, Axis, Box, Only, Panel, Role, Stage, StagePoint, by_place

SIDES: tuple[tuple[float, float, Anchor], ...] = (
    (14, 5, "start"),
    (-14, 5, "end"),
    (10, -13, "start"),
    (10, 24, "start"),
    (-10, -13, "end"),
    (-10, 24, "end"),
    (14, 40, "start"),
    (14, -30, "start"),
)
"""where the name of a point may stand"""
FALL = 1.5
"""quality below the reference from which there is room for words under it"""


@dataclass(frozen=True)
class PathOfRun:
    """A run's policies, from the reference on."""

    name: str
    role: Role
    kl: Sequence[float]
    true_quality: Sequence[float]
    reached: Sequence[int]
    """the number of the policy that is reached at each place of the scrub"""


@dataclass(frozen=True)
class FrontierCurve:
    """The most true quality that each KL can buy, as far as the drawing goes."""

    kl: Sequence[float]
    true_quality: Sequence[float]


def under_frontier(
    made: Stage, frontier: FrontierCurve, paths: Iterable[PathOfRun], *, wide: Box, narrow: Box
) -> Panel:
    """Draw paths that go as far as the scrub, with what is to come pale, under what no policy can pass."""
    paths = list(paths)
    far = max(frontier.kl)
    low = min(0, *(min(path.true_quality) for path in paths)) - 0.4
    high = max(frontier.true_quality) + 0.5
    plane = made.panel(Axis(0, far), Axis(low, high), wide=wide, narrow=narrow)
    upper = plane.pts(frontier.kl, frontier.true_quality)
    plane.area(upper, [plane.spot(0, 1), plane.spot(1, 1)], "hatch")
    _axes(plane)
    plane.curve(frontier.kl, frontier.true_quality, "thin s-true")
    for path in paths:
        ghost = f"thin ghost s-{path.role}"
        plane.curve(path.kl, path.true_quality, ghost, thin=False, free=True, when="answered")
        cut = by_place(path.reached)
        plane.curve(path.kl, path.true_quality, f"s-{path.role}", cut=cut, clip=False)
    # First, so that the names of points keep off it.
    corner: list[tuple[StagePoint, Anchor]] = [
        (plane.spot(0.012, 1, 0, 15), "start"),
        (plane.spot(0.3, 1, 0, 13), "start"),
    ]
    plane.name("no policy can be up here", "f-true plain", corner, only="wide")
    above: tuple[StagePoint, Anchor] = (plane.spot(1, 1, -2, -3), "end")
    plane.name("out of reach", "f-true plain", [above, *corner], only="narrow")
    for path in paths:
        here = _here(plane, path)
        plane.point(here, f"f-{path.role}")
        plane.beside(path.name, f"f-{path.role}", here, SIDES)
    if low < -FALL:
        plane.text(plane.spot(0.02, 0, 0, -8), "up: true quality")
    else:
        plane.text(plane.pt(far, 0, 0, -7), "up: true quality", "", "end")
    return plane


def _here(plane: Panel, path: PathOfRun) -> dict[str, list[StagePoint]]:
    points = plane.pts(path.kl, path.true_quality)
    return by_place(points[number] for number in path.reached)


def _axes(plane: Panel) -> None:
    far, low, high = plane.x.high, plane.y.low, plane.y.high
    sizes: tuple[tuple[Only, int, int], ...] = (("wide", 7, 8), ("narrow", 4, 5))
    for only, rows, columns in sizes:
        up, across = nice_step(high - low, rows), nice_step(far, columns)
        values = [up * n for n in range(math.ceil(low / up), math.floor(high / up) + 1)]
        plane.y_grid(values, tick_text, only=only)
        # The caption stands in the same row.
        values = [across * n for n in range(math.floor(0.75 * far / across) + 1)]
        plane.x_ticks(values, tick_text, 18, only=only)
    plane.line(plane.pt(0, 0), plane.pt(far, 0), "axis")
    plane.text(plane.spot(1, 0, 0, 18), "nats of KL →", "", "end")
