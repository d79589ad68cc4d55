"""JSON: one short typed route per widget.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from app.computing import computed
from app.logps_file import BadFile, csv_text, json_lines_text
from app.preference_loss import PairBatch, PairLosses, pair_losses
from app.problems import FieldError, Problem, RefusedParams
from app.streams import ENDED_EARLY, QUEUED, LastEventId, room_for, streamed
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
from app.widgets.base import Widget, WidgetParams, WidgetResult
from app.widgets.registry import WIDGETS

router = APIRouter(
    prefix="/api/v1",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
)

Route = TypeVar("Route", bound=Callable[..., Any])


def refusing_with_ranges_of(model: type[BaseModel]) -> Callable[[Route], Route]:
    """Let a route's errors tell the whole range of a field, read off its parameters' schema."""

    def mark(route: Route) -> Route:
        route.params_model = model  # type: ignore[attr-defined]
        return route

    return mark


def widget_route(widget: Widget) -> Callable[[Route], Route]:
    """Register the GET route of a widget with its documentation."""

    def register(route: Route) -> Route:
        route = refusing_with_ranges_of(widget.params)(route)
        decorated: Route = router.get(
            f"/{widget.name}",
            summary=widget.title,
            description=widget.caption,
            tags=["widgets"],
            openapi_extra={"x-example": f"/api/v1/{widget.name}?{widget.example}".rstrip("?")},
        )(route)
        return decorated

    return register


async def answer(request: Request, widget: Widget, params: WidgetParams) -> Any:
    """The result as JSON, from the memo that pages use too."""
    result: WidgetResult = await request.app.state.memo.result(widget, params)
    return Response(await computed(result.model_dump_json), media_type="application/json")


CSV = "text/csv"
JSON_LINES = "application/jsonl"


@widget_route(preference_pairs.WIDGET)
async def get_preference_pairs(
    request: Request, params: Annotated[preference_pairs.Params, Query()]
) -> preference_pairs.Result:
    return await answer(request, preference_pairs.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(annotator.WIDGET)
async def get_annotator(
    request: Request, params: Annotated[annotator.Params, Query()]
) -> annotator.Result:
    return await answer(request, annotator.WIDGET, params)  # type: ignore[no-any-return]


@router.get(
    "/annotator/labels.jsonl",
    summary="The labels of annotator as a file that TRL reads",
    description="JSON Lines in TRL's standard preference format: for each labelled pair an object with "
    "strings `prompt`, `chosen` and `rejected`, held-back pairs included.",
    response_class=Response,
    responses={200: {"content": {JSON_LINES: {"schema": {"type": "string"}}}}},
    tags=["widgets"],
    openapi_extra={"x-example": f"/api/v1/annotator/labels.jsonl?{annotator.WIDGET.example}"},
)
@refusing_with_ranges_of(annotator.Params)
def get_annotator_labels(params: Annotated[annotator.Params, Query()]) -> Response:
    return Response(
        annotator.json_lines(params),
        media_type=JSON_LINES,
        headers={"Content-Disposition": 'attachment; filename="labels.jsonl"'},
    )


@widget_route(rlhf_pipeline.WIDGET)
async def get_rlhf_pipeline(
    request: Request, params: Annotated[rlhf_pipeline.Params, Query()]
) -> rlhf_pipeline.Result:
    return await answer(request, rlhf_pipeline.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(reward_separation.WIDGET)
async def get_reward_separation(
    request: Request, params: Annotated[reward_separation.Params, Query()]
) -> reward_separation.Result:
    return await answer(request, reward_separation.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(ppo_dynamics.WIDGET)
async def get_ppo_dynamics(
    request: Request, params: Annotated[ppo_dynamics.Params, Query()]
) -> ppo_dynamics.Result:
    return await answer(request, ppo_dynamics.WIDGET, params)  # type: ignore[no-any-return]


@router.get(
    "/ppo_dynamics/stream",
    summary="The run of ppo_dynamics as it is made",
    description=f"Server-sent events: {QUEUED}`step` with a history row each, then `done` with the result"
    f"{ENDED_EARLY}",
    response_class=EventSourceResponse,
    tags=["widgets"],
    dependencies=[room_for(ppo_dynamics.WIDGET)],
    openapi_extra={"x-example": "/api/v1/ppo_dynamics/stream?seed=7&kl_coefficient=0.2"},
)
@refusing_with_ranges_of(ppo_dynamics.Params)
async def stream_ppo_dynamics(
    request: Request,
    params: Annotated[ppo_dynamics.Params, Query()],
    last_event_id: LastEventId = 0,
) -> AsyncIterator[ServerSentEvent]:
    async for event in streamed(request, ppo_dynamics.WIDGET, params, last_event_id):
        yield event


@widget_route(overoptimization.WIDGET)
async def get_overoptimization(
    request: Request, params: Annotated[overoptimization.Params, Query()]
) -> overoptimization.Result:
    return await answer(request, overoptimization.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(dpo_derivation.WIDGET)
async def get_dpo_derivation(
    request: Request, params: Annotated[dpo_derivation.Params, Query()]
) -> dpo_derivation.Result:
    return await answer(request, dpo_derivation.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(dpo_loss.WIDGET)
async def get_dpo_loss(
    request: Request, params: Annotated[dpo_loss.Params, Query()]
) -> dpo_loss.Result:
    return await answer(request, dpo_loss.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(likelihood_displacement.WIDGET)
async def get_likelihood_displacement(
    request: Request, params: Annotated[likelihood_displacement.Params, Query()]
) -> likelihood_displacement.Result:
    return await answer(request, likelihood_displacement.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(bring_your_logps.WIDGET)
async def get_bring_your_logps(
    request: Request, params: Annotated[bring_your_logps.Params, Query()]
) -> bring_your_logps.Result:
    return await answer(request, bring_your_logps.WIDGET, params)  # type: ignore[no-any-return]


@router.post(
    "/bring_your_logps",
    summary="The same for log-probabilities of your own run",
    description="JSON Lines or CSV, up to 10,000 pairs. The text is used to compute the answer; it is "
    "neither stored nor logged.",
    tags=["checking"],
    openapi_extra={"x-example": "/api/v1/bring_your_logps"},
)
@refusing_with_ranges_of(bring_your_logps.OwnLogps)
def post_bring_your_logps(
    own: bring_your_logps.OwnLogps, response: Response
) -> bring_your_logps.Result:
    response.headers["Cache-Control"] = "no-store"
    try:
        return bring_your_logps.compute_own(own)
    except BadFile as error:
        raise RefusedParams([FieldError(field="text", message=str(error))]) from error


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
@refusing_with_ranges_of(bring_your_logps.Params)
def get_logps_example(
    file_format: Literal["csv", "jsonl"], params: Annotated[bring_your_logps.Params, Query()]
) -> Response:
    write, media_type = (csv_text, CSV) if file_format == "csv" else (json_lines_text, JSON_LINES)
    return Response(
        write(bring_your_logps.example_of(params)),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{params.example}.{file_format}"'},
    )


@widget_route(beta_effect.WIDGET)
async def get_beta_effect(
    request: Request, params: Annotated[beta_effect.Params, Query()]
) -> beta_effect.Result:
    return await answer(request, beta_effect.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(training_race.WIDGET)
async def get_training_race(
    request: Request, params: Annotated[training_race.Params, Query()]
) -> training_race.Result:
    return await answer(request, training_race.WIDGET, params)  # type: ignore[no-any-return]


@router.get(
    "/training_race/stream",
    summary="The race of training_race as it is run",
    description=f"Server-sent events: {QUEUED}`begun` with the chart, `step` with a place each, DPO's and "
    f"RLHF's in turn, then `done` with the result{ENDED_EARLY}",
    response_class=EventSourceResponse,
    tags=["widgets"],
    dependencies=[room_for(training_race.WIDGET)],
    openapi_extra={"x-example": "/api/v1/training_race/stream?seed=7&dpo_beta=0.2"},
)
@refusing_with_ranges_of(training_race.Params)
async def stream_training_race(
    request: Request,
    params: Annotated[training_race.Params, Query()],
    last_event_id: LastEventId = 0,
) -> AsyncIterator[ServerSentEvent]:
    async for event in streamed(request, training_race.WIDGET, params, last_event_id):
        yield event


@widget_route(pipeline_comparison.WIDGET)
async def get_pipeline_comparison(
    request: Request, params: Annotated[pipeline_comparison.Params, Query()]
) -> pipeline_comparison.Result:
    return await answer(request, pipeline_comparison.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(win_rates.WIDGET)
async def get_win_rates(
    request: Request, params: Annotated[win_rates.Params, Query()]
) -> win_rates.Result:
    return await answer(request, win_rates.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(frontier.WIDGET)
async def get_frontier(
    request: Request, params: Annotated[frontier.Params, Query()]
) -> frontier.Result:
    return await answer(request, frontier.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(loss_family.WIDGET)
async def get_loss_family(
    request: Request, params: Annotated[loss_family.Params, Query()]
) -> loss_family.Result:
    return await answer(request, loss_family.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(quiz.WIDGET)
async def get_quiz(request: Request, params: Annotated[quiz.Params, Query()]) -> quiz.Result:
    return await answer(request, quiz.WIDGET, params)  # type: ignore[no-any-return]


@router.post(
    "/preference_loss",
    summary="Any preference loss on a batch of pairs, with gradients",
    description="For checking your own implementation: losses, implicit rewards and gradients by "
    "autograd, in float64, for up to 10,000 pairs of summed log-probabilities.",
    tags=["checking"],
    openapi_extra={"x-example": "/api/v1/preference_loss"},
)
@refusing_with_ranges_of(PairBatch)
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
