"""How far the exact optima of the lab move the rewards of pairs, beyond which a run has gone too far.

Under the optimum for a reward r, beta log(pi / pi_ref) is r - beta log Z, and beta log Z lies between
the mean and the maximum of r: rewards are bounded at every beta, though log-ratios grow without end as
beta falls.
"""

from __future__ import annotations

OPTIMUM_CHOSEN, OPTIMUM_REJECTED = -3.1, -4.5
"""the lowest mean rewards of training pairs under any exact optimum of the lab, at any prompt and beta"""

DISPLACED = 5.0
"""units of reward that chosen responses have to fall: beyond every optimum of the lab by half again"""

TOGETHER, LEAST = 3.0, 2.0
"""how many times the margin, and how many units at least, chosen responses have to fall if it is less"""

SUPPRESSED = 10.0
"""units of reward that rejected responses have to fall: twice what any optimum of the lab has them fall"""


def unit_of(beta: float, *, per_token: bool) -> float:
    """What counts as one unit of reward: for means over tokens at least a fifth of a nat."""
    return max(1.0, 0.2 * beta) if per_token else 1.0
