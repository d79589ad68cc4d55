"""The tree of prefixes: all beginnings of a response, from the empty one to those of four phrases.

What a policy says next depends on the prefix alone, and responses share prefixes: 256 of them have
about 350 different ones, not 5 x 256. So networks are asked about prefixes, each of them once.

Prefixes are numbered by length, those of one length in lexicographic order: 0 is the empty one, and
the children of prefix n are 6 n + 1 to 6 n + 6. A prefix is read as a set of tokens: the prompt,
number 0, and its phrases, numbered slot after slot from 1. A token has one place only.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.world import PHRASES, SLOTS

PREFIXES = sum(PHRASES**length for length in range(SLOTS))

TOKENS = 1 + (SLOTS - 1) * PHRASES
"""What prefixes are made of: the prompt, and the phrases of all slots but the last."""


def prefixes_of(responses: Tensor) -> Tensor:
    """The prefix before each phrase. Shapes: (batch, 5) -> (batch, 5)."""
    return responses @ _PLACE_VALUES + _FIRST_OF_LENGTH


def distinct_prefixes(responses: Tensor) -> tuple[Tensor, Tensor]:
    """Each prefix of some responses once, and which of these is before each phrase.

    Shapes: (batch, 5) -> (distinct,), (batch, 5)
    """
    prefixes, rows = torch.unique(prefixes_of(responses), return_inverse=True)
    return prefixes, rows


def child(prefixes: Tensor, phrases: Tensor) -> Tensor:
    """Prefixes with one phrase more. Elementwise. Shapes: (...), (...) -> (...)."""
    return PHRASES * prefixes + 1 + phrases


def every_prefix() -> Tensor:
    """The whole tree. Shape: (prefixes,)."""
    return torch.arange(PREFIXES)


def _tokens_of_prefixes() -> Tensor:
    """Which tokens each prefix holds. Shape: (prefixes, tokens), bool."""
    holds = [F.one_hot(torch.tensor([0]), TOKENS).bool()]
    for slot in range(SLOTS - 1):
        phrases = F.one_hot(1 + slot * PHRASES + torch.arange(PHRASES), TOKENS).bool()
        # (parents, 1, tokens) with (phrases, tokens) -> (children, tokens)
        holds.append((holds[-1].unsqueeze(1) | phrases).flatten(0, 1))
    return torch.cat(holds)


_PLACE_VALUES = torch.tensor(
    [
        [PHRASES ** (length - 1 - slot) if slot < length else 0 for length in range(SLOTS)]
        for slot in range(SLOTS)
    ]
)
_FIRST_OF_LENGTH = torch.tensor([sum(PHRASES**n for n in range(length)) for length in range(SLOTS)])
_HOLDS = _tokens_of_prefixes()

LENGTH = _HOLDS.sum(1) - 1
"""How many phrases each prefix has: the slot of the next one. Shape: (prefixes,)."""

LAST_TOKEN = (torch.arange(TOKENS) * _HOLDS).amax(1)
"""The newest token of each prefix. Shape: (prefixes,)."""

ATTENTION_MASK = torch.where(_HOLDS, 0.0, -torch.inf).T.contiguous()
"""To be added to scores before a softmax: 0 for tokens that a prefix holds, -inf for all others.

Shape: (tokens, prefixes)."""
