"""All widgets by name, in the order of the sections."""

from __future__ import annotations

from app.widgets import (
    annotator,
    beta_effect,
    bring_your_logps,
    dpo_derivation,
    dpo_loss,
    frontier,
    likelihood_displacement,
    loss_family,
    overoptimization,
    pipeline_comparison,
    ppo_dynamics,
    preference_pairs,
    quiz,
    reward_separation,
    rlhf_pipeline,
    training_race,
    win_rates,
)
from app.widgets.base import Widget

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
