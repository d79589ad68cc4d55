"""The figure of the home page: recorded runs, which can be scrubbed. It has no parameters and no section."""

from __future__ import annotations

from pydantic import Field

from app.formatting import signed
from app.studies.home_run import PLACES, RecordedRuns, load_recorded_runs
from app.widgets.base import PROMPT_TEXTS, Widget, WidgetParams, WidgetResult


class Result(WidgetResult):
    """What was recorded."""

    prompt: str = Field(description="what both are asked")
    run: RecordedRuns = Field(description="PPO with a simple reward model, and DPO")


def compute(_: WidgetParams) -> Result:
    """Read the recording."""
    run = load_recorded_runs()
    return Result(
        finding=f"PPO sails past its peak, from a true quality of {signed(max(run.ppo.true_quality), 1)} to "
        f"{signed(run.ppo.true_quality[-1], 1)}; DPO, trained on the same comparisons at the same β, ends at "
        f"{signed(run.dpo.true_quality[-1], 1)}.",
        prompt=PROMPT_TEXTS[run.prompt],
        run=run,
    )


HERO = Widget(
    name="hero",
    title="PPO and DPO under the exact frontier",
    caption="Scrub through recorded runs of PPO and DPO.",
    params=WidgetParams,
    result=Result,
    compute=compute,
    places=PLACES,
)
