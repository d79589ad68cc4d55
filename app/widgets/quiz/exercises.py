"""Exercises to work by hand, with numbers by seed and answers by torch.

Most are number questions of the quiz; those that go step by step are built from them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import product

import torch

from app.lab.draws import Draws, Stream
from app.lab.losses import PairLogps, implicit_rewards, preference_loss
from app.lab.optimum import log_partition, optimal_logps
from app.lab.preferences import bradley_terry
from app.widgets.quiz.kinds import NATS, SHARE, NumberProblem, NumberQuestion, Unit, WrongValue
from app.widgets.quiz.numbers_early import EARLY_NUMBERS
from app.widgets.quiz.numbers_late import LATE_NUMBERS, dpo_loss, gradient_weight
from app.widgets.quiz.writing import as_percent, say, tensor

NUMBER = Unit("", "")
"""of a part whose answer has no unit, or a compound one"""

Case = tuple[float, ...]


@dataclass(frozen=True)
class ExercisePart:
    """A number that an exercise asks for."""

    ask: str
    value: float
    working: str
    unit: Unit = NUMBER
    slips: tuple[WrongValue, ...] = ()

    @property
    def answer(self) -> str:
        """The number with its unit, to three significant digits."""
        return self.unit.write(self.value).strip()


@dataclass(frozen=True)
class Exercise:
    """An exercise with its numbers filled in."""

    section: str
    """slug"""
    title: str
    text: str
    parts: tuple[ExercisePart, ...]
    pair: PairLogps | None = None
    """a pair to be shown as a table"""


def exercises(seed: int) -> list[Exercise]:
    """The exercises of a seed, in the order of the sections."""
    pair, beta = _pair(*_case("pair", PAIRS, seed))
    return [
        _asked("q_preference", "A preference", seed),
        _asked("q_penalised_reward", "Reward and penalty", seed),
        _optimum(*_case("optimum", _QUESTIONS["q_optimal_probability"].cases, seed)),
        _dpo(pair, beta),
        _asked("q_shift", "What β asks for", seed),
        _asked("q_standard_error", "How sure is a win rate?", seed),
        _ipo(pair, beta),
    ]


# ---- questions of the quiz -----------------------------------------------------------------------

_QUESTIONS: dict[str, NumberQuestion] = {q.id: q for q in (*EARLY_NUMBERS, *LATE_NUMBERS)}


def _asked(name: str, title: str, seed: int) -> Exercise:
    """A number question of the quiz as an exercise."""
    question = _QUESTIONS[name]
    problem = question.build(*_case(name, question.cases, seed))
    return Exercise(question.section, title, problem.text, (_part("", problem, question.unit),))


def _part(ask: str, problem: NumberProblem, unit: Unit) -> ExercisePart:
    """A question of the quiz as a part, without the slip of a typed percentage."""
    slips = tuple(slip for slip in problem.mistakes if slip != as_percent(problem.value))
    return ExercisePart(ask, problem.value, problem.right, unit, slips)


def _case(name: str, cases: tuple[Case, ...], seed: int) -> Case:
    """The case of a seed: seeds in a row go through all cases, in an order of the exercise's own."""
    order = Draws(0, Stream.EXERCISES, zlib.crc32(name.encode()) & 0xFFFF).order(len(cases))
    return cases[int(order[seed % len(cases)])]


# ---- the optimum ---------------------------------------------------------------------------------


def _optimum(first: float, second: float, third: float, best: float, beta: float) -> Exercise:
    """Eq. 4 with three responses, and Eq. 5 read backwards."""
    question = _QUESTIONS["q_optimal_probability"]
    whole = question.build(first, second, third, best, beta)
    logps, rewards = tensor(first, second, third).log(), tensor(0, 1, best)
    logratios = optimal_logps(logps, rewards, beta) - logps
    stem, _, _ = whole.text.partition(f" With β = {say(beta)}, ")
    return Exercise(
        section=question.section,
        title="The optimal policy",
        text=f"{stem} β is {say(beta)}.",
        parts=(
            ExercisePart(
                "The sum Z over all three responses",
                log_partition(logps, rewards, beta).exp().item(),
                f"Z = {say(first)} + {say(second)} exp(1/{say(beta)}) + {say(third)} "
                f"exp({say(best)}/{say(beta)}).",
            ),
            _part("The probability of C under the optimal policy", whole, question.unit),
            ExercisePart(
                "β times the log-ratio of C to the reference, less the same for B",
                (beta * (logratios[2] - logratios[1])).item(),
                f"It is the difference of the two rewards, {say(best)} − 1: each log-ratio contains "
                "−log Z, which cancels.",
            ),
        ),
    )


# ---- one pair ------------------------------------------------------------------------------------

_REFERENCE = tuple(product((-18.2, -21.5, -25.2), (-19.4, -22.6, -25.7)))
_LOGRATIOS = (
    *((-3.2, -8.7), (-2.7, -6.8), (-2.3, -6.1), (-1.9, -5.2), (-1.6, -7.4), (-0.7, -4.6)),
    *((0.8, -4.6), (1.3, -4.6), (1.9, -3.9)),
    *((-2.3, 2.3), (-1.6, 1.9), (-0.9, 2.7)),
)
"""of pairs whose usual slips lead to values that can be told apart, at every beta below"""

PAIRS: tuple[Case, ...] = tuple(
    (*reference, *logratios, beta)
    for reference, logratios, beta in product(_REFERENCE, _LOGRATIOS, (0.1, 0.2, 0.4))
)
"""log-probabilities of both responses under the reference, their log-ratios, and beta"""


def _pair(
    reference_chosen: float, reference_rejected: float, chosen: float, rejected: float, beta: float
) -> tuple[PairLogps, float]:
    """The pair whose numbers are printed, to one decimal, and beta."""
    policy_chosen = tensor(round(reference_chosen + chosen, 1))
    policy_rejected = tensor(round(reference_rejected + rejected, 1))
    pair = PairLogps(
        policy_chosen, policy_rejected, tensor(reference_chosen), tensor(reference_rejected)
    )
    return pair, beta


def _dpo(pair: PairLogps, beta: float) -> Exercise:
    """From four log-probabilities to the weight of the gradient."""
    chosen, rejected = pair.chosen.item(), pair.rejected.item()
    rewards = implicit_rewards(pair, beta)
    margin = (rewards[0] - rewards[1]).item()
    return Exercise(
        section="dpo-loss",
        title="DPO, from four numbers to the gradient",
        text=f"With β = {say(beta)}, a pair has these log-probabilities, in nats.",
        pair=pair,
        parts=(
            ExercisePart(
                "The log-ratio of the chosen response", chosen, _difference(pair, "chosen"), NATS
            ),
            ExercisePart("That of the rejected one", rejected, _difference(pair, "rejected"), NATS),
            ExercisePart(
                "The margin",
                margin,
                f"β times the difference of the log-ratios, {say(beta)} × {say(chosen - rejected)}.",
                slips=(
                    WrongValue(chosen - rejected, "β was left out."),
                    WrongValue(
                        beta * (pair.policy_chosen - pair.policy_rejected).item(),
                        "The reference was left out: a margin compares log-ratios, not log-probabilities.",
                    ),
                ),
            ),
            ExercisePart(
                "The probability that the chosen response is preferred",
                bradley_terry(*rewards).item(),
                f"σ of the margin, σ({say(margin)}).",
                SHARE,
            ),
            _part("The loss", dpo_loss(chosen, rejected, beta), NATS),
            _part(
                "The weight of the pair in the gradient",
                gradient_weight(rewards[0].item(), rewards[1].item(), beta),
                SHARE,
            ),
        ),
    )


def _difference(pair: PairLogps, response: str) -> str:
    policy, reference = getattr(pair, f"policy_{response}"), getattr(pair, f"reference_{response}")
    return f"Policy less reference: {say(policy.item())} − ({say(reference.item())})."


def _ipo(pair: PairLogps, beta: float) -> Exercise:
    """The target of IPO, and to which side of it a pair is."""
    gap = (pair.chosen - pair.rejected).detach().requires_grad_()
    zero = tensor(0)
    loss = preference_loss("ipo", PairLogps(gap, zero, zero, zero), beta)
    (slope,) = torch.autograd.grad(loss.sum(), gap)
    target, now = 1 / (2 * beta), gap.item()
    verb = "narrows" if slope > 0 else "widens"
    return Exercise(
        section="bigger-picture",
        title="The same pair under IPO",
        text="Take the pair of exercise 4, with the same β.",
        parts=(
            ExercisePart(
                "The difference of log-ratios at which IPO’s loss is 0",
                target,
                f"1/(2β), that is 1/(2 × {say(beta)}).",
                NATS,
                (WrongValue(1 / beta, "The 2 was forgotten: the target is 1/(2β)."),),
            ),
            ExercisePart(
                "The loss of this pair",
                loss.item(),
                f"The square of the distance to the target, ({say(now)} − {say(target)})².",
                slips=(
                    WrongValue(
                        abs(now - target), "That is the distance to the target, not its square."
                    ),
                ),
            ),
            ExercisePart(
                "The slope of the loss in that difference, and whether a step widens or narrows it",
                slope.item(),
                f"Twice the distance, with its sign. A step goes against it and {verb} the "
                "difference. DPO would widen it in any case.",
                slips=(
                    WrongValue(
                        -slope.item(),
                        "The sign is flipped: beyond the target IPO pulls back, short of it IPO pushes on.",
                    ),
                ),
            ),
        ),
    )


# ---- classes -------------------------------------------------------------------------------------

SEEDS = 1_000_000


def seeds_of(first: int, groups: int) -> list[int]:
    """The seeds of the groups of a class: in a row from the first one, and after the last from 0."""
    return [(first + group) % SEEDS for group in range(groups)]
