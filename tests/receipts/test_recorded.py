"""The recorded numbers are those that the API answers and that torch computes."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.receipts.recorded import RecordedReceipt, at, recorded_numbers
from app.studies.short_runs import RUNS, ShortRun, ShortRunNumbers, trained

RECORDED = recorded_numbers()
ROUNDING = 1e-4
"""by which another processor may come to other numbers in float32, nats"""


@pytest.mark.parametrize("receipt", RECORDED.receipts, ids=lambda receipt: receipt.request)
def test_receipts_are_what_the_api_answers(client: TestClient, receipt: RecordedReceipt) -> None:
    answer = client.get(f"/api/v1/{receipt.request}").json()
    found = {path: at(answer, path) for path in receipt.numbers}
    assert found == pytest.approx(receipt.numbers, rel=1e-12, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "numbers"),
    [*zip(RUNS, RECORDED.runs, strict=True)],
    ids=[f"{run.method}-{run.prompt}" for run in RECORDED.runs],
)
def test_a_run_comes_to_its_numbers_again(run: ShortRun, numbers: ShortRunNumbers) -> None:
    again = trained(run)
    assert again.numbers == pytest.approx(numbers.numbers, abs=ROUNDING)
    assert again.at_places == pytest.approx(numbers.at_places, abs=ROUNDING)
    derived = {"numbers", "at_places"}
    assert again.model_dump(exclude=derived) == numbers.model_dump(exclude=derived)
