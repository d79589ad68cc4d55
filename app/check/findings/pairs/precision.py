"""Log-ratios that arithmetic in another precision leaves of a policy that equals its reference."""

from __future__ import annotations

import math

import torch

from app.check.batch import ReportedBatch
from app.check.findings.chance import standard_error

PRECISION = 0.1
"""nats for the square root of a token, up to which bfloat16 in one model only would explain them"""

ERRORS = 3
"""standard errors within which a mean may be 0"""


def may_be_rounding(batch: ReportedBatch) -> bool:
    """Whether log-ratios are that small, and average to 0 on both sides and in their difference."""
    chosen, rejected = batch.pairs.chosen, batch.pairs.rejected
    size = float(torch.cat([chosen, rejected]).square().mean().sqrt())
    return size <= PRECISION * math.sqrt(batch.tokens()) and all(
        abs(float(values.mean())) <= ERRORS * standard_error(values)
        for values in (chosen, rejected, chosen - rejected)
    )
