"""Findings of one report that one mistake may have brought about say so."""

from __future__ import annotations

from itertools import chain

import pytest

from app.check.findings.same_cause import BROUGHT_ABOUT_BY, with_causes
from app.check.findings.titles import TITLES
from app.check.report import Finding, FindingVerdict
from app.check.run import NAMES, check_run
from app.check.settings import RunSettings
from tests.check.corpus.entry import HERE


def said(name: str, verdict: FindingVerdict) -> Finding:
    return Finding(name, TITLES[name], verdict, "What was seen.", "1 = 1.")


def test_causes_and_what_they_explain_are_findings() -> None:
    assert {*BROUGHT_ABOUT_BY, *chain.from_iterable(BROUGHT_ABOUT_BY.values())} <= NAMES


@pytest.mark.parametrize(
    ("cause", "verdict", "message"),
    [
        (
            "found",
            "found",
            "This may have the same cause as “Chosen equals rejected”. What was seen.",
        ),
        ("not_found", "found", "What was seen."),
        ("found", "cannot_tell", "What was seen."),
    ],
)
def test_what_was_found_names_a_cause_that_was_found(
    cause: FindingVerdict, verdict: FindingVerdict, message: str
) -> None:
    first, second = with_causes([said("not_moved", verdict), said("equal_sides", cause)])
    assert first.message == message
    assert first.verdict == verdict
    assert second.message == "What was seen."


def test_rewards_of_swapped_models_do_not_clear_what_rests_on_them() -> None:
    file = HERE / "console_models_swapped.txt"
    told = {one.name: one for one in check_run(file.read_bytes(), RunSettings()).findings}
    assert told["swapped"].verdict == "found"
    assert "chosen responses less likely" in told["swapped"].message
    for name in ("displacement", "suppression"):
        assert told[name].verdict == "cannot_tell"
        assert "models or sides swapped" in told[name].message
