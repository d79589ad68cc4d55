"""Questions that ask for a number, sections VI to X. torch answers.

Each is a function of the numbers drawn for it. Besides the right value it knows the values that
typical slips lead to. The cases are chosen so that all of these lie further apart than the tolerance
(a test goes through every case).
"""

from __future__ import annotations

from itertools import product

import torch
import torch.nn.functional as F

from app.lab.losses import PairLogps, preference_loss
from app.lab.proportions import share_won, standard_error
from app.widgets.quiz.kinds import (
    NATS,
    POINTS,
    SHARE,
    Citation,
    NumberProblem,
    NumberQuestion,
    WrongValue,
)
from app.widgets.quiz.writing import as_percent, code, say, tensor


def dpo_loss(chosen: float, rejected: float, beta: float) -> NumberProblem:
    """The DPO loss of one pair."""
    zero = tensor(0)
    pairs = PairLogps(tensor(chosen), tensor(rejected), zero, zero)
    value = preference_loss("sigmoid", pairs, beta).item()
    gap = chosen - rejected
    margin = tensor(beta * gap)
    return NumberProblem(
        text=(
            f"The log-ratio of policy to reference is {say(chosen)} nats for the chosen response and "
            f"{say(rejected)} for the rejected one, and β = {say(beta)}. What is the DPO loss of this pair?"
        ),
        value=value,
        receipt=f"-F.logsigmoid(torch.tensor({code(beta)} * ({code(chosen)} - {code(rejected)})))",
        right=f"The margin is β times the difference of the log-ratios, {say(beta * gap)}; the loss is −log σ of it.",
        method="Take chosen minus rejected, multiply by β once, and take −log σ of the result.",
        mistakes=(
            WrongValue(
                -F.logsigmoid(beta * margin).item(),
                "β was applied twice. The implicit rewards already contain it; the margin is their difference.",
            ),
            WrongValue(
                -F.logsigmoid(tensor(gap)).item(),
                "β was left out: the margin is β times the difference of the log-ratios.",
            ),
            WrongValue(
                -F.logsigmoid(-margin).item(),
                "The sign is flipped: that is the loss with chosen and rejected exchanged.",
            ),
            WrongValue(
                torch.sigmoid(margin).item(),
                "That is the probability σ(margin). The loss is its negative logarithm.",
            ),
            WrongValue(
                -torch.sigmoid(margin).log10().item(),
                "That is a logarithm to base 10. Losses here use the natural logarithm.",
            ),
            WrongValue(
                -F.logsigmoid(tensor(beta * (chosen + rejected))).item(),
                "The two log-ratios were added. The loss sees their difference.",
            ),
        ),
    )


def gradient_weight(chosen: float, rejected: float, beta: float) -> NumberProblem:
    """The weight of a pair in DPO's gradient."""
    margin = tensor(chosen - rejected)
    value = torch.sigmoid(-margin).item()
    return NumberProblem(
        text=(
            f"With β = {say(beta)}, a pair has the implicit reward {say(chosen)} for the chosen response and "
            f"{say(rejected)} for the rejected one. What weight does this pair get in the DPO gradient, apart from the factor β in front?"
        ),
        value=value,
        receipt=f"torch.sigmoid(torch.tensor({code(rejected)} - {code(chosen)}))",
        right="The weight is σ(rejected − chosen), the probability that the model gives to the wrong outcome.",
        method="Take the rejected implicit reward minus the chosen one, and apply σ.",
        mistakes=(
            WrongValue(
                torch.sigmoid(margin).item(),
                "Chosen and rejected are exchanged inside σ, a slip that appendix A.4 of the paper makes too. "
                "Pairs that are wrong have to weigh more.",
            ),
            WrongValue(
                torch.sigmoid(-beta * margin).item(),
                "β was applied again. Implicit rewards contain it already.",
            ),
            WrongValue(
                beta * value,
                "That is the weight times β. The β stands in front of the whole gradient; the weight is σ alone.",
            ),
            WrongValue(
                -F.logsigmoid(margin).item(), "That is the loss of the pair, not its weight."
            ),
            as_percent(value),
        ),
    )


def logratio_shift(probability: float, beta: float) -> NumberProblem:
    """The log-ratio difference that a preference probability needs."""
    target = tensor(probability)
    margin = torch.logit(target).item()
    return NumberProblem(
        text=(
            f"With β = {say(beta)}, how large must the difference of the two log-ratios, chosen minus rejected, become "
            f"for a preference probability of {say(probability)}?"
        ),
        value=margin / beta,
        receipt=f"torch.logit(torch.tensor({code(probability)})) / {code(beta)}",
        right=(
            f"The margin has to be ln({say(probability)}/{say(round(1 - probability, 6))}) = {margin:.3g}, "
            "and a margin m needs m/β nats. Double β, and half the shift does it."
        ),
        method="Find the margin whose σ is this probability, then divide by β.",
        mistakes=(
            WrongValue(
                margin,
                "That is the margin. It is β times the difference of log-ratios, so divide by β.",
            ),
            WrongValue(
                margin * beta,
                "The margin was multiplied by β. A small β needs a large shift: divide.",
            ),
            WrongValue(
                margin / (2 * beta),
                "That is what each log-ratio moves if they share the way equally. "
                "The difference is twice as large.",
            ),
            WrongValue(
                probability / beta,
                "The probability itself was divided by β. First find the margin whose σ it is.",
            ),
            WrongValue(
                margin / torch.log(tensor(10)).item() / beta,
                "That uses logarithms to base 10. σ is built on the natural exponential.",
            ),
        ),
    )


def win_rate_error(wins: float, comparisons: float) -> NumberProblem:
    """The standard error of a win rate."""
    share = share_won(int(wins), int(comparisons))
    error = standard_error(share)
    assert error is not None  # the number of comparisons is known
    value = 100 * error
    return NumberProblem(
        text=(
            f"A method wins {say(wins)} of {say(comparisons)} comparisons. "
            "What is the standard error of its win rate, in percentage points?"
        ),
        value=value,
        receipt=(
            f"100 * torch.sqrt(torch.tensor({code(wins)} / {code(comparisons)} "
            f"* (1 - {code(wins)} / {code(comparisons)}) / {code(comparisons)}))"
        ),
        right=(
            f"√(p(1 − p)/n) with p = {share.value:.3f} and n = {say(comparisons)}. "
            "The difference of two such rates is less certain still."
        ),
        method="With p = wins/n, the standard error is √(p(1 − p)/n). Multiply by 100 for percentage points.",
        mistakes=(
            WrongValue(
                value / 100,
                "That is the standard error as a share. In percentage points it is 100 times as large.",
            ),
            WrongValue(
                value * comparisons**0.5,
                "That is the spread of a single comparison. Divide by √n for the spread of the mean.",
            ),
            WrongValue(
                100 * error**2,
                "That is the variance, in hundredths. The standard error is its square root.",
            ),
            WrongValue(
                1.96 * value,
                "That is half the width of a 95% interval, 1.96 standard errors.",
            ),
            WrongValue(100 * share.value, "That is the win rate itself, not how uncertain it is."),
        ),
    )


def smoothed_margin(label_smoothing: float) -> NumberProblem:
    """Where the loss of cDPO is smallest."""
    e = label_smoothing
    confidence = 1 - tensor(e)
    value = torch.logit(confidence).item()
    return NumberProblem(
        text=(
            f"cDPO assumes that a share ε = {say(e)} of the labels is flipped. With m for the margin, its loss is "
            "−(1 − ε) log σ(m) − ε log σ(−m). At what m is it smallest?"
        ),
        value=value,
        receipt=f"torch.logit(torch.tensor(1 - {code(e)}))",
        right=(
            f"There σ(m) = 1 − ε = {say(round(1 - e, 6))}, so m = ln((1 − ε)/ε). "
            "Unlike DPO, cDPO has a finite target."
        ),
        method="At the minimum σ(m) = 1 − ε. Solve for m.",
        mistakes=(
            WrongValue(
                confidence.item(),
                "That is the confidence σ(m) at the minimum. The margin m was asked for.",
            ),
            WrongValue(
                (confidence / e).item(), "That is the odds (1 − ε)/ε. The margin is its logarithm."
            ),
            WrongValue(
                -value,
                "The sign is flipped: at this margin the policy would prefer the rejected response.",
            ),
            WrongValue(
                (confidence / e).log10().item(),
                "That is a logarithm to base 10. Margins use the natural logarithm.",
            ),
            WrongValue(
                -torch.log(confidence).item(),
                "That is −log of the confidence. The margin is the logarithm of the odds.",
            ),
        ),
    )


_IMPLICIT_REWARDS = (
    *((0.5, -0.5), (1, -0.5), (1, -1), (0.5, -1.5), (1, -1.5)),
    *((-0.5, 0.5), (-1, 0.5), (-0.5, 1.5)),
)

LATE_NUMBERS = (
    NumberQuestion(
        id="q_loss",
        section="dpo-loss",
        unit=NATS,
        cases=tuple(product((-1, -2, 3), (-6, -9.5, -11), (0.1, 0.2, 0.3))),
        build=dpo_loss,
        sources=(Citation("rafailov2023", "Eq. 7"),),
    ),
    NumberQuestion(
        id="q_gradient_weight",
        section="dpo-loss",
        unit=SHARE,
        cases=tuple((*pair, beta) for pair, beta in product(_IMPLICIT_REWARDS, (0.1, 0.3, 0.5))),
        build=gradient_weight,
        sources=(Citation("rafailov2023", "sec. 4"),),
    ),
    NumberQuestion(
        id="q_shift",
        section="beta",
        unit=NATS,
        cases=tuple(product((0.7, 0.8, 0.9, 0.95), (0.05, 0.1, 0.2, 0.3))),
        build=logratio_shift,
        sources=(Citation("rafailov2023", "Eq. 6"),),
    ),
    NumberQuestion(
        id="q_standard_error",
        section="results",
        unit=POINTS,
        cases=((120, 200), (130, 200), (140, 250), (150, 250), (165, 250), (90, 150), (240, 400)),
        build=win_rate_error,
    ),
    NumberQuestion(
        id="q_smoothing",
        section="bigger-picture",
        unit=NATS,
        cases=((0.05,), (0.1,), (0.15,), (0.2,), (0.25,)),
        build=smoothed_margin,
        sources=(Citation("mitchell2023"),),
    ),
)
