"""What the advisory services said, held against what is accepted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Accepted(BaseModel):
    """A finding that we know and live with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str
    advisory: str
    """any of its names: CVE, GHSA or PYSEC"""
    reason: str = Field(min_length=20)


def accepted_in(path: Path) -> list[Accepted]:
    """Those of a file. Raises pydantic.ValidationError if one lacks something, its reason above all."""
    listed = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    return [Accepted(**entry) for entry in listed]


@dataclass(frozen=True)
class Finding:
    """An advisory that holds for a version that we pin."""

    package: str
    version: str
    names: frozenset[str]
    """all that the advisory is called"""
    says: str
    fixed_in: tuple[str, ...] = ()

    def __str__(self) -> str:
        fixed = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fix is known"
        return (
            f"{self.package} {self.version}: {', '.join(sorted(self.names))}, {fixed}. {self.says}"
        )


@dataclass
class Answers:
    """What came back about the packages of one kind."""

    kind: str
    audited: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)
    """packages that no service told of, and why"""


@dataclass(frozen=True)
class Verdict:
    """What to say of all answers, and whether it is bad."""

    open: list[Finding]
    accepted: list[tuple[Finding, Accepted]]
    stale: list[Accepted]
    """accepted, but no longer found in a package that was audited"""
    answers: list[Answers]

    @property
    def passed(self) -> bool:
        """Whether all that was found is accepted. What could not be audited is said, and fails nothing."""
        return not self.open

    def lines(self) -> Iterator[str]:
        """For a person to read; the loud ones in capitals."""
        for answers in self.answers:
            if answers.audited:
                yield f"audited: {len(answers.audited)} {answers.kind} packages"
            for reason in dict.fromkeys(answers.missed.values()):
                names = [name for name, why in answers.missed.items() if why == reason]
                yield f"NOT AUDITED: {len(names)} {answers.kind} packages ({reason}): {', '.join(names)}"
        for finding, entry in self.accepted:
            yield f"accepted: {finding}\n    {entry.reason}"
        for entry in self.stale:
            yield f"STALE: {entry.advisory} of {entry.package} is accepted, but no longer found. Remove it."
        for finding in self.open:
            yield f"FOUND: {finding}"


def judge(answers: list[Answers], accepted: Iterable[Accepted]) -> Verdict:
    """Sort what was found by whether it is accepted, and find what is accepted in vain."""
    entries = list(accepted)
    met: list[tuple[Finding, Accepted]] = []
    unmet: list[Finding] = []
    for finding in (finding for part in answers for finding in part.findings):
        entry = next((entry for entry in entries if _covers(entry, finding)), None)
        if entry is None:
            unmet.append(finding)
        else:
            met.append((finding, entry))
    audited = set().union(*(part.audited for part in answers))
    used = [entry for _, entry in met]
    stale = [entry for entry in entries if entry not in used and entry.package in audited]
    return Verdict(unmet, met, stale, answers)


def _covers(entry: Accepted, finding: Finding) -> bool:
    return entry.package == finding.package and entry.advisory in finding.names
