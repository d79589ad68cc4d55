"""Pages as the server sends them: complete without JavaScript, and strict about their query."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.site import PAGES, Elements, all_pages, trains, widgets_on


@all_pages
def test_a_page_is_complete_and_its_ids_are_unique(
    html_of: Callable[[str], str], paths: list[str]
) -> None:
    for path in paths:
        elements = Elements(html_of(path))
        assert len(elements.all("h1")) == len(elements.all("main")) == 1, path
        ids = elements.attributes("id")
        assert sorted(ids) == sorted(set(ids)), path
        for target in elements.attributes("for") + elements.attributes("aria-labelledby"):
            assert target in ids, path


@all_pages
def test_a_page_loads_nothing_from_another_host_and_runs_nothing_inline(
    html_of: Callable[[str], str], paths: list[str]
) -> None:
    for path in paths:
        elements = Elements(html_of(path))
        for tag, attributes in elements.found:
            # The addresses of the page itself are absolute, and nobody loads them.
            named = attributes.get("rel") in ("canonical", "alternate")
            linked = attributes.get("href") if tag == "link" and not named else None
            loaded = attributes.get("src") or linked
            assert loaded is None or loaded.startswith("/"), (path, loaded)
        assert elements.scripts_inline() == [], path


@pytest.mark.slow
def test_all_links_within_the_site_lead_somewhere(
    client: TestClient, html_of: Callable[[str], str]
) -> None:
    targets: set[str] = set()
    anchors: dict[str, set[str]] = {}
    for path in PAGES:
        elements = Elements(html_of(path))
        anchors[path] = set(elements.attributes("id"))
        for href in elements.attributes("href"):
            if href.startswith(("/", "#")):
                targets.add(href if href.startswith("/") else path + href)
    for target in sorted(targets):
        page, _, anchor = target.partition("#")
        if page in anchors:
            assert not anchor or anchor in anchors[page], target
        elif not trains(page):
            assert client.get(page).status_code == 200, target


@all_pages
def test_a_page_of_text_shows_each_of_its_widgets_once(
    html_of: Callable[[str], str], paths: list[str]
) -> None:
    for path in paths:
        if path.startswith(("/sections/", "/check", "/read")):
            shown = [a["name"] for a in Elements(html_of(path)).all("dpo-widget")]
            assert shown == widgets_on(path)


def test_the_query_of_a_section_sets_its_widget(client: TestClient) -> None:
    html = client.get("/sections/reward-modeling?reward_chosen=1&reward_rejected=1").text
    assert '<b class="c-opt">50.0%</b> chance' in html
    control = Elements(html).one("input", id="reward_separation-reward_chosen")
    assert control["value"] == "1"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("reward_chosen=11", ("reward_chosen", "from -10 to 10")),
        ("reward_chosen=nan", ("reward_chosen", "from -10 to 10")),
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


@pytest.mark.parametrize("path", ["/nope", "/sections/nope", "/widgets/nope"])
def test_what_does_not_exist_has_a_readable_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>404" in answer.text


def test_pages_work_under_a_sub_path() -> None:
    # As the server with --root-path passes it on: the path begins with it.
    client = TestClient(create_app(Settings(warm=False)), root_path="/courses/dpo")
    elements = Elements(client.get("/courses/dpo/sections/reward-modeling").text)
    for name in ("href", "src", "action", "data-api", "data-page"):
        ours = [value for value in elements.attributes(name) if value.startswith("/")]
        assert ours
        assert all(value.startswith("/courses/dpo/") for value in ours)
    assert client.get(ours[0]).status_code == 200
    refused = client.get("/courses/dpo/api/v1/reward_separation?reward_chosen=99")
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_docs_list_every_request_and_each_can_be_tried(
    client: TestClient, html_of: Callable[[str], str]
) -> None:
    page = Elements(html_of("/docs"))
    links = [str(link.get("href")) for link in page.all("a")]
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            (anchor,) = {
                link[1:]
                for link in links
                if link == "#" + re.sub(r"[^a-z0-9_]+", "-", f"{method}{path}").strip("-")
            }
            assert page.attributes("id").count(anchor) == 1
            # The example of /oembed would be an address of the site as its readers see it.
            if method == "get" and path != "/oembed":
                assert operation.get("x-example", path) in links
