"""What the check of a run finds in the corpus, as a table: ``python -m tests.check.confusion`` writes it.

A faulty file is recalled if its fault has the verdict ``found``; a healthy one raises a false alarm if any
finding has. Files in sealed/ were kept from those who wrote the detectors, and are counted apart.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.check.params import RunParams
from app.check.run import check_run
from app.check.settings import RunSettings
from app.check.tables import RunFileError
from tests.check.corpus.entry import FAULTS, HEALTHY, Entry, manifest

BENCHMARKS = Path(__file__).parents[2] / "BENCHMARKS.md"
BEGIN, END = "<!-- corpus -->", "<!-- end of corpus -->"


@dataclass(frozen=True)
class Outcome:
    """A file of the corpus and the findings with the verdict ``found``."""

    entry: Entry
    found: frozenset[str]

    @property
    def right(self) -> bool:
        """Whether the fault was found, or nothing in a healthy run."""
        if self.entry.label == HEALTHY:
            return not self.found
        return self.entry.label in self.found


def settings_of(entry: Entry) -> RunSettings:
    """What is said of the run, as the API and the command take it; all else is assumed."""
    return RunParams.model_validate(entry.settings).settings()


def outcome(entry: Entry) -> Outcome:
    """Check one file. One that cannot be read is told as ``refused``, which is never right."""
    try:
        report = check_run(entry.path.read_bytes(), settings_of(entry))
    except RunFileError:
        return Outcome(entry, frozenset({"refused"}))
    return Outcome(entry, frozenset(finding.name for finding in report.found))


def outcomes() -> list[Outcome]:
    """Check all files."""
    return [outcome(entry) for entry in manifest()]


def rates(done: Sequence[Outcome]) -> tuple[float, float]:
    """Recall over the faulty files, and the share of healthy ones with a false alarm."""
    healthy = [o for o in done if o.entry.label == HEALTHY]
    faulty = [o for o in done if o.entry.label != HEALTHY]
    return (
        sum(o.right for o in faulty) / len(faulty),
        sum(not o.right for o in healthy) / len(healthy),
    )


def table(done: Sequence[Outcome]) -> str:
    """The confusion table in Markdown: of each fault its files, those recalled, and all findings."""
    lines = [
        "| made | files | right | sealed | right | found, in how many files | beyond consequences |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in (HEALTHY, *FAULTS):
        of_label = [o for o in done if o.entry.label == label]
        sealed = [o for o in of_label if o.entry.sealed]
        found = Counter(name for o in of_label for name in o.found)
        beyond = Counter(name for o in of_label for name in o.found - {label, *o.entry.also})
        lines.append(
            f"| {label} | {len(of_label)} | {sum(o.right for o in of_label)} | {len(sealed)} "
            f"| {sum(o.right for o in sealed)} | {_counts(found)} | {_counts(beyond)} |"
        )
    return "\n".join(lines)


def summary(done: Sequence[Outcome]) -> str:
    """Recall and false alarms, open and sealed files apart."""
    told = []
    for name, sealed in (("open", False), ("sealed", True)):
        some = [o for o in done if o.entry.sealed is sealed]
        recall, alarms = rates(some)
        told.append(
            f"{len(some)} {name} files: recall {recall:.1%} of the faults, "
            f"false alarms in {alarms:.1%} of the healthy runs."
        )
    return "  \n".join(told)


def section(done: Sequence[Outcome]) -> str:
    """What stands in BENCHMARKS.md between the markers."""
    return f"{BEGIN}\n{summary(done)}\n\n{table(done)}\n{END}"


def _counts(found: Counter[str]) -> str:
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered) or "–"


def main() -> None:
    """Check the corpus and write the table; with --open print it for the open files alone."""
    if "--open" in sys.argv[1:]:
        done = [outcome(entry) for entry in manifest() if not entry.sealed]
        print(table(done))
        for one in done:
            if not one.right:
                print(f"{one.entry.file}, {one.entry.label}: {', '.join(sorted(one.found))}")
        return
    text = BENCHMARKS.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    found = section(outcomes())
    BENCHMARKS.write_text(before + found + after, encoding="utf-8")
    print(found)


if __name__ == "__main__":
    main()
