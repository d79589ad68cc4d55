"""The losses: what they do not look at, and what they refuse.

That each equals its published formula, gradient included, stands in tests/promises/, its extremes in
tests/test_extremes_losses.py, and torchtune's published values in tests/test_preference_loss.py.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.lab.losses import (
    NEEDS_LENGTHS,
    REFERENCE_FREE,
    MissingLengths,
    PairLogps,
    preference_loss,
)


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


@pytest.mark.parametrize(("name", "smoothing"), [("exo_pair", 0.0), ("hinge", 0.1)])
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
