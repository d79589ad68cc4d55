"""HTML routes: home, sections, appendices, widgets, the one-page version, sources, symbols and API docs.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

import json
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.check.trainer_table import trainer_table
from app.content.sections import CHECK, SECTIONS, Section, chapter_of, section_by_slug
from app.content.sources import bibtex, corrections, glossary, references, served_packages
from app.pages.api_docs import operation_docs
from app.pages.check_mistakes import MISTAKES
from app.pages.helpers import headings_of
from app.receipts import receipt, without_figures
from app.receipts.recorded import recorded_numbers
from app.runs.job import job_of
from app.runs.threads import run_in_thread
from app.state.moved import MOVED, moved
from app.state.page import chapter_page
from app.state.query import checks_query, query_of
from app.state.views import (
    WidgetView,
    flagged_view,
    page_views,
    unplaced_state,
    unplaced_view,
    view_of,
    widget_named,
)
from app.studies.browser_data import lab_json
from app.studies.healthy_runs import band
from app.web.request_paths import root_of, site_url
from app.web.templating import static_url, templates
from app.widgets.hero import HERO
from app.widgets.quiz.parts import part_of
from app.widgets.registry import WIDGETS

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)


@router.get("/")
@checks_query
async def home(request: Request) -> Any:
    views = await page_views(request, [HERO])
    context = {"w": views[HERO.name], "views": views, "form_action": "/", "widget_level": 2}
    return await run_in_thread(_page, request, "pages/home.html", context)


@router.get("/sections/{slug}")
@checks_query
async def section(request: Request, slug: str) -> Any:
    found = section_by_slug(slug)
    if found is None:
        raise HTTPException(404, f"There is no section {slug!r}.")
    if there := moved(found.path, query_of(request)):
        chapter, query = there
        figure = f"{MOVED[found.path]}-title"
        return RedirectResponse(f"{root_of(request.scope)}{chapter.path}{query}#{figure}", 308)
    place = SECTIONS.index(found)
    context = {
        "section": found,
        "previous": SECTIONS[place - 1] if place > 0 else None,
        "next": SECTIONS[place + 1] if place + 1 < len(SECTIONS) else None,
        "headings": headings_of(slug),
        "check": part_of(slug) is not None,
        "cited": {},
        "views": await page_views(request, chapter_page(found).figures),
        "form_action": found.path,
        "heading_level": 2,
        "widget_level": 3,
    }
    return await run_in_thread(_page, request, "pages/section.html", context)


@router.get("/widgets/{name}")
@checks_query
async def single_widget(request: Request, name: str) -> Any:
    found = await flagged_view(request, widget_named(name), wait=False)
    context = {
        "w": found,
        "views": {name: found},
        "chapter": chapter_of(name),
        "widget_level": 1,
    }
    return await run_in_thread(_page, request, "pages/widget.html", context)


def _page(request: Request, template: str, context: dict[str, Any]) -> Any:
    """A page with widgets, which is not cached while a run of it is made."""
    context["pending"] = any(view.pending for view in context["views"].values())
    headers = {"Cache-Control": "no-store"} if context["pending"] else None
    return templates.TemplateResponse(request, template, context, headers=headers)


@router.get("/widgets/{name}/answer")
@checks_query
async def answer(request: Request, name: str) -> Any:
    """A widget's result as its page needs it.

    A client that prefers not to wait for training is told with 202 that there is none yet, and how long it
    would probably wait until that begins.
    """
    state = unplaced_state(request, widget_named(name))
    impatient = request.headers.get("prefer") == "respond-async"
    if impatient and not await request.app.state.page_runs.has(state.widget, state.params):
        wait_s = request.app.state.runs.wait_s(job_of(state.widget, state.params))
        waiting = {"wait_s": round(wait_s, 1)}
        return JSONResponse(waiting, 202, {"Preference-Applied": "respond-async"})
    view = await view_of(request, state)
    return JSONResponse(await run_in_thread(lambda: view.values))


@router.get("/widgets/{name}/receipt")
@checks_query
async def widget_receipt(request: Request, name: str) -> Any:
    view = await unplaced_view(request, widget_named(name))
    context = await run_in_thread(_receipt_of, view, site_url(request))
    return await run_in_thread(templates.TemplateResponse, request, "pages/receipt.html", context)


def _receipt_of(view: WidgetView, base: str) -> dict[str, Any]:
    return {
        "w": view,
        "receipt": receipt(view, base),
        "answer": json.dumps(without_figures(view.result), indent=1, ensure_ascii=False),
    }


@router.get("/lab/{digest}.json")
async def lab(digest: str) -> Any:
    """What a page needs to compute on its reader's machine, at an address that changes with it."""
    text, known = await run_in_thread(lab_json)
    if digest != known:
        raise HTTPException(404, "There is no such lab.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(text, media_type="application/json", headers=headers)


@router.get("/read")
@checks_query
async def read(request: Request) -> Any:
    context = {
        "cited": {},
        "check": CHECK,
        "mistakes": MISTAKES,
        "band": band(),
        "glossary": glossary(),
        "views": await page_views(request, WIDGETS.values(), linked=False),
        "live_url": False,
        "heading_level": 3,
        "widget_level": 4,
    }
    return await run_in_thread(_page, request, "pages/read.html", context)


@router.get("/sources")
def sources(request: Request) -> Any:
    offline = hasattr(request.state, "offline")
    titles: dict[str, Section] = {section.slug: section for section in SECTIONS}
    context = {
        "references": references(),
        "corrections": corrections(),
        "titles": titles,
        "bibtex": bibtex(request.app.version, "" if offline else site_url(request)),
        "packages": served_packages(),
        "recorded": recorded_numbers(),
    }
    return templates.TemplateResponse(request, "pages/sources.html", context)


@router.get("/symbols")
def symbols(request: Request) -> Any:
    context = {"glossary": glossary(), "trainers": trainer_table()}
    return templates.TemplateResponse(request, "pages/symbols.html", context)


@router.get("/docs")
def docs(request: Request) -> Any:
    context = {"groups": operation_docs(request.app.openapi())}
    return templates.TemplateResponse(request, "pages/docs.html", context)


@router.get("/openapi.json")
async def openapi_document(request: Request) -> Any:
    root = root_of(request.scope)
    servers = {"servers": [{"url": root}]} if root else {}
    return JSONResponse(request.app.openapi() | servers)


@router.get("/favicon.ico")
def favicon(request: Request) -> Any:
    return RedirectResponse(static_url(request, "icon.svg"))
