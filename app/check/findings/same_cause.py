"""Findings that one mistake may have brought about together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.check.report import Finding

BROUGHT_ABOUT_BY = {
    "step_zero": ("reference_missing", "prompt_counted"),
    "other_loss": ("swapped", "step_zero", "batch_means"),
    "not_moved": ("equal_sides",),
    "displacement": ("diverging", "beta_twice"),
    "suppression": ("diverging", "beta_twice"),
}
"""findings with those that may explain them, the likeliest first"""


def with_causes(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings; one that another may explain says so, and keeps its verdict as it may stand alone."""
    listed = tuple(findings)
    titles = {finding.name: finding.title for finding in listed if finding.verdict == "found"}
    return tuple(_with_cause(finding, titles) for finding in listed)


def _with_cause(finding: Finding, titles: dict[str, str]) -> Finding:
    causes = [name for name in BROUGHT_ABOUT_BY.get(finding.name, ()) if name in titles]
    if finding.verdict != "found" or not causes:
        return finding
    message = f"This may have the same cause as “{titles[causes[0]]}”. {finding.message}"
    return replace(finding, message=message)
