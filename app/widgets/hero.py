"""The figure of the home page: recorded runs, which can be scrubbed. It has no parameters and no section."""

from __future__ import annotations

from pydantic import Field

from app.studies.home_run import CONFIG, RecordedRun, load_recorded_run
from app.widgets.base import Widget, WidgetParams, WidgetResult


class Result(WidgetResult):
    """What was recorded."""

    run: RecordedRun = Field(description="PPO against a reward model that can only add up phrases")


def compute(_: WidgetParams) -> Result:
    """Read the recording."""
    return Result(
        finding="PPO sails past its peak: the reward model still applauds, but true quality has collapsed.",
        run=load_recorded_run(),
    )


HERO = Widget(
    name="hero",
    title="A run of PPO under the exact frontier",
    caption="Scrub through a recorded run of PPO.",
    params=WidgetParams,
    result=Result,
    compute=compute,
    places=CONFIG.iterations,
)
