"""The six steps: text, equation and source of each (DPO section 4 and appendices A.1 and A.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.widgets.dpo_derivation import arrows, sides, terms
from app.widgets.dpo_derivation.arrows import EquationArrow
from app.widgets.dpo_derivation.numbers import DerivationNumbers
from app.widgets.dpo_derivation.sides import Sides
from app.widgets.dpo_derivation.terms import EquationTerm


@dataclass(frozen=True)
class Piece:
    """A part of an equation, before which a line may break."""

    before: str
    """an operator, or nothing"""
    latex: str
    part: str
    """that of the arrow that stands for it, see arrows.py"""
    after: str = ""
    """what closes the brackets"""


@dataclass(frozen=True)
class DerivationStep:
    """One step: its text, its equation, and both sides as functions of the numbers."""

    title: str
    stop: str
    """the title in two or three words"""
    say: str
    """the step in a sentence, with its point in <b>…</b>"""
    pieces: tuple[Piece, ...]
    explanation: str
    source: str
    """equation in the paper, arXiv 2305.18290"""
    sides: Callable[[DerivationNumbers], Sides]
    terms: Callable[[DerivationNumbers], list[EquationTerm]]
    arrows: Callable[[DerivationNumbers], tuple[list[EquationArrow], list[EquationArrow]]]
    where: str = ""
    """what the equation supposes, in LaTeX"""
    sums: bool = False
    """whether both sides are sums over all responses; else there are two sides for each of them"""

    @property
    def latex(self) -> str:
        """The equation in one line."""
        parts = (text for p in self.pieces for text in (p.before, p.latex, p.after) if text)
        whole = " ".join(parts)
        return whole + rf", \qquad {self.where}" * bool(self.where)


Y, W, L = "y", "y_w", "y_l"
OPTIMAL, IDEAL, TRAINED = r"\pi_r", r"\pi^*", r"\pi_\theta"

LOG_Z = r"\beta \log Z(x)"
PREFERENCE = Piece("", r"p^*(y_w \succ y_l \mid x)", "reward")


def _log_ratio(policy: str, response: str) -> str:
    reference = r"\pi_{\mathrm{ref}}"
    return rf"\beta \log \frac{{{policy}({response} \mid x)}}{{{reference}({response} \mid x)}}"


def _changed(latex: str) -> str:
    return rf"\changed{{{latex}}}"


def _fitted(response: str) -> str:
    return _log_ratio(_changed(TRAINED), response)


DERIVATION = (
    DerivationStep(
        title="Write the objective as one average",
        stop="one average",
        say="RLHF maximizes reward less β times the divergence. <b>Both go under one average.</b>",
        pieces=(
            Piece("", r"\mathbb{E}_{y \sim \pi_\theta}\left[ r(x, y) \right]", "reward"),
            Piece(
                "-",
                r"\beta D_{\mathrm{KL}}"
                r"\left[ \pi_\theta \,\middle\|\, \pi_{\mathrm{ref}} \right]",
                "divergence",
            ),
            Piece(
                "=",
                r"\mathbb{E}_{y \sim \pi_\theta}\left[ r(x, y) - "
                + _log_ratio(TRAINED, Y)
                + r" \right]",
                "average",
            ),
        ),
        explanation="RLHF maximizes reward less β times the divergence from the reference. The "
        "divergence is itself an average over the policy’s responses, so both parts go under one "
        "expectation. The check uses the lab’s DPO policy and true quality as the reward, but any policy "
        "and any reward would do.",
        source="Eq. 3",
        sides=sides.objective,
        terms=terms.objective_terms,
        arrows=arrows.objective_arrows,
        sums=True,
    ),
    DerivationStep(
        title="Gather everything that depends on the policy",
        stop="gather the policy",
        say="What depends on the policy is its divergence from <b>an optimum, normalized by Z(x)</b>.",
        pieces=(
            Piece("", "r(x, y)", "reward"),
            Piece("-", _log_ratio(TRAINED, Y), "policy"),
            Piece("=", _changed(LOG_Z), "partition"),
            Piece(
                "-",
                _changed(r"\beta \log \frac{\pi_\theta(y \mid x)}{\pi_r(y \mid x)}"),
                "optimum",
            ),
        ),
        where=r"\pi_r(y \mid x) = \frac{\pi_{\mathrm{ref}}(y \mid x) \, e^{r(x, y)/\beta}}{Z(x)}",
        explanation="Z(x) sums the reference, reweighted by the exponential of the reward, over every "
        "response. With it the reward becomes part of a distribution, π_r. On average the last term is "
        "β times the divergence of π_θ from π_r, which is never negative and is 0 only at π_r. So π_r is "
        "the optimal policy for r.",
        source="Eq. 4 and appendix A.1",
        sides=sides.gathered,
        terms=terms.response_terms,
        arrows=arrows.gathered_arrows,
    ),
    DerivationStep(
        title="Solve for the reward",
        stop="solve for the reward",
        say="Solve for it: <b>the reward is a log-ratio</b>, plus a part that is the same for every y.",
        pieces=(
            Piece("", "r(x, y)", "reward"),
            Piece("=", _changed(_log_ratio(OPTIMAL, Y)), "chosen"),
            Piece("+", _changed(LOG_Z), "partition"),
        ),
        explanation="Take logarithms in the definition of π_r and move the reward to one side. Any reward "
        "can be read off its own optimal policy, up to a term that depends on the prompt alone.",
        source="Eq. 5",
        sides=sides.solved,
        terms=terms.optimum_terms,
        arrows=arrows.solved_arrows,
    ),
    DerivationStep(
        title="Put it into Bradley-Terry",
        stop="Bradley-Terry",
        say="A preference compares two rewards, so <b>put a log-ratio in for each</b>.",
        pieces=(
            PREFERENCE,
            Piece(r"= \sigma(", _changed(_log_ratio(IDEAL, W)), "chosen"),
            Piece("+", _changed(LOG_Z), "partition"),
            Piece("-", _changed(_log_ratio(IDEAL, L)), "rejected"),
            Piece("-", _changed(LOG_Z), "partition_l", ")"),
        ),
        explanation="A preference depends on the difference of two true rewards r*. Replace each by what "
        "step 3 says it is, with π* for the optimal policy of r*. This change of variables is the paper’s "
        "new step. The left side is computed from the rewards alone, the right side from the policies and "
        "Z(x), for each response as y_w against one y_l.",
        source="Eq. 1 with Eq. 5, appendix A.2",
        sides=sides.preference,
        terms=terms.pair_terms,
        arrows=arrows.preference_arrows,
    ),
    DerivationStep(
        title="Z(x) cancels",
        stop="Z(x) cancels",
        say="Both responses answer the same x, so <b>the two Z(x) are equal and cancel</b>.",
        pieces=(
            PREFERENCE,
            Piece(r"= \sigma(", _log_ratio(IDEAL, W), "chosen"),
            Piece("+", rf"\cancel{{{LOG_Z}}}", "partition"),
            Piece("-", _log_ratio(IDEAL, L), "rejected"),
            Piece("-", rf"\cancel{{{LOG_Z}}}", "partition_l", ")"),
        ),
        explanation="Both responses answer the same prompt, so both carry the same β log Z(x), once with a "
        "plus and once with a minus. It cancels not because Z is 1, but because it is the same. The "
        "sum that no real model can compute is no longer needed.",
        source="Eq. 6",
        sides=sides.without_partition,
        terms=terms.pair_terms,
        arrows=arrows.without_partition_arrows,
    ),
    DerivationStep(
        title="Fit it by maximum likelihood",
        stop="the loss",
        say="The optimum is unknown, so <b>fit the policy in its place</b>: a classification loss.",
        pieces=(
            Piece(r"-\log \sigma(", _fitted(W), "chosen"),
            Piece("-", _fitted(L), "rejected", ")"),
            Piece("=", r"-\log \sigma( r^*(x, y_w) - r^*(x, y_l) )", "reward"),
        ),
        where=r"\text{at } \pi_\theta = \pi^*",
        explanation="Put the policy in training where π* stood, and make the recorded choices likely: that "
        "is the DPO loss. The check takes π_θ = π*. There the loss of every pair is what a reward model "
        "that knows the true reward would have.",
        source="Eq. 7",
        sides=sides.loss,
        terms=terms.pair_terms,
        arrows=arrows.loss_arrows,
    ),
)
