"""What a check says, as the JSON that the API answers and the command prints."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import BaseModel, Field

from app.check.report import FindingVerdict, Report, RunKind
from app.lab.more_losses import READ_BY

ALWAYS_SHOWN = ("loss_type", "beta", "trainer")
"""settings; others are shown if they were given, or the loss depends on them"""


class CheckedFinding(BaseModel):
    """A mistake that was looked for."""

    name: str = Field(description="of the mistake, the same for pairs and logs")
    title: str = Field(description="the mistake in a few words")
    verdict: FindingVerdict = Field(
        description="not_found is said only where the numbers would have shown the mistake"
    )
    message: str = Field(description="what it means and what to do, or why nothing can be said")
    evidence: str = Field(description="the numbers that the verdict rests on")
    see: str | None = Field(description="address of a figure that shows the mistake")
    mended: str | None = Field(description="address of the same figure without it")


class CheckedRun(BaseModel):
    """A run that was read and checked."""

    kind: RunKind = Field(description="log-probabilities of pairs, or what a trainer logged")
    read: str = Field(description="what was read, and how")
    notes: list[str] = Field(
        description="what was not read as it stands, such as lists that were summed; also at the end of read"
    )
    columns: list[str] = Field(description="the columns that were read, by their names here")
    settings: dict[str, str | float | tuple[str | float, ...] | None] = Field(
        description="how the run was trained, as far as it was given, is in the file, or the loss "
        "depends on it"
    )
    assumed: list[str] = Field(
        description="the settings that nobody gave, neither you nor the file"
    )
    findings: list[CheckedFinding] = Field(description="all mistakes that were looked for")


def document(report: Report, site: str) -> CheckedRun:
    """A report with addresses of figures on a site, whose URL has no trailing slash."""
    settings = report.settings

    def address(path: str | None) -> str | None:
        return None if path is None else f"{site}{path}"

    losses = {loss.loss_type for loss in settings.losses}
    shown = {
        name: value
        for name, value in asdict(settings).items()
        if name in ALWAYS_SHOWN
        or name not in {"assumed", *settings.assumed}
        or losses & READ_BY.get(name, frozenset())
    }
    return CheckedRun(
        kind=report.kind,
        read=report.read,
        notes=list(report.notes),
        columns=list(report.columns),
        settings=shown,
        assumed=sorted(shown.keys() & settings.assumed),
        findings=[
            CheckedFinding(
                name=finding.name,
                title=finding.title,
                verdict=finding.verdict,
                message=finding.message,
                evidence=finding.evidence,
                see=address(finding.see),
                mended=address(finding.mended),
            )
            for finding in report.findings
        ],
    )
