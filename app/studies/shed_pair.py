"""The pair of responses that the text follows, from its label to its probability under the optimum.

One of the comparisons on which the lab's reward model and DPO policy were trained. Its rejected response
recommends a neighbor's shed as a practice target.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from app.lab.optimum import log_partition, optimal_logps
from app.lab.trained import the_lab
from app.lab.world import response_number, the_world

PROMPT = "lock"
NUMBER = 25
"""among the training comparisons of its prompt, from 1"""
BETAS = (10.0, 3.0, 1.0, 0.3)
"""at which the text shows the probabilities under the optimum"""


@dataclass(frozen=True)
class Scores:
    """A value of each response. Of rewards also what their margin says of the label."""

    chosen: float
    rejected: float

    @property
    def margin(self) -> float:
        """Chosen minus rejected."""
        return self.chosen - self.rejected

    @property
    def probability(self) -> float:
        """Of the label: sigma(margin), Eq. 1 of DPO (arXiv 2305.18290)."""
        return float(torch.sigmoid(torch.tensor(self.margin, dtype=torch.float64)))

    @property
    def weight(self) -> float:
        """Of the pair in the gradient: sigma(-margin)."""
        return 1 - self.probability

    @property
    def loss(self) -> float:
        """-log sigma(margin), in nats, Eq. 2 and Eq. 7."""
        margin = torch.tensor(self.margin, dtype=torch.float64)
        return -float(torch.nn.functional.logsigmoid(margin))


@dataclass(frozen=True)
class ShedPair:
    """The pair with all that the text says of it."""

    chosen: str
    rejected: str
    true_quality: Scores
    learned_reward: Scores
    """by the additive reward model"""
    beta: float
    """of the lab's DPO run, and of the optimum below"""
    reference_logp: Scores
    policy_logp: Scores
    """of the lab's DPO policy"""
    log_ratio: Scores
    """of that policy"""
    implicit_reward: Scores
    """of that policy"""
    optimum_reward: Scores
    """beta log(pi* / pi_ref), pi* being the optimum for true quality: a reward but for beta log Z"""
    scaled_log_partition: float
    """beta log Z(x)"""
    better: float
    """probability, under the reference, of a response better than the chosen one"""
    at: dict[float, Scores]
    """probabilities under the optimum for true quality, by beta"""
    before: Scores
    """probabilities under the reference"""


@cache
def shed_pair() -> ShedPair:
    """The pair, with its numbers worked out from the lab."""
    lab, prompt = the_lab(), the_world().prompt_number(PROMPT)
    facts, beta = lab.facts(prompt), float(lab.report["dpo"]["config"]["beta"])
    responses = lab.training_comparisons(prompt)[NUMBER - 1 : NUMBER].both()
    numbers = response_number(responses)
    reference, policy, quality = facts.reference_logps, lab.dpo_logps(prompt), facts.true_quality

    def scores(values: Tensor) -> Scores:
        chosen, rejected = values[numbers].tolist()
        return Scores(chosen, rejected)

    def optimum(temperature: float) -> Tensor:
        return optimal_logps(reference, quality, temperature)

    texts = [lab.world.text(prompt, response) for response in responses.tolist()]
    return ShedPair(
        chosen=texts[0],
        rejected=texts[1],
        true_quality=scores(quality),
        learned_reward=scores(facts.learned_reward),
        beta=beta,
        reference_logp=scores(reference),
        policy_logp=scores(policy),
        log_ratio=scores(policy - reference),
        implicit_reward=scores(beta * (policy - reference)),
        optimum_reward=scores(beta * (optimum(beta) - reference)),
        scaled_log_partition=beta * float(log_partition(reference, quality, beta)),
        better=float(reference.exp()[quality > quality[numbers[0]]].sum()),
        at={one: scores(optimum(one).exp()) for one in BETAS},
        before=scores(reference.exp()),
    )
