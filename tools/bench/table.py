"""Rows of the table: a measurement, its floor, and its targets."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

COLUMNS = (
    "what",
    "measured (range)",
    "floor (range)",
    "what the floor is",
    "ratio",
    "target",
    "met",
)


@dataclass(frozen=True)
class Row:
    """Measurements of several runs, and of their floor: the least that the same could take."""

    what: str
    unit: str
    measured: Sequence[float]
    floor: Sequence[float]
    floor_is: str
    most: float | None = None
    most_more: float | None = None
    """difference to the floor"""
    most_ratio: float | None = None
    least_ratio: float | None = None

    def cells(self) -> list[str]:
        """Texts of the columns."""
        measured, floor = statistics.median(self.measured), statistics.median(self.floor)
        ratio = measured / floor
        targets = []
        if self.most is not None:
            targets.append((f"at most {self.most:g} {self.unit}", measured <= self.most))
        if self.most_more is not None:
            more = measured - floor
            targets.append((f"at most {self.most_more:g} {self.unit} more", more <= self.most_more))
        if self.most_ratio is not None:
            targets.append((f"ratio at most {self.most_ratio:g}", ratio <= self.most_ratio))
        if self.least_ratio is not None:
            targets.append((f"ratio at least {self.least_ratio:g}", ratio >= self.least_ratio))
        return [
            self.what,
            _with_range(self.measured, self.unit),
            _with_range(self.floor, self.unit),
            self.floor_is,
            f"{ratio:.2f}",
            ", ".join(text for text, _ in targets),
            ", ".join("yes" if met else "**no**" for _, met in targets),
        ]


def line(cells: Sequence[str]) -> str:
    """A line of the Markdown table."""
    return f"| {' | '.join(cells)} |"


def written(value: float) -> str:
    """A number with three significant digits or its whole part, whichever is longer."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _with_range(values: Sequence[float], unit: str) -> str:
    text = f"{written(statistics.median(values))} {unit}"
    return f"{text} ({written(min(values))} to {written(max(values))})" if len(values) > 1 else text
