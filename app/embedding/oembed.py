"""An oEmbed provider (https://oembed.com).

The URL of a widget embeds that widget in that state, with its flags. The URL of a section embeds the first of
its widgets whose parameters it sets, or else its first widget, which links back to the section: a page with
its own navigation does not belong in a frame. The home page cannot be framed: its URL gives a link with an
image.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit
from xml.etree import ElementTree

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field

from app.embedding.cards.sizes import card_path, largest_within
from app.embedding.snippets import height_of, iframe_html
from app.state.moved import moved
from app.state.page import HOME, SITE, Page, PageState, page_at, page_state
from app.state.query import query_of
from app.web.problem import InvalidParams, Problem
from app.web.request_paths import site_url
from app.widgets.registry import WIDGETS

router = APIRouter(tags=["embedding"])

WIDTH = 720
"""pixels of a frame"""

DAY = 86_400


class OEmbed(BaseModel):
    """The response, as in section 2.3 of the specification."""

    version: Literal["1.0"] = Field("1.0", description="of oEmbed")
    type: Literal["rich", "link"] = Field(
        description="rich: HTML to show as it is; link: only the URL to link to"
    )
    title: str = Field(description="of the widget or page")
    provider_name: str = Field(SITE, description="the name of this site")
    provider_url: str = Field(description="its home page")
    html: str | None = Field(
        None, description="an iframe that needs no script; absent, as its size is, of a link"
    )
    width: int | None = Field(None, description="of the iframe, in pixels")
    height: int | None = Field(None, description="of the iframe, in pixels")
    cache_age: int = Field(DAY, description="for how many seconds it may be cached")
    thumbnail_url: str | None = Field(
        None, description="a PNG of exactly this state; absent if none is small enough"
    )
    thumbnail_width: int | None = Field(None, description="in pixels")
    thumbnail_height: int | None = Field(None, description="in pixels")


Limit = Annotated[int | None, Query(ge=1)]


@router.get(
    "/oembed",
    summary="What to embed for a URL of this site",
    description="An oEmbed provider. The URL of a widget embeds that widget in that state. The URL of a "
    "section embeds the first of its widgets whose parameters it sets, or else its first widget.",
    response_model=OEmbed,
    response_model_exclude_none=True,
    responses={
        200: {"content": {"text/xml": {"schema": {"type": "string"}}}},
        404: {"model": Problem, "description": "not a widget, section or home page of this site"},
        422: {"model": Problem, "description": "no URL, or a limit that is not positive"},
        501: {"model": Problem, "description": "a format other than json and xml"},
    },
)
def get_oembed(
    request: Request,
    url: Annotated[str, Query(description="the URL, with its state", max_length=8_000)],
    format: Annotated[str, Query(description="json or xml")] = "json",
    maxwidth: Annotated[Limit, Query(description="the largest width, in pixels")] = None,
    maxheight: Annotated[Limit, Query(description="the largest height, in pixels")] = None,
) -> Any:
    """What to embed for a URL, as JSON or XML."""
    if format not in ("json", "xml"):
        raise HTTPException(501, f"format: {format!r} is not offered; json and xml are.")
    found = oembed(request, url, maxwidth, maxheight)
    if format == "xml":
        return Response(as_xml(found), media_type="text/xml; charset=utf-8")
    return found


def oembed(
    request: Request, url: str, maxwidth: int | None = None, maxheight: int | None = None
) -> OEmbed:
    """What to embed for a URL. Raises HTTPException 404 if it is not a page that can be embedded."""
    base = site_url(request)
    page, state = _page_and_state(request, url)
    size = largest_within(maxwidth, maxheight)
    found = OEmbed(
        type="link",
        title=page.title,
        provider_url=f"{base}/",
        thumbnail_url=size and f"{base}{card_path(page, size)}{state.card_query}",
        thumbnail_width=size and size.width,
        thumbnail_height=size and size.height,
    )
    if page is HOME:
        return found
    widget = state.main
    shown = state.states[widget]
    needed = height_of(widget, shown.flags.hide)
    width, height = _limited(WIDTH, maxwidth), _limited(needed, maxheight)
    query = shown.page_query
    frame = {
        "type": "rich",
        "title": WIDGETS[widget].title,
        "html": iframe_html(widget, query, base, width, height),
        "width": width,
        "height": height,
    }
    return found.model_copy(update=frame)


def _page_and_state(request: Request, url: str) -> tuple[Page, PageState]:
    """The page of a URL and its state."""
    not_found = HTTPException(404, f"url: {url[:200]!r} cannot be embedded from this site.")
    try:
        target = urlsplit(url)
        site = urlsplit(str(request.base_url))
        # http and https are the same page: TLS ends at the proxy.
        if target.scheme not in ("http", "https") or _host(target) != _host(site):
            raise not_found
    except ValueError as error:
        raise not_found from error
    root = site.path.rstrip("/")
    if target.path != root and not target.path.startswith(f"{root}/"):
        raise not_found
    path, query = unquote(target.path.removeprefix(root)) or "/", target.query
    try:
        if there := moved(path, query_of(_asking(request, query))):
            chapter, query = there
            path = chapter.path
        page = page_at(path)
        if page is None:
            raise not_found
        return page, page_state(_asking(request, query), page)
    except InvalidParams as error:
        raise HTTPException(404, f"url: {error}") from error


def _asking(request: Request, query: str) -> Request:
    """A request of this site with another query string, with or without its question mark."""
    return Request({**request.scope, "query_string": query.removeprefix("?").encode()})


def _host(url: SplitResult) -> tuple[str | None, int | None]:
    """Host and port, without a default port."""
    default = {"http": 80, "https": 443}[url.scheme]
    return url.hostname, None if url.port == default else url.port


def _limited(size: int, most: int | None) -> int:
    return size if most is None else min(size, most)


def as_xml(found: OEmbed) -> bytes:
    """The response as XML, as in section 2.3.5 of the specification."""
    root = ElementTree.Element("oembed")
    for name, value in found.model_dump(exclude_none=True).items():
        ElementTree.SubElement(root, name).text = str(value)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
