"""Metadata in the head of a page: oEmbed, Open Graph and schema.org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from jinja2.runtime import Context

from app.content.sections import SECTIONS
from app.embedding.cards.sizes import FULL, Size, card_path
from app.state.controls import query_string
from app.state.page import HOME, HOME_TITLE, SITE, Page, chapter_page, page_at
from app.state.widget_state import WidgetState
from app.web.request_paths import path_of, site_url
from app.widgets.registry import WIDGETS

LICENSE = "https://opensource.org/license/mit"
PAPER = "https://arxiv.org/abs/2305.18290"

KINDS = {
    "/": "interactive textbook",
    "/read": "textbook",
    "/sources": "bibliography",
    "/symbols": "glossary",
    "/teach": "lesson plan",
    "/teach/exercises": "problem set",
    "/teach/answers": "answer key",
}
"""schema.org's learningResourceType of some pages"""


@dataclass(frozen=True)
class PageHead:
    """Values of templates/head_meta.html."""

    title: str
    description: str
    canonical: str
    """the page in its default state"""
    url: str
    """the page in its current state"""
    image: str
    image_size: Size
    kind: str
    """og:type"""
    oembed: dict[str, str]
    """URLs by media type; empty for pages that cannot be embedded"""
    learning: dict[str, Any] | None = None
    """a schema.org LearningResource, for pages with content"""


def page_head(context: Context, title: str, description: str) -> PageHead | None:
    """The metadata of the page that is being rendered; None for an error.

    Args:
        title: of the page, with or without the name of the site
        description: of the page; a widget's page has its finding instead, once it is there
    """
    if "problem" in context:
        return None
    request = context["request"]
    base = site_url(request)
    path = path_of(request.scope)
    title = title.removesuffix(f" · {SITE}")
    page = page_at(path)
    card_query = page_query = ""
    if page is not None and page.widget is not None:
        view = context["w"]
        description = description if view.pending else view.result.finding
        card_query, page_query = query_string(view.card_values), view.page_query
    elif page is not None:
        card_query = page_query = _query_of(context["views"])
    canonical, image = f"{base}{path}", f"{base}{card_path(page or HOME)}{card_query}"
    head = PageHead(
        title=HOME_TITLE if page is HOME else title,
        description=description,
        canonical=canonical,
        url=f"{canonical}{page_query}",
        image=image,
        image_size=FULL,
        kind="website" if page is HOME else "article",
        oembed=_oembed(base, f"{canonical}{page_query}") if page is not None else {},
    )
    if page is None and path not in KINDS:
        return head
    return replace(head, learning=_learning(head, base, path, page))


def _query_of(views: Mapping[str, WidgetState]) -> str:
    """The state of all widgets of a page as a query string."""
    values: dict[str, str] = {}
    for view in views.values():
        values |= view.card_values
    return query_string(values)


def _oembed(base: str, url: str) -> dict[str, str]:
    return {
        media: f"{base}/oembed?{urlencode({'url': url, 'format': name})}"
        for media, name in (("application/json+oembed", "json"), ("text/xml+oembed", "xml"))
    }


def _learning(head: PageHead, base: str, path: str, page: Page | None) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "@id": head.canonical,
        "name": head.title,
        "description": head.description,
        "url": head.url,
        "image": head.image,
        "inLanguage": "en",
        "isAccessibleForFree": True,
        "license": LICENSE,
        "about": {
            "@type": "Thing",
            "name": "Direct Preference Optimization",
            "sameAs": PAPER,
        },
        "educationalUse": ["instruction", "self-study"],
        "learningResourceType": _resource_type(path, page),
        "teaches": _teaches(page),
        **_part_of(base, page, path),
    }


def _resource_type(path: str, page: Page | None) -> str:
    if page is not None and page.widget is not None:
        return "quiz" if page.widget == "quiz" else "interactive simulation"
    return KINDS.get(path, "lesson")


def _teaches(page: Page | None) -> list[str]:
    if page is not None and page.widget is not None:
        return [WIDGETS[page.widget].title]
    if page is not None and page.chapter is not None:
        return [WIDGETS[name].title for name in page.widgets]
    return [section.title for section in SECTIONS]


def _part_of(base: str, page: Page | None, path: str) -> dict[str, Any]:
    if path == HOME.path:
        return {"hasPart": [_reference(base, chapter_page(section)) for section in SECTIONS]}
    whole = HOME
    if page is not None and page.widget is not None and page.chapter is not None:
        whole = chapter_page(page.chapter)
    return {"isPartOf": _reference(base, whole)}


def _reference(base: str, page: Page) -> dict[str, str]:
    address = f"{base}{page.path}"
    return {"@type": "LearningResource", "@id": address, "name": page.title, "url": address}
