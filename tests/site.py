"""The pages of the site, and what they are made of."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl

import pytest

from app.content.sections import CHAPTERS
from app.state.page import chapter_page
from app.widgets.registry import WIDGETS

PAGES = [
    "/",
    "/read",
    "/sources",
    "/symbols",
    "/docs",
    "/teach",
    "/teach/exercises",
    "/teach/answers",
    *(chapter.path for chapter in CHAPTERS),
    *(f"/widgets/{name}" for name in WIDGETS),
]


def widgets_on(path: str) -> list[str]:
    """The widgets of a page, or of an endpoint, by its address."""
    for chapter in CHAPTERS:
        if chapter.path == path:
            return [widget.name for widget in chapter_page(chapter).figures]
    _, kind, *rest = path.removeprefix("/api/v1").split("/")
    if kind == "read":
        return list(WIDGETS)
    return [name for name in (kind, *rest[:1]) if name in WIDGETS]


def trains(address: str) -> bool:
    """Whether the first request for a page trains something; raises if its query is refused."""
    path, _, query = address.partition("#")[0].partition("?")
    if path.endswith(("/receipt", "/share", "/range")) or path.startswith("/api/v1/receipts"):
        return False
    given = dict(parse_qsl(query))
    states = [
        (WIDGETS[name], {k: v for k, v in given.items() if k in WIDGETS[name].params.model_fields})
        for name in widgets_on(path)
    ]
    return any(widget.trains(widget.params(**state)) for widget, state in states)


TRAINING = [path for path in PAGES if trains(path)]
QUICK = [path for path in PAGES if not trains(path)]

all_pages = pytest.mark.parametrize(
    "paths",
    [
        pytest.param(QUICK, id="quick"),
        pytest.param(TRAINING, id="training", marks=pytest.mark.slow),
    ],
)


class Elements(HTMLParser):
    """The elements of a piece of HTML, in order, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    def one(self, tag: str, **wanted: str) -> dict[str, str | None]:
        matching = [a for a in self.all(tag) if wanted.items() <= a.items()]
        assert len(matching) == 1, (tag, wanted, len(matching))
        return matching[0]

    def attributes(self, name: str) -> list[str]:
        return [value for _, attrs in self.found if (value := attrs.get(name)) is not None]

    def scripts_inline(self) -> list[str]:
        """Code in a page that is not in our files: inline scripts, handlers and javascript: links."""
        wrong = [
            f"{tag} {name}={value}"
            for tag, attributes in self.found
            for name, value in attributes.items()
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:")
            if name.startswith("on") or name in ("href", "src", "action", "formaction")
        ]
        return wrong + [
            f"inline script {attributes}"
            for attributes in self.all("script")
            if "src" not in attributes and "json" not in (attributes.get("type") or "")
        ]
