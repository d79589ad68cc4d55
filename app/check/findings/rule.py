"""What makes a rule a finding: its name, and the states of a figure that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVarTuple

from app.check.findings.titles import TITLES
from app.check.report import Finding, FindingVerdict

Run = TypeVarTuple("Run")
"""what is looked at: a batch of pairs, or a log with its settings"""


@dataclass(frozen=True)
class Said:
    """What a rule says of a run."""

    verdict: FindingVerdict
    message: str
    evidence: str


def found(message: str, evidence: str) -> Said:
    """The mistake may have been made."""
    return Said("found", message, evidence)


def not_found(message: str, evidence: str) -> Said:
    """The mistake would have been seen, and was not."""
    return Said("not_found", message, evidence)


def cannot_tell(message: str, evidence: str) -> Said:
    """Nothing can be said; the message names what is missing."""
    return Said("cannot_tell", message, evidence)


@dataclass(frozen=True)
class Look(Generic[*Run]):
    """A rule with what it looks for."""

    rule: Callable[[*Run], Said]
    name: str
    see: str | None
    mended: str | None

    @property
    def title(self) -> str:
        """The mistake in a few words."""
        return TITLES[self.name]

    def __call__(self, *run: *Run) -> Finding:
        """What the rule says of a run, as a finding."""
        return self.says(self.rule(*run))

    def says(self, said: Said) -> Finding:
        """Something said, as a finding of this name."""
        return Finding(
            self.name,
            self.title,
            said.verdict,
            said.message,
            said.evidence,
            self.see,
            self.mended,
        )


def finding(
    name: str, *, see: str | None = None, mended: str | None = None
) -> Callable[[Callable[[*Run], Said]], Look[*Run]]:
    """Make a rule a finding. ``see`` and ``mended`` are as in ``Finding``."""
    return lambda rule: Look(rule, name, see, mended)
