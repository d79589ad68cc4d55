"""The check of a run finds what is wrong with the runs of the corpus, and little where nothing is."""

from __future__ import annotations

from functools import cache

import pytest

from tests.check.confusion import BENCHMARKS, Outcome, outcomes, rates, section
from tests.check.corpus.entry import HEALTHY

RECALL = 0.9
FALSE_ALARMS = 0.05


@cache
def found() -> list[Outcome]:
    return outcomes()


def of(sealed: bool) -> list[Outcome]:
    return [one for one in found() if one.entry.sealed is sealed]


def wrong(sealed: bool, *, healthy: bool) -> list[str]:
    """What to look at. Of sealed files nobody is told more than their number."""
    files = [
        f"{one.entry.file} ({one.entry.label}): {sorted(one.found)}"
        for one in of(sealed)
        if not one.right and (one.entry.label == HEALTHY) is healthy
    ]
    return [f"{len(files)} files"] if sealed else files


@pytest.mark.slow
@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
def test_faults_are_found(sealed: bool) -> None:
    recall, _ = rates(of(sealed))
    assert recall >= RECALL, wrong(sealed, healthy=False)


@pytest.mark.slow
@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
def test_healthy_runs_are_left_alone(sealed: bool) -> None:
    _, alarms = rates(of(sealed))
    assert alarms <= FALSE_ALARMS, wrong(sealed, healthy=True)


@pytest.mark.slow
def test_the_table_that_is_published_is_the_one_computed() -> None:
    text = BENCHMARKS.read_text(encoding="utf-8")
    assert section(found()) in text, "python -m tests.check.confusion writes it"
