"""Trained policies as JSON."""

from __future__ import annotations

from pydantic import BaseModel, Field
from torch import Tensor

LEAST_LOGP = -700.0
"""written where a probability underflows: JSON has no infinity"""


class Policies(BaseModel):
    """Trained policies over all responses."""

    policies: dict[str, list[float]] = Field(
        description="log pi(y|x) of 7,776 responses in nats, by policy; -700 where the probability underflows"
    )


def policies(logps: dict[str, Tensor]) -> Policies:
    """Log-probabilities as JSON can have them."""
    return Policies(policies={name: p.clamp_min(LEAST_LOGP).tolist() for name, p in logps.items()})
