"""The quantities in the equation of each step, with their values for the response shown."""

from __future__ import annotations

from pydantic import BaseModel, Field
from torch import Tensor

from app.lab.exact import expectation, kl_divergence
from app.widgets.dpo_derivation.numbers import DerivationNumbers


class EquationTerm(BaseModel):
    """A quantity of the equation with its value for the response shown."""

    symbol: str = Field(description="how it is written")
    meaning: str = Field(description="what the symbol stands for")
    value: float = Field(description="in this example")


def objective_terms(n: DerivationNumbers) -> list[EquationTerm]:
    """Step 1: the parts of the objective."""
    return [
        _term("E[r(x, y)]", "expected reward", expectation(n.policy, n.reward)),
        _term(
            "KL(π_θ ‖ π_ref)",
            "divergence from the reference, nats",
            kl_divergence(n.policy, n.reference),
        ),
        _term("β", "price of a nat", n.beta),
    ]


def response_terms(n: DerivationNumbers) -> list[EquationTerm]:
    """Step 2: one response under the policy."""
    return [
        _term("r(x, y)", "reward of the response", n.reward[n.shown]),
        _term(
            "log(π_θ / π_ref)",
            "log-ratio of the DPO policy, nats",
            n.log_ratio(n.policy)[n.shown],
        ),
        _term("log Z(x)", "log of the sum over 7,776 responses", n.log_z),
    ]


def optimum_terms(n: DerivationNumbers) -> list[EquationTerm]:
    """Step 3: one response under the optimum."""
    return [
        _term(
            "log(π_r / π_ref)",
            "log-ratio of the optimum, nats",
            n.log_ratio(n.optimal)[n.shown],
        ),
        _term("β log Z(x)", "the part without y", n.beta * n.log_z),
        _term("r(x, y)", "reward of the response", n.reward[n.shown]),
    ]


def pair_terms(n: DerivationNumbers) -> list[EquationTerm]:
    """Steps 4 to 6: what sets the two responses apart, and what does not."""
    implicit = n.implicit_reward
    return [
        _term("r*(x, y_w) − r*(x, y_l)", "reward gap", n.reward[n.shown] - n.reward[n.opponent]),
        _term(
            "βΔ_w − βΔ_l",
            "gap of implicit rewards",
            implicit[n.shown] - implicit[n.opponent],
        ),
        _term("β log Z(x)", "in both, so it cancels", n.beta * n.log_z),
    ]


def _term(symbol: str, meaning: str, value: Tensor | float) -> EquationTerm:
    return EquationTerm(symbol=symbol, meaning=meaning, value=float(value))
