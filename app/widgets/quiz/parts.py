"""The questions of the quiz that also stand at the end of their own section."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from pydantic import create_model

from app.widgets.base import Widget
from app.widgets.quiz.sheet import ANSWERS, PartParams
from app.widgets.quiz.widget import WIDGET

AT_THE_END = {
    "alignment-problem": ("q_pair", "q_disagree"),
    "rlhf-pipeline": ("q_ppo_memory", "q_reference"),
    "reward-modeling": ("q_preference", "q_offset"),
    "ppo-problem": ("q_overoptimisation", "q_kl", "q_penalised_reward"),
    "dpo-insight": ("q_partition", "q_optimal_probability"),
    "dpo-loss": ("q_loss", "q_displacement", "q_chosen_fall"),
    "beta": ("q_shift", "q_certain"),
    "dpo-vs-rlhf": ("q_same_optimum", "q_dpo_memory", "q_on_policy"),
    "results": ("q_significant", "q_standard_error"),
}
"""by section; the last one has the whole quiz"""


@cache
def part_of(section: str) -> Widget | None:
    """The quiz with the questions of one section, on the sheet of seed 0; None if it has none at its end."""
    names = AT_THE_END.get(section, ())
    if not names:
        return None
    fields = {name: ANSWERS[name] for name in names}
    params = create_model("PartParams", __base__=PartParams, __module__=__name__, **fields)
    return replace(
        WIDGET,
        title="Questions on this section",
        params=params,
        places=len(names),
    )
