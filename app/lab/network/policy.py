"""The policy pi(y|x): a causal transformer over phrases, and the value model built on its trunk.

The vocabulary is one token per phrase (180) and one per prompt (6). The input of a response is the
prompt token and its first four phrases; the output at place t is a distribution over the six
phrases of slot t. One block of pre-norm attention and MLP (Vaswani et al., arXiv 1706.03762). It is
computed once for each distinct prefix; see ``prefixes``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.lab.draws import Draws, chosen
from app.lab.network.prefixes import (
    ATTENTION_MASK,
    LAST_TOKEN,
    LENGTH,
    TOKENS,
    child,
    distinct_prefixes,
)
from app.lab.network.stacked import StackedEmbedding, StackedLayerNorm, StackedLinear
from app.lab.world import PHRASES, PROMPTS, SLOTS

WIDTH = 32
HEADS = 2
PHRASE_TOKENS = PROMPTS * SLOTS * PHRASES

Tables = tuple[Tensor, Tensor, Tensor]
"""What a trunk makes of single tokens and of pairs of them; see ``Trunk.read``."""

_EMBEDDING = torch.cat(
    [
        torch.arange(PHRASE_TOKENS, PHRASE_TOKENS + PROMPTS).unsqueeze(1),
        torch.arange(PHRASE_TOKENS).view(PROMPTS, -1)[:, : TOKENS - 1],
    ],
    1,
)
"""Which row of the embedding each token of a prefix has. Shape: (prompts, tokens)."""

_PLACE = (torch.arange(TOKENS) + PHRASES - 1) // PHRASES
"""The place of each token. Shape: (tokens,)."""

_OUTPUTS = torch.arange(SLOTS * PHRASES).view(SLOTS, PHRASES)[LENGTH].T.contiguous()
"""Which outputs stand for the phrases that can follow each prefix. Shape: (6, prefixes)."""


class Trunk(nn.Module):
    """Token and place embeddings and one causal transformer block.

    Of a stack of trunks (see ``stacked``), tables and hidden states have the trunk for their first
    dimension, before the shapes that are named here.
    """

    def __init__(self, draws: Draws, width: int = WIDTH) -> None:
        super().__init__()
        self.tokens = StackedEmbedding(PHRASE_TOKENS + PROMPTS, width)
        self.places = StackedEmbedding(SLOTS, width)
        self.attention_norm = StackedLayerNorm(width)
        self.query_key_value = StackedLinear(width, 3 * width)
        self.project = StackedLinear(width, width)
        self.mlp_norm = StackedLayerNorm(width)
        self.widen = StackedLinear(width, 4 * width)
        self.narrow = StackedLinear(4 * width, width)
        self.final_norm = StackedLayerNorm(width)
        for name, parameter in self.named_parameters():
            initialize(name, parameter, draws)

    def forward(self, prompt: int, prefixes: Tensor) -> Tensor:
        """Hidden state after each prefix. Shapes: (n,) -> (n, width)."""
        return self.after(prefixes, self.read(prompt))

    def read(self, prompt: int) -> Tables:
        """Everything that does not depend on whole prefixes.

        As there is one block, queries, keys and values depend on a token and its place alone, and
        a token has one place: attention is worked out between the 25 tokens, and looked up later.

        Returns:
            What goes into the residual stream for each last token, shape: (tokens, width); how
            much each, the last dimension, attends to each, the one before, as scores for a softmax,
            shape: (heads, tokens, tokens); and the value of each, projected, shape:
            (heads x tokens, width)
        """
        hidden = self.tokens(_EMBEDDING[prompt]) + self.places(_PLACE)
        width = hidden.shape[-1]
        stacked = self.query_key_value(self.attention_norm(hidden))
        # (tokens, 3 width) -> 3 x (heads, tokens, width / heads)
        query, key, value = (
            stacked.view(*stacked.shape[:-1], 3, HEADS, -1).transpose(-4, -2).unbind(-3)
        )
        scores = key @ query.mT * (width // HEADS) ** -0.5
        # The output projection is linear: it can be done before values are mixed as well as after.
        values = value @ self.project.weight.unflatten(-1, (HEADS, -1)).movedim(-3, -1)  # type: ignore[no-untyped-call]
        return hidden + self.project.bias.unsqueeze(-2), scores, values.flatten(-3, -2)

    def after(self, prefixes: Tensor, tables: Tables) -> Tensor:
        """Hidden state after each prefix, from what ``read`` gave. Shapes: (n,) -> (n, width)."""
        direct, scores, values = tables
        last = LAST_TOKEN[prefixes]
        mask = ATTENTION_MASK.index_select(1, prefixes).to(scores.dtype)
        # (heads, tokens, prefixes): over so few tokens, a softmax along the last dimension would
        # take three times as long.
        weights = (scores.index_select(-1, last) + mask).softmax(-2)
        hidden = direct.index_select(-2, last) + weights.flatten(-3, -2).mT @ values
        hidden = hidden + self.narrow(F.gelu(self.widen(self.mlp_norm(hidden))))
        result: Tensor = self.final_norm(hidden)
        return result


class Policy(nn.Module):
    """pi_theta(y|x), factored over the five slots."""

    def __init__(self, draws: Draws, width: int = WIDTH) -> None:
        super().__init__()
        self.trunk = Trunk(draws, width)
        # One output vector per phrase token; only the six of the slot compete in the softmax.
        self.head = nn.Parameter(torch.zeros(PROMPTS, SLOTS, PHRASES, width))

    def forward(self, prompt: int, prefixes: Tensor) -> Tensor:
        """log pi of the six phrases that can follow each prefix. Shapes: (n,) -> (n, 6)."""
        return self.next_logps(prompt, prefixes, self.trunk(prompt, prefixes))

    def next_logps(self, prompt: int, prefixes: Tensor, hidden: Tensor) -> Tensor:
        """The same from the trunk's hidden states. Shapes: (n,), (n, width) -> (n, 6)."""
        return next_scores(self.head[prompt], prefixes, hidden).log_softmax(0).T

    def phrase_logps(self, prompt: int, responses: Tensor) -> Tensor:
        """log pi of each phrase given the phrases before it. Shapes: (batch, 5) -> (batch, 5)."""
        prefixes, rows = distinct_prefixes(responses)
        return of_phrases(self(prompt, prefixes), rows, responses)

    def logps(self, prompt: int, responses: Tensor) -> Tensor:
        """log pi(y|x) in nats, a sum over phrases. Shapes: (batch, 5) -> (batch,)."""
        return self.phrase_logps(prompt, responses).sum(-1)

    def sample(self, prompt: int, count: int, draws: Draws) -> Tensor:
        """Draw responses y ~ pi(.|x). Shape: (count, 5)."""
        responses, _ = self.sample_with_logps(prompt, count, draws)
        return responses

    @torch.no_grad()
    def sample_with_logps(self, prompt: int, count: int, draws: Draws) -> tuple[Tensor, Tensor]:
        """Draw responses, phrase by phrase. Also returns log pi of each phrase, as it was drawn.

        Each phrase takes one uniform number; those of a response are neighbors.

        Shapes: (count, 5), (count, 5)
        """
        tables = self.trunk.read(prompt)
        prefix = torch.zeros(count, dtype=torch.long)
        phrases, phrase_logps = [], []
        uniform = draws.uniform(count, SLOTS)
        for slot, head in enumerate(self.head[prompt]):
            prefixes, rows = torch.unique(prefix, return_inverse=True)
            logps = (self.trunk.after(prefixes, tables) @ head.T).log_softmax(1)[rows]
            phrase = chosen(logps.exp(), uniform[:, slot]).unsqueeze(1)
            phrases.append(phrase)
            phrase_logps.append(logps.gather(1, phrase))
            prefix = child(prefix, phrase.squeeze(1))
        return torch.cat(phrases, 1), torch.cat(phrase_logps, 1)


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
        prefixes, rows = distinct_prefixes(responses)
        return self.values(self.trunk(prompt, prefixes))[rows]

    def values(self, hidden: Tensor) -> Tensor:
        """Value after each prefix, from the trunk's hidden states. Shapes: (n, width) -> (n,)."""
        values: Tensor = self.head(hidden).squeeze(1)
        return values


def next_scores(head: Tensor, prefixes: Tensor, hidden: Tensor) -> Tensor:
    """Scores of the six phrases that can follow each prefix, before any softmax.

    Args:
        head: an output vector for each phrase of a prompt, shape: (5, 6, width)
        hidden: the trunk's hidden state after each prefix, shape: (n, width)

    Returns:
        Shape: (6, n): as in the trunk, a softmax along the last dimension would take longer.
    """
    return (head.flatten(0, 1) @ hidden.T).gather(0, _OUTPUTS.index_select(1, prefixes))


def of_phrases(next_values: Tensor, rows: Tensor, phrases: Tensor) -> Tensor:
    """The value of the phrase that was chosen, out of all six: its log-probability, say.

    Args:
        next_values: of the phrases after some prefixes, shape: (n, 6)
        rows: which of these prefixes, elementwise with ``phrases``, shape: (...)

    Returns:
        Shape: (...)
    """
    return next_values.flatten()[rows * PHRASES + phrases]


def initialize(name: str, parameter: nn.Parameter, draws: Draws) -> None:
    """Fill one parameter from a stream, so that no global random state is read."""
    with torch.no_grad():
        if "norm" in name:
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
        elif name.endswith("bias"):
            parameter.zero_()
        else:
            parameter.copy_(draws.normal(*parameter.shape) * parameter.shape[-1] ** -0.5)


def parameter_count(model: nn.Module) -> int:
    """How many numbers a network holds."""
    return sum(parameter.numel() for parameter in model.parameters())
