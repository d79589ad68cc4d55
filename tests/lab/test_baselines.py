from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from app.lab.baselines import BASELINES, training_loss
from app.lab.dpo import DPOConfig, train_dpo
from app.lab.exact import exact_logps
from app.lab.losses import LOSSES, NEEDS_LENGTHS, PairLogps
from app.lab.trained import the_lab


def pair() -> PairLogps:
    def one(value: float) -> torch.Tensor:
        return torch.tensor([value], dtype=torch.float64)

    return PairLogps(one(-4.0), one(-6.0), one(-5.0), one(-5.0), one(5), one(5))


def test_each_baseline_by_hand() -> None:
    dpo = float(-torch.nn.functional.logsigmoid(torch.tensor(0.3 * 2.0, dtype=torch.float64)))
    expected = {"preferred_ft": 4.0, "unlikelihood": 4.0 - 0.3 * 6.0, "sigmoid_nll": dpo + 4.0 / 5}
    assert {name: training_loss(name, pair(), 0.3).item() for name in BASELINES} == pytest.approx(
        expected
    )


def test_losses_of_means_over_tokens_need_both_lengths() -> None:
    for name in (*NEEDS_LENGTHS, "sigmoid_nll"):
        with pytest.raises(ValueError, match="rejected_lengths"):
            training_loss(name, replace(pair(), rejected_lengths=None), 0.3)


def test_names_are_not_taken_by_preference_losses() -> None:
    assert not set(BASELINES) & set(LOSSES)
    assert training_loss("ipo", pair(), 0.3).item() == LOSSES["ipo"](pair(), 0.3).item()
    with pytest.raises(KeyError):
        training_loss("nothing", pair(), 0.3)


def test_preferred_ft_learns_what_was_chosen_more_often() -> None:
    """It moves toward the distribution of chosen responses, which is a little better."""
    lab = the_lab()
    facts = lab.facts(0)
    config = DPOConfig(loss_type="preferred_ft", steps=150)
    policy, _ = train_dpo(lab.reference_policy, lab.comparisons(0, 3), config)
    quality = (exact_logps(policy, 0).exp() * facts.true_quality).sum().item()
    assert 0.2 < quality < 1.5
