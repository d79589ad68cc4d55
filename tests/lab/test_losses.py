"""Every loss against its published formula, written a second time with plain floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.lab.losses import (
    LOSSES,
    NEEDS_LENGTHS,
    REFERENCE_FREE,
    USES_LABEL_SMOOTHING,
    MissingLengths,
    PairLogps,
    implicit_rewards,
    preference_loss,
)


class Pair(NamedTuple):
    """One pair as the formulas have it: log-ratios, policy log-probabilities, lengths."""

    w: float
    r: float
    log_pi_w: float
    log_pi_l: float
    n_w: int
    n_l: int
    b: float
    e: float


def s(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def log_s(x: float) -> float:
    return min(x, 0.0) - math.log1p(math.exp(-abs(x)))


def log_odds(mean_logp: float) -> float:
    p = math.exp(mean_logp)
    return math.log(p / (1 - p))


def exo(p: Pair) -> float:
    z = p.b * (p.w - p.r)
    q, not_q = s(z), s(-z)
    return q * (math.log(q) - math.log(1 - p.e)) + not_q * (math.log(not_q) - math.log(p.e))


def discopop(p: Pair) -> float:
    z = p.b * (p.w - p.r)
    m = s(z / 0.05)
    return (1 - m) * -log_s(z) + m * math.exp(-z)


def orpo(p: Pair) -> float:
    chosen, rejected = p.log_pi_w / p.n_w, p.log_pi_l / p.n_l
    return -chosen - p.b * log_s(log_odds(chosen) - log_odds(rejected))


FORMULAS: dict[str, Callable[[Pair], float]] = {
    "sigmoid": lambda p: -(1 - p.e) * log_s(p.b * (p.w - p.r)) - p.e * log_s(-p.b * (p.w - p.r)),
    "robust": lambda p: (
        (-(1 - p.e) * log_s(p.b * (p.w - p.r)) + p.e * log_s(-p.b * (p.w - p.r))) / (1 - 2 * p.e)
    ),
    "hinge": lambda p: max(0.0, 1 - p.b * (p.w - p.r)),
    "ipo": lambda p: (p.w - p.r - 1 / (2 * p.b)) ** 2,
    "ipo_norm": lambda p: (p.w / p.n_w - p.r / p.n_l - 1 / (2 * p.b)) ** 2,
    "exo_pair": exo,
    "nca_pair": lambda p: -log_s(p.b * p.w) - 0.5 * log_s(-p.b * p.w) - 0.5 * log_s(-p.b * p.r),
    "bco_pair": lambda p: -log_s(p.b * p.w) - log_s(-p.b * p.r),
    "sppo_hard": lambda p: (p.w - 1 / (2 * p.b)) ** 2 + (p.r + 1 / (2 * p.b)) ** 2,
    "apo_zero": lambda p: 1 - s(p.b * p.w) + s(p.b * p.r),
    "apo_down": lambda p: s(p.b * p.w) + 1 - s(p.b * (p.w - p.r)),
    "discopop": discopop,
    "sigmoid_norm": lambda p: -log_s(p.b * (p.w / p.n_w - p.r / p.n_l)),
    "simpo": lambda p: -log_s(p.b * (p.log_pi_w / p.n_w - p.log_pi_l / p.n_l) - 0.5),
    "orpo": orpo,
    "kto": lambda p: 1 - s(p.b * p.w) + 1 - s(-p.b * p.r),
}

logps = st.floats(-60, -0.5)
pairs = st.builds(
    lambda pi_w, pi_l, ref_w, ref_l, n_w, n_l, b, e: (
        Pair(pi_w - ref_w, pi_l - ref_l, pi_w, pi_l, n_w, n_l, b, e),
        ref_w,
        ref_l,
    ),
    *(logps,) * 4,
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(0.05, 1),
    st.floats(0.001, 0.4),
)


def as_tensors(pair: Pair, ref_w: float, ref_l: float, smoothing: float) -> PairLogps:
    def one(value: float) -> torch.Tensor:
        return torch.tensor([value], dtype=torch.float64)

    return PairLogps(
        one(pair.log_pi_w),
        one(pair.log_pi_l),
        one(ref_w),
        one(ref_l),
        one(pair.n_w),
        one(pair.n_l),
        smoothing,
    )


def smoothing_of(name: str, pair: Pair) -> float:
    return pair.e if name in USES_LABEL_SMOOTHING else 0.0


def test_there_is_a_formula_for_every_loss() -> None:
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
@given(drawn=pairs)
def test_a_loss_equals_its_published_formula(name: str, drawn: tuple[Pair, float, float]) -> None:
    pair, ref_w, ref_l = drawn
    smoothing = smoothing_of(name, pair)
    loss = preference_loss(name, as_tensors(pair, ref_w, ref_l, smoothing), pair.b)
    expected = FORMULAS[name](pair._replace(e=smoothing))
    assert loss.item() == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", LOSSES)
@given(drawn=pairs)
def test_gradients_agree_with_finite_differences(
    name: str, drawn: tuple[Pair, float, float]
) -> None:
    pair, ref_w, ref_l = drawn
    batch = as_tensors(pair, ref_w, ref_l, smoothing_of(name, pair))
    if name == "hinge" and abs(1 - pair.b * (pair.w - pair.r)) < 1e-3:
        return  # the corner of the hinge has no derivative
    point = [batch.policy_chosen.clone(), batch.policy_rejected.clone()]

    def loss(chosen: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        moved = PairLogps(
            chosen,
            rejected,
            batch.reference_chosen,
            batch.reference_rejected,
            batch.chosen_lengths,
            batch.rejected_lengths,
            batch.label_smoothing,
        )
        return preference_loss(name, moved, pair.b).sum()

    asked = [p.clone().requires_grad_() for p in point]
    gradients = torch.autograd.grad(loss(*asked), asked, materialize_grads=True)
    step = 1e-5
    for side, gradient in enumerate(gradients):
        higher, lower = [p.clone() for p in point], [p.clone() for p in point]
        higher[side] += step
        lower[side] -= step
        slope = (loss(*higher) - loss(*lower)).item() / (2 * step)
        scale = 1 + abs(slope) + abs(loss(*point).item())
        assert gradient.item() == pytest.approx(slope, abs=1e-5 * scale)


def test_published_values_of_torchtune() -> None:
    def column(*values: float) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)

    batch = PairLogps(
        column(-0.5, -10, -1),
        column(-0.1, -30, -21),
        column(-0.5, -10.1, -0.1),
        column(-0.1, -20.1, -0.1),
    )
    expected = {"sigmoid": [0.693147, 0.313262, 0.126928], "hinge": [1, 0, 0]}
    for name, values in expected.items():
        found = preference_loss(name, batch, 0.1)
        assert found.tolist() == pytest.approx(values, abs=1e-6)
    chosen, rejected = implicit_rewards(batch, 0.1)
    assert (chosen - rejected).tolist() == pytest.approx([0, 1, 2], abs=1e-12)


@pytest.mark.parametrize("margin", [-700.0, 700.0])
@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"discopop", "orpo"}))
def test_extreme_margins_stay_finite(name: str, margin: float) -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    smoothing = 0.1 if name in USES_LABEL_SMOOTHING else 0.0
    chosen, rejected = zero + min(margin, 0), zero - max(margin, 0)
    batch = PairLogps(chosen, rejected, zero, zero, zero + 1, zero + 1, smoothing)
    assert torch.isfinite(preference_loss(name, batch, 1.0)).all()


@pytest.mark.parametrize("name", sorted(NEEDS_LENGTHS))
def test_a_length_normalised_loss_names_the_length_that_is_missing(name: str) -> None:
    one = -torch.ones(1)
    with pytest.raises(MissingLengths) as refused:
        preference_loss(name, PairLogps(one, one, one, one, -one), 0.1)
    assert refused.value.field == "rejected_lengths"


@pytest.mark.parametrize("name", sorted(REFERENCE_FREE))
@given(shift=st.floats(-5, 5))
def test_a_loss_without_a_reference_does_not_look_at_it(name: str, shift: float) -> None:
    one, lengths = -torch.ones(1), torch.full((1,), 3.0)
    here = preference_loss(name, PairLogps(one, 2 * one, one, one, lengths, lengths), 0.1)
    there = PairLogps(one, 2 * one, one + shift, one - shift, lengths, lengths)
    assert torch.equal(here, preference_loss(name, there, 0.1))


@pytest.mark.parametrize(
    ("name", "smoothing"), [("exo_pair", 0.0), ("exo_pair", 0.5), ("robust", 0.5), ("hinge", 0.1)]
)
def test_label_smoothing_that_a_loss_can_not_use_is_refused_by_name(
    name: str, smoothing: float
) -> None:
    one = -torch.ones(1)
    batch = PairLogps(one, one, one, one, label_smoothing=smoothing)
    with pytest.raises(ValueError, match="label_smoothing"):
        preference_loss(name, batch, 0.1)


def test_rdpo_is_unbiased_under_flipped_labels() -> None:
    """Averaged over flips with probability e, the robust loss is the clean DPO loss."""
    e = 0.2
    up, down = torch.tensor([-1.0]).double(), torch.tensor([-4.0]).double()
    zero = torch.zeros(1).double()
    kept = preference_loss("robust", PairLogps(up, down, zero, zero, label_smoothing=e), 0.5)
    flipped = preference_loss("robust", PairLogps(down, up, zero, zero, label_smoothing=e), 0.5)
    clean = preference_loss("sigmoid", PairLogps(up, down, zero, zero), 0.5)
    assert ((1 - e) * kept + e * flipped).item() == pytest.approx(clean.item(), abs=1e-12)


def test_cdpo_rests_at_the_margin_of_its_confidence() -> None:
    """With 10% label smoothing the loss is least at margin ln 9."""
    margin = torch.tensor([math.log(9)], dtype=torch.float64, requires_grad=True)
    zero = torch.zeros(1, dtype=torch.float64)
    loss = preference_loss("sigmoid", PairLogps(margin, zero, zero, zero, label_smoothing=0.1), 1.0)
    (slope,) = torch.autograd.grad(loss.sum(), margin)
    assert slope.item() == pytest.approx(0, abs=1e-12)
