from __future__ import annotations

import copy

import pytest
import torch

from app.lab.flat import flatten
from app.lab.policy import Trunk
from app.lab.prefixes import every_prefix
from app.lab.stacked import share, stack

PREFIXES = every_prefix()[::50]


@pytest.fixture
def trunks() -> tuple[Trunk, Trunk]:
    """Two of them, with random numbers everywhere."""
    generator = torch.Generator().manual_seed(0)
    pair = (Trunk(generator).double(), Trunk(generator).double())
    with torch.no_grad():
        for trunk in pair:
            for parameter in trunk.parameters():
                parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator))
    return pair


@pytest.mark.parametrize("prompt", [0, 4])
def test_a_stack_gives_what_each_network_gives(trunks: tuple[Trunk, Trunk], prompt: int) -> None:
    with torch.no_grad():
        together = stack(*trunks)(prompt, PREFIXES)
        apart = torch.stack([trunk(prompt, PREFIXES) for trunk in trunks])
    torch.testing.assert_close(together, apart, rtol=0, atol=1e-12)


def test_a_stack_has_the_gradients_of_each_network(trunks: tuple[Trunk, Trunk]) -> None:
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(2, len(PREFIXES), 32, generator=generator, dtype=torch.float64)
    both = stack(*trunks)
    (both(2, PREFIXES) * weights).sum().backward()
    for trunk, own in zip(trunks, weights, strict=True):
        (trunk(2, PREFIXES) * own).sum().backward()
    for name, stacked in both.named_parameters():
        one, other = (trunk.get_parameter(name).grad for trunk in trunks)
        assert stacked.grad is not None
        assert one is not None
        assert other is not None
        expected = torch.stack([one, other])
        torch.testing.assert_close(stacked.grad, expected, rtol=1e-10, atol=1e-10)


def test_a_stack_leaves_the_networks_alone(trunks: tuple[Trunk, Trunk]) -> None:
    before = copy.deepcopy(trunks[0].state_dict())
    with torch.no_grad():
        for parameter in stack(*trunks).parameters():
            parameter.zero_()
    assert all(torch.equal(before[name], now) for name, now in trunks[0].state_dict().items())


def test_what_is_done_to_a_shared_stack_is_done_to_the_networks(
    trunks: tuple[Trunk, Trunk],
) -> None:
    both = stack(*trunks)
    flat = flatten(both)
    share(both, *trunks)
    with torch.no_grad():
        flat.mul_(0.5)
        apart = torch.stack([trunk(1, PREFIXES) for trunk in trunks])
        torch.testing.assert_close(both(1, PREFIXES), apart, rtol=0, atol=1e-12)
    for number, trunk in enumerate(trunks):
        for name, parameter in trunk.named_parameters():
            assert torch.equal(both.get_parameter(name)[number], parameter)


def test_networks_of_different_depth_are_no_stack(trunks: tuple[Trunk, Trunk]) -> None:
    with pytest.raises(ValueError, match="zip"):
        stack(torch.nn.Sequential(trunks[0]), torch.nn.Sequential(*trunks))
