"""The results at all positions of a slider in one response, so that dragging needs no server.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from copy import copy
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError, create_model

from app.runs.memo import Memo
from app.runs.threads import run_in_thread
from app.stages import page_values, share_marks
from app.state.controls import controls_of
from app.state.query import checks_query
from app.web.problem import Problem
from app.widgets.base import Widget, WidgetParams
from app.widgets.registry import WIDGETS

CACHED_RANGES = 2
"""of each widget"""


class Range(BaseModel):
    """The results of a widget at each position of a slider."""

    along: str = Field(description="the parameter that the slider moves")
    values: list[float] = Field(
        description="its values, in order: the slider's positions, less those that are refused for "
        "what the other parameters are"
    )
    results: list[dict[str, Any]] = Field(
        description="the result at each of these values, to rounding, without fields that no page shows"
    )


def range_params(widget: Widget) -> type[WidgetParams]:
    """The model of a widget's parameters and ``along``.

    Validators of several fields run later, with each value of the slider.
    """
    assert widget.ranges is not None
    along: Any = Annotated[
        Literal[widget.ranges.along],
        Field(description="the parameter whose slider is moved; its own value does not matter"),
    ]
    fields: Any = {
        name: (field.annotation, copy(field)) for name, field in widget.params.model_fields.items()
    }
    model: type[WidgetParams] = create_model(
        "RangeParams", __base__=WidgetParams, along=(along, ...), **fields
    )
    return model


def range_json(widget: Widget, query: WidgetParams) -> bytes:
    """A ``Range`` as JSON.

    Raises:
        RequestValidationError: the other parameters allow no position of the slider
    """
    assert widget.ranges is not None
    given = query.model_dump()
    along = given.pop("along")
    names = along.split("+")
    starts = [given[name] for name in names]
    several, refused = [], None
    for value in controls_of(widget.params())[names[0]].slider_values:
        # Parameters that move together keep their distance.
        moved = {
            name: round(value + start - starts[0], 9)
            for name, start in zip(names, starts, strict=True)
        }
        try:
            several.append(widget.params.model_validate({**given, **moved}))
        except ValidationError as error:
            refused = error
    if not several:
        assert refused is not None
        errors = refused.errors()
        raise RequestValidationError([{**e, "loc": ("query", *e["loc"])} for e in errors])
    results = share_marks(
        page_values(widget, params, result)
        for params, result in zip(several, widget.ranges.compute_many(several), strict=True)
    )
    values = [getattr(params, names[0]) for params in several]
    return Range(along=along, values=values, results=results).model_dump_json().encode()


router = APIRouter(
    prefix="/api/v1",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
)


def memo_of_ranges() -> Memo:
    """The memo of an application, in which concurrent requests share one computation."""
    return Memo(lambda widget, query: run_in_thread(range_json, widget, query), kept=CACHED_RANGES)


def _add_route(widget: Widget, along: str) -> None:
    query_model = range_params(widget)

    async def get_range(
        request: Request,
        query: Annotated[query_model, Query()],  # type: ignore[valid-type]
    ) -> Response:
        body = await request.app.state.ranges.result(widget, query)
        return Response(body, media_type="application/json")

    router.get(
        f"/{widget.name}/range",
        name=f"get_{widget.name}_range",
        summary=f"The results of {widget.name} at every position of a slider",
        description="What the page asks for when a slider is about to be moved: the drag then needs no "
        "server. All results are computed in one go.",
        response_model=Range,
        tags=["widgets"],
        openapi_extra={"x-example": f"/api/v1/{widget.name}/range?along={along}"},
    )(get_range)


for _widget in WIDGETS.values():
    if _widget.ranges is not None:
        _add_route(_widget, _widget.ranges.along[0])


@router.get("/{name}/range", include_in_schema=False)
@checks_query
def no_range(name: str) -> Response:
    """404 for widgets without ranges, naming those that have them."""
    offering = [widget.name for widget in WIDGETS.values() if widget.ranges is not None]
    raise HTTPException(404, f"{name} offers no ranges; {', '.join(offering)} do")
