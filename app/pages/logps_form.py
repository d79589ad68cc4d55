"""Data of the reader's own for bring_your_logps: a form from browsers without script, else JSON.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from app.check.reading.decode import decoded
from app.check.tables import RunFileError
from app.content.sections import chapter_of
from app.runs.threads import run_in_thread
from app.stages import page_values
from app.state.flags import flags_of
from app.state.views import WidgetView, view_of
from app.state.widget_state import state_of
from app.web.forms import SentFile, first_sent, submitted
from app.web.json_bodies import JsonRoute
from app.web.problem import InvalidParams
from app.web.templating import templates
from app.widgets.bring_your_logps.widget import WIDGET, OwnLogps, Result, compute_own

router = APIRouter(
    default_response_class=HTMLResponse, route_class=JsonRoute, include_in_schema=False
)

NOT_STORED = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class OwnView(WidgetView):
    """The widget with the reader's own data, which no step shows."""

    own: OwnLogps = field(kw_only=True)
    result: Result = field(kw_only=True)

    @property
    def left(self) -> bool:
        return True

    @cached_property
    def values(self) -> dict[str, Any]:
        return own_values(self.own, self.result)


def own_values(own: OwnLogps, result: Result) -> dict[str, Any]:
    """The result as the page needs it, with its Plotly figures, which it could not request."""
    figures = {"figure": result.figure, "by_length": result.by_length}
    return page_values(WIDGET, own, result) | figures


@router.post(f"/widgets/{WIDGET.name}/answer")
def own_answer(own: OwnLogps) -> Any:
    """What the page shows of the reader's own data."""
    try:
        result = compute_own(own)
    except RunFileError as error:
        raise InvalidParams.of("text", str(error)) from error
    return JSONResponse(own_values(own, result), headers=NOT_STORED)


@router.post(f"/widgets/{WIDGET.name}")
async def own_logps(request: Request) -> Any:
    """The widget with the submitted data, or with the example if there is none."""
    fields = await submitted(request)
    given = {key: value for key, value in fields.items() if isinstance(value, str) and value != ""}
    flags = flags_of(given, WIDGET.params.model_fields)
    found = await view_of(request, state_of(WIDGET, given, flags, alone=True))
    return await run_in_thread(_page, request, fields, found)


def _page(request: Request, fields: Mapping[str, str | SentFile], found: WidgetView) -> Any:
    # A file takes precedence over pasted text.
    sent = first_sent(fields, ["file", "text"])
    if sent is None or (sent[0] == "text" and not sent[1].strip()):
        # An example has a URL of its own.
        return RedirectResponse(f"{request.url.path}{found.page_query}", status_code=303)
    text, error = "", None
    try:
        text = decoded(sent[1]).text
        own = OwnLogps(text=text, **found.params.model_dump(exclude={"example"}))
        state = (found.widget, found.params, found.flags, found.place)
        found = OwnView(*state, own=own, result=compute_own(own))
    except RunFileError as bad:
        error = str(bad)
    context = {
        "w": found,
        "views": {WIDGET.name: found},
        "chapter": chapter_of(WIDGET.name),
        "widget_level": 1,
        "own": {"text": text, "error": error},
    }
    return templates.TemplateResponse(
        request,
        "pages/widget.html",
        context,
        status_code=422 if error else 200,
        headers=NOT_STORED,
    )
