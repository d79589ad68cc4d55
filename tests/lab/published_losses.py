"""The preference losses as their papers print them, computed to 400 digits.

With that many digits nothing needs rearranging: log(1 / (1 + exp(-z))) is written as it is printed and
is still right at z = 700, where doubles lose it. Derivatives are plain difference quotients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MIN_EMIN, Decimal, localcontext

import torch

from app.lab.losses import LossParams, PairLogps

DIGITS = 400
STEP = Decimal("1e-40")
"""step of difference quotients, relative to the point; their error is of the order of its square"""


@dataclass(frozen=True)
class Pair:
    """The inputs of a formula, as in ``app.lab.losses.PairLogps``, in nats and tokens."""

    policy_chosen: Decimal
    policy_rejected: Decimal
    reference_chosen: Decimal
    reference_rejected: Decimal
    chosen_length: Decimal = Decimal(1)
    rejected_length: Decimal = Decimal(1)
    beta: Decimal = Decimal(1)
    label_smoothing: Decimal = Decimal(0)
    simpo_gamma: Decimal = Decimal("0.5")
    kto_reference_point: Decimal = Decimal(0)

    @property
    def chosen(self) -> Decimal:
        return self.policy_chosen - self.reference_chosen

    @property
    def rejected(self) -> Decimal:
        return self.policy_rejected - self.reference_rejected

    @property
    def margin(self) -> Decimal:
        """beta times the difference of log-ratios."""
        return self.beta * (self.chosen - self.rejected)

    @property
    def target(self) -> Decimal:
        """1 / (2 beta)."""
        return 1 / (2 * self.beta)


def sigma(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def nll(z: Decimal) -> Decimal:
    """-log sigma(z)."""
    return -sigma(z).ln()


def log_odds(mean_logp: Decimal) -> Decimal:
    p = mean_logp.exp()
    return (p / (1 - p)).ln()


def smoothed(p: Pair) -> Decimal:
    e = p.label_smoothing
    return (1 - e) * nll(p.margin) + e * nll(-p.margin)


def robust(p: Pair) -> Decimal:
    e = p.label_smoothing
    return ((1 - e) * nll(p.margin) - e * nll(-p.margin)) / (1 - 2 * e)


def exo_pair(p: Pair) -> Decimal:
    e = p.label_smoothing
    q, not_q = sigma(p.margin), sigma(-p.margin)
    return q * (q.ln() - (1 - e).ln()) + not_q * (not_q.ln() - e.ln())


def discopop(p: Pair) -> Decimal:
    toward_exponential = sigma(p.margin / Decimal("0.05"))
    return (1 - toward_exponential) * nll(p.margin) + toward_exponential * (-p.margin).exp()


def orpo(p: Pair) -> Decimal:
    chosen = p.policy_chosen / p.chosen_length
    rejected = p.policy_rejected / p.rejected_length
    return -chosen + p.beta * nll(log_odds(chosen) - log_odds(rejected))


PUBLISHED: dict[str, Callable[[Pair], Decimal]] = {
    # DPO, arXiv 2305.18290, Eq. 7; label smoothing: cDPO, ericmitchell.ai/cdpo.pdf
    "sigmoid": smoothed,
    # rDPO, arXiv 2403.00409
    "robust": robust,
    # SLiC-HF, arXiv 2305.10425; RSO, arXiv 2309.06657
    "hinge": lambda p: max(Decimal(0), 1 - p.margin),
    # IPO, arXiv 2310.12036, Eq. 17
    "ipo": lambda p: (p.chosen - p.rejected - p.target) ** 2,
    # the same with means over tokens, as TRL computes it
    "ipo_norm": lambda p: (
        (p.chosen / p.chosen_length - p.rejected / p.rejected_length - p.target) ** 2
    ),
    # EXO, arXiv 2402.00856
    "exo_pair": exo_pair,
    # NCA, arXiv 2402.05369
    "nca_pair": lambda p: (
        nll(p.beta * p.chosen) + (nll(-p.beta * p.chosen) + nll(-p.beta * p.rejected)) / 2
    ),
    # BCO, arXiv 2404.04656, without the reward shift
    "bco_pair": lambda p: nll(p.beta * p.chosen) + nll(-p.beta * p.rejected),
    # SPPO, arXiv 2405.00675
    "sppo_hard": lambda p: (p.chosen - p.target) ** 2 + (p.rejected + p.target) ** 2,
    # APO-zero and APO-down, arXiv 2408.06266, Eq. 7 and 8
    "apo_zero": lambda p: 1 - sigma(p.beta * p.chosen) + sigma(p.beta * p.rejected),
    "apo_down": lambda p: sigma(p.beta * p.chosen) + 1 - sigma(p.margin),
    # DiscoPOP, arXiv 2406.08414, Eq. 5
    "discopop": discopop,
    # length-normalized DPO: arXiv 2405.14734 (SimPO's ablation), arXiv 2411.15124 (Tulu 3)
    "sigmoid_norm": lambda p: nll(
        p.beta * (p.chosen / p.chosen_length - p.rejected / p.rejected_length)
    ),
    # SimPO, arXiv 2405.14734
    "simpo": lambda p: nll(
        p.beta * (p.policy_chosen / p.chosen_length - p.policy_rejected / p.rejected_length)
        - p.simpo_gamma
    ),
    # ORPO, arXiv 2403.07691
    "orpo": orpo,
    # KTO, arXiv 2402.01306, both weights 1
    "kto": lambda p: (
        2
        - sigma(p.beta * p.chosen - p.beta * p.kto_reference_point)
        - sigma(p.beta * p.kto_reference_point - p.beta * p.rejected)
    ),
}


@contextmanager
def many_digits() -> Iterator[None]:
    """Decimals that neither overflow nor underflow in any test."""
    with localcontext(prec=DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN):
        yield


def published_loss(name: str, pair: Pair) -> float:
    """The loss, rounded once at the end."""
    with many_digits():
        return float(PUBLISHED[name](pair))


def published_slopes(name: str, pair: Pair) -> tuple[float, float]:
    """Its derivatives by the policy's log-probabilities of chosen and rejected."""
    with many_digits():
        return _slope(name, pair, "policy_chosen"), _slope(name, pair, "policy_rejected")


def _slope(name: str, pair: Pair, by: str) -> float:
    at: Decimal = getattr(pair, by)
    step = STEP * (abs(at) or 1)
    higher, lower = (
        PUBLISHED[name](replace(pair, **{by: moved})) for moved in (at + step, at - step)
    )
    return float((higher - lower) / (2 * step))


def exactly(**values: float) -> Pair:
    """A pair with exactly the values of these doubles."""
    return Pair(**{name: Decimal(value) for name, value in values.items()})


def as_tensors(pair: Pair, dtype: torch.dtype = torch.float64) -> PairLogps:
    """The same pair for ``app.lab.losses``. Shapes: (1,)."""
    *six, _beta, smoothing, gamma, point = map(float, vars(pair).values())
    a, b, c, d, e, f = (torch.tensor([value], dtype=dtype) for value in six)
    return PairLogps(a, b, c, d, e, f, LossParams(smoothing, gamma, point))
