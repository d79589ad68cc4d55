"""Results of widgets on the server: what takes training comes from the queue, the rest is computed here."""

from __future__ import annotations

import anyio.from_thread

from app.computing import in_few_threads
from app.memo import Compute, compute_here
from app.runs.job import job_of
from app.runs.runs import Runs
from app.widgets.base import Widget, WidgetParams, WidgetResult


def compute_with(runs: Runs) -> Compute:
    """For a ``Memo`` that is asked in worker threads of the event loop on which ``runs`` lives."""

    compute_light = in_few_threads(compute_here)

    def compute(widget: Widget, params: WidgetParams) -> WidgetResult:
        if not widget.trains(params):
            return compute_light(widget, params)
        made = anyio.from_thread.run(runs.result, job_of(widget, params))
        return widget.result.model_validate_json(made)

    return compute
