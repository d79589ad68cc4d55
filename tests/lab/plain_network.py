"""The policy's and the value model's network, written as its definition reads: an oracle.

Every position of every response goes through the block; nothing is shared or looked up.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.network.policy import HEADS, PHRASE_TOKENS, Policy, Trunk, ValueModel
from app.lab.reward_model import NetworkReward
from app.lab.world import PHRASES, SLOTS


def hidden_states(trunk: Trunk, prompt: int, responses: Tensor) -> Tensor:
    """Hidden state before each phrase. Shapes: (batch, 5) -> (batch, 5, width)."""
    offsets = (prompt * SLOTS + torch.arange(SLOTS - 1)) * PHRASES
    first = torch.full((len(responses), 1), PHRASE_TOKENS + prompt)
    tokens = torch.cat([first, responses[:, :-1] + offsets], 1)
    hidden = trunk.tokens(tokens) + trunk.places.weight
    batch, places, width = hidden.shape
    stacked = trunk.query_key_value(trunk.attention_norm(hidden))
    stacked = stacked.view(batch, places, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
    query, key, value = stacked.unbind(0)
    attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    hidden = hidden + trunk.project(attended.transpose(1, 2).flatten(2))
    hidden = hidden + trunk.narrow(F.gelu(trunk.widen(trunk.mlp_norm(hidden))))
    result: Tensor = trunk.final_norm(hidden)
    return result


def distributions(policy: Policy, prompt: int, responses: Tensor) -> Tensor:
    """log pi of all six phrases at each slot. Shapes: (batch, 5) -> (batch, 5, 6)."""
    hidden = hidden_states(policy.trunk, prompt, responses)
    return torch.einsum("bsw,spw->bsp", hidden, policy.head[prompt]).log_softmax(-1)


def scores(model: NetworkReward, prompt: int, responses: Tensor) -> Tensor:
    """A reward model's outputs, not scaled, for each phrase. Shapes: (batch, 5) -> (batch, 5)."""
    hidden = hidden_states(model.trunk, prompt, responses)
    outputs = torch.einsum("bsw,spw->bsp", hidden, model.head)
    return outputs.gather(2, responses.unsqueeze(2)).squeeze(2)


def phrase_logps(policy: Policy, prompt: int, responses: Tensor) -> Tensor:
    """log pi of each phrase given the phrases before it. Shapes: (batch, 5) -> (batch, 5)."""
    return distributions(policy, prompt, responses).gather(2, responses.unsqueeze(2)).squeeze(2)


def values(value_model: ValueModel, prompt: int, responses: Tensor) -> Tensor:
    """Value before each phrase. Shapes: (batch, 5) -> (batch, 5)."""
    hidden = hidden_states(value_model.trunk, prompt, responses)
    result: Tensor = value_model.head(hidden).squeeze(-1)
    return result
