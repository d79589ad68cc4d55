"""What is true of the further losses whatever the numbers are."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from app.lab.losses import LossParams, PairLogps
from app.lab.more_losses import (
    ALL_LOSSES,
    ALL_REFERENCE_FREE,
    ALL_THAT_NEED_LENGTHS,
    ALL_THAT_SMOOTH,
    F_DIVERGENCES,
    MORE_LOSSES,
    OF_THE_BATCH,
    READ_BY,
    FDivergence,
    WeightedLoss,
    any_loss,
    desensitized,
    logged_loss,
    weighted_loss,
)
from tests.promises.batches import PROMISE

LN_2 = math.log(2)


def columns(seed: int, rows: int = 12) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logps = -1 - 60 * torch.rand(4, rows, dtype=torch.float64, generator=generator)
    lengths = torch.randint(2, 40, (2, rows), generator=generator).double()
    return [*logps, *lengths]


def pairs_from(found: list[Tensor], **params: float) -> PairLogps:
    a, b, c, d, chosen_lengths, rejected_lengths = found
    return PairLogps(a, b, c, d, chosen_lengths, rejected_lengths, LossParams(**params))


def pairs_of(seed: int, **params: float) -> PairLogps:
    return pairs_from(columns(seed), **params)


def at_start(pairs: PairLogps) -> PairLogps:
    return replace(
        pairs, policy_chosen=pairs.reference_chosen, policy_rejected=pairs.reference_rejected
    )


seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("name", ["aot", "cpo_sigmoid"])
def test_logistic_losses_are_ln_2_where_nothing_is_preferred(name: str) -> None:
    pairs = at_start(pairs_of(1))
    if name == "cpo_sigmoid":
        pairs = replace(pairs, policy_rejected=pairs.policy_chosen)
    torch.testing.assert_close(any_loss(name, pairs, 0.1), torch.full_like(pairs.chosen, LN_2))


@PROMISE
@given(seed=seeds, beta=st.floats(0.01, 5))
def test_a_sorted_loss_does_not_see_the_order_of_pairs(seed: int, beta: float) -> None:
    given_columns = columns(seed)
    order = torch.randperm(len(given_columns[0]), generator=torch.Generator().manual_seed(seed))
    for name in ("aot", "aot_unpaired"):
        there, here = (
            any_loss(name, pairs_from(found), beta)
            for found in (given_columns, [column[order] for column in given_columns])
        )
        torch.testing.assert_close(there, here)


@PROMISE
@given(seed=seeds, beta=st.floats(0.01, 5))
def test_of_one_pair_aot_is_dpo(seed: int, beta: float) -> None:
    pair = pairs_from(columns(seed, rows=1))
    for name in ("aot", "aot_unpaired"):
        torch.testing.assert_close(any_loss(name, pair, beta), any_loss("sigmoid", pair, beta))


@PROMISE
@given(seed=seeds)
def test_sft_is_the_mean_over_all_tokens(seed: int) -> None:
    pairs = pairs_of(seed)
    lengths, _ = pairs.lengths()
    expected = -float(pairs.policy_chosen.sum()) / float(lengths.sum())
    assert any_loss("sft", pairs, 1.0).tolist() == pytest.approx([expected] * len(lengths))


@PROMISE
@given(seed=seeds, beta=st.floats(0.01, 5), gamma=st.floats(0, 2))
def test_alphapo_tends_to_simpo(seed: int, beta: float, gamma: float) -> None:
    simpo = any_loss("simpo", pairs_of(seed, simpo_gamma=gamma), beta)
    for alpha, close in ((0.0, 1e-12), (1e-9, 1e-5)):
        pairs = pairs_of(seed, simpo_gamma=gamma, alphapo_alpha=alpha)
        torch.testing.assert_close(any_loss("alphapo", pairs, beta), simpo, rtol=close, atol=close)


@PROMISE
@given(seed=seeds, beta=st.floats(0.01, 5))
def test_without_a_reference_dpo_is_cpo(seed: int, beta: float) -> None:
    zero = torch.zeros(12, dtype=torch.float64)
    pairs = replace(pairs_of(seed), reference_chosen=zero, reference_rejected=zero)
    for ours, theirs in (
        ("cpo_sigmoid", "sigmoid"),
        ("cpo_hinge", "hinge"),
        ("cpo_ipo", "ipo_norm"),
    ):
        torch.testing.assert_close(any_loss(ours, pairs, beta), any_loss(theirs, pairs, beta))


def test_losses_of_single_responses_weigh_their_halves() -> None:
    pairs = pairs_of(3, desirable_weight=2, undesirable_weight=0)
    for name in ("kto", "apo_zero_unpaired"):
        none, both = (
            replace(pairs.params, desirable_weight=0),
            replace(pairs.params, undesirable_weight=3),
        )
        chosen = any_loss(name, pairs, 0.1)
        rejected = any_loss(name, replace(pairs, params=replace(none, undesirable_weight=3)), 0.1)
        torch.testing.assert_close(
            any_loss(name, replace(pairs, params=both), 0.1), chosen + rejected
        )
        torch.testing.assert_close(logged_loss(name, pairs, 0.1), chosen / 2)


def test_the_shift_of_bco_is_taken_from_both_rewards() -> None:
    pairs = pairs_of(4)
    moved = replace(
        pairs,
        policy_chosen=pairs.policy_chosen - 0.7 / 0.1,
        policy_rejected=pairs.policy_rejected - 0.7 / 0.1,
    )
    shifted = any_loss("bco_pair", pairs_of(4, reward_shift=0.7), 0.1)
    torch.testing.assert_close(shifted, any_loss("bco_pair", moved, 0.1))


def test_label_smoothing_0_counts_as_0_001_for_exo() -> None:
    torch.testing.assert_close(
        any_loss("exo_pair", pairs_of(5), 0.1),
        any_loss("exo_pair", pairs_of(5, label_smoothing=0.001), 0.1),
        rtol=0,
        atol=0,
    )


# ---- f-divergences -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", F_DIVERGENCES)
def test_no_divergence_scores_an_unchanged_response(kind: str) -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    assert FDivergence(kind).score(zero).tolist() == [0]


@pytest.mark.parametrize(
    ("kind", "alpha", "slope"),
    [
        ("reverse_kl", 0.5, lambda t: 1 / t),
        ("forward_kl", 0.5, lambda t: 1 / t**2),
        ("js_divergence", 0.5, lambda t: 1 / t - 1 / (1 + t)),
        ("alpha_divergence", 0.3, lambda t: t ** (0.3 - 2)),
        ("alpha_divergence", -1.0, lambda t: t**-3.0),
        ("alpha_divergence", 1.0, lambda t: 1 / t),
    ],
)
def test_a_score_is_a_derivative_of_its_divergence(kind: str, alpha: float, slope: object) -> None:
    """f'' of t log t, -log t, t log t - (1 + t) log (1 + t) and (t^alpha - alpha t) / (alpha (alpha - 1))."""
    assert callable(slope)
    t = torch.tensor([0.05, 0.7, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(FDivergence(kind, alpha).score(t.log()).sum(), t)
    assert found.tolist() == pytest.approx([slope(value) for value in t.tolist()], rel=1e-12)


def test_alpha_0_is_forward_kl_and_alpha_1_reverse_kl() -> None:
    ratios = torch.linspace(-5, 5, 11, dtype=torch.float64)
    for alpha, kind in ((0.0, "forward_kl"), (1.0, "reverse_kl"), (1 + 1e-12, "reverse_kl")):
        torch.testing.assert_close(
            FDivergence("alpha_divergence", alpha).score(ratios), FDivergence(kind).score(ratios)
        )


def test_a_loss_that_compares_no_rewards_refuses_other_divergences() -> None:
    with pytest.raises(ValueError, match="f_divergence_type must be reverse_kl for kto"):
        weighted_loss([WeightedLoss("kto")], pairs_of(6), 0.1, FDivergence("forward_kl"))


# ---- what is known of each loss ------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_LOSSES)
def test_a_loss_reads_what_it_is_said_to(name: str) -> None:
    """The reference, lengths and parameters: exactly those change it."""

    def loss(pairs: PairLogps) -> Tensor:
        return weighted_loss([WeightedLoss(name)], pairs, 0.3)

    pairs = pairs_of(7, kto_reference_point=0.4, simpo_gamma=0.3)
    half, shorter = pairs.reference_chosen / 2, pairs.chosen_lengths
    assert shorter is not None
    other_reference = replace(pairs, reference_chosen=half)
    other_lengths = replace(pairs, chosen_lengths=shorter + 3)
    changes = {
        "reference": not torch.equal(loss(pairs), loss(other_reference)),
        "lengths": not torch.equal(loss(pairs), loss(other_lengths)),
    }
    assert changes == {
        "reference": name not in ALL_REFERENCE_FREE,
        "lengths": name in ALL_THAT_NEED_LENGTHS,
    }
    for parameter in READ_BY:
        if parameter == "label_smoothing" and name not in ALL_THAT_SMOOTH:
            continue  # it is refused
        moved = replace(pairs.params, **{parameter: getattr(pairs.params, parameter) + 0.2})
        changed = not torch.equal(loss(pairs), loss(replace(pairs, params=moved)))
        assert changed == (name in READ_BY[parameter]), parameter


@pytest.mark.parametrize("name", MORE_LOSSES)
def test_a_loss_of_pairs_sees_each_pair_alone(name: str) -> None:
    found = columns(8)
    whole, alone = (
        any_loss(name, pairs_from([column[:rows] for column in found]), 0.3) for rows in (None, 1)
    )
    assert torch.equal(whole[:1], alone) == (name not in OF_THE_BATCH)


# ---- tokens ------------------------------------------------------------------------------------


def test_further_tokens_count_alpha_times() -> None:
    whole, part = torch.tensor([-10.0]), torch.tensor([-7.0])
    assert desensitized(whole, part, 1).tolist() == [-10]
    assert desensitized(whole, part, 0).tolist() == [-3]
    assert desensitized(whole, part, 0.5).tolist() == [-6.5]
