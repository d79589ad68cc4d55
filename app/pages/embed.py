"""What lecturers need to put widgets into pages of their own: /embed.js, snippets, and a page to choose.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from app.embedding.snippets import Embed, embed, embed_script
from app.pages.errors import FieldError, Problem, RefusedParams
from app.pages.helpers import WidgetView, templates
from app.runs.threads import computed
from app.state.flags import NO_FLAGS, PARTS, THEMES
from app.state.query import checks_query
from app.state.views import flagged_view
from app.widgets.registry import WIDGETS

router = APIRouter()

CHOSEN_FIRST = "dpo_loss"
"""The widget that the page to choose begins with"""

SCRIPT_KEPT_S = 3600

FLAG_PARAMETERS = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }
    for name, description, schema in (
        (
            "hide",
            "what the page leaves out: comma-separated names of the widget's parameters, or of "
            + ", ".join(PARTS),
            {"type": "string"},
        ),
        (
            "lock",
            "controls that are shown but can not be changed: comma-separated names of parameters",
            {"type": "string"},
        ),
        (
            "theme",
            "colour scheme of the page; the reader's, if not given",
            {"type": "string", "enum": list(THEMES)},
        ),
    )
]


async def _widget_view(request: Request, name: str) -> WidgetView:
    if name not in WIDGETS:
        raise HTTPException(404, f"There is no widget {name!r}.")
    return await flagged_view(request, WIDGETS[name])


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


@router.get(
    "/api/v1/embeds/{name}",
    summary="How to put a widget into a page of one's own",
    description="A link, a frame with a height that fits, and snippets for notebooks, documents and slides. "
    "Takes the parameters of the widget, and three flags.",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
    tags=["embedding"],
    openapi_extra={
        "x-example": "/api/v1/embeds/dpo_loss?beta=0.1&lock=beta",
        "parameters": FLAG_PARAMETERS,
    },
)
@checks_query
async def get_embed(request: Request, name: str) -> Embed:
    """Snippets for a widget in the state of the query."""
    return await computed(embed, await _widget_view(request, name), _base(request))


@lru_cache(maxsize=1)
def _script() -> str:
    return embed_script()


@router.get("/embed.js", include_in_schema=False)
def script() -> Response:
    """The script that defines <dpo-explained>, for pages of others."""
    headers = {
        "Cache-Control": f"public, max-age={SCRIPT_KEPT_S}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(_script(), media_type="text/javascript", headers=headers)


@router.get("/widgets/{name}/share", include_in_schema=False, response_class=HTMLResponse)
@checks_query
async def share(request: Request, name: str) -> Any:
    """The snippets as a page, for readers without a script."""
    shown = await _widget_view(request, name)
    context = {"w": shown, "embed": await computed(embed, shown, _base(request))}
    return await computed(templates.TemplateResponse, request, "share.html", context)


@router.get("/embed", include_in_schema=False, response_class=HTMLResponse)
@checks_query
async def configure(request: Request) -> Any:
    """The page on which a lecturer chooses a widget, its state and its flags."""
    name = request.query_params.get("widget") or CHOSEN_FIRST
    if name not in WIDGETS:
        allowed = f"one of: {', '.join(WIDGETS)}"
        raise RefusedParams(
            [FieldError(field="widget", message=f"unknown widget {name!r}", allowed=allowed)]
        )
    shown = await flagged_view(request, WIDGETS[name], apart=["widget"])
    # What is made inside a widget, such as labels and answers, has no control of its own.
    settable = [c for c in shown.controls.values() if c.options or c.minimum is not None]
    context = {
        "w": shown,
        # Here everything can be set, whatever the embed will hide or lock.
        "free": replace(shown, flags=NO_FLAGS),
        "settable": settable,
        "kept": [c for c in shown.controls.values() if c not in settable and c.value != c.default],
        "widgets": WIDGETS.values(),
        "flag_parts": PARTS,
        "themes": THEMES,
        "embed": await computed(embed, shown, _base(request)),
    }
    return await computed(templates.TemplateResponse, request, "embed.html", context)
