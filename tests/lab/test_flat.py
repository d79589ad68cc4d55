from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.lab.draws import Draws, Stream
from app.lab.network.flat import flatten
from app.lab.network.policy import Policy, ValueModel, parameter_count


@pytest.fixture
def policy() -> Policy:
    return Policy(Draws(0, Stream.WEIGHTS))


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
