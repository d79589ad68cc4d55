"""Pages for putting a widget into another site: the script, the snippets, and a form to configure them.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.embedding.snippets import embed, embed_script
from app.paths import STATIC
from app.runs.threads import run_in_thread
from app.state.flags import NO_FLAGS, PARTS, THEMES
from app.state.query import checks_query
from app.state.views import flagged_view, widget_named
from app.web.problem import InvalidParams
from app.web.request_paths import site_url
from app.web.templating import templates
from app.widgets.registry import WIDGETS

router = APIRouter()

DEFAULT_WIDGET = "dpo_loss"
"""the widget that /embed shows first"""

SCRIPT_MAX_AGE_S = 3600


FOR_OTHER_SITES = {
    "Cache-Control": f"public, max-age={SCRIPT_MAX_AGE_S}",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@lru_cache(maxsize=1)
def _script() -> str:
    return embed_script()


@router.get("/embed.js", include_in_schema=False)
def script() -> Response:
    """The script that defines the element <dpo-explained> for other sites."""
    return Response(_script(), media_type="text/javascript", headers=FOR_OTHER_SITES)


@router.get("/embed.mjs", include_in_schema=False)
def module_for_myst() -> Response:
    """The module that MyST's anywidget directive renders a frame with."""
    text = (STATIC / "myst.js").read_text("utf-8")
    return Response(text, media_type="text/javascript", headers=FOR_OTHER_SITES)


@router.get("/widgets/{name}/share", include_in_schema=False, response_class=HTMLResponse)
@checks_query
async def share(request: Request, name: str) -> Any:
    """The snippets as a page, for browsers without scripts."""
    view = await flagged_view(request, widget_named(name))
    context = {"w": view, "embed": await run_in_thread(embed, view, site_url(request))}
    return await run_in_thread(templates.TemplateResponse, request, "pages/share.html", context)


@router.get("/embed", include_in_schema=False, response_class=HTMLResponse)
@checks_query
async def configure(request: Request) -> Any:
    """The form in which a lecturer chooses a widget, its state and its flags."""
    name = request.query_params.get("widget") or DEFAULT_WIDGET
    if name not in WIDGETS:
        allowed = f"one of: {', '.join(WIDGETS)}"
        raise InvalidParams.of("widget", f"unknown widget {name!r}", allowed)
    view = await flagged_view(request, WIDGETS[name], extra=["widget"])
    # Parameters that are set inside a widget, such as labels and answers, have no control.
    settable = [c for c in view.controls.values() if c.options or c.minimum is not None]
    context = {
        "w": view,
        # The form shows all controls, whatever the embed will hide or lock.
        "free": replace(view, flags=NO_FLAGS),
        "settable": settable,
        "kept": [c for c in view.controls.values() if c not in settable and c.value != c.default],
        "widgets": WIDGETS.values(),
        "flag_parts": PARTS,
        "themes": THEMES,
        "embed": await run_in_thread(embed, view, site_url(request)),
    }
    return await run_in_thread(templates.TemplateResponse, request, "pages/embed.html", context)
