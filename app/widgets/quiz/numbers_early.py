"""Questions that ask for a number, sections III to V. torch answers.

Each is a function of the numbers drawn for it. Besides the right value it knows the values that
typical slips lead to. The cases are chosen so that all of these lie further apart than the tolerance
(a test goes through every case).
"""

from __future__ import annotations

from itertools import product

import torch
import torch.nn.functional as F

from app.lab.optimum import optimal_logps
from app.lab.preferences import bradley_terry
from app.widgets.quiz.kinds import (
    REWARD,
    SHARE,
    Citation,
    NumberProblem,
    NumberQuestion,
    WrongValue,
)
from app.widgets.quiz.writing import as_percent, code, say, tensor


def preference(first: float, second: float) -> NumberProblem:
    """Bradley-Terry probability of two rewards."""
    value = bradley_terry(tensor(first), tensor(second)).item()
    gap = first - second
    return NumberProblem(
        text=(
            f"A reward model gives response A the reward {say(first)} and response B {say(second)}. "
            "How likely is it, under Bradley-Terry, that A is preferred to B?"
        ),
        value=value,
        receipt=f"torch.sigmoid(torch.tensor({code(first)} - {code(second)}))",
        right=f"The probability is σ of the reward gap, σ({say(gap)}). Nothing else about the rewards counts.",
        method="Take the difference, A minus B, and apply σ(z) = 1 / (1 + exp(−z)).",
        mistakes=(
            WrongValue(
                1 - value,
                "That is the probability that B is preferred: the difference was taken the other way round.",
            ),
            WrongValue(
                first / (first + second),
                "You divided the rewards themselves. Bradley-Terry divides their exponentials.",
            ),
            WrongValue(
                torch.sigmoid(tensor(first)).item(),
                "That is σ of A’s reward alone. Only the difference to B’s reward has a meaning.",
            ),
            WrongValue(
                -F.logsigmoid(tensor(gap)).item(),
                "That is the loss, −log σ of the gap. The probability was asked for.",
            ),
            as_percent(value),
        ),
    )


def penalized_reward(
    score: float, logp: float, reference_logp: float, beta: float
) -> NumberProblem:
    """What PPO for RLHF maximizes for one response."""
    value = (tensor(score) - beta * (tensor(logp) - tensor(reference_logp))).item()
    ratio = logp - reference_logp
    return NumberProblem(
        text=(
            f"The reward model scores a response {say(score)}. Its log-probability is {say(logp)} under the policy "
            f"and {say(reference_logp)} under the reference, and β = {say(beta)}. "
            "What reward does PPO maximize for it, KL penalty included?"
        ),
        value=value,
        receipt=(
            f"torch.tensor({code(score)}) - {code(beta)} * (torch.tensor({code(logp)}) "
            f"- torch.tensor({code(reference_logp)}))"
        ),
        right=f"The two log-probabilities are {say(ratio)} nats apart, and each nat costs β = {say(beta)} of reward.",
        method="Take the log-probability under the policy minus that under the reference, multiply by β, and subtract it from the score.",
        mistakes=(
            WrongValue(
                score + beta * ratio,
                "The penalty was added: that would pay the policy for leaving the reference.",
            ),
            WrongValue(
                score - ratio,
                "β was forgotten: the difference of the log-probabilities counts β times, not in full.",
            ),
            WrongValue(
                score - beta * logp,
                "The reference was left out. It is the difference to its log-probability that is charged, "
                "not the policy’s log-probability itself.",
            ),
            WrongValue(beta * ratio, "That is the penalty alone. It is subtracted from the score."),
            WrongValue(score, "That is the score alone, without the penalty."),
        ),
    )


def optimal_probability(
    first: float, second: float, third: float, best_reward: float, beta: float
) -> NumberProblem:
    """The closed-form optimum of a world with three responses, rewards 0, 1 and ``best_reward``."""
    reference, rewards = tensor(first, second, third), tensor(0, 1, best_reward)
    value = optimal_logps(reference.log(), rewards, beta)[2].exp().item()
    weights = reference * torch.exp(rewards / beta)
    without_beta = optimal_logps(reference.log(), rewards, 1.0)[2].exp().item()
    times_beta = optimal_logps(reference.log(), rewards * beta, 1.0)[2].exp().item()
    total = weights.sum().item()
    probabilities = f"{code(first)}, {code(second)}, {code(third)}"
    return NumberProblem(
        text=(
            "A prompt has three responses, A, B and C. The reference gives them the probabilities "
            f"{say(first)}, {say(second)} and {say(third)}; their rewards are 0, 1 and {say(best_reward)}. "
            f"With β = {say(beta)}, what probability does C have under the optimal policy?"
        ),
        value=value,
        receipt=(
            f"torch.softmax(torch.tensor([{probabilities}]).log() "
            f"+ torch.tensor([0, 1, {code(best_reward)}]) / {code(beta)}, 0)[2]"
        ),
        right=(
            "Each reference probability is multiplied by exp(r/β) and divided by the sum, "
            f"Z = {total:.3g}. With three responses Z is no trouble."
        ),
        method="Multiply each reference probability by exp(r/β), then divide C’s product by the sum of all three.",
        mistakes=(
            WrongValue(
                torch.softmax(rewards / beta, 0)[2].item(),
                "The reference was left out: exp(r/β) has to multiply the reference probabilities.",
            ),
            WrongValue(without_beta, "β was left out: it is exp(r/β), not exp(r)."),
            WrongValue(
                times_beta,
                "The rewards were multiplied by β. They are divided by it: a smaller β sharpens the policy.",
            ),
            WrongValue(
                weights[2].item(),
                "That is C’s weight before normalizing. Divide by Z, the sum of all three weights.",
            ),
            WrongValue(
                third, "That is C’s probability under the reference: its reward was ignored."
            ),
            as_percent(value),
        ),
    )


_PENALIZED_CASES = tuple(
    (score, reference + ratio, reference, beta)
    for score, ratio, reference, beta in product(
        (1.5, 2.5), (2, 4, 6), (-21, -23, -25), (0.05, 0.1, 0.2)
    )
)

EARLY_NUMBERS = (
    NumberQuestion(
        id="q_preference",
        section="reward-modeling",
        unit=SHARE,
        cases=((3, 1.5), (2.5, 0.5), (2, 1), (1.5, 0.5), (1, 2.5), (0.5, 2), (0.5, 1.5), (2, 3.5)),
        build=preference,
        sources=(Citation("rafailov2023", "Eq. 1"),),
    ),
    NumberQuestion(
        id="q_penalised_reward",
        section="ppo-problem",
        unit=REWARD,
        cases=_PENALIZED_CASES,
        build=penalized_reward,
        sources=(Citation("rafailov2023", "sec. 3"),),
    ),
    NumberQuestion(
        id="q_optimal_probability",
        section="dpo-insight",
        unit=SHARE,
        cases=tuple(
            (*reference, best, beta)
            for reference, best, beta in product(
                ((0.6, 0.3, 0.1), (0.5, 0.3, 0.2), (0.7, 0.2, 0.1)), (1.5, 2), (0.5, 2)
            )
        ),
        build=optimal_probability,
        sources=(Citation("rafailov2023", "Eq. 4"),),
    ),
)
