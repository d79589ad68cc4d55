"""The results of all positions of a slider in one answer, so that a drag needs no server.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from copy import copy
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError, create_model

from app.api import refusing_with_ranges_of
from app.columns import pack, script_json
from app.computing import computed
from app.controls import controls_of
from app.memo import Memo
from app.problems import Problem
from app.widgets.base import Widget, WidgetParams
from app.widgets.registry import WIDGETS

KEPT = 4
"""ranges of each widget"""


class Columns(BaseModel):
    """Values of one shape, taken apart: what is equal in all is sent once.

    One of ``s``, ``v``, ``u``, ``a``, ``o`` and ``p`` is there, and says how the n-th value is put together
    (``static/columns.js`` does it in eight lines).
    """

    s: Any = Field(None, description="the value, the same everywhere")
    v: list[Any] | None = Field(None, description="every value, in order")
    u: list[Any] | None = Field(None, description="each value once; the n-th is u[i[n]]")
    a: list["Columns"] | None = Field(None, description="the n-th is a list: the n-th of each")
    o: dict[str, "Columns"] | None = Field(
        None, description="the n-th is an object: for each key its n-th"
    )
    p: list["Columns"] | None = Field(
        None, description="parts of several shapes; the n-th value is the k[n]-th of p[i[n]]"
    )
    i: list[int] | None = Field(None, description="places in u, or parts in p")
    k: list[int] | None = Field(None, description="places in a part")


class Range(BaseModel):
    """What a widget's endpoint answers for each position of a slider."""

    along: str = Field(description="the parameter that the slider moves")
    values: list[float] = Field(
        description="its values, in order: the slider's positions, less those that are refused for "
        "what the other parameters are; none where one result at a time is sooner there"
    )
    results: Columns | None = Field(
        description="the results at these values, to rounding, without fields that no page shows"
    )


def query_of(widget: Widget) -> type[WidgetParams]:
    """The parameters of a widget and ``along``. What depends on several of them is checked later,
    with each value of the slider."""
    assert widget.ranges is not None
    along: Any = Annotated[
        Literal[widget.ranges.along],
        Field(description="the parameter whose slider is moved; its own value does not matter"),
    ]
    fields: Any = {
        name: (field.annotation, copy(field)) for name, field in widget.params.model_fields.items()
    }
    made: type[WidgetParams] = create_model(
        "RangeParams", __base__=WidgetParams, along=(along, ...), **fields
    )
    return made


def range_json(widget: Widget, query: WidgetParams) -> bytes:
    """A ``Range`` as JSON.

    Raises:
        RequestValidationError: no position of the slider goes with the other parameters
    """
    assert widget.ranges is not None
    given = query.model_dump()
    along = given.pop("along")
    several, refused = [], None
    for value in controls_of(widget.params())[along].slider_values:
        try:
            several.append(widget.params.model_validate({**given, along: value}))
        except ValidationError as error:
            refused = error
    if not several:
        assert refused is not None
        errors = refused.errors()
        raise RequestValidationError([{**e, "loc": ("query", *e["loc"])} for e in errors])
    answer = {"along": along, "values": [], "results": None}
    if widget.ranges.worthwhile(several):
        seen: dict[int, Any] = {}
        results = [_plain(result, seen) for result in widget.ranges.compute_many(several)]
        for name, inner in widget.ranges.leave_out:
            for part in {id(part): part for result in results for part in result[name]}.values():
                del part[inner]
        answer["values"] = [getattr(params, along) for params in several]
        answer["results"] = pack(results)
    return script_json(answer).encode()


def _plain(value: Any, seen: dict[int, Any]) -> Any:
    """A result as JSON has it. Parts that results share stay shared, which makes them quick to pack."""
    if isinstance(value, BaseModel):
        if id(value) not in seen:
            seen[id(value)] = {name: _plain(item, seen) for name, item in vars(value).items()}
        return seen[id(value)]
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        return [_plain(item, seen) for item in value]
    return value


router = APIRouter(
    prefix="/api/v1",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
)


def memo_of_ranges() -> Memo:
    """For an application: who asks for a range that is being computed waits for it."""
    return Memo(lambda widget, query: computed(range_json, widget, query), kept=KEPT)


def _add_route(widget: Widget, along: str) -> None:
    query_model = query_of(widget)

    async def get_range(
        request: Request,
        query: Annotated[query_model, Query()],  # type: ignore[valid-type]
    ) -> Response:
        made = await request.app.state.ranges.result(widget, query)
        return Response(made, media_type="application/json")

    router.get(
        f"/{widget.name}/range",
        name=f"get_{widget.name}_range",
        summary=f"The results of {widget.name} at every position of a slider",
        description="What the page asks for when a slider is about to be moved: the drag then needs no "
        "server. All results are computed in one go, and sent in columns.",
        response_model=Range,
        tags=["widgets"],
        openapi_extra={"x-example": f"/api/v1/{widget.name}/range?along={along}"},
    )(refusing_with_ranges_of(query_model)(get_range))


for _widget in WIDGETS.values():
    if _widget.ranges is not None:
        _add_route(_widget, _widget.ranges.along[0])


@router.get("/{name}/range", include_in_schema=False)
def no_range(name: str) -> Response:
    """Of a widget without ranges: which ones have them."""
    offering = [widget.name for widget in WIDGETS.values() if widget.ranges is not None]
    raise HTTPException(404, f"{name} offers no ranges; {', '.join(offering)} do")
