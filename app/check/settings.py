"""How a run was trained, as far as its owner says."""

from __future__ import annotations

from dataclasses import dataclass

from app.lab.losses import LossParams
from app.lab.more_losses import FDivergence, WeightedLoss


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
    desirable_weight: float = 1.0
    undesirable_weight: float = 1.0
    reward_shift: float = 0.0
    discopop_tau: float = 0.05
    alphapo_alpha: float = 0.0
    f_divergence_type: str = "reverse_kl"
    f_alpha_divergence_coef: float = 0.5
    loss_types: tuple[str, ...] = ()
    """several losses that were added up, in the place of ``loss_type``"""
    loss_weights: tuple[float, ...] = ()
    """of each of ``loss_types``; all 1 if empty"""
    assumed: frozenset[str] = frozenset()
    """the fields that nobody gave: a message that depends on one says that it was assumed"""

    @property
    def losses(self) -> tuple[WeightedLoss, ...]:
        """The losses with their weights: one, or those that were added up."""
        names = self.loss_types or (self.loss_type,)
        weights = self.loss_weights or (1.0,) * len(names)
        return tuple(WeightedLoss(*both) for both in zip(names, weights, strict=True))

    @property
    def divergence(self) -> FDivergence:
        """The f-divergence with its coefficient."""
        return FDivergence(self.f_divergence_type, self.f_alpha_divergence_coef)

    @property
    def loss_params(self) -> LossParams:
        """The parameters beside beta that losses read from pairs."""
        return LossParams(
            label_smoothing=self.label_smoothing,
            simpo_gamma=self.simpo_gamma,
            kto_reference_point=self.kto_reference_point,
            desirable_weight=self.desirable_weight,
            undesirable_weight=self.undesirable_weight,
            reward_shift=self.reward_shift,
            discopop_tau=self.discopop_tau,
            alphapo_alpha=self.alphapo_alpha,
        )
