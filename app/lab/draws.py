"""All random numbers of the lab: Threefry-2x32, a counter-based generator.

Block n of a stream is a function of the stream's key and n, and of nothing else, so a run draws the
same numbers wherever it is repeated, in another process or in another language. The function takes
two 32-bit words to two others by 20 rounds of additions, rotations and exclusive ors (Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3", SC 2011).

The key is the seed and the number of the stream. Every call begins a new block; word w of a call is
word w mod 2 of block w div 2, counted from there. A uniform number is (word + 1/2) / 2^32.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA
MASK = 0xFFFFFFFF

Words = NDArray[np.uint32]


class Stream(IntEnum):
    """What numbers are drawn for; streams of one seed are independent."""

    WEIGHTS = 0
    DEMONSTRATIONS = 1
    SFT = 2
    COMPARISONS = 3
    DPO = 4
    REWARD_MODEL = 5
    PPO = 6
    LABELED_PAIRS = 7
    EXAMPLE = 8
    DERIVATION = 9
    QUIZ = 10
    EXERCISES = 11


def threefry(key: tuple[int, int], first: Words, second: Words) -> tuple[Words, Words]:
    """Threefry-2x32 with 20 rounds, of many blocks at once. Shapes: all (blocks,)."""
    keys = [np.uint32(word) for word in (*key, key[0] ^ key[1] ^ PARITY)]
    first, second = first + keys[0], second + keys[1]
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            first += second
            second = (second << np.uint32(rotation)) | (second >> np.uint32(32 - rotation))
            second ^= first
        first += keys[(group + 1) % 3]
        second += keys[(group + 2) % 3]
        second += np.uint32(group + 1)
    return first, second


class Draws:
    """The numbers of one stream of a seed, drawn in order."""

    def __init__(self, seed: int, stream: Stream, part: int = 0) -> None:
        """A seed from 0 to 2^32 - 1; ``part`` tells streams of one kind apart, as those of prompts."""
        self._key = (seed & MASK, stream << 16 | part)
        self._block = 0

    def words(self, count: int) -> Words:
        """The next 32-bit words. Shape: (count,)."""
        blocks = -(-count // 2)
        first = np.arange(self._block, self._block + blocks, dtype=np.uint32)
        self._block += blocks
        return np.stack(threefry(self._key, first, np.zeros_like(first)), 1).reshape(-1)[:count]

    def uniform(self, *shape: int) -> Tensor:
        """Numbers between 0 and 1, both excluded. Shape: as given, float64."""
        words = self.words(math.prod(shape)).astype(np.float64)
        return torch.from_numpy((words + 0.5) / 2**32).view(shape)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, by Box and Muller's cosine. Shape: as given, float64."""
        radius, angle = self.uniform(2, *shape)
        drawn: Tensor = (-2 * radius.log()).sqrt() * (2 * math.pi * angle).cos()
        return drawn

    def integers(self, bound: int, *shape: int) -> Tensor:
        """Integers from 0 to ``bound`` - 1. Shape: as given, int64."""
        return (self.uniform(*shape) * bound).long()

    def order(self, count: int) -> Tensor:
        """A random order: numbers 0 to ``count`` - 1 sorted by one word each. Shape: (count,)."""
        return torch.from_numpy(np.argsort(self.words(count), kind="stable"))


def chosen(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """The outcome whose share of [0, 1) holds a uniform number, outcomes in order.

    Args:
        probabilities: they add up to 1 up to rounding, shape: (..., outcomes)
        uniform: shape: (...)

    Returns:
        Shape: (...), int64
    """
    ends = probabilities.double().cumsum(-1)[..., :-1]
    return (uniform.unsqueeze(-1) >= ends).sum(-1)
