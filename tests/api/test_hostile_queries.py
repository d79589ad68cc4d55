"""Text from an address reaches no page unescaped, wherever in the address it stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from urllib.parse import quote, urlencode

import pytest
from starlette.testclient import TestClient

from app.content.sections import SECTIONS
from app.widgets.registry import WIDGETS
from tests.site import Elements, widgets_on

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

FLAGS = ("hide", "lock", "theme", "widget", "seed", "groups", "unknown")

KINDS = {
    "others": ["/", "/read", "/check", "/sources", "/symbols", "/docs", "/embed", "/teach"],
    "sections": [f"/sections/{section.slug}" for section in SECTIONS],
    "widgets": [f"/widgets/{name}" for name in WIDGETS],
    "receipts": [f"/widgets/{name}/receipt" for name in WIDGETS],
    "shares": [f"/widgets/{name}/share" for name in WIDGETS],
}


def queries(page: str) -> Iterator[dict[str, str]]:
    """Each known parameter and an unknown one with a hostile text, and each text as a name."""
    known = [name for widget in widgets_on(page) for name in WIDGETS[widget].params.model_fields]
    yield dict(zip(dict.fromkeys(known), cycle(HOSTILE), strict=False))
    yield dict(zip(HOSTILE, cycle(HOSTILE), strict=False))
    # Only the first refusal is reported.
    yield from ({name: text} for name, text in zip(FLAGS, cycle(HOSTILE), strict=False))


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_values_and_names_stay_text(client: TestClient, kind: str) -> None:
    for page in KINDS[kind]:
        for query in queries(page):
            answer = client.get(f"{page}?{urlencode(query)}")
            assert answer.status_code < 500, query
            assert answer.headers["content-type"].startswith("text/html")
            found = Elements(answer.text)
            assert found.scripts_inline() == [], (page, query)
            assert not found.all("dpo-mark"), (page, query)
            assert "x" not in [image.get("src") for image in found.all("img")], (page, query)


@pytest.mark.parametrize(
    "before", ["/", "/sections/", "/widgets/", "/cards/", "/widgets/dpo_loss/"]
)
def test_hostile_paths_are_not_found_and_stay_text(client: TestClient, before: str) -> None:
    for hostile in HOSTILE:
        answer = client.get(before + quote(hostile, safe=""))
        assert answer.status_code in (404, 422)
        if answer.headers["content-type"].startswith("text/html"):
            found = Elements(answer.text)
            assert found.scripts_inline() == []
            assert not found.all("dpo-mark")
