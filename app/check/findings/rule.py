"""What makes a rule a finding: its name and title, and the states of a figure that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from app.check.report import Finding, Verdict

Run = ParamSpec("Run")
"""what is looked at: a batch of pairs, or a log with its settings"""


@dataclass(frozen=True)
class Said:
    """What a rule says of a run."""

    verdict: Verdict
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


def finding(
    name: str, title: str, *, see: str | None = None, mended: str | None = None
) -> Callable[[Callable[Run, Said]], Callable[Run, Finding]]:
    """Make a rule a finding. ``see`` and ``mended`` are as in ``Finding``."""

    def named(rule: Callable[Run, Said]) -> Callable[Run, Finding]:
        @wraps(rule)
        def look(*args: Run.args, **kwargs: Run.kwargs) -> Finding:
            said = rule(*args, **kwargs)
            return Finding(name, title, said.verdict, said.message, said.evidence, see, mended)

        return look

    return named
