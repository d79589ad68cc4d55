"""JSON routes of the widgets: results, streams, policies, files and POST endpoints.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.api.preference_loss import PairBatch, PairLosses, pair_losses
from app.api.streams import ENDED_EARLY, QUEUED, LastEventId, room_for, streamed
from app.check.tables import RunFileError
from app.check.writing import csv_text, json_lines_text
from app.runs.job import job_of
from app.runs.policies import Policies
from app.runs.threads import run_in_thread
from app.web.json_bodies import JsonRoute
from app.web.problem import InvalidParams, Problem
from app.widgets import annotator
from app.widgets.base import Widget, WidgetResult
from app.widgets.bring_your_logps import widget as bring_your_logps
from app.widgets.registry import WIDGETS

router = APIRouter(
    prefix="/api/v1",
    route_class=JsonRoute,
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
)


def _add_result(widget: Widget) -> None:
    model = widget.params

    async def get_result(
        request: Request,
        params: Annotated[model, Query()],  # type: ignore[valid-type]
    ) -> Response:
        # Pages use the same memo.
        result: WidgetResult = await request.app.state.memo.result(widget, params)
        return Response(await run_in_thread(result.model_dump_json), media_type="application/json")

    router.get(
        f"/{widget.name}",
        name=f"get_{widget.name}",
        summary=widget.title,
        description=widget.caption,
        response_model=widget.result,
        tags=["widgets"],
        openapi_extra={"x-example": f"/api/v1/{widget.name}?{widget.example}".rstrip("?")},
    )(get_result)


def _add_stream(widget: Widget) -> None:
    model = widget.params

    async def stream_run(
        request: Request,
        params: Annotated[model, Query()],  # type: ignore[valid-type]
        last_event_id: LastEventId = 0,
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in streamed(request, widget, params, last_event_id):
            yield event

    router.get(
        f"/{widget.name}/stream",
        name=f"stream_{widget.name}",
        summary=f"Stream a training run of {widget.name}",
        description=f"Server-sent events: {QUEUED}{widget.streamed}, then `done` with the result"
        f"{ENDED_EARLY}",
        response_class=EventSourceResponse,
        tags=["widgets"],
        dependencies=[room_for(widget)],
        openapi_extra={"x-example": f"/api/v1/{widget.name}/stream?{widget.example}".rstrip("?")},
    )(stream_run)


def _add_policies(widget: Widget) -> None:
    model = widget.params

    async def get_policies(
        request: Request,
        params: Annotated[model, Query()],  # type: ignore[valid-type]
    ) -> Response:
        made = await request.app.state.runs.result(job_of(widget, params, "policies"))
        return Response(made, media_type="application/json")

    router.get(
        f"/{widget.name}/policies",
        name=f"get_{widget.name}_policies",
        summary=f"Trained policies of {widget.name} over all responses",
        description="Log-probabilities of the 7,776 responses, so that every expectation can be worked out.",
        response_model=Policies,
        tags=["checking"],
        openapi_extra={"x-example": f"/api/v1/{widget.name}/policies"},
    )(get_policies)


for _widget in WIDGETS.values():
    _add_result(_widget)
    if _widget.stream is not None:
        _add_stream(_widget)
    if _widget.policies is not None:
        _add_policies(_widget)


CSV = "text/csv"
JSON_LINES = "application/jsonl"


@router.get(
    "/annotator/labels.jsonl",
    summary="The labels of annotator as a file that TRL reads",
    description="JSON Lines in TRL's standard preference format: for each labeled pair an object with "
    "strings `prompt`, `chosen` and `rejected`, held-back pairs included.",
    response_class=Response,
    responses={200: {"content": {JSON_LINES: {"schema": {"type": "string"}}}}},
    tags=["widgets"],
    openapi_extra={"x-example": f"/api/v1/annotator/labels.jsonl?{annotator.WIDGET.example}"},
)
def get_annotator_labels(params: Annotated[annotator.Params, Query()]) -> Response:
    return Response(
        annotator.json_lines(params),
        media_type=JSON_LINES,
        headers={"Content-Disposition": 'attachment; filename="labels.jsonl"'},
    )


@router.post(
    "/bring_your_logps",
    summary="The same for log-probabilities of your own run",
    description="JSON Lines or CSV, up to 10,000 pairs. The text is used to compute the answer; it is "
    "neither stored nor logged.",
    tags=["checking"],
    openapi_extra={"x-example": "/api/v1/bring_your_logps"},
)
def post_bring_your_logps(
    own: bring_your_logps.OwnLogps, response: Response
) -> bring_your_logps.Result:
    response.headers["Cache-Control"] = "no-store"
    try:
        return bring_your_logps.compute_own(own)
    except RunFileError as error:
        raise InvalidParams.of("text", str(error)) from error


@router.get(
    "/bring_your_logps/example.{file_format}",
    summary="A batch of bring_your_logps as a file",
    description="What the example holds, in either of the formats that can be pasted.",
    response_class=Response,
    responses={
        200: {"content": {kind: {"schema": {"type": "string"}} for kind in (JSON_LINES, CSV)}}
    },
    tags=["widgets"],
    openapi_extra={"x-example": "/api/v1/bring_your_logps/example.csv?example=mean"},
)
def get_logps_example(
    file_format: Literal["csv", "jsonl"], params: Annotated[bring_your_logps.Params, Query()]
) -> Response:
    write, media_type = (csv_text, CSV) if file_format == "csv" else (json_lines_text, JSON_LINES)
    return Response(
        write(bring_your_logps.example_of(params)),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{params.example}.{file_format}"'},
    )


@router.post(
    "/preference_loss",
    summary="Any preference loss on a batch of pairs, with gradients",
    description="For checking your own implementation: losses, implicit rewards and gradients by "
    "autograd, in float64, for up to 10,000 pairs of summed log-probabilities.",
    tags=["checking"],
    openapi_extra={"x-example": "/api/v1/preference_loss"},
)
def post_preference_loss(batch: PairBatch) -> PairLosses:
    return pair_losses(batch)


@router.get(
    "/widgets",
    summary="All widgets with their pages and endpoints",
    tags=["widgets"],
    openapi_extra={"x-example": "/api/v1/widgets"},
)
def list_widgets() -> list[dict[str, str]]:
    return [
        {"name": w.name, "title": w.title, "page": f"/widgets/{w.name}", "api": f"/api/v1/{w.name}"}
        for w in WIDGETS.values()
    ]
