from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from app.lab import reward_model
from app.lab.dpo import DPOConfig
from app.lab.draws import Draws, Stream
from app.lab.exact import expectation, kl_divergence
from app.lab.optimum import optimal_logps
from app.lab.preferences import Comparisons
from app.lab.reward_model import (
    DECAY,
    OUTPUT_SCALE,
    REWARD_CONFIGS,
    AdditiveReward,
    NetworkReward,
    RewardKind,
    RewardModelConfig,
    reward_margins,
    train_reward_model,
)
from app.lab.trained import centered_rewards, the_lab
from app.lab.world import PROMPTS, all_responses, response_number
from tests.lab import plain_network

RESPONSE = torch.tensor([[5, 0, 2, 3, 1]])


def test_an_additive_reward_is_the_sum_of_its_phrases() -> None:
    model = AdditiveReward()
    with torch.no_grad():
        model.scores.copy_(Draws(0, Stream.WEIGHTS).normal(*model.scores.shape))
        by_hand = sum(model.scores[slot, phrase] for slot, phrase in enumerate(RESPONSE[0]))
        assert float(model(RESPONSE)) == pytest.approx(float(by_hand), abs=1e-6)
    assert float(model.all_rewards()[response_number(RESPONSE)]) == pytest.approx(
        float(by_hand), abs=1e-6
    )


def test_a_network_reward_is_the_scaled_sum_of_a_plain_networks_outputs() -> None:
    """Outputs differ from the plain policy's log-probabilities by what its softmax takes off."""
    lab = the_lab()
    model = lab.reward_model(2, RewardKind.network)
    assert isinstance(model, NetworkReward)
    responses = all_responses()[3::311]
    with torch.no_grad():
        expected = OUTPUT_SCALE * plain_network.scores(model, 2, responses).sum(1)
        torch.testing.assert_close(model(responses), expected, rtol=1e-5, atol=1e-5)
        every = model(all_responses()).double()
    torch.testing.assert_close(model.all_rewards(), every, rtol=1e-5, atol=1e-5)


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


def labeled(rewards: torch.Tensor, count: int) -> Comparisons:
    """Pairs of any responses, labeled by a Bradley-Terry coin. Shape: (7776,)."""
    draws = Draws(4, Stream.COMPARISONS)
    numbers = draws.integers(len(rewards), 2, count)
    first, second = all_responses()[numbers]
    wins = (draws.uniform(count) < torch.sigmoid(rewards[numbers[0]] - rewards[numbers[1]]))[
        :, None
    ]
    return Comparisons(0, torch.where(wins, first, second), torch.where(wins, second, first))


def test_training_recovers_an_additive_truth() -> None:
    truth = Draws(4, Stream.WEIGHTS).normal(5, 6)
    pairs = labeled(truth[torch.arange(5), all_responses()].sum(-1), 20_000)
    config = RewardModelConfig(steps=150, learning_rate=0.1, batch_size=None, decay=0)
    model, _ = train_reward_model(RewardKind.additive, the_lab().reference_policy, pairs, 0, config)
    assert isinstance(model, AdditiveReward)
    learned = model.scores.detach().double()
    centered = [t - t.mean(1, keepdim=True) for t in (learned, truth)]
    assert float((centered[0] - centered[1]).abs().max()) < 0.15


def test_the_additive_model_is_the_optimum_of_its_loss() -> None:
    """The gradient vanishes: what is shipped depends on the pairs and the decay, not on the optimizer."""
    lab = the_lab()
    model, pairs = lab.reward_model(3), lab.training_comparisons(3)
    assert isinstance(model, AdditiveReward)
    scores = model.scores.detach().double().requires_grad_()
    chosen, rejected = (
        scores[torch.arange(5), responses].sum(-1) for responses in (pairs.chosen, pairs.rejected)
    )
    loss = -F.logsigmoid(chosen - rejected) + DECAY * (chosen.square() + rejected.square())
    loss.mean().backward()  # type: ignore[no-untyped-call]
    assert scores.grad is not None
    assert float(scores.grad.abs().max()) < 1e-3


@pytest.mark.parametrize("kind", RewardKind)
def test_the_loss_starts_at_ln_2_and_falls(kind: RewardKind) -> None:
    lab = the_lab()
    pairs = lab.training_comparisons(0)
    _, history = train_reward_model(kind, lab.reference_policy, pairs, 0)
    assert history[0].loss == pytest.approx(0.693147, abs=1e-6)
    assert sum(step.loss for step in history[-10:]) / 10 < 0.5


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_the_trap_five_flattering_phrases_please_the_additive_model_and_ruin_the_response(
    prompt: int,
) -> None:
    facts = the_lab().facts(prompt)
    flattering = int(response_number(torch.tensor([5, 5, 5, 5, 5])))
    assert float(facts.learned_reward[flattering]) > 1.5
    assert float(facts.true_quality[flattering]) < -2


@pytest.mark.slow
def test_the_networks_scale_makes_held_out_labels_likeliest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the three that OUTPUT_SCALE names, on two prompts."""
    lab = the_lab()

    def held_out_loss(scale: float) -> float:
        monkeypatch.setattr(reward_model, "OUTPUT_SCALE", scale)
        losses = []
        for prompt in (0, 3):
            pairs = lab.training_comparisons(prompt)
            model, _ = train_reward_model(RewardKind.network, lab.reference_policy, pairs, 0)
            margins = reward_margins(model, lab.held_out_comparisons(prompt))
            losses.append(float(-F.logsigmoid(margins).mean()))
        return sum(losses)

    losses = {scale: held_out_loss(scale) for scale in (0.1, 0.3, 1.0)}
    assert min(losses, key=lambda scale: losses[scale]) == OUTPUT_SCALE


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_the_network_is_most_wrong_where_the_reference_seldom_goes(prompt: int) -> None:
    """Section IV says so: the rarest percent of probability against its likeliest half."""
    facts = the_lab().facts(prompt)
    errors = (facts.learned_rewards[RewardKind.network] - facts.true_quality).square()
    order = facts.reference_logps.argsort(descending=True)
    mass = facts.reference_logps.exp()[order].cumsum(0)
    likely, rare = errors[order[mass < 0.5]], errors[order[mass > 0.99]]
    assert float(rare.mean().sqrt()) > 1.5 * float(likely.mean().sqrt())


def test_the_optimum_of_dpos_implicit_reward_is_dpos_policy() -> None:
    """Eq. 4 at r = beta log(pi / pi_ref), at the beta of the training (arXiv 2305.18290)."""
    lab, beta = the_lab(), DPOConfig().beta
    for prompt in range(PROMPTS):
        reference_logps, logps = lab.facts(prompt).reference_logps, lab.dpo_logps(prompt)
        optimum = optimal_logps(reference_logps, beta * (logps - reference_logps), beta)
        assert float(kl_divergence(logps, optimum)) < 1e-9


def test_the_network_is_trained_as_dpo_is() -> None:
    """Section VIII says in as many steps; batches and learning rate are the same, too."""
    network, dpo = REWARD_CONFIGS[RewardKind.network], DPOConfig()
    assert (network.steps, network.batch_size, network.learning_rate) == (
        dpo.steps,
        dpo.batch_size,
        dpo.learning_rate,
    )


@pytest.mark.parametrize("kind", RewardKind)
def test_a_run_with_the_seed_of_the_lab_fits_the_shipped_model(kind: RewardKind) -> None:
    """So sections III, IV and VII, which show what ships, and VIII, which fits anew, mean one model."""
    lab = the_lab()
    model, _ = train_reward_model(
        kind, lab.reference_policy, lab.comparisons(1, lab.seed), lab.seed
    )
    reference_logps = lab.facts(1).reference_logps
    ours = centered_rewards(model, reference_logps)
    shipped = lab.facts(1).learned_rewards[kind]
    # Rounding differs between processors, and 400 steps multiply it.
    assert float(expectation(reference_logps, (ours - shipped).square())) < 1e-3
