"""What a reader did not write themselves reaches no page unescaped, wherever in an address it stands."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import quote, urlencode

import pytest
from starlette.testclient import TestClient

from app.sections import SECTIONS
from app.widgets.registry import WIDGETS

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}",
    "\u2028alert(1)//",
    "<dpo-mark>",
]

PAGES = [
    "/",
    *(f"/sections/{section.slug}" for section in SECTIONS),
    *(f"/widgets/{name}" for name in WIDGETS),
    *(f"/widgets/{name}/{kind}" for name in WIDGETS for kind in ("receipt", "share")),
    *("/read", "/sources", "/symbols", "/docs", "/embed"),
]


class Elements(HTMLParser):
    """What a page is made of, for whoever looks for what should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.wrong: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        about = dict(attrs)
        self.wrong += [f"{tag} {name}" for name in about if name.startswith("on")]
        self.wrong += [
            f"{tag} {name}={value}"
            for name, value in about.items()
            if (value or "").strip().lower().startswith("javascript:")
            and name in ("href", "src", "action", "formaction")
        ]
        if tag == "script" and "src" not in about and "json" not in (about.get("type") or ""):
            self.wrong.append(f"inline script {about}")


def elements(html: str) -> Elements:
    found = Elements()
    found.feed(html)
    found.close()
    return found


def parameters(page: str) -> list[str]:
    """Names that a page knows, and one that none does."""
    parts = page.split("/")
    if parts[1] == "sections":
        names = list(next(one.widgets for one in SECTIONS if one.slug == parts[2]))
    else:
        names = [parts[2]] if len(parts) > 2 else []
    known = [name for widget in names for name in WIDGETS[widget].params.model_fields]
    return [*dict.fromkeys(known), "hide", "lock", "theme", "widget", "unknown"]


@pytest.mark.parametrize("page", PAGES)
def test_hostile_values_and_names_stay_text(client: TestClient, page: str) -> None:
    clean = client.get(page)
    assert clean.status_code == 200
    usual = elements(clean.text).tags
    # Each parameter gets one of the texts, and each text stands for a name once.
    queries = [{name: text} for name, text in zip(parameters(page), cycle(HOSTILE), strict=False)]
    for query in [*queries, *({text: "1"} for text in HOSTILE)]:
        answer = client.get(f"{page}?{urlencode(query)}")
        assert answer.status_code < 500, query
        assert answer.headers["content-type"].startswith("text/html")
        found = elements(answer.text)
        assert found.wrong == [], query
        assert found.tags & {"dpo-mark", "img"} <= usual, query


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "before", ["/", "/sections/", "/widgets/", "/cards/", "/widgets/dpo_loss/"]
)
def test_hostile_paths_are_not_found_and_stay_text(
    client: TestClient, before: str, hostile: str
) -> None:
    answer = client.get(before + quote(hostile, safe=""))
    assert answer.status_code in (404, 422)
    if answer.headers["content-type"].startswith("text/html"):
        found = elements(answer.text)
        assert found.wrong == []
        assert "dpo-mark" not in found.tags


@pytest.mark.parametrize("hostile", HOSTILE)
def test_oembed_hands_nothing_hostile_on(client: TestClient, hostile: str) -> None:
    for url in (hostile, f"http://testserver/widgets/dpo_loss?beta={quote(hostile)}"):
        for form in ("json", "xml"):
            answer = client.get(f"/oembed?{urlencode({'url': url, 'format': form})}")
            assert 400 <= answer.status_code < 500
            assert "<script" not in answer.text or "json" in answer.headers["content-type"]
