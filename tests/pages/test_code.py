"""The code that the section on the loss prints does what the section says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from app.lab.losses import PairLogps, preference_loss


@pytest.fixture
def printed(client: TestClient) -> dict[str, Callable[..., Any]]:
    """The names that the printed code defines."""
    page = BeautifulSoup(client.get("/sections/dpo-loss").text, "html.parser")
    code = page.select_one('pre[aria-label="DPO in PyTorch"]')
    assert code is not None
    names: dict[str, Callable[..., Any]] = {}
    exec(code.text, names)
    return names


def test_a_sequence_has_the_sum_over_its_response(printed: dict[str, Callable[..., Any]]) -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 6, 11, dtype=torch.float64)
    tokens = torch.randint(11, (2, 6))
    mask = torch.tensor([[0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 0]])  # the last is padding
    logps = printed["sequence_logps"](logits, tokens, mask)
    probabilities = logits.exp() / logits.exp().sum(-1, keepdim=True)
    for row, places in enumerate([(2, 3, 4, 5), (3, 4)]):
        product = 1.0
        for place in places:
            # The logits at a place are of the token after it.
            product *= float(probabilities[row, place - 1, tokens[row, place]])
        assert float(logps[row].exp()) == pytest.approx(product)


def test_the_loss_and_its_gradient_are_those_of_the_lab(
    printed: dict[str, Callable[..., Any]],
) -> None:
    policy = torch.tensor([[-9.74, -3.0], [-16.22, -1.0]], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor([[-7.18, -2.0], [-8.75, -2.5]], dtype=torch.float64)
    loss = printed["dpo_loss"](policy, reference, 0.3)
    pairs = PairLogps(policy[0], policy[1], reference[0], reference[1])
    expected = preference_loss("sigmoid", pairs, 0.3).mean()
    torch.testing.assert_close(loss, expected)
    (gradient,) = torch.autograd.grad(loss, policy)
    margins = 0.3 * ((policy - reference)[0] - (policy - reference)[1])
    weights = torch.sigmoid(-margins).detach()
    torch.testing.assert_close(gradient, torch.stack([-0.3 * weights / 2, 0.3 * weights / 2]))
