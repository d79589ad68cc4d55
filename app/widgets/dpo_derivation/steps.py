"""The six steps: words, equation and source of each (DPO section 4 and appendices A.1 and A.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.widgets.dpo_derivation import sides, terms
from app.widgets.dpo_derivation.numbers import DerivationNumbers
from app.widgets.dpo_derivation.sides import Sides
from app.widgets.dpo_derivation.terms import EquationTerm


@dataclass(frozen=True)
class DerivationStep:
    """One step: its words, its equation, and both sides as functions of the numbers."""

    title: str
    latex: str
    explanation: str
    source: str
    """equation in the paper, arXiv 2305.18290"""
    sides: Callable[[DerivationNumbers], Sides]
    terms: Callable[[DerivationNumbers], list[EquationTerm]]


OPTIMAL = r"\frac{\pi_r(y \mid x)}{\pi_{\mathrm{ref}}(y \mid x)}"
IDEAL = r"\frac{{\pi^*(y{0} \mid x)}}{{\pi_{{\mathrm{{ref}}}}(y{0} \mid x)}}"
TRAINED = r"\frac{{\pi_\theta(y{0} \mid x)}}{{\pi_{{\mathrm{{ref}}}}(y{0} \mid x)}}"
W, L = "_w", "_l"

DERIVATION = (
    DerivationStep(
        title="Write the objective as one average",
        latex=r"\mathbb{E}_{y \sim \pi_\theta}\left[ r(x, y) \right] - \beta D_{\mathrm{KL}}"
        r"\left[ \pi_\theta \,\middle\|\, \pi_{\mathrm{ref}} \right] = \mathbb{E}_{y \sim \pi_\theta}"
        r"\left[ r(x, y) - \beta \log " + TRAINED.format("") + r" \right]",
        explanation="RLHF maximises reward less β times the divergence from the reference. The "
        "divergence is itself an average over the policy’s responses, so both parts go under one "
        "expectation. The check uses the lab’s DPO policy and true quality as the reward, but any policy "
        "and any reward would do.",
        source="Eq. 3",
        sides=sides.objective,
        terms=terms.objective_terms,
    ),
    DerivationStep(
        title="Gather everything that depends on the policy",
        latex=r"r(x, y) - \beta \log "
        + TRAINED.format("")
        + r" = \changed{\beta \log Z(x) - \beta \log \frac{\pi_\theta(y \mid x)}{\pi_r(y \mid x)}}, \qquad "
        r"\pi_r(y \mid x) = \frac{\pi_{\mathrm{ref}}(y \mid x) \, e^{r(x, y)/\beta}}{Z(x)}",
        explanation="Z(x) sums the reference, reweighted by the exponential of the reward, over every "
        "response. With it the reward becomes part of a distribution, π_r. On average the last term is "
        "β times the divergence of π_θ from π_r, which is never negative and is 0 only at π_r. So π_r is "
        "the optimal policy for r.",
        source="Eq. 4 and appendix A.1",
        sides=sides.gathered,
        terms=terms.response_terms,
    ),
    DerivationStep(
        title="Solve for the reward",
        latex=r"r(x, y) = \changed{\beta \log " + OPTIMAL + r" + \beta \log Z(x)}",
        explanation="Take logarithms in the definition of π_r and move the reward to one side. Any reward "
        "can be read off its own optimal policy, up to a term that depends on the prompt alone.",
        source="Eq. 5",
        sides=sides.solved,
        terms=terms.optimum_terms,
    ),
    DerivationStep(
        title="Put it into Bradley-Terry",
        latex=r"p^*(y_w \succ y_l \mid x) = \sigma\left( \changed{\left( \beta \log "
        + IDEAL.format(W)
        + r" + \beta \log Z(x) \right)} - \changed{\left( \beta \log "
        + IDEAL.format(L)
        + r" + \beta \log Z(x) \right)} \right)",
        explanation="A preference depends on the difference of two true rewards r*. Replace each by what "
        "step 3 says it is, with π* for the optimal policy of r*. This change of variables is the paper’s "
        "new step. The left side is computed from the rewards alone, the right side from the policies and "
        "Z(x), for each response as y_w against one y_l.",
        source="Eq. 1 with Eq. 5, appendix A.2",
        sides=sides.preference,
        terms=terms.pair_terms,
    ),
    DerivationStep(
        title="Z(x) cancels",
        latex=r"p^*(y_w \succ y_l \mid x) = \sigma\left( \beta \log "
        + IDEAL.format(W)
        + r" + \cancel{\beta \log Z(x)} - \beta \log "
        + IDEAL.format(L)
        + r" - \cancel{\beta \log Z(x)} \right)",
        explanation="Both responses answer the same prompt, so both carry the same β log Z(x), once with a "
        "plus and once with a minus. It cancels not because Z is 1, but because it is the same. The "
        "sum that no real model can compute is no longer needed.",
        source="Eq. 6",
        sides=sides.without_partition,
        terms=terms.pair_terms,
    ),
    DerivationStep(
        title="Fit it by maximum likelihood",
        latex=r"-\log \sigma\left( \beta \log "
        + TRAINED.format(W).replace(r"\pi_\theta", r"\changed{\pi_\theta}")
        + r" - \beta \log "
        + TRAINED.format(L).replace(r"\pi_\theta", r"\changed{\pi_\theta}")
        + r" \right) = -\log \sigma\left( r^*(x, y_w) - r^*(x, y_l) \right) \quad \text{at } \pi_\theta = \pi^*",
        explanation="Put the policy in training where π* stood, and make the recorded choices likely: that "
        "is the DPO loss. The check takes π_θ = π*. There the loss of every pair is what a reward model "
        "that knows the true reward would have.",
        source="Eq. 7",
        sides=sides.loss,
        terms=terms.pair_terms,
    ),
)
