"""Both sides of each step as sums of a few quantities, for the response shown: the arrows that the stage draws.

The sums are the sides themselves in steps 1 to 3, the argument of σ in steps 4 and 5, that of -log σ in step 6.
"""

from __future__ import annotations

from pydantic import BaseModel, Field
from torch import Tensor

from app.lab.exact import expectation, kl_divergence
from app.widgets.dpo_derivation.numbers import DerivationNumbers


class EquationArrow(BaseModel):
    """One quantity of a side, with its sign."""

    part: str = Field(description="which part of the equation it is")
    symbol: str = Field(description="how it is written")
    value: float = Field(description="in this example")


Arrows = tuple[list[EquationArrow], list[EquationArrow]]


def objective_arrows(n: DerivationNumbers) -> Arrows:
    """Step 1: reward and divergence, against one average."""
    reward = expectation(n.policy, n.reward)
    price = n.beta * kl_divergence(n.policy, n.reference)
    average = expectation(n.policy, n.reward - n.beta * n.log_ratio(n.policy))
    return [_arrow("reward", "E[r]", reward), _arrow("divergence", "−β KL", -price)], [
        _arrow("average", "one average", average)
    ]


def gathered_arrows(n: DerivationNumbers) -> Arrows:
    """Step 2: reward and log-ratio, against Z(x) and what is left to the policy."""
    optimal = (n.reference + n.reward / n.beta).log_softmax(0)
    return [
        _arrow("reward", "r", n.reward[n.shown]),
        _arrow("policy", "−β log-ratio", -n.beta * n.log_ratio(n.policy)[n.shown]),
    ], [
        _arrow("partition", "β log Z", n.beta * n.log_z),
        _arrow("optimum", "−β log π_θ/π_r", -n.beta * (n.policy - optimal)[n.shown]),
    ]


def solved_arrows(n: DerivationNumbers) -> Arrows:
    """Step 3: the reward, against the log-ratio of its optimum and Z(x)."""
    return [_arrow("reward", "r", n.reward[n.shown])], [
        _arrow("chosen", f"{_beta(n)}log-ratio", n.implicit_reward[n.shown]),
        _arrow("partition", "β log Z", n.beta * n.log_z),
    ]


def preference_arrows(n: DerivationNumbers) -> Arrows:
    """Step 4: the gap of two rewards, as they are and written with policies."""
    return _rewards(n), _written(n)


def without_partition_arrows(n: DerivationNumbers) -> Arrows:
    """Step 5: the gap written with Z(x), and without."""
    return _written(n), _implicit(n)


def loss_arrows(n: DerivationNumbers) -> Arrows:
    """Step 6: the gap of implicit rewards, and of rewards."""
    return _implicit(n), _rewards(n)


def _rewards(n: DerivationNumbers) -> list[EquationArrow]:
    other = n.opponents
    return [
        _arrow("reward", "r(y_w)", n.reward[n.shown]),
        _arrow("reward", "−r(y_l)", -other.reward[other.opponent]),
    ]


def _implicit(n: DerivationNumbers) -> list[EquationArrow]:
    other = n.opponents
    return [
        _arrow("chosen", "chosen", n.implicit_reward[n.shown]),
        _arrow("rejected", "−rejected", -other.implicit_reward[other.opponent]),
    ]


def _written(n: DerivationNumbers) -> list[EquationArrow]:
    other = n.opponents
    chosen, rejected = _implicit(n)
    return [
        chosen,
        _arrow("partition", "β log Z", n.beta * n.log_z),
        rejected,
        _arrow("partition_l", "−β log Z", -other.beta * other.log_z),
    ]


def _beta(n: DerivationNumbers) -> str:
    return "β " if n.believed_beta is None else ""


def _arrow(part: str, symbol: str, value: Tensor) -> EquationArrow:
    return EquationArrow(part=part, symbol=symbol, value=float(value))
