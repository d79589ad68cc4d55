"""The losses: published values, what they do not look at, and what they refuse.

That each equals its published formula, gradient included, stands in tests/promises/, and its extremes in
tests/test_extremes_losses.py.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.lab.losses import (
    NEEDS_LENGTHS,
    REFERENCE_FREE,
    MissingLengths,
    PairLogps,
    implicit_rewards,
    preference_loss,
)


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
