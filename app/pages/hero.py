"""The drawing at the top of the home page: the recorded run, below the frontier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.studies.home_run import PolicyPoint, RecordedRun

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 52


@dataclass(frozen=True)
class GridLine:
    """A grid line and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class HeroDrawing:
    """The run in units of the SVG's view box."""

    width: int
    height: int
    left: int
    right: float
    bottom: float
    path: str
    frontier: str
    x_ticks: list[GridLine]
    y_ticks: list[GridLine]
    points: dict[str, tuple[float, float]]
    frontier_label_y: float


def drawing(run: RecordedRun) -> HeroDrawing:
    """The drawing of a run."""
    everything = [*run.path, *run.frontier]
    most_kl = max(point.kl for point in everything)
    low = min(point.true_quality for point in everything) - 0.5
    high = max(point.true_quality for point in everything) + 0.5

    def x(kl: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * kl / most_kl, 1)

    def y(quality: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - quality) / (high - low), 1)

    def line(points: Iterable[PolicyPoint]) -> str:
        return "M" + "L".join(f"{x(point.kl)} {y(point.true_quality)}" for point in points)

    return HeroDrawing(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=HEIGHT - BOTTOM,
        path=line(run.path),
        frontier=line(run.frontier),
        x_ticks=[GridLine(x(kl), str(kl)) for kl in range(0, int(most_kl) + 1, 2)],
        y_ticks=[
            GridLine(y(value), str(value).replace("-", "−"))
            for value in range(-20, 21, 2)
            if low <= value <= high
        ],
        points={
            name: (x(moment.kl), y(moment.true_quality))
            for name, moment in (("start", run.start), ("peak", run.peak), ("end", run.end))
        },
        frontier_label_y=y(run.frontier[-1].true_quality) + 26,
    )
