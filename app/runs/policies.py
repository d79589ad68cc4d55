"""Trained policies as JSON."""

from __future__ import annotations

from pydantic import BaseModel, Field
from torch import Tensor

MIN_LOGP = -700.0
"""written instead of -inf, which JSON does not have"""


class Policies(BaseModel):
    """Log-probabilities of all responses under trained policies."""

    policies: dict[str, list[float]] = Field(
        description="log pi(y|x) of 7,776 responses in nats, by policy; -700 where the probability underflows"
    )


def policies_of(logps: dict[str, Tensor]) -> Policies:
    """Policies for JSON, from log-probabilities by name."""
    return Policies(policies={name: p.clamp_min(MIN_LOGP).tolist() for name, p in logps.items()})
