"""Length: the words of each response, a judge whose labels like many of them, and the optimum for it.

A judge with a taste of ``a`` reward per word prefers y1 to y2 with probability
sigma(r*(y1) - r*(y2) + a (|y1| - |y2|)), where |y| is the number of words: by Bradley-Terry, a judge
whose reward is r* + a |y|. R-DPO (arXiv 2403.19159) minimizes -log sigma(beta D + alpha (|y_w| - |y_l|)),
with D the difference of the log-ratios. It fits the judge where beta D = (difference of r*) + (a - alpha)
(|y_w| - |y_l|): its implicit reward is r* + (a - alpha) |y|, and free of length where alpha is a.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.draws import Draws, Stream
from app.lab.exact import expectation, kl_divergence
from app.lab.network.policy import Policy
from app.lab.optimum import optimal_logps, optimal_logps_at
from app.lab.preferences import sample_comparisons
from app.lab.trained import COMPARISONS, Lab, the_lab
from app.lab.world import PROMPTS, World, response_number, sum_over_slots, the_world

STATES_KEPT = 2048
"""optima in memory, of about 2 kB: the positions of both knobs for every prompt"""


def word_counts(world: World, prompt: int) -> Tensor:
    """How many words, between spaces, each response has. Shape: (7776,), float64."""
    return sum_over_slots(
        torch.tensor(
            [[len(p.text.split()) for p in slot] for slot in world.prompts[prompt].phrases],
            dtype=torch.float64,
        )
    )


def labels_flipped(quality_gaps: Tensor, word_gaps: Tensor, taste: float) -> Tensor:
    """The share of labels that a taste for length flips, if the judge tosses the same coins.

    Args:
        quality_gaps: r*(y1) - r*(y2) of each pair, shape: (pairs,)
        word_gaps: |y1| - |y2| of each pair, shape: (pairs,)

    Returns:
        The mean over the pairs of how far the probability of a label moves, shape: ().
    """
    tasted = torch.sigmoid(quality_gaps + taste * word_gaps)
    return (tasted - torch.sigmoid(quality_gaps)).abs().mean()


def longer_chosen(quality_gaps: Tensor, word_gaps: Tensor, taste: float) -> Tensor:
    """How often the longer response of a pair is chosen, over pairs of different lengths.

    Shapes: (pairs,), (pairs,) -> ().
    """
    differ = word_gaps != 0
    gaps = (quality_gaps + taste * word_gaps)[differ]
    return torch.sigmoid(word_gaps[differ].sign() * gaps).mean()


@dataclass(frozen=True)
class TastedOptimum:
    """The optimum of r* + net * words, and the best policy at its KL."""

    words: float
    quality: float
    kl: float
    best_words: float
    best_quality: float
    by_words: tuple[float, ...]
    best_by_words: tuple[float, ...]

    @property
    def lost(self) -> float:
        """What the best at this KL has more of true quality, without rounding below 0."""
        return max(0.0, self.best_quality - self.quality)


@dataclass(frozen=True)
class WordsOfPrompt:
    """The words of a prompt's responses and of its training pairs."""

    counts: Tensor
    """words of each response, shape: (7776,), float64"""
    quality_gaps: Tensor
    """r*(y_w) - r*(y_l) of each training pair, shape: (pairs,)"""
    word_gaps: Tensor
    """the difference of their words, shape: (pairs,)"""

    @property
    def numbers(self) -> range:
        """Every number of words from the fewest to the most."""
        return range(int(self.counts.min()), int(self.counts.max()) + 1)

    def shares(self, logps: Tensor) -> tuple[float, ...]:
        """Probability of each of ``numbers``. Shape: (7776,)."""
        sums = torch.zeros(len(self.numbers), dtype=torch.float64)
        return tuple(
            sums.index_add(0, self.counts.long() - self.numbers.start, logps.exp()).tolist()
        )


@lru_cache(maxsize=PROMPTS)
def words_of(prompt: int) -> WordsOfPrompt:
    """The words of a prompt, counted once."""
    lab = the_lab()
    quality, pairs = lab.facts(prompt).true_quality, lab.training_comparisons(prompt)
    counts = word_counts(the_world(), prompt)
    chosen, rejected = response_number(pairs.chosen), response_number(pairs.rejected)
    return WordsOfPrompt(
        counts, quality[chosen] - quality[rejected], counts[chosen] - counts[rejected]
    )


@lru_cache(maxsize=STATES_KEPT)
def optimum(prompt: int, beta: float, net: float) -> TastedOptimum:
    """The optimum of r* + net * words, and the best policy at the same KL: without a taste, itself."""
    facts, counted = the_lab().facts(prompt), words_of(prompt)
    reference, quality = facts.reference_logps, facts.true_quality
    logps = optimal_logps(reference, quality + net * counted.counts, beta)
    kl = float(kl_divergence(logps, reference))
    best = _best_at(reference, quality, kl) if net else logps
    return TastedOptimum(
        words=float(expectation(logps, counted.counts)),
        quality=float(expectation(logps, quality)),
        kl=kl,
        best_words=float(expectation(best, counted.counts)),
        best_quality=float(expectation(best, quality)),
        by_words=counted.shares(logps),
        best_by_words=counted.shares(best),
    )


def _best_at(reference: Tensor, quality: Tensor, kl: float) -> Tensor:
    """log pi of the policy with most true quality of those at most this far from the reference."""
    found = optimal_logps_at(reference, quality, kl)
    if found is not None:
        return found
    # Farther out than any optimum: all probability on the best responses.
    return reference.where(quality == quality.max(), -torch.inf).log_softmax(0)


@dataclass(frozen=True)
class ReferenceWords:
    """The words that the reference says in response to a prompt."""

    numbers: list[int]
    """every number of words from the fewest to the most"""
    shares: list[float]
    """probability of each"""
    mean: float


def reference_words(prompt: int) -> ReferenceWords:
    """The words of the reference."""
    counted, reference = words_of(prompt), the_lab().facts(prompt).reference_logps
    return ReferenceWords(
        list(counted.numbers),
        list(counted.shares(reference)),
        expectation(reference, counted.counts).item(),
    )


@dataclass(frozen=True)
class TastedLabels:
    """What a taste for length makes of the labels of a prompt's training pairs."""

    flipped: float
    """share of labels, see ``labels_flipped``"""
    longer: float
    """how often the longer response is chosen, see ``longer_chosen``"""


@lru_cache(maxsize=STATES_KEPT)
def tasted_labels(prompt: int, taste: float) -> TastedLabels:
    """The labels of a judge with this taste."""
    gaps = words_of(prompt).quality_gaps, words_of(prompt).word_gaps
    return TastedLabels(labels_flipped(*gaps, taste).item(), longer_chosen(*gaps, taste).item())


def trained_on_taste(lab: Lab, prompt: int, taste: float, config: DPOConfig) -> Policy:
    """A policy that DPO trains on labels of a judge with a taste for length.

    The pairs and the coins are those of the lab's comparisons with the seed of ``config``.
    """
    reward = lab.facts(prompt).true_quality + taste * word_counts(lab.world, prompt)
    draws = Draws(config.seed, Stream.COMPARISONS, prompt)
    pairs = sample_comparisons(lab.reference_policy, prompt, reward, COMPARISONS, draws)
    return train_dpo(lab.reference_policy, pairs, config)[0]
