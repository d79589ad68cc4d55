"""Heads of pages: what other programs read there, and that no state can break out of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

from app.content.sections import CHAPTERS, SECTIONS, chapter_of
from app.state.page import SITE
from app.widgets.registry import WIDGETS
from tests.site import PAGES, all_pages

BASE = "http://testserver"


class Head:
    """The head of a page as a program reads it: links by relation, meta by name, and JSON-LD."""

    def __init__(self, html: str) -> None:
        head = BeautifulSoup(html, "html.parser").head
        assert head is not None
        named = [
            (str(meta.get("property") or meta["name"]), str(meta["content"]))
            for meta in head.select("meta[content]:not([http-equiv])")
        ]
        self.meta = dict(named)
        assert len(self.meta) == len(named), "one is there twice"
        self.learning = [
            json.loads(s.text) for s in head.select("script[type='application/ld+json']")
        ]
        self._head = head

    def links_of(self, rel: str) -> list[Tag]:
        return self._head.select(f"link[rel={rel}]")

    @property
    def title(self) -> str:
        assert self._head.title is not None
        return self._head.title.text.strip()

    @property
    def oembed(self) -> dict[str, str]:
        return {str(link["type"]): str(link["href"]) for link in self.links_of("alternate")}


def head_of(client: TestClient, path: str) -> Head:
    return Head(client.get(path).text)


@all_pages
def test_every_page_can_be_shown_as_a_card(html_of: Callable[[str], str], paths: list[str]) -> None:
    for path in [*paths, "/widgets/dpo_loss/receipt"]:
        html = html_of(path)
        head = Head(html)
        assert '<html lang="en"' in html
        [canonical] = head.links_of("canonical")
        assert canonical["href"] == f"{BASE}{path}"
        assert head.meta["og:url"] == f"{BASE}{path}"
        assert head.meta["og:site_name"] == SITE
        assert head.meta["og:type"] in ("website", "article")
        assert head.meta["og:title"]
        assert SITE not in head.meta["og:title"]
        assert len(head.meta["og:description"]) > 20
        assert head.meta["og:image:alt"]
        assert (head.meta["og:image:width"], head.meta["og:image:height"]) == ("1200", "630")
        assert head.meta["twitter:card"] == "summary_large_image"
        assert head.meta["og:image"].startswith(f"{BASE}/cards/")
        assert head.meta["og:image"] == head.meta["twitter:image"]


@pytest.mark.slow
def test_pages_have_titles_of_their_own(html_of: Callable[[str], str]) -> None:
    titles = [Head(html_of(path)).title for path in PAGES]
    assert sorted(titles) == sorted(set(titles))


@all_pages
def test_a_page_says_early_how_to_embed_it(
    client: TestClient, html_of: Callable[[str], str], paths: list[str]
) -> None:
    texts = [chapter.path for chapter in CHAPTERS]
    for path in paths:
        if path != "/" and not path.startswith("/widgets/") and path not in texts:
            continue
        head = Head(html_of(path))
        assert head.oembed.keys() == {"application/json+oembed", "text/xml+oembed"}
        for link in head.links_of("alternate"):
            assert link.find_previous("script") is None
            query = parse_qs(urlsplit(str(link["href"])).query)
            assert query["url"] == [f"{BASE}{path}"]
            assert client.get(str(link["href"])).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/widgets/dpo_loss?loss_type=ipo&beta=0.2",
        "/widgets/dpo_loss?beta=0.2&hide=steps,foot&theme=dark",
        "/sections/dpo-insight?step=3&beta=0.2",
        pytest.param("/sections/dpo-loss?dpo_loss.beta=0.2&loss=ipo", marks=pytest.mark.slow),
    ],
)
def test_the_whole_state_is_in_the_addresses(client: TestClient, path: str) -> None:
    head = head_of(client, path)
    asked = parse_qs(urlsplit(path).query)
    address = parse_qs(urlsplit(head.oembed["application/json+oembed"]).query)["url"][0]
    assert parse_qs(urlsplit(address).query) == asked
    assert head.meta["og:url"] == address
    assert head.links_of("canonical")[0]["href"] == f"{BASE}{path.partition('?')[0]}"
    card = parse_qs(urlsplit(head.meta["og:image"]).query)
    flags = ("hide", "lock", "theme")
    assert card == {name: value for name, value in asked.items() if name not in flags}
    assert client.get(head.meta["og:image"]).status_code == 200


def test_a_widget_is_described_by_its_finding(client: TestClient) -> None:
    query = "reward_chosen=1&reward_rejected=1"
    head = head_of(client, f"/widgets/reward_separation?{query}")
    finding = client.get(f"/api/v1/reward_separation?{query}").json()["finding"]
    assert head.meta["og:description"] == finding


@all_pages
def test_a_page_is_filed_as_a_learning_resource(
    html_of: Callable[[str], str], paths: list[str]
) -> None:
    for path in paths:
        if path == "/docs":
            continue
        [resource] = Head(html_of(path)).learning
        assert resource["@context"] == "https://schema.org"
        assert resource["@type"] == "LearningResource"
        assert resource["@id"] == resource["url"] == f"{BASE}{path}"
        assert resource["license"] == "https://opensource.org/license/mit"
        for field in ("name", "description", "educationalUse", "learningResourceType", "teaches"):
            assert resource[field], (path, field)


@pytest.mark.slow
def test_resources_are_parts_of_one_another(html_of: Callable[[str], str]) -> None:
    [home] = Head(html_of("/")).learning
    parts = [part["@id"] for part in home["hasPart"]]
    assert parts == [f"{BASE}/sections/{section.slug}" for section in SECTIONS]
    for name in WIDGETS:
        [widget] = Head(html_of(f"/widgets/{name}")).learning
        assert widget["isPartOf"]["@id"] == f"{BASE}{chapter_of(name).path}"
    [section] = Head(html_of("/sections/beta")).learning
    assert section["isPartOf"]["@id"] == home["@id"]


@pytest.mark.parametrize("path", ["/nothing", "/widgets/dpo_loss?beta=1000"])
def test_an_error_is_no_page_to_share(client: TestClient, path: str) -> None:
    head = head_of(client, path)
    assert not [name for name in head.meta if name.startswith(("og:", "twitter:"))]
    assert head.links_of("canonical") == head.links_of("alternate") == head.learning == []


HOSTILE = "\"'><script>alert(1)</script>"


@pytest.mark.parametrize("path", ["/", "/sections/beta", "/widgets/dpo_loss", f"/{HOSTILE}"])
def test_a_hostile_host_stays_text(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"host": f"x{HOSTILE}"})
    assert "<script>alert" not in answer.text
    assert "'><script" not in answer.text
    # Reading it raises if the JSON cannot be parsed.
    Head(answer.text)


def test_a_submitted_form_has_the_address_that_it_came_from(client: TestClient) -> None:
    answer = client.post("/widgets/bring_your_logps", data={"text": "nonsense", "beta": "0.2"})
    head = Head(answer.text)
    assert head.meta["og:url"] == f"{BASE}/widgets/bring_your_logps?beta=0.2"
    assert "nonsense" not in json.dumps(head.learning) + json.dumps(head.meta)
