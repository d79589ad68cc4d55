"""All widgets by name, in the order of the sections."""

from __future__ import annotations

from app.widgets import (
    annotator,
    frontier,
    likelihood_displacement,
    loss_family,
    overoptimization,
    pipeline_comparison,
    ppo_dynamics,
    preference_pairs,
    reward_separation,
    training_race,
)
from app.widgets.base import Widget
from app.widgets.beta_effect import widget as beta_effect
from app.widgets.bring_your_logps import widget as bring_your_logps
from app.widgets.dpo_derivation import widget as dpo_derivation
from app.widgets.dpo_loss import widget as dpo_loss
from app.widgets.quiz import widget as quiz
from app.widgets.rlhf_pipeline import widget as rlhf_pipeline
from app.widgets.win_rates import widget as win_rates

WIDGETS: dict[str, Widget] = {
    module.WIDGET.name: module.WIDGET
    for module in (
        preference_pairs,
        annotator,
        rlhf_pipeline,
        reward_separation,
        ppo_dynamics,
        overoptimization,
        dpo_derivation,
        dpo_loss,
        likelihood_displacement,
        bring_your_logps,
        beta_effect,
        training_race,
        pipeline_comparison,
        win_rates,
        frontier,
        loss_family,
        quiz,
    )
}
