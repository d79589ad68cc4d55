"""How a run was trained, as far as its owner says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunSettings:
    """The loss of a run with its parameters, named as in POST /api/v1/preference_loss."""

    loss_type: str = "sigmoid"
    beta: float = 0.1
    trainer: str | None = None
    """one of ``app.check.trainers.TRAINERS``; None: recognized by the names in the file, if at all"""
    label_smoothing: float = 0.0
    simpo_gamma: float = 0.5
    kto_reference_point: float = 0.0
    assumed: frozenset[str] = frozenset()
    """the fields that nobody gave: a message that depends on one says that it was assumed"""
