from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.lab.flat import flatten
from app.lab.policy import Policy, ValueModel, parameter_count
from app.lab.world import all_responses

RESPONSES = all_responses()[::500]


@pytest.fixture
def policy() -> Policy:
    return Policy(torch.Generator().manual_seed(0))


def loss(policy: Policy) -> torch.Tensor:
    return -policy.logps(0, RESPONSES).mean()


def test_a_flattened_network_has_the_same_parameters_and_gradients(policy: Policy) -> None:
    plain = copy.deepcopy(policy)
    flat = flatten(policy)
    assert flat.shape == (parameter_count(plain),)
    loss(plain).backward()  # type: ignore[no-untyped-call]
    loss(policy).backward()  # type: ignore[no-untyped-call]
    pairs = zip(plain.named_parameters(), policy.named_parameters(), strict=True)
    for (name, before), (same_name, after) in pairs:
        assert name == same_name
        assert torch.equal(before, after)
        assert before.grad is not None
        assert after.grad is not None
        assert torch.equal(before.grad, after.grad)
    gradients = [parameter.grad.flatten() for parameter in plain.parameters()]  # type: ignore[union-attr]
    assert flat.grad is not None
    assert torch.equal(flat.grad, torch.cat(gradients))


def test_adam_on_the_flat_tensor_takes_the_steps_of_adam_on_the_network(policy: Policy) -> None:
    plain = copy.deepcopy(policy)
    ordinary = torch.optim.Adam(plain.parameters(), lr=1e-3, fused=True)
    flattened = torch.optim.Adam([flatten(policy)], lr=1e-3, fused=True)
    for _ in range(5):
        ordinary.zero_grad()
        flattened.zero_grad(set_to_none=False)
        loss(plain).backward()  # type: ignore[no-untyped-call]
        loss(policy).backward()  # type: ignore[no-untyped-call]
        ordinary.step()
        flattened.step()
    for before, after in zip(plain.parameters(), policy.parameters(), strict=True):
        torch.testing.assert_close(before, after, rtol=0, atol=1e-6)


def test_several_networks_share_one_tensor(policy: Policy) -> None:
    value_model = ValueModel(copy.deepcopy(policy.trunk))
    flat = flatten(policy, value_model)
    assert len(flat) == parameter_count(policy) + parameter_count(value_model)
    with torch.no_grad():
        flat.fill_(0.25)
    assert float(value_model.head.bias.detach()) == 0.25
    assert float(policy.head[0, 0, 0, 0].detach()) == 0.25


def test_a_flattened_network_can_be_copied_and_saved(policy: Policy, tmp_path: Path) -> None:
    flat = flatten(policy)
    kept = copy.deepcopy(policy)
    save_file(policy.state_dict(), tmp_path / "policy.safetensors")
    saved = load_file(tmp_path / "policy.safetensors")
    with torch.no_grad():
        flat.zero_()
    assert all(torch.equal(saved[name], value) for name, value in kept.state_dict().items())
    assert float(kept.trunk.tokens.weight.detach().abs().max()) > 0
