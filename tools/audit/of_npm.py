"""npm audit over package-lock.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.audit.verdict import Answers, Finding
from tools.npm import npm

UNREACHABLE = "the advisory service cannot be reached"


class Refused(RuntimeError):
    """npm can not audit what it was given: the fault is ours, not the network's."""


def ask(root: Path) -> Answers:
    """What the registry tells of a folder's lock. Raises Refused if the lock is wrong."""
    options = ["--json", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=20000"]
    # npm ends with 1 for a finding, and just so where nobody answers: its words tell.
    done = npm(root, "audit", *options, check=False)
    return read(done.stdout, json.loads((root / "package-lock.json").read_text(encoding="utf-8")))


def read(said: str, lock: dict[str, Any]) -> Answers:
    """npm's report as answers. Raises Refused."""
    versions = {
        path.removeprefix("node_modules/"): package["version"]
        for path, package in lock["packages"].items()
        if path
    }
    answers = Answers("npm")
    try:
        report = json.loads(said)
    except json.JSONDecodeError:
        report = {}
    if code := report.get("error", {}).get("code"):
        raise Refused(f"{code}: {report['error'].get('summary')}")
    if "vulnerabilities" not in report:
        answers.missed = dict.fromkeys(versions, UNREACHABLE)
        return answers
    answers.audited = set(versions)
    for package in report["vulnerabilities"].values():
        # A text names another package of the report, whose finding it is.
        for advisory in (via for via in package["via"] if isinstance(via, dict)):
            name = advisory["name"]
            names = {str(advisory["source"]), advisory["url"].rsplit("/", 1)[-1]}
            says = f"{advisory['severity']}: {advisory['title']} (in {advisory['range']})"
            found = Finding(name, versions.get(name, "?"), frozenset(names), says)
            if found not in answers.findings:
                answers.findings.append(found)
    return answers
