"""Results of widgets on the server: what takes training comes from the queue, the rest is computed here."""

from __future__ import annotations

from app.computing import computed
from app.memo import Compute, compute_here
from app.runs.job import job_of
from app.runs.runs import Runs
from app.widgets.base import Widget, WidgetParams, WidgetResult


def compute_with(runs: Runs) -> Compute:
    """For a ``Memo`` on the event loop on which ``runs`` lives."""

    async def compute(widget: Widget, params: WidgetParams) -> WidgetResult:
        if not widget.trains(params):
            return await compute_here(widget, params)
        made = await runs.result(job_of(widget, params))
        return await computed(widget.result.model_validate_json, made)

    return compute
