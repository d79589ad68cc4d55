"""Rows of the table, what they are held against, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tools.bench.samples import Samples


@dataclass(frozen=True)
class Target:
    """A limit, for what was measured, for its ratio to the floor, or for what it takes more than that."""

    limit: float
    of: Literal["measured", "ratio", "excess"] = "measured"
    at_least: bool = False

    def met(self, measured: float, floor: float) -> bool:
        """Whether it is kept."""
        value = {
            "measured": measured,
            "ratio": measured / floor,
            "excess": measured - floor,
        }[self.of]
        return value >= self.limit if self.at_least else value <= self.limit

    def written(self, unit: str) -> str:
        """Such as "at most 2.5 s"."""
        bound = "at least" if self.at_least else "at most"
        if self.of == "ratio":
            return f"ratio {bound} {self.limit:g}"
        if self.of == "excess":
            return f"{bound} {self.limit:g} {unit} more"
        return f"{bound} {self.limit:g} {unit}"


@dataclass(frozen=True)
class Subject:
    """What a row measures; every one has a floor and at least one target."""

    what: str
    unit: str
    floor: str
    """what the floor is"""
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Row:
    """A subject with what was measured."""

    subject: Subject
    measured: Samples
    floor: Samples
    note: str = ""

    def cells(self) -> list[str]:
        """Texts of the columns."""
        subject, measured, floor = self.subject, self.measured.median, self.floor.median
        verdicts = [target.met(measured, floor) for target in subject.targets]
        return [
            f"{subject.what}; {self.note}" if self.note else subject.what,
            _with_range(self.measured, subject.unit),
            _with_range(self.floor, subject.unit),
            subject.floor,
            f"{measured / floor:.2f}",
            ", ".join(target.written(subject.unit) for target in subject.targets),
            ", ".join("yes" if met else "**no**" for met in verdicts),
        ]


@dataclass(frozen=True)
class Missing:
    """A subject that could not be measured, and why."""

    subject: Subject
    why: str

    def cells(self) -> list[str]:
        """Texts of the columns."""
        subject = self.subject
        targets = ", ".join(target.written(subject.unit) for target in subject.targets)
        return [subject.what, f"not measured: {self.why}", "", subject.floor, "", targets, "**no**"]


COLUMNS = (
    "what",
    "measured (range)",
    "floor (range)",
    "what the floor is",
    "ratio",
    "target",
    "met",
)


def table(rows: Sequence[Row | Missing]) -> str:
    """All rows as one Markdown table, with its columns in line."""
    cells = [list(COLUMNS), *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    )


def written(value: float) -> str:
    """A number with three significant digits or its whole part, whichever is longer."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _with_range(samples: Samples, unit: str) -> str:
    text = f"{written(samples.median)} {unit}"
    if len(samples.values) == 1:
        return text
    return f"{text} ({written(samples.low)} to {written(samples.high)})"
