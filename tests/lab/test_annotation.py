from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from app.lab.annotation import (
    FEATURES,
    HELD_BACK_EVERY,
    LABEL_DPO_CONFIG,
    align,
    draw_pairs,
    feature_differences,
    features,
    fit,
    held_back,
    negative_log_posterior,
)
from app.lab.exact import exact_logps
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, all_responses, response_number, the_world


def random_differences(pairs: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(pairs, len(FEATURES), generator=generator, dtype=torch.float64) * 2


@given(pairs=st.integers(0, 30), seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_the_gradient_is_zero_at_the_fitted_weights(pairs: int, seed: int) -> None:
    differences = random_differences(pairs, seed)
    weights = fit(differences).mean.requires_grad_()
    (gradient,) = torch.autograd.grad(negative_log_posterior(weights, differences), weights)
    assert gradient.abs().max() < 1e-8


@given(pairs=st.integers(0, 30), seed=st.integers(0, 1000))
@settings(max_examples=20)
def test_the_covariance_is_the_inverse_hessian_by_autograd(pairs: int, seed: int) -> None:
    differences = random_differences(pairs, seed)
    posterior = fit(differences)
    hessian = torch.autograd.functional.hessian(  # type: ignore[no-untyped-call]
        lambda weights: negative_log_posterior(weights, differences), posterior.mean
    )
    torch.testing.assert_close(posterior.covariance @ hessian, torch.eye(4, dtype=torch.float64))
    torch.testing.assert_close(posterior.sd.square(), posterior.covariance.diagonal())


def test_labels_that_a_line_separates_still_have_finite_weights() -> None:
    differences = 100 * torch.eye(4, dtype=torch.float64)
    posterior = fit(differences)
    assert (posterior.mean > 0).all()
    assert (posterior.mean < 5).all()


def test_the_weights_behind_simulated_labels_are_found() -> None:
    true = torch.tensor([1.5, -0.5, 0.0, 1.0], dtype=torch.float64)
    differences = random_differences(3000, 5)
    generator = torch.Generator().manual_seed(6)
    coin = torch.rand(3000, generator=generator, dtype=torch.float64)
    wins = coin < torch.sigmoid(differences @ true)
    posterior = fit(torch.where(wins.unsqueeze(1), differences, -differences))
    assert ((posterior.mean - true).abs() < 4 * posterior.sd).all()
    assert (posterior.sd < 0.15).all()


def test_the_chance_of_a_choice_is_averaged_over_the_uncertainty() -> None:
    posterior = fit(random_differences(6, 1))
    difference = torch.tensor([1.0, -2.0, 0.5, 1.0], dtype=torch.float64)
    factor = torch.linalg.cholesky(posterior.covariance)
    drawn = torch.randn(200_000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sampled = torch.sigmoid((posterior.mean + drawn @ factor.T) @ difference)
    error = float(sampled.std()) / 200_000**0.5
    assert posterior.probability(difference) == pytest.approx(float(sampled.mean()), abs=5 * error)
    both = posterior.probability(difference) + posterior.probability(-difference)
    assert both == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_pairs_differ_and_follow_the_seed(prompt: int) -> None:
    policy = the_lab().reference_policy
    pairs = draw_pairs(policy, prompt, 30, 1)
    assert pairs.first.shape == pairs.second.shape == (30, 5)
    assert (pairs.first != pairs.second).any(1).all()
    again, other = draw_pairs(policy, prompt, 30, 1), draw_pairs(policy, prompt, 30, 2)
    assert torch.equal(pairs.first, again.first)
    assert not torch.equal(pairs.first, other.first)


def test_a_good_part_of_the_pairs_differs_in_flattery_on_either_side() -> None:
    for prompt in range(PROMPTS):
        pairs = draw_pairs(the_lab().reference_policy, prompt, 400, 0)
        flattery = feature_differences(the_world(), pairs.labeled([True] * 400))[:, 3]
        assert 0.35 < float((flattery != 0).double().mean()) < 0.65
        # Which of the two comes first is random.
        assert 0.35 < float((flattery > 0).sum() / (flattery != 0).sum()) < 0.65


def test_features_are_sums_of_the_marks_of_the_phrases() -> None:
    responses = all_responses()[[0, 4321, 7775]]
    found = features(the_world(), 2, responses)
    for row, response in zip(found.tolist(), responses.tolist(), strict=True):
        said = the_world().said(2, response)
        assert row == pytest.approx([sum(getattr(p, name) for p in said) for name in FEATURES])


def test_every_fourth_label_is_held_back() -> None:
    assert held_back(9).nonzero().flatten().tolist() == [3, 7]
    assert len(held_back(0)) == 0
    assert HELD_BACK_EVERY == 4


def test_aligning_leaves_the_reference_alone_and_learns_the_labels() -> None:
    reference = the_lab().reference_policy
    before = exact_logps(reference, 1)
    pairs = draw_pairs(reference, 1, 12, 4).labeled([n % 2 == 0 for n in range(12)])
    ratio = exact_logps(align(reference, pairs), 1) - before
    assert torch.equal(exact_logps(reference, 1), before)
    margins = ratio[response_number(pairs.chosen)] - ratio[response_number(pairs.rejected)]
    assert (margins > 0).double().mean() > 0.9
    assert LABEL_DPO_CONFIG.batch_size >= 30  # every step uses all labels
