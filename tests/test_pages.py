"""Pages as they come from the server: complete without JavaScript, and strict about their query."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from app.sections import SECTIONS
from app.widgets.registry import WIDGETS

PAGES = [
    "/",
    "/read",
    "/sources",
    "/symbols",
    "/docs",
    *(f"/sections/{section.slug}" for section in SECTIONS),
    *(f"/widgets/{name}" for name in WIDGETS),
]


class Elements(HTMLParser):
    """All start tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def attributes(self, name: str) -> list[str]:
        return [value for _, attrs in self.all if (value := attrs.get(name)) is not None]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_complete_and_its_ids_are_unique(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    elements = Elements(answer.text)
    tags = [tag for tag, _ in elements.all]
    assert tags.count("h1") == 1
    assert tags.count("main") == 1
    ids = elements.attributes("id")
    assert sorted(ids) == sorted(set(ids))
    for target in elements.attributes("for") + elements.attributes("aria-labelledby"):
        assert target in ids


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_another_host(client: TestClient, path: str) -> None:
    for tag, attributes in Elements(client.get(path).text).all:
        # The addresses of the page itself are whole, and nobody loads them.
        named = attributes.get("rel") in ("canonical", "alternate")
        linked = attributes.get("href") if tag == "link" and not named else None
        loaded = attributes.get("src") or linked
        assert loaded is None or loaded.startswith("/"), loaded


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_inline_script_or_handler(client: TestClient, path: str) -> None:
    for tag, attributes in Elements(client.get(path).text).all:
        if tag == "script":
            data = attributes.get("type") in ("application/json", "application/ld+json")
            assert "src" in attributes or data
        assert not [name for name in attributes if name.startswith("on")]


def test_all_links_within_the_site_lead_somewhere(client: TestClient) -> None:
    targets: set[str] = set()
    anchors: dict[str, set[str]] = {}
    for path in PAGES:
        elements = Elements(client.get(path).text)
        anchors[path] = set(elements.attributes("id"))
        for href in elements.attributes("href"):
            if href.startswith(("/", "#")):
                targets.add(href if href.startswith("/") else path + href)
    for target in sorted(targets):
        page, _, anchor = target.partition("#")
        if page in anchors:
            assert not anchor or anchor in anchors[page], target
        else:
            assert client.get(page).status_code == 200, target


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.slug)
def test_a_section_shows_each_of_its_widgets_once(client: TestClient, section: object) -> None:
    html = client.get(f"/sections/{section.slug}").text  # type: ignore[attr-defined]
    shown = [a["name"] for tag, a in Elements(html).all if tag == "dpo-widget"]
    assert shown == list(section.widgets)  # type: ignore[attr-defined]


def test_the_one_page_version_has_all_sections_and_widgets(client: TestClient) -> None:
    elements = Elements(client.get("/read").text).all
    assert [a["name"] for tag, a in elements if tag == "dpo-widget"] == list(WIDGETS)
    for section in SECTIONS:
        assert ("article", {"id": f"section-{section.slug}"}) in elements


def test_numbers_are_in_the_page_before_any_script_runs(client: TestClient) -> None:
    html = client.get("/sections/reward-modeling").text
    assert re.search(r'data-field="probability"[^>]*>95\.3%<', html)
    assert re.search(r'data-field="loss"[^>]*>0\.049<', html)


def test_the_query_of_a_section_sets_its_widget(client: TestClient) -> None:
    html = client.get("/sections/reward-modeling?reward_chosen=1&reward_rejected=1").text
    assert re.search(r'data-field="probability"[^>]*>50\.0%<', html)
    control = next(
        a for _, a in Elements(html).all if a.get("id") == "reward_separation-reward_chosen"
    )
    assert control["value"] == "1.0"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("reward_chosen=11", ("reward_chosen", "from -10 to 10")),
        ("reward_chosen=nan", ("reward_chosen", "from -10 to 10")),
        ("reward_chosen=inf", ("reward_chosen",)),
        ("reward_chosen=x", ("reward_chosen",)),
        ("reward_chosen=1&reward_chosen=2", ("reward_chosen", "given twice")),
        ("typo=1", ("typo", "unknown parameter")),
    ],
)
def test_a_page_refuses_a_bad_query_by_a_page_that_names_the_field(
    client: TestClient, query: str, named: tuple[str, ...]
) -> None:
    for path in ("/sections/reward-modeling", "/widgets/reward_separation"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert answer.headers["content-type"].startswith("text/html")
        for text in named:
            assert text in answer.text


def test_hostile_queries_are_shown_as_text(client: TestClient) -> None:
    answer = client.get("/widgets/reward_separation", params={"<script>alert(1)</script>": "1"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/nope", "/sections/nope", "/widgets/nope"])
def test_what_does_not_exist_has_a_readable_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>404" in answer.text


def test_statics_may_be_kept_for_ever_and_others_not(client: TestClient) -> None:
    style = next(
        a["href"]
        for tag, a in Elements(client.get("/").text).all
        if tag == "link" and a.get("rel") == "stylesheet"
    )
    assert style is not None
    answer = client.get(style)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(re.sub(r"static/\w+/", "static/0123456789ab/", style)).status_code == 404


def test_pages_work_under_a_sub_path() -> None:
    from app.main import create_app
    from app.settings import Settings

    # As the server passes it on, which gets --root-path: the path begins with it.
    app = create_app(Settings(warm=False))
    client = TestClient(app, root_path="/courses/dpo")
    html = client.get("/courses/dpo/sections/reward-modeling").text
    elements = Elements(html)
    ours = [
        value
        for name in ("href", "src", "action", "data-api", "data-page")
        for value in elements.attributes(name)
        if value.startswith("/")
    ]
    assert ours
    assert all(value.startswith("/courses/dpo/") for value in ours)
    for value in ours:
        if "/static/" in value or "/sections/" in value:
            assert client.get(value).status_code == 200, value
    refused = client.get("/courses/dpo/api/v1/reward_separation?reward_chosen=99")
    assert refused.headers["content-type"] == "application/problem+json"


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/", "/api/v1/reward_separation", "/nope", "/healthz"):
        headers = client.get(path).headers
        assert "script-src" not in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
