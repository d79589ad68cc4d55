"""pip-audit over the locks. Its command stops at the first service that is out of reach; we ask the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from packaging.version import Version
from pip_audit._dependency_source import RequirementSource
from pip_audit._service import OsvService, PyPIService, VulnerabilityService
from pip_audit._service.interface import (
    Dependency,
    ResolvedDependency,
    ServiceError,
    VulnerabilityResult,
)

from tools.audit.verdict import Answers, Finding

TIMEOUT = 15
"""seconds"""

UNREACHABLE = "the advisory services cannot be reached"
UNKNOWN = "the services that answer tell nothing of these versions"


class NewestToo:
    """A session for which an index that answers for projects alone answers for their newest releases too."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def get(self, url: str, timeout: int | None) -> requests.Response:
        """The release's page, or the project's if that is of the same release."""
        response = self._session.get(url, timeout=timeout)
        release = re.search(r"/([^/]+)/json$", url)
        if response.status_code != requests.codes.not_found or release is None:
            return response
        newest = self._session.get(url.replace(release[0], "/json"), timeout=timeout)
        if newest.ok and Version(newest.json()["info"]["version"]) == Version(release[1]):
            return newest
        return response


def services() -> list[VulnerabilityService]:
    """Those that are asked, one after the other, until one tells of a package."""
    index: Any = PyPIService(timeout=TIMEOUT)
    index.session = NewestToo(index.session)
    return [index, OsvService(timeout=TIMEOUT)]


def pinned(locks: Iterable[Path]) -> list[ResolvedDependency]:
    """What locks pin for this platform. Raises pip_audit's DependencySourceError if one is not all hashed."""
    source = RequirementSource(list(locks), require_hashes=True, no_deps=True, disable_pip=True)
    by_name = {spec.canonical_name: spec for spec in source.collect()}
    return [spec for spec in by_name.values() if isinstance(spec, ResolvedDependency)]


def ask(services: Sequence[VulnerabilityService], specs: Sequence[Dependency]) -> Answers:
    """What the services tell. One that is out of reach is not asked again."""
    answers = Answers("Python")
    left = list(specs)
    for service in services:
        missed: list[Dependency] = []
        for place, spec in enumerate(left):
            name = spec.canonical_name
            try:
                told, found = service.query(spec)
            except (ServiceError, requests.RequestException):
                for other in left[place:]:
                    answers.missed.setdefault(other.canonical_name, UNREACHABLE)
                missed += left[place:]
                break
            if told.is_skipped():
                answers.missed[name] = UNKNOWN
                missed.append(spec)
                continue
            answers.audited.add(name)
            answers.missed.pop(name, None)
            answers.findings += _findings(spec, found)
        left = missed
    return answers


def _findings(spec: Dependency, results: Iterable[VulnerabilityResult]) -> list[Finding]:
    """Each advisory once, under all its names: services list it under one after the other."""
    merged: list[Finding] = []
    for result in results:
        finding = Finding(
            package=spec.canonical_name,
            version=str(spec.version) if isinstance(spec, ResolvedDependency) else "",
            names=frozenset(map(str, {result.id, *result.aliases})),
            says=result.description,
            fixed_in=tuple(map(str, result.fix_versions)),
        )
        for known in [known for known in merged if known.names & finding.names]:
            merged.remove(known)
            finding = replace(finding, names=finding.names | known.names)
        merged.append(finding)
    return merged
