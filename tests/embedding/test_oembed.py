"""The oEmbed provider: what it answers, what it refuses, and a third-party consumer."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx
import micawber
import pytest
from starlette.testclient import TestClient

from app.content.sections import CHAPTERS
from app.embedding.snippets import height_of
from app.main import create_app
from app.settings import Settings
from app.state.page import HOME_TITLE
from app.widgets.registry import WIDGETS
from tests.site import Elements

BASE = "http://testserver"
EMBEDDED = ["/sections/beta", "/widgets/beta_effect?beta=0.2"]


def asked(client: TestClient, url: str, **params: str | int) -> Any:
    answer = client.get("/oembed", params={"url": url, **params})
    assert answer.status_code == 200, answer.text
    return answer


def frame_of(embed: dict[str, Any]) -> dict[str, str | None]:
    [frame] = Elements(embed["html"]).all("iframe")
    return frame


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_is_embedded_in_its_state_at_its_published_height(
    client: TestClient, name: str
) -> None:
    query = WIDGETS[name].example
    embed = asked(client, f"{BASE}/widgets/{name}?{query}".rstrip("?")).json()
    assert (embed["version"], embed["type"]) == ("1.0", "rich")
    assert embed["title"] == WIDGETS[name].title
    assert (embed["provider_name"], embed["provider_url"]) == ("DPO Explained", f"{BASE}/")
    assert (embed["width"], embed["height"]) == (720, height_of(name))
    frame = frame_of(embed)
    assert (frame["width"], frame["height"]) == (str(embed["width"]), str(embed["height"]))
    assert frame["title"]
    source = urlsplit(str(frame["src"]))
    assert source.path == f"/widgets/{name}"
    given, kept = parse_qs(query), parse_qs(source.query)
    params = WIDGETS[name].params
    assert params.model_validate({k: v[0] for k, v in kept.items()}) == params.model_validate(
        {k: v[0] for k, v in given.items()}
    )


def test_the_flags_of_a_page_stay_in_its_frame_and_out_of_its_image(client: TestClient) -> None:
    url = f"{BASE}/widgets/dpo_loss?beta=0.2&hide=steps,foot&lock=beta&theme=dark"
    embed = asked(client, url).json()
    flags = {"hide": ["steps,foot"], "lock": ["beta"], "theme": ["dark"]}
    assert parse_qs(urlsplit(str(frame_of(embed)["src"])).query) == {"beta": ["0.2"], **flags}
    assert embed["thumbnail_url"] == f"{BASE}/cards/dpo_loss.png?beta=0.2"


def test_a_section_stands_for_its_first_widget(client: TestClient) -> None:
    for chapter in CHAPTERS:
        embed = asked(client, f"{BASE}{chapter.path}").json()
        assert frame_of(embed)["src"] == f"{BASE}/widgets/{chapter.widgets[0]}"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("logratio_chosen=2", "dpo_loss"),
        ("loss=ipo", "likelihood_displacement"),
        ("labels=ab", "annotator"),
        ("example=swapped", "bring_your_logps"),
    ],
)
def test_a_section_stands_for_the_widget_that_its_address_sets(
    client: TestClient, query: str, name: str
) -> None:
    embed = asked(client, f"{BASE}/sections/dpo-loss?{query}").json()
    source = urlsplit(str(frame_of(embed)["src"]))
    assert source.path == f"/widgets/{name}"
    assert list(parse_qs(source.query)) == [query.partition("=")[0]]
    assert embed["title"] == WIDGETS[name].title


def test_the_home_page_is_a_link_with_a_picture(client: TestClient) -> None:
    for url in (BASE, f"{BASE}/", "https://testserver/", "http://TESTSERVER:80/#contents"):
        embed = asked(client, url).json()
        assert (embed["type"], embed["title"]) == ("link", HOME_TITLE)
        assert not {"html", "width", "height"} & embed.keys()
        assert embed["thumbnail_url"] == f"{BASE}/cards/home.png"


@pytest.mark.parametrize("path", EMBEDDED)
@pytest.mark.parametrize(("maxwidth", "maxheight"), [(500, 400), (5000, 90), (1, 1), (320, 9999)])
def test_nothing_is_larger_than_a_consumer_allows(
    client: TestClient, path: str, maxwidth: int, maxheight: int
) -> None:
    embed = asked(client, BASE + path, maxwidth=maxwidth, maxheight=maxheight).json()
    frame = frame_of(embed)
    for what, most in (("width", maxwidth), ("height", maxheight)):
        assert 1 <= embed[what] <= most
        assert frame[what] == str(embed[what])
        assert embed.get(f"thumbnail_{what}", 1) <= most
    assert ("thumbnail_url" in embed) == (maxwidth >= 300 and maxheight >= 158)


@pytest.mark.parametrize("most", [{}, {"maxwidth": 700}, {"maxheight": 200}])
def test_a_thumbnail_has_the_size_that_it_is_said_to_have(
    client: TestClient, most: dict[str, int]
) -> None:
    embed = asked(client, f"{BASE}/sections/reward-modeling?reward_chosen=1", **most).json()
    image = client.get(embed["thumbnail_url"])
    assert image.headers["content-type"] == "image/png"
    width, height = (int.from_bytes(image.content[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (embed["thumbnail_width"], embed["thumbnail_height"])


@pytest.mark.parametrize("path", ["/", "/widgets/dpo_loss?beta=0.2&loss_type=ipo&theme=dark"])
def test_xml_says_the_same_as_json(client: TestClient, path: str) -> None:
    answer = asked(client, BASE + path, format="xml", maxheight=500)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "oembed"
    said = {element.tag: element.text for element in root}
    json = asked(client, BASE + path, format="json", maxheight=500).json()
    assert said == {name: str(value) for name, value in json.items()}


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/widgets/dpo_loss",
        "http://testserver:8000/widgets/dpo_loss",
        "http://testserver@elsewhere.example/",
        "ftp://testserver/widgets/dpo_loss",
        "//testserver/widgets/dpo_loss",
        "/widgets/dpo_loss",
        "http://[",
        "http://testserver:port/",
        f"{BASE}/widgets/no_such_widget",
        f"{BASE}/widgets/dpo_loss/receipt",
        f"{BASE}/sections/no-such-section",
        f"{BASE}/sections/dpo_loss",
        f"{BASE}/read",
        f"{BASE}/api/v1/dpo_loss",
        f"{BASE}/widgets/dpo_loss?beta=1000",
        f"{BASE}/widgets/dpo_loss?no_such_parameter=1",
        f"{BASE}/widgets/dpo_loss?beta=1&beta=2",
        f"{BASE}/widgets/dpo_loss?theme=pink",
        f"{BASE}/sections/dpo-loss?theme=dark",
        f"{BASE}/?beta=1",
    ],
)
def test_what_can_not_be_embedded_is_not_found(client: TestClient, url: str) -> None:
    answer = client.get("/oembed", params={"url": url, "format": "xml"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "url" in answer.json()["detail"]


@pytest.mark.parametrize("format", ["yaml", "JSON", "html"])
def test_another_format_is_not_implemented(client: TestClient, format: str) -> None:
    answer = client.get("/oembed", params={"url": f"{BASE}/", "format": format})
    assert answer.status_code == 501


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("url", ""),
        ("maxwidth", "url=http://testserver/&maxwidth=0"),
        ("maxwidth", "url=http://testserver/&maxwidth=wide"),
        ("maxheight", "url=http://testserver/&maxheight=-5"),
    ],
)
def test_a_bad_request_names_its_field(client: TestClient, field: str, query: str) -> None:
    answer = client.get(f"/oembed?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_addresses_are_those_of_the_sub_path_that_the_site_is_served_at() -> None:
    app = create_app(Settings(warm=False))
    below = f"{BASE}/courses/dpo"
    with TestClient(app, root_path="/courses/dpo") as client:
        embed = asked(client, f"{below}/widgets/dpo_loss?beta=0.2").json()
        assert frame_of(embed)["src"] == f"{below}/widgets/dpo_loss?beta=0.2"
        assert embed["provider_url"] == f"{below}/"
        assert embed["thumbnail_url"].startswith(f"{below}/cards/")
        for url in (f"{BASE}/widgets/dpo_loss", f"{BASE}/courses/dposition/widgets/dpo_loss"):
            assert client.get("/oembed", params={"url": url}).status_code == 404


# ---- a third-party consumer ----------------------------------------------------------------------


def test_a_consumer_turns_the_address_of_a_widget_into_a_frame_that_loads(server: str) -> None:
    # micawber, with our provider registered as a site would do it
    consumer = micawber.ProviderRegistry()
    consumer.register(rf"{re.escape(server)}/\S*", micawber.Provider(f"{server}/oembed"))
    url = f"{server}/widgets/reward_separation?reward_chosen=1&reward_rejected=1"
    [frame] = Elements(consumer.parse_html(f"<p>{url.replace('&', '&amp;')}</p>")).all("iframe")
    page = httpx.get(str(frame["src"]))
    assert page.status_code == 200
    assert '<b class="c-opt">50.0%</b> chance' in page.text
