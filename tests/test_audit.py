"""The audit: what is found fails, what is accepted does not, and silence is never taken for good news."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import requests
from packaging.version import Version
from pip_audit._service.interface import (
    ConnectionError,
    Dependency,
    ResolvedDependency,
    SkippedDependency,
    VulnerabilityResult,
    VulnerabilityService,
)
from pydantic import ValidationError

from tools.audit import __main__ as audit
from tools.audit import of_npm, of_python
from tools.audit.verdict import Accepted, Answers, Finding, accepted_in, judge
from tools.lock import LOCKS, entries

FINDING = Finding("tiny", "1.0", frozenset({"CVE-1", "GHSA-1"}), "It leaks.", ("1.1",))
ENTRY = Accepted(package="tiny", advisory="GHSA-1", reason="We never call what leaks in it.")
SPECS = [ResolvedDependency("Tiny", Version("1.0")), ResolvedDependency("other", Version("2.0"))]


def found(*findings: Finding) -> Answers:
    return Answers("Python", audited={"tiny", "other"}, findings=list(findings))


# ---- the verdict


def test_a_finding_fails() -> None:
    verdict = judge([found(FINDING)], [])
    assert not verdict.passed
    assert any("FOUND: tiny 1.0: CVE-1, GHSA-1, fixed in 1.1" in line for line in verdict.lines())


def test_a_finding_that_is_accepted_is_told_with_its_reason() -> None:
    verdict = judge([found(FINDING)], [ENTRY])
    assert verdict.passed
    (line,) = [line for line in verdict.lines() if line.startswith("accepted")]
    assert ENTRY.reason in line


@pytest.mark.parametrize("other", [{"package": "other"}, {"advisory": "CVE-2"}])
def test_only_that_finding_is_accepted(other: dict[str, str]) -> None:
    verdict = judge([found(FINDING)], [ENTRY.model_copy(update=other)])
    assert not verdict.passed


def test_what_is_accepted_in_vain_is_named() -> None:
    verdict = judge([found()], [ENTRY])
    assert verdict.passed
    assert any(line.startswith("STALE: GHSA-1 of tiny") for line in verdict.lines())


def test_what_could_not_be_audited_is_said_loudly_and_makes_nothing_stale() -> None:
    silent = Answers("Python", missed={"tiny": of_python.UNREACHABLE})
    verdict = judge([silent], [ENTRY])
    assert verdict.passed
    assert not verdict.stale
    (line,) = verdict.lines()
    assert line.startswith(
        "NOT AUDITED: 1 Python packages (the advisory services cannot be reached)"
    )


def test_a_reason_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text('[[accepted]]\npackage = "tiny"\nadvisory = "CVE-1"\nreason = ""\n')
    with pytest.raises(ValidationError):
        accepted_in(file)


def test_what_we_accept_is_of_packages_that_we_pin() -> None:
    locks = [entries((LOCKS / f"{name}.txt").read_text("utf-8")) for name in ("dev", "torch")]
    npm = json.loads((LOCKS.parent / "package-lock.json").read_text("utf-8"))["packages"]
    pinned = {entry.split("==")[0] for lock in locks for entry in lock}
    pinned |= {path.removeprefix("node_modules/") for path in npm}
    entries_listed = accepted_in(LOCKS / "accepted.toml")
    assert {entry.package for entry in entries_listed} <= pinned
    assert tomllib.loads((LOCKS / "accepted.toml").read_text("utf-8")).keys() == {"accepted"}


# ---- Python


class Fake(VulnerabilityService):  # type: ignore[misc]
    """A service that says what it is told to."""

    def __init__(self, say: Callable[[Dependency], Iterable[VulnerabilityResult] | None]) -> None:
        self.asked: list[str] = []
        self._say = say

    def query(self, spec: Dependency) -> tuple[Dependency, list[VulnerabilityResult]]:
        self.asked.append(spec.name)
        said = self._say(spec)
        if said is None:
            return SkippedDependency(name=spec.name, skip_reason="unknown"), []
        return spec, list(said)


def advisory(*names: str) -> VulnerabilityResult:
    return VulnerabilityResult.create(list(names), "It leaks.", [Version("1.1")], None)


def unreachable(_: Dependency) -> None:
    raise ConnectionError("no route")


def refused(_: Dependency) -> None:
    raise requests.ConnectionError("refused")


def test_an_advisory_with_several_names_is_one_finding() -> None:
    service = Fake(lambda _: [advisory("CVE-1", "GHSA-1"), advisory("PYSEC-1", "CVE-1")])
    (finding,) = of_python.ask([service], SPECS[:1]).findings
    assert finding.names == {"CVE-1", "GHSA-1", "PYSEC-1"}
    assert (finding.package, finding.version, finding.fixed_in) == ("tiny", "1.0", ("1.1",))


@pytest.mark.parametrize("fault", [unreachable, refused])
def test_a_service_out_of_reach_is_asked_once_and_then_the_next(fault: Any) -> None:
    first, second = Fake(fault), Fake(lambda _: [])
    answers = of_python.ask([first, second], SPECS)
    assert first.asked == ["Tiny"]
    assert answers.audited == {"tiny", "other"}
    assert not answers.missed


def test_with_no_service_in_reach_nothing_counts_as_audited() -> None:
    answers = of_python.ask([Fake(unreachable), Fake(refused)], SPECS)
    assert not answers.audited
    assert answers.missed == dict.fromkeys(("tiny", "other"), of_python.UNREACHABLE)


def test_a_package_that_a_service_does_not_know_is_asked_of_the_next() -> None:
    first = Fake(lambda spec: None if spec.name == "other" else [])
    second = Fake(lambda _: [advisory("CVE-9")])
    answers = of_python.ask([first, second], SPECS)
    assert second.asked == ["other"]
    assert [finding.package for finding in answers.findings] == ["other"]


def test_a_package_that_nobody_knows_is_not_audited() -> None:
    answers = of_python.ask([Fake(lambda _: None), Fake(unreachable)], SPECS)
    assert not answers.audited
    assert {*answers.missed} == {"tiny", "other"}


class Index:
    """An index that answers for projects, not for releases."""

    def get(self, url: str, timeout: int | None) -> requests.Response:
        assert timeout == 5
        response = requests.Response()
        response.status_code = 200 if url == "index/tiny/json" else 404
        response._content = json.dumps({"info": {"version": "1.1"}}).encode()
        return response


@pytest.mark.parametrize(
    ("release", "status"),
    [("tiny/1.1", 200), ("tiny/1.1.0", 200), ("tiny/1.0", 404), ("no/1.1", 404)],
)
def test_a_projects_answer_is_taken_for_its_newest_release_alone(release: str, status: int) -> None:
    session: Any = Index()
    response = of_python.NewestToo(session).get(f"index/{release}/json", timeout=5)
    assert response.status_code == status


def test_everything_that_is_pinned_is_asked_about() -> None:
    specs = of_python.pinned([LOCKS / "dev.txt", LOCKS / "torch.txt"])
    names = {spec.canonical_name for spec in specs}
    assert {"torch", "starlette", "pytest", "pip-audit"} <= names
    assert len(names) == len(specs) > 150


# ---- npm

LOCK = {
    "packages": {
        "": {"version": "1.0.0"},
        "node_modules/tiny": {"version": "1.0"},
        "node_modules/user": {"version": "3.0"},
    }
}


def test_what_npm_finds_is_found_once() -> None:
    via = {
        "source": 17,
        "name": "tiny",
        "title": "It leaks",
        "url": "https://example.org/advisories/GHSA-1",
        "severity": "high",
        "range": "<1.1",
    }
    report = {"vulnerabilities": {"tiny": {"via": [via]}, "user": {"via": ["tiny", via]}}}
    answers = of_npm.read(json.dumps(report), LOCK)
    (finding,) = answers.findings
    assert (finding.package, finding.version) == ("tiny", "1.0")
    assert finding.names == {"17", "GHSA-1"}
    assert answers.audited == {"tiny", "user"}


def test_npm_that_finds_nothing_has_audited_all() -> None:
    answers = of_npm.read('{"vulnerabilities": {}}', LOCK)
    assert (answers.audited, answers.findings, answers.missed) == ({"tiny", "user"}, [], {})


@pytest.mark.parametrize(
    "said",
    [
        "",
        '{"message": "405 Method Not Allowed", "error": {"summary": "", "detail": ""}}',
        '{"message": "request failed, reason: connect ECONNREFUSED", "error": {"summary": ""}}',
    ],
)
def test_an_npm_registry_out_of_reach_is_no_clean_bill(said: str) -> None:
    answers = of_npm.read(said, LOCK)
    assert not answers.audited
    assert answers.missed == dict.fromkeys(("tiny", "user"), of_npm.UNREACHABLE)


def test_a_lock_that_npm_cannot_read_is_a_fault_of_ours() -> None:
    with pytest.raises(of_npm.Refused, match="ENOLOCK"):
        of_npm.read('{"error": {"code": "ENOLOCK", "summary": "no lock"}}', LOCK)


# ---- the command


@pytest.mark.parametrize(
    ("python", "npm", "status", "says"),
    [
        (unreachable, "", 0, "NOT AUDITED: 2 npm packages"),
        (lambda _: [], '{"vulnerabilities": {}}', 0, "audited: 2 npm packages"),
        (lambda _: [advisory("CVE-0-0")], "", 1, "FOUND: torch 2.13.0: CVE-0-0"),
    ],
)
def test_the_command_fails_for_a_finding_and_for_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    python: Any,
    npm: str,
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr(of_python, "services", lambda: [Fake(python)])
    monkeypatch.setattr(of_npm, "ask", lambda _: of_npm.read(npm, LOCK))
    assert audit.main() == status
    told = capsys.readouterr()
    assert says in told.out + told.err
