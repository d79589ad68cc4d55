"""What the head of a page tells other programs: how to embed it, show a link to it, and file it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from jinja2.runtime import Context

from app.content.sections import SECTIONS
from app.embedding.cards.sizes import FULL, Size, card_path
from app.state.places import HOME, HOME_TITLE, SITE, Place, place_at, section_place
from app.web.request_paths import path_of, site_url
from app.widgets.registry import WIDGETS

LICENSE = "https://opensource.org/license/mit"
PAPER = "https://arxiv.org/abs/2305.18290"

KINDS = {
    "/": "interactive textbook",
    "/read": "textbook",
    "/sources": "bibliography",
    "/symbols": "glossary",
}
"""What kind of learning resource some pages are"""


@dataclass(frozen=True)
class PageHead:
    """Values of templates/head_meta.html."""

    title: str
    description: str
    canonical: str
    """the page in its first state"""
    url: str
    """the page in the state that it shows"""
    image: str
    image_size: Size
    kind: str
    """og:type"""
    oembed: dict[str, str]
    """addresses by media type; empty for pages that can not be embedded"""
    learning: dict[str, Any] | None = None
    """schema.org, for pages to learn from"""


def page_head(context: Context, title: str, description: str) -> PageHead | None:
    """The head of the page that is being rendered; None for an error, which is no page.

    Args:
        title: of the page, with or without the name of the site
        description: of the page; a widget is described by its finding
    """
    if "problem" in context:
        return None
    request = context["request"]
    base = site_url(request)
    path = path_of(request.scope)
    title = title.removesuffix(f" · {SITE}")
    place = place_at(path)
    card_query = page_query = ""
    if place is not None and place.widget is not None:
        view = context["w"]
        description = view.result.finding
        card_query, page_query = view.query, view.page_query
    elif place is not None and place.section is not None:
        card_query = page_query = _query_of(context["views"])
    canonical, image = f"{base}{path}", f"{base}{card_path(place or HOME)}{card_query}"
    head = PageHead(
        title=HOME_TITLE if place is HOME else title,
        description=description,
        canonical=canonical,
        url=f"{canonical}{page_query}",
        image=image,
        image_size=FULL,
        kind="website" if place is HOME else "article",
        oembed=_oembed(base, f"{canonical}{page_query}") if place is not None else {},
    )
    if place is None and path not in KINDS:
        return head
    return replace(head, learning=_learning(head, base, path, place))


def _query_of(views: dict[str, Any]) -> str:
    """The state of all widgets of a page."""
    parts = dict.fromkeys(part for view in views.values() for part in view.query[1:].split("&"))
    return "?" + "&".join(part for part in parts if part) if any(parts) else ""


def _oembed(base: str, url: str) -> dict[str, str]:
    return {
        media: f"{base}/oembed?{urlencode({'url': url, 'format': name})}"
        for media, name in (("application/json+oembed", "json"), ("text/xml+oembed", "xml"))
    }


def _learning(head: PageHead, base: str, path: str, place: Place | None) -> dict[str, Any]:
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
        "learningResourceType": _resource_type(path, place),
        "teaches": _teaches(place),
        **_part_of(base, place, path),
    }


def _resource_type(path: str, place: Place | None) -> str:
    if place is not None and place.widget is not None:
        return "quiz" if place.widget == "quiz" else "interactive simulation"
    return KINDS.get(path, "lesson")


def _teaches(place: Place | None) -> list[str]:
    if place is not None and place.widget is not None:
        return [WIDGETS[place.widget].title]
    if place is not None and place.section is not None:
        return [WIDGETS[name].title for name in place.widgets]
    return [section.title for section in SECTIONS]


def _part_of(base: str, place: Place | None, path: str) -> dict[str, Any]:
    if path == HOME.path:
        return {"hasPart": [_reference(base, section_place(section)) for section in SECTIONS]}
    whole = HOME
    if place is not None and place.widget is not None and place.section is not None:
        whole = section_place(place.section)
    return {"isPartOf": _reference(base, whole)}


def _reference(base: str, place: Place) -> dict[str, str]:
    address = f"{base}{place.path}"
    return {"@type": "LearningResource", "@id": address, "name": place.title, "url": address}
