"""Runs as server-sent events.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.sse import ServerSentEvent

from app.runs.http_errors import run_problem
from app.runs.job import job_of
from app.runs.queue import Queued
from app.widgets.base import Widget, WidgetParams

QUEUED = "`queued` with a place while other runs go first, "
ENDED_EARLY = (
    ". A stream that ends early ends with `error`, whose data is the problem. All events but `queued` and "
    "`error` have an id, their number from 1."
)
"""parts of the descriptions of streams"""

LastEventId = Annotated[
    int,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=1_000_000,
        description="id of the last event received from an interrupted stream; the stream continues after it",
    ),
]


async def streamed(
    request: Request, widget: Widget, params: WidgetParams, seen: int
) -> AsyncIterator[ServerSentEvent]:
    """The events of a run, without the first ``seen``, after its places in the queue."""
    if "head" in request.scope:
        return  # app/web/head_requests.py: nobody receives the events, so no run is started
    number = 0
    try:
        async with aclosing(request.app.state.runs.events(job_of(widget, params))) as events:
            async for event in events:
                if isinstance(event, Queued):
                    yield ServerSentEvent(event="queued", data={"place": event.place})
                    continue
                number += 1
                if number > seen:
                    yield ServerSentEvent(event=event.name, raw_data=event.data, id=str(number))
    except Exception as error:
        yield ServerSentEvent(event="error", data=run_problem(error).document())


def room_for(widget: Widget) -> Any:
    """A dependency that refuses a run before its stream starts, if it cannot be trained or has no room."""

    async def check(request: Request, params: Annotated[widget.params, Query()]) -> None:  # type: ignore[name-defined]
        request.app.state.lab.expect()
        await request.app.state.runs.expect_room(job_of(widget, params))

    return Depends(check)
