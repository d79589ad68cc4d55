"""Length: the words of each response, and a judge whose labels like many of them.

A judge with a taste of ``a`` reward per word prefers y1 to y2 with probability
sigma(r*(y1) - r*(y2) + a (|y1| - |y2|)), where |y| is the number of words: by Bradley-Terry, a judge
whose reward is r* + a |y|. R-DPO (arXiv 2403.19159) minimizes -log sigma(beta D + alpha (|y_w| - |y_l|)),
with D the difference of the log-ratios. It fits the judge where beta D = (difference of r*) + (a - alpha)
(|y_w| - |y_l|): its implicit reward is r* + (a - alpha) |y|, and free of length where alpha is a.
"""

from __future__ import annotations

import torch
from torch import Tensor

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.draws import Draws, Stream
from app.lab.network.policy import Policy
from app.lab.preferences import sample_comparisons
from app.lab.trained import COMPARISONS, Lab
from app.lab.world import World, sum_over_slots


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


def trained_on_taste(lab: Lab, prompt: int, taste: float, config: DPOConfig) -> Policy:
    """A policy that DPO trains on labels of a judge with a taste for length.

    The pairs and the coins are those of the lab's comparisons with the seed of ``config``.
    """
    reward = lab.facts(prompt).true_quality + taste * word_counts(lab.world, prompt)
    draws = Draws(config.seed, Stream.COMPARISONS, prompt)
    pairs = sample_comparisons(lab.reference_policy, prompt, reward, COMPARISONS, draws)
    return train_dpo(lab.reference_policy, pairs, config)[0]
