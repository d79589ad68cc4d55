"""The endpoint that engineers check their own code with."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from starlette.testclient import TestClient

from app.api.preference_loss import MAX_PAIRS, TORCHTUNE

ADDRESS = "/api/v1/preference_loss"


def body(**changes: Any) -> dict[str, Any]:
    return {**TORCHTUNE, **changes}


def refused(client: TestClient, **changes: Any) -> list[dict[str, Any]]:
    sent = {key: value for key, value in body(**changes).items() if value != "absent"}
    answer = client.post(ADDRESS, json=sent)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    errors: list[dict[str, Any]] = answer.json()["errors"]
    return errors


def test_published_values_of_torchtune(client: TestClient) -> None:
    result = client.post(ADDRESS, json=body()).json()
    assert result["losses"] == pytest.approx([0.693147, 0.313262, 0.126928], abs=1e-6)
    assert result["margins"] == pytest.approx([0, 1, 2], abs=1e-12)
    assert result["accuracy"] == pytest.approx(2 / 3)
    assert result["loss"] == pytest.approx(sum(result["losses"]) / 3)
    # -beta sigma(rhat_l - rhat_w) on the chosen log-probability: section 4 of the paper
    pulls = 0.1 * torch.sigmoid(-torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64))
    for side, slopes in (("chosen", -pulls), ("rejected", pulls)):
        found = result["gradients"][f"policy_{side}_logps"]
        assert found == pytest.approx(slopes.tolist(), abs=1e-12)


def test_a_loss_without_a_reference_rewards_log_probabilities(client: TestClient) -> None:
    sent = body(loss_type="simpo", beta=2, chosen_lengths=[1, 1, 1], rejected_lengths=[1, 1, 1])
    del sent["reference_chosen_logps"], sent["reference_rejected_logps"]
    result = client.post(ADDRESS, json=sent).json()
    assert result["chosen_rewards"] == pytest.approx([-1, -20, -2])
    margins = torch.tensor(result["margins"], dtype=torch.float64)
    assert result["losses"] == pytest.approx((-F.logsigmoid(margins - 0.5)).tolist())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"loss_type": "dpo"}, "loss_type"),
        ({"beta": 0}, "beta"),
        ({"beta": 101}, "beta"),
        ({"beta": "x"}, "beta"),
        ({"label_smoothing": 0.5}, "label_smoothing"),
        ({"loss_type": "hinge", "label_smoothing": 0.1}, "label_smoothing"),
        ({"loss_type": "exo_pair", "label_smoothing": 0.5}, "label_smoothing"),
        ({"loss_type": "simpo"}, "chosen_lengths"),
        ({"loss_type": "ipo_norm", "chosen_lengths": [1, 1, 1]}, "rejected_lengths"),
        ({"chosen_lengths": [1, 0, 1]}, "chosen_lengths.1"),
        ({"policy_chosen_logps": [-1, 0.5, -1]}, "policy_chosen_logps.1"),
        ({"policy_rejected_logps": [-1]}, "policy_rejected_logps"),
        ({"policy_chosen_logps": []}, "policy_chosen_logps"),
        ({"policy_chosen_logps": "absent"}, "policy_chosen_logps"),
        ({"reference_chosen_logps": "absent"}, "reference_chosen_logps"),
        ({"typo": 1}, "typo"),
    ],
)
def test_a_refusal_names_the_field(client: TestClient, changes: dict[str, Any], field: str) -> None:
    assert field in [error["field"] for error in refused(client, **changes)]


def test_a_refusal_tells_the_whole_range(client: TestClient) -> None:
    (error,) = refused(client, beta=0)
    assert error["allowed"] == "above 0 and at most 100"


@pytest.mark.parametrize("raw", ["", "[]", "nonsense", '{"beta": NaN}', '{"beta": 1e999}'])
def test_what_is_no_batch_is_a_problem(client: TestClient, raw: str) -> None:
    answer = client.post(ADDRESS, content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_many_pairs_are_accepted_and_too_many_refused(client: TestClient) -> None:
    lists = {key: [-1.0] * MAX_PAIRS for key in TORCHTUNE if key.endswith("logps")}
    result = client.post(ADDRESS, json={**body(), **lists}).json()
    assert len(result["losses"]) == MAX_PAIRS
    too_many = {key: [*value, -1.0] for key, value in lists.items()}
    assert "policy_chosen_logps" in [error["field"] for error in refused(client, **too_many)]
