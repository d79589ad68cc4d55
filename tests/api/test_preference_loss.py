"""The endpoint that engineers check their own code with."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from starlette.testclient import TestClient

from app.api.preference_loss import MAX_PAIRS, TORCHTUNE
from app.lab.more_losses import ALL_LOSSES, ALL_REFERENCE_FREE

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


SIMPO = {
    "loss_type": "simpo",
    "beta": 2,
    "simpo_gamma": 0,
    "policy_chosen_logps": [-50],
    "policy_rejected_logps": [-60],
    "chosen_lengths": [10],
    "rejected_lengths": [20],
}


def answer(client: TestClient, sent: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.post(ADDRESS, json=sent).raise_for_status().json()
    return found


def test_rewards_are_those_of_the_chosen_loss(client: TestClient) -> None:
    result = answer(client, SIMPO)
    assert result["chosen_rewards"] == [-10]
    assert result["rejected_rewards"] == [-6]
    assert result["margins"] == [-4]
    assert result["accuracy"] == 0
    assert result["loss"] == pytest.approx(4.018, abs=1e-3)


def test_every_loss_is_computed(client: TestClient) -> None:
    lengths = {"chosen_lengths": [4, 5, 6], "rejected_lengths": [6, 5, 4]}
    for name in ALL_LOSSES:
        result = answer(client, body(loss_type=name, **lengths))
        assert len(result["losses"]) == 3, name


def test_losses_without_a_reference_need_none(client: TestClient) -> None:
    sent = {**SIMPO, "simpo_gamma": 0.5}
    for name in ALL_REFERENCE_FREE:
        answer(client, {**sent, "loss_type": name})


def test_kto_is_logged_as_the_mean_of_its_halves(client: TestClient) -> None:
    start = {key: [-1.0, -2.0] for key in TORCHTUNE if str(key).endswith("logps")}
    result = answer(client, {**start, "loss_type": "kto"})
    assert (result["loss"], result["logged_loss"]) == (1, 0.5)


def test_several_losses_are_added_up(client: TestClient) -> None:
    lengths = {"chosen_lengths": [4, 5, 6], "rejected_lengths": [6, 5, 4]}
    names, weights = ["sigmoid", "bco_pair", "sft"], [0.8, 0.2, 1.0]
    mpo = answer(client, body(loss_types=names, loss_weights=weights, **lengths))
    parts = [answer(client, body(loss_type=name, **lengths))["loss"] for name in names]
    assert mpo["loss"] == pytest.approx(sum(w * p for w, p in zip(weights, parts, strict=True)))


def test_weights_of_pairs_multiply_their_losses(client: TestClient) -> None:
    plain, weighted = answer(client, body()), answer(client, body(pair_weights=[0.5, 2, 0]))
    expected = [w * loss for w, loss in zip([0.5, 2, 0], plain["losses"], strict=True)]
    assert weighted["losses"] == pytest.approx(expected)
    assert weighted["margins"] == plain["margins"]


def test_further_tokens_count_as_much_as_they_are_said_to(client: TestClient) -> None:
    chosen = [-0.2, -4.0, 0.0]
    given = {
        "policy_chosen_further_logps": chosen,
        "policy_rejected_further_logps": [0.0, 0.0, -20.0],
    }
    half = answer(client, body(ld_alpha=0.5, **given))
    by_hand = answer(
        client,
        body(policy_chosen_logps=[-0.4, -8, -1], policy_rejected_logps=[-0.1, -30, -11]),
    )
    assert half["losses"] == pytest.approx(by_hand["losses"])
    assert answer(client, body(ld_alpha=1, **given))["losses"] == answer(client, body())["losses"]


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"loss_type": "dpo"}, "loss_type", "called 'sigmoid' here"),
        ({"loss_type": "aot_pair"}, "loss_type", "called 'aot_unpaired' here"),
        ({"loss_type": ["sigmoid", "sft"]}, "loss_type", "loss_types"),
        ({"loss_types": ["sigmoid"], "loss_weights": [1, 2]}, "loss_weights", "has 2 values"),
        ({"loss_type": "kto", "f_divergence_type": "forward_kl"}, "f_divergence_type", "kto"),
        ({"loss_type": "ipo", "label_smoothing": 0.1}, "label_smoothing", "must be 0 for ipo"),
        ({"loss_type": "ipo", "label_smoothing": 0.7}, "label_smoothing", "must be 0 for ipo"),
        ({"ld_alpha": 0.5}, "policy_chosen_further_logps", "required"),
        (
            {"policy_chosen_further_logps": [0, 0, 0]},
            "policy_chosen_further_logps",
            "ld_alpha",
        ),
        (
            {"ld_alpha": 0.5, "policy_chosen_further_logps": [-1, -2, -3]},
            "policy_chosen_further_logps",
            "part",
        ),
        ({"pair_weights": [1]}, "pair_weights", "has 1 values"),
    ],
)
def test_a_refusal_says_what_would_do(
    client: TestClient, changes: dict[str, Any], field: str, said: str
) -> None:
    (error,) = [error for error in refused(client, **changes) if error["field"] == field]
    assert said in error["message"]


def test_label_smoothing_has_one_range(client: TestClient) -> None:
    """Where a loss has no such term, the range of those that have it is not told beside."""
    (error,) = refused(client, loss_type="ipo", label_smoothing=0.1)
    assert error.get("allowed") is None
    (error,) = refused(client, loss_type="exo_pair", label_smoothing=0.5)
    assert error["allowed"] == "at least 0 and below 0.5"


def test_a_divergence_that_overflows_is_refused_by_its_name(client: TestClient) -> None:
    (error,) = refused(client, f_divergence_type="forward_kl", policy_chosen_logps=[-9e3] * 3)
    assert error["field"] == "f_divergence_type"
