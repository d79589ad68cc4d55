"""JSON route of the snippets that embed a widget.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from fastapi import APIRouter, Request

from app.embedding.snippets import Embed, embed
from app.runs.threads import run_in_thread
from app.state.flags import FLAG_PARAMETERS
from app.state.query import checks_query
from app.state.views import flagged_view, widget_named
from app.web.problem import Problem
from app.web.request_paths import site_url

router = APIRouter()


@router.get(
    "/api/v1/embeds/{name}",
    summary="How to put a widget into your own page",
    description="A link, a frame with a height that fits, and snippets for notebooks, documents and slides. "
    "Takes the parameters of the widget, the place on its page (`step`, `at`, `guess`) and three flags.",
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
    view = await flagged_view(request, widget_named(name))
    return await run_in_thread(embed, view, site_url(request))
