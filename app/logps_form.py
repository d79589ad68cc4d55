"""The form of bring_your_logps as a browser without a script sends it: the page comes back with the result.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from app.logps_file import BadFile
from app.problems import FieldError, RefusedParams
from app.rendering import templates
from app.sections import section_of
from app.submitted import submitted_fields
from app.views import flags_in, view
from app.widgets.bring_your_logps import WIDGET, OwnLogps, compute_own

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)


@router.post(f"/widgets/{WIDGET.name}")
async def own_logps(request: Request) -> Any:
    """The widget with what the reader gave, or with the example if that is nothing."""
    try:
        fields = submitted_fields(request.headers.get("content-type", ""), await request.body())
    except ValueError as error:
        raise RefusedParams([FieldError(field="body", message=str(error))]) from error
    return await run_in_threadpool(_page, request, fields)


def _page(request: Request, fields: dict[str, str]) -> Any:
    # A file goes before a text.
    text = fields.get("file") or fields.get("text", "")
    given = {key: value for key, value in fields.items() if value != ""}
    found = view(request, WIDGET, given, flags_in(given, WIDGET))
    if not text.strip():
        # An example has an address.
        return RedirectResponse(f"{request.url.path}{found.page_query}", status_code=303)
    error = None
    try:
        own = OwnLogps(text=text, **found.params.model_dump(exclude={"example"}))
        found = replace(found, result=compute_own(own))
    except BadFile as bad:
        error = str(bad)
    context = {
        "w": found,
        "views": {WIDGET.name: found},
        "section": section_of(WIDGET.name),
        "form_action": request.url.path,
        "widget_level": 1,
        "own": {"text": text, "error": error},
    }
    return templates.TemplateResponse(
        request,
        "widget.html",
        context,
        status_code=422 if error else 200,
        headers={"Cache-Control": "no-store"},
    )
