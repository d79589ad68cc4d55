"""JSON: one short typed route per widget.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.problems import Problem
from app.widgets import pipeline_comparison, ppo_dynamics, reward_separation
from app.widgets.base import Widget, WidgetParams, WidgetResult
from app.widgets.registry import WIDGETS

router = APIRouter(
    prefix="/api/v1",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
)

Route = TypeVar("Route", bound=Callable[..., Any])


def widget_route(widget: Widget) -> Callable[[Route], Route]:
    """Register the GET route of a widget with its documentation."""

    def register(route: Route) -> Route:
        route.params_model = widget.params  # type: ignore[attr-defined]
        decorated: Route = router.get(
            f"/{widget.name}",
            summary=widget.title,
            description=widget.caption,
            tags=["widgets"],
            openapi_extra={"x-example": f"/api/v1/{widget.name}?{widget.example}".rstrip("?")},
        )(route)
        return decorated

    return register


def answer(request: Request, widget: Widget, params: WidgetParams) -> Any:
    """The result, from the memo that pages use too."""
    result: WidgetResult = request.app.state.memo.result(widget, params)
    return result


@widget_route(reward_separation.WIDGET)
def get_reward_separation(
    request: Request, params: Annotated[reward_separation.Params, Query()]
) -> reward_separation.Result:
    return answer(request, reward_separation.WIDGET, params)  # type: ignore[no-any-return]


@widget_route(ppo_dynamics.WIDGET)
def get_ppo_dynamics(
    request: Request, params: Annotated[ppo_dynamics.Params, Query()]
) -> ppo_dynamics.Result:
    return answer(request, ppo_dynamics.WIDGET, params)  # type: ignore[no-any-return]


@router.get(
    "/ppo_dynamics/stream",
    summary="The run of ppo_dynamics as it is made",
    description="Server-sent events: `step` with a history row each, then `done` with the result.",
    response_class=EventSourceResponse,
    tags=["widgets"],
    openapi_extra={"x-example": "/api/v1/ppo_dynamics/stream?seed=7&kl_coefficient=0.2"},
)
async def stream_ppo_dynamics(
    request: Request, params: Annotated[ppo_dynamics.Params, Query()]
) -> AsyncIterator[ServerSentEvent]:
    def events() -> Iterator[ServerSentEvent]:
        for row in ppo_dynamics.rows(params):
            yield ServerSentEvent(event="step", data=row)
        yield ServerSentEvent(event="done", data=answer(request, ppo_dynamics.WIDGET, params))

    async for event in request.app.state.runs.rows(events):
        yield event


@widget_route(pipeline_comparison.WIDGET)
def get_pipeline_comparison(
    request: Request, params: Annotated[pipeline_comparison.Params, Query()]
) -> pipeline_comparison.Result:
    return answer(request, pipeline_comparison.WIDGET, params)  # type: ignore[no-any-return]


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
