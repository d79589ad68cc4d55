"""Routes of cards: /cards/N.png of widgets, appendices and home, /cards/sections/<slug>.png, with a query.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from app.embedding.cards.content import card_of
from app.embedding.cards.drawing import Card, card_svg
from app.embedding.cards.render import png
from app.embedding.cards.sizes import FULL, SIZES, Size, card_path
from app.runs.threads import run_in_thread
from app.state.moved import moved
from app.state.page import HOME, Page, chapter_page, page_at, page_state
from app.state.query import checks_query, query_of
from app.web.request_paths import root_of

router = APIRouter(prefix="/cards", include_in_schema=False)

MAX_AGE_S = 86_400
"""how long cards may be cached: the URL has the whole state, so they change only with the code"""


@router.get("/{name}.png")
@checks_query
async def widget_card(request: Request, name: str) -> Any:
    """The card of a widget, of an appendix, or of the home page."""
    return await _response(request, name, FULL)


@router.get("/sections/{slug}.png")
@checks_query
async def section_card(request: Request, slug: str) -> Any:
    """The card of a section."""
    return await _response(request, f"sections/{slug}", FULL)


@router.get("/{width:int}/{name:path}.png")
@checks_query
async def smaller_card(request: Request, width: int, name: str) -> Any:
    """A smaller card."""
    size = next((size for size in SIZES if size.width == width), None)
    if size is None:
        offered = ", ".join(str(size.width) for size in SIZES)
        raise HTTPException(
            404, f"There are no cards {width} pixels wide; the widths are {offered}."
        )
    return await _response(request, name, size)


async def _response(request: Request, name: str, size: Size) -> Response:
    page = _page(name)
    if there := moved(page.path, query_of(request)):
        chapter, query = there
        path = card_path(chapter_page(chapter), size)
        return RedirectResponse(f"{root_of(request.scope)}{path}{query}", 308)
    state = page_state(request, page)
    card = await card_of(page, state, request.app.state.memo)
    return Response(
        await run_in_thread(_png, card, size),
        media_type="image/png",
        headers={"Cache-Control": f"public, max-age={MAX_AGE_S}"},
    )


def _png(card: Card, size: Size) -> bytes:
    return png(str(card_svg(card)), size)


def _page(name: str) -> Page:
    pages = (HOME, page_at(f"/widgets/{name}"), page_at(f"/{name}"))
    found = next((page for page in pages if page is not None and page.card == name), None)
    if found is None:
        raise HTTPException(404, f"There is no card {name!r}.")
    return found
