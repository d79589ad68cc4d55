"""What a check of a run says: findings, each with a verdict and the numbers that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.check.settings import RunSettings
from app.check.tables import LogpsTable, TrainingLog
from app.formatting import count

FindingVerdict = Literal["found", "not_found", "cannot_tell"]

RunKind = Literal["pairs", "log"]
"""log-probabilities of pairs, or what a trainer logged over its steps"""


@dataclass(frozen=True)
class Finding:
    """Whether a mistake was found."""

    name: str
    """in snake_case, the same for pairs and logs"""
    title: str
    """the mistake in a few words"""
    verdict: FindingVerdict
    message: str
    """what that means and what to do, or why nothing can be said; names every cause that would give
    the same numbers"""
    evidence: str
    """the numbers that the verdict rests on"""
    see: str | None = None
    """path and query of a figure's state that shows the mistake"""
    mended: str | None = None
    """path and query of the same figure without it"""

    @property
    def title_in_a_sentence(self) -> str:
        """The title without its capital."""
        return f"{self.title[0].lower()}{self.title[1:]}"


@dataclass(frozen=True)
class Report:
    """A run that was read and checked."""

    kind: RunKind
    read: str
    """what was read, in a sentence or two: how many rows, in which format, what was assumed"""
    notes: tuple[str, ...]
    """what was not read as it stands, a sentence each; ``read`` has them too"""
    columns: tuple[str, ...]
    """the columns that were read, by their names here"""
    findings: tuple[Finding, ...]
    settings: RunSettings
    """with which it was checked: given, said by the file, or assumed"""

    @property
    def found(self) -> tuple[Finding, ...]:
        """The findings with the verdict ``found``."""
        return tuple(finding for finding in self.findings if finding.verdict == "found")


MOST_NAMED = 10
"""ignored columns that are named"""


def read_text(table: LogpsTable | TrainingLog) -> str:
    """What was read, in a sentence or a few."""
    one = "row" if isinstance(table, TrainingLog) else "pair"
    rows = f"1 {one}" if len(table) == 1 else f"{count(len(table))} {one}s"
    columns = ", ".join(table.columns)
    if isinstance(table, TrainingLog) and table.evaluation is not None:
        columns += f"; of the evaluation: {', '.join(table.evaluation.columns)}"
    told = [f"{rows}, {table.format}; columns read: {columns}."]
    if table.ignored:
        more = " …" if len(table.ignored) > MOST_NAMED else ""
        told.append(f"Not read: {', '.join(table.ignored[:MOST_NAMED])}{more}.")
    return " ".join([*told, *table.notes])
