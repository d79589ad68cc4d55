"""The checks that readers run in their browsers pass, and each kind fails on what is wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.receipts.recorded import recorded_numbers
from tests.lab.named_lab import answer_with_lab

pytestmark = pytest.mark.slow

COUNTS = {"Gradients": 114, "Derivation": 66, "Receipts": 10, "Training runs": 10}


def recorded() -> Any:
    return recorded_numbers().model_dump(mode="json")


def failed(title: str, **broken: Any) -> list[str]:
    """Names of the checks of a kind that fail."""
    asked = {"recorded": recorded(), "title": title} | broken
    (summary,) = answer_with_lab("checks.js", **asked)["report"]["summaries"]
    assert summary["title"] == title
    assert summary["count"] == COUNTS[title]
    assert summary["passed"] + len(summary["failures"]) == summary["count"]
    return [failure["name"] for failure in summary["failures"]]


def test_all_pass_with_room_for_rounding() -> None:
    answer = answer_with_lab("checks.js", recorded=recorded())
    report = answer["report"]
    assert report["passed"] == report["total"] == answer["progress"] == sum(COUNTS.values())
    assert {one["title"]: one["count"] for one in report["summaries"]} == COUNTS
    for summary in report["summaries"]:
        assert 0 < summary["largest"] < summary["tolerance"] / 10


@pytest.mark.parametrize("loss", ["sigmoid", "preferred_ft", "discopop"])
def test_a_wrong_derivative_of_a_loss_fails_where_it_is_used(loss: str) -> None:
    names = failed("Gradients", loss=loss)
    assert len(names) == 6
    assert all(name.startswith(f"{loss} at beta") for name in names)


def test_a_wrong_backward_pass_fails_under_every_loss() -> None:
    names = failed("Gradients", backward=True)
    assert len(names) == COUNTS["Gradients"] / 2
    assert all(name.endswith("of weights") for name in names)


def test_a_wrong_optimum_fails_on_every_prompt_at_every_beta() -> None:
    assert len(failed("Derivation", optimum=True)) == COUNTS["Derivation"]


@pytest.mark.parametrize("at", [0, -1])
def test_one_wrong_number_of_a_receipt_fails(at: int) -> None:
    wrong = recorded()
    for receipt in wrong["receipts"]:
        name = list(receipt["numbers"])[at]
        receipt["numbers"][name] = receipt["numbers"][name] * (1 + 1e-8) or 1e-8
    names = failed("Receipts", recorded=wrong)
    assert names == [receipt["request"] for receipt in wrong["receipts"]]


def test_one_wrong_number_of_a_run_fails() -> None:
    wrong = recorded()
    for run in wrong["runs"]:
        run["at_places"][3] += 2e-4
    assert len(failed("Training runs", recorded=wrong)) == COUNTS["Training runs"]


@pytest.mark.parametrize("change", [{"seed": 99}, {"prompt": "lottery"}])
def test_a_run_of_other_parameters_fails(change: dict[str, Any]) -> None:
    wrong = recorded()
    wrong["runs"] = [copy.deepcopy(run) | change for run in wrong["runs"]]
    for run in wrong["runs"]:
        run["config"] |= {"seed": run["seed"]} if "seed" in run["config"] else {}
    assert len(failed("Training runs", recorded=wrong)) >= COUNTS["Training runs"] - 1
