"""Snippets that embed a widget in HTML, notebooks, documents and slides."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote

from pydantic import BaseModel, Field

from app.paths import DATA, STATIC
from app.state.views import WidgetView
from app.widgets.registry import WIDGETS

HEIGHTS_FILE = DATA / "heights.json"
"""written by tools/measure_heights.py"""

PUBLISHED_WIDTH = 720
"""pixels: the width at which heights are measured, that of a column of text"""

HEIGHT_UNMEASURED = 760
"""pixels: for a widget that `make heights` has not measured yet"""

SLIDE_HEIGHT = 700
"""pixels: the default of reveal.js"""


FOOT = ("settings", "details", "foot")
"""parts that share the rows below a figure: without the foot, neither of the others is there"""


class Embed(BaseModel):
    """Snippets for a widget in one state, with its flags."""

    link: str = Field(description="URL of the widget's page in this state, with its flags")
    height: int = Field(
        description="height in CSS pixels that the widget needs at a width of 720, in its default state and "
        "without the parts that are hidden"
    )
    iframe: str = Field(description="HTML of a frame with that height; needs no script around it")
    script: str = Field(
        description="HTML of a script and a tag, which grow with the widget's content"
    )
    notebook: str = Field(description="Python for a cell of a Jupyter notebook")
    quarto: str = Field(
        description="a block for a Quarto document, whose frame keeps its address with embed-resources too"
    )
    myst: str = Field(
        description="an anywidget directive for a MyST document: a frame that grows with the widget’s content"
    )
    reveal: str = Field(description="HTML of a slide for reveal.js")


@lru_cache(maxsize=1)
def _measured() -> dict[str, Any]:
    """The measurements of `make heights`."""
    measured: dict[str, Any] = json.loads(HEIGHTS_FILE.read_text("utf-8"))
    return measured


def measured_heights() -> dict[str, int]:
    """Heights by widget, of those that `make heights` has measured."""
    heights: dict[str, int] = _measured()["heights"]
    return heights


def measured_parts() -> dict[str, dict[str, int]]:
    """By how many pixels a page is lower without a part, by widget and part."""
    parts: dict[str, dict[str, int]] = _measured()["parts"]
    return parts


def height_of(name: str, hide: Collection[str] = ()) -> int:
    """The published height of a widget's page: CSS pixels at a width of 720, in its default state.

    Args:
        hide: the parts that its address hides
    """
    parts = measured_parts().get(name, {})
    in_foot = max((parts.get(part, 0) for part in FOOT if part in hide), default=0)
    others = sum(lower for part, lower in parts.items() if part in hide and part not in FOOT)
    return measured_heights().get(name, HEIGHT_UNMEASURED) - in_foot - others


def title_of(name: str) -> str:
    """The title of a frame with a widget."""
    return f"DPO Explained: {WIDGETS[name].title}"


def link_of(name: str, query: str, base: str) -> str:
    """The URL of a widget's page; ``query`` with or without its question mark."""
    query = query.removeprefix("?")
    return f"{_quoted(base)}/widgets/{name}" + (f"?{query}" if query else "")


def iframe_html(
    name: str, query: str, base: str, width: int | None = None, height: int | None = None
) -> str:
    """The HTML of a frame with a widget.

    Args:
        query: the state and the flags, with or without the question mark
        base: the URL of this site, without a trailing slash
        width: CSS pixels; by default the available width
        height: CSS pixels; by default the published height
    """
    return (
        f'<iframe src="{escape(link_of(name, query, base))}" title="{escape(title_of(name))}" '
        f'width="{width or "100%"}" height="{height or height_of(name)}" '
        'loading="lazy" frameborder="0" allow="clipboard-write"></iframe>'
    )


def embed(view: WidgetView, base: str) -> Embed:
    """All snippets for a widget in its state; ``base`` as for iframe_html()."""
    name, query = view.widget.name, view.page_query
    link, height = link_of(name, query, base), height_of(name, view.flags.hide)
    title = title_of(name)
    iframe = iframe_html(name, query, base, height=height)
    return Embed(
        link=link,
        height=height,
        iframe=iframe,
        script=_script(name, query, base),
        notebook=f'from IPython.display import IFrame\n\nIFrame("{link}", width="100%", height={height})',
        quarto=f"```{{=html}}\n{_kept(iframe)}\n```",
        myst=f":::{{anywidget}} {_quoted(base)}/embed.mjs\n{_model(link, title, height)}\n:::",
        reveal=(
            f'<section>\n  <iframe data-src="{escape(link)}" title="{escape(title)}" '
            f'width="100%" height="{SLIDE_HEIGHT}" allow="clipboard-write"></iframe>\n</section>'
        ),
    )


def embed_script() -> str:
    """static/embed.js with the published heights, without comments and indentation."""
    lines = [line.strip() for line in (STATIC / "embed.js").read_text("utf-8").splitlines()]
    source = "\n".join(line for line in lines if line and not line.startswith("//"))
    heights = {name: height_of(name) for name in WIDGETS}
    place = "const HEIGHTS = {};"
    if place not in source:
        raise ValueError("static/embed.js has no place for the heights")
    return source.replace(place, f"const HEIGHTS = {json.dumps(heights, separators=(',', ':'))};")


def _kept(iframe: str) -> str:
    """The frame as a document with embed-resources leaves it: with its address."""
    return iframe.replace("<iframe ", '<iframe data-external="1" ', 1)


def _model(link: str, title: str, height: int) -> str:
    """What MyST hands to static/myst.js."""
    return json.dumps({"src": link, "title": title, "height": height}, ensure_ascii=False)


def _script(name: str, query: str, base: str) -> str:
    given = parse_qsl(query.removeprefix("?"))
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in given)
    return (
        f'<script src="{escape(_quoted(base))}/embed.js" async></script>\n'
        f'<dpo-explained widget="{name}" title="{escape(title_of(name))}"{attributes}></dpo-explained>'
    )


def _quoted(base: str) -> str:
    """A URL without characters that could end a string or an attribute."""
    return quote(base, safe=":/[]@-._~%")
