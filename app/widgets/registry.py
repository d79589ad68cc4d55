"""All widgets by name, in the order of the sections."""

from __future__ import annotations

from app.widgets import pipeline_comparison, ppo_dynamics, reward_separation
from app.widgets.base import Widget

WIDGETS: dict[str, Widget] = {
    module.WIDGET.name: module.WIDGET
    for module in (reward_separation, ppo_dynamics, pipeline_comparison)
}
