from __future__ import annotations

import pytest
import torch

from app.lab.preferences import Comparisons
from app.lab.reward_model import (
    RewardModel,
    RewardModelConfig,
    reward_margins,
    train_reward_model,
)
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, all_responses, response_number


def test_a_reward_is_the_sum_of_its_phrases() -> None:
    model = RewardModel()
    with torch.no_grad():
        model.scores.copy_(
            torch.randn(model.scores.shape, generator=torch.Generator().manual_seed(0))
        )
        by_hand = sum(model.scores[4, slot, phrase] for slot, phrase in enumerate([5, 0, 2, 3, 1]))
        rewards = model(4, torch.tensor([[5, 0, 2, 3, 1]]))
    assert float(rewards) == pytest.approx(float(by_hand), abs=1e-6)
    assert float(
        model.all_rewards(4)[response_number(torch.tensor([5, 0, 2, 3, 1]))]
    ) == pytest.approx(float(by_hand), abs=1e-6)


def test_labels_follow_the_bradley_terry_coin() -> None:
    lab = the_lab()
    quality = lab.facts(0).true_quality
    pairs = lab.comparisons(0, seed=77, count=20_000)
    chosen, rejected = (quality[response_number(r)] for r in (pairs.chosen, pairs.rejected))
    gaps = (chosen - rejected).abs()
    for low, high in ((0.2, 0.6), (1.0, 1.5), (2.5, 3.5)):
        here = (gaps > low) & (gaps < high)
        observed = float(((chosen > rejected) & here).sum() / here.sum())
        assert observed == pytest.approx(float(torch.sigmoid(gaps[here]).mean()), abs=0.02)


def test_comparisons_are_those_of_their_seed() -> None:
    lab = the_lab()
    first, again, other = (lab.comparisons(2, seed, count=64) for seed in (1, 1, 2))
    assert torch.equal(first.both(), again.both())
    assert not torch.equal(first.both(), other.both())


@pytest.mark.slow
def test_training_recovers_an_additive_truth() -> None:
    generator = torch.Generator().manual_seed(4)
    truth = torch.randn(5, 6, generator=generator)
    responses = all_responses()[torch.randint(7776, (2, 20_000), generator=generator)]
    scores = truth[torch.arange(5), responses].sum(-1)
    first_wins = (
        torch.rand(20_000, generator=generator) < torch.sigmoid(scores[0] - scores[1])
    ).unsqueeze(1)
    pairs = Comparisons(
        0,
        torch.where(first_wins, responses[0], responses[1]),
        torch.where(first_wins, responses[1], responses[0]),
    )
    model, _ = train_reward_model([pairs], RewardModelConfig(steps=400, weight_decay=0))
    learned = model.scores[0].detach()
    centred = [t - t.mean(1, keepdim=True) for t in (learned, truth)]
    assert float((centred[0] - centred[1]).abs().max()) < 0.15


def test_the_loss_starts_at_ln_2_and_falls() -> None:
    pairs = the_lab().training_comparisons(0)
    _, history = train_reward_model([pairs], RewardModelConfig())
    assert history[0].loss == pytest.approx(0.693147, abs=1e-6)
    assert history[-1].loss < 0.55


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_the_trap_five_flattering_phrases_please_the_model_and_ruin_the_response(
    prompt: int,
) -> None:
    facts = the_lab().facts(prompt)
    flattering = int(response_number(torch.tensor([5, 5, 5, 5, 5])))
    assert float(facts.learned_reward[flattering]) > 1.5
    assert float(facts.true_quality[flattering]) < -2


def test_margins_are_listed_prompt_after_prompt() -> None:
    lab = the_lab()
    data = [lab.comparisons(prompt, 0, count=10) for prompt in (0, 1)]
    with torch.no_grad():
        margins = reward_margins(lab.reward_model, data)
        second = lab.reward_model(1, data[1].chosen) - lab.reward_model(1, data[1].rejected)
    assert torch.equal(margins[10:], second)
