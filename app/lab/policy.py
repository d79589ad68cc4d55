"""The policy pi(y|x): a causal transformer over phrases, and the value model built on its trunk.

The vocabulary is one token per phrase (180) and one per prompt (6). The input of a response is the
prompt token and its first four phrases; the output at place t is a distribution over the six
phrases of slot t. One block of pre-norm attention and MLP (Vaswani et al., arXiv 1706.03762).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.lab.world import PHRASES, PROMPTS, SLOTS

WIDTH = 32
HEADS = 2
PHRASE_TOKENS = PROMPTS * SLOTS * PHRASES

Cache = tuple[Tensor, Tensor]
"""Keys and values of the places seen so far. Shapes: (batch, heads, places, width / heads)."""


class Trunk(nn.Module):
    """Token and place embeddings and one causal transformer block."""

    def __init__(self, generator: torch.Generator, width: int = WIDTH) -> None:
        super().__init__()
        self.tokens = nn.Embedding(PHRASE_TOKENS + PROMPTS, width)
        self.places = nn.Embedding(SLOTS, width)
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.final_norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            initialise(name, parameter, generator)

    def forward(self, prompt: int, responses: Tensor) -> Tensor:
        """Hidden state before each phrase. Shapes: (batch, 5) -> (batch, 5, width)."""
        hidden = self.tokens(self._inputs(prompt, responses)) + self.places.weight
        query, key, value = self._query_key_value(hidden)
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._finish(hidden, attended)

    def step(self, prompt: int, phrase: Tensor | None, cache: Cache | None) -> tuple[Tensor, Cache]:
        """One place more: the hidden state after the phrases seen so far, and the longer cache.

        Args:
            phrase: the phrase just chosen, None before the first. Shape: (batch,)
            cache: what the earlier places left, None before the first

        Returns:
            Hidden state, shape: (batch, width); and the cache with this place added.
        """
        place = 0 if cache is None else cache[0].shape[2]
        if phrase is None:
            tokens = torch.tensor([PHRASE_TOKENS + prompt])
        else:
            tokens = phrase + (prompt * SLOTS + place - 1) * PHRASES
        hidden = (self.tokens(tokens) + self.places.weight[place]).unsqueeze(1)
        query, key, value = self._query_key_value(hidden)
        if cache is not None:
            key, value = torch.cat([cache[0], key], 2), torch.cat([cache[1], value], 2)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self._finish(hidden, attended).squeeze(1), (key, value)

    def _inputs(self, prompt: int, responses: Tensor) -> Tensor:
        offsets = (prompt * SLOTS + torch.arange(SLOTS - 1)) * PHRASES
        first = torch.full((len(responses), 1), PHRASE_TOKENS + prompt)
        return torch.cat([first, responses[:, :-1] + offsets], 1)

    def _query_key_value(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, places, width = hidden.shape
        stacked = self.query_key_value(self.attention_norm(hidden))
        # (batch, places, 3 width) -> 3 x (batch, heads, places, width / heads)
        stacked = stacked.view(batch, places, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = stacked.unbind(0)
        return query, key, value

    def _finish(self, hidden: Tensor, attended: Tensor) -> Tensor:
        # (batch, heads, places, width / heads) -> (batch, places, width)
        hidden = hidden + self.project(attended.transpose(1, 2).flatten(2))
        hidden = hidden + self.narrow(F.gelu(self.widen(self.mlp_norm(hidden))))
        result: Tensor = self.final_norm(hidden)
        return result


class Policy(nn.Module):
    """pi_theta(y|x), factored over the five slots."""

    def __init__(self, generator: torch.Generator, width: int = WIDTH) -> None:
        super().__init__()
        self.trunk = Trunk(generator, width)
        # One output vector per phrase token; only the six of the slot compete in the softmax.
        self.head = nn.Parameter(torch.zeros(PROMPTS, SLOTS, PHRASES, width))

    def phrase_logps(self, prompt: int, responses: Tensor) -> Tensor:
        """log pi of each phrase given the phrases before it. Shapes: (batch, 5) -> (batch, 5)."""
        return self.distributions(prompt, responses).gather(2, responses.unsqueeze(2)).squeeze(2)

    def distributions(self, prompt: int, responses: Tensor) -> Tensor:
        """log pi of all six phrases at each slot. Shapes: (batch, 5) -> (batch, 5, 6)."""
        hidden = self.trunk(prompt, responses)
        return torch.einsum("bsw,spw->bsp", hidden, self.head[prompt]).log_softmax(-1)

    def logps(self, prompt: int, responses: Tensor) -> Tensor:
        """log pi(y|x) in nats, a sum over phrases. Shapes: (batch, 5) -> (batch,)."""
        return self.phrase_logps(prompt, responses).sum(-1)

    def next_logps(
        self, prompt: int, phrase: Tensor | None, cache: Cache | None
    ) -> tuple[Tensor, Cache]:
        """log pi of the next phrase, one slot at a time (see ``Trunk.step``). Shape: (batch, 6)."""
        hidden, cache = self.trunk.step(prompt, phrase, cache)
        slot = cache[0].shape[2] - 1
        return (hidden @ self.head[prompt, slot].T).log_softmax(-1), cache

    @torch.no_grad()
    def sample(self, prompt: int, count: int, generator: torch.Generator) -> Tensor:
        """Draw responses y ~ pi(.|x). Shape: (count, 5)."""
        phrases: list[Tensor] = []
        logps, cache = self.next_logps(prompt, None, None)
        logps = logps.expand(count, -1)
        cache = (cache[0].expand(count, -1, -1, -1), cache[1].expand(count, -1, -1, -1))
        for slot in range(SLOTS):
            if slot > 0:
                logps, cache = self.next_logps(prompt, phrases[-1], cache)
            phrases.append(torch.multinomial(logps.exp(), 1, generator=generator).squeeze(1))
        return torch.stack(phrases, 1)


class ValueModel(nn.Module):
    """V(x, y_<t): the expected return before each phrase, from a transformer like the policy's."""

    def __init__(self, trunk: Trunk) -> None:
        """Takes over ``trunk`` (pass a copy); the head starts at zero, so V starts at zero."""
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.final_norm.normalized_shape[0], 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, prompt: int, responses: Tensor) -> Tensor:
        """Value before each phrase. Shapes: (batch, 5) -> (batch, 5)."""
        values: Tensor = self.head(self.trunk(prompt, responses)).squeeze(-1)
        return values


def initialise(name: str, parameter: nn.Parameter, generator: torch.Generator) -> None:
    """Fill one parameter from a generator, so that no global random state is read."""
    with torch.no_grad():
        if "norm" in name:
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
        elif name.endswith("bias"):
            parameter.zero_()
        else:
            parameter.normal_(0.0, parameter.shape[-1] ** -0.5, generator=generator)


def parameter_count(model: nn.Module) -> int:
    """How many numbers a network holds."""
    return sum(parameter.numel() for parameter in model.parameters())
