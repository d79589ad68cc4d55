"""Snippets, flags and /embed.js, without a browser; with one: tests/browser/test_embed_*.py."""

from __future__ import annotations

import json
import re
import sys
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from app.embedding.snippets import HEIGHTS_FILE, PUBLISHED_WIDTH, height_of, iframe_html
from app.state.flags import EARLIER_NAMES, NAMES, NO_FLAGS, PARTS, Flags, flags_of
from app.web.problem import InvalidParams
from app.widgets.registry import WIDGETS
from tests.site import Elements

STATE = "beta=0.1&loss_type=ipo"
FLAGS = "hide=label_smoothing,steps&lock=beta&theme=dark"

# Attributes that any page may put on any element, and those that /embed.js uses itself.
ATTRIBUTES = {
    *("widget", "title", "height", "class", "id", "style"),
    *("lang", "dir", "slot", "hidden", "role", "is"),
}

# Widgets that train have the same controls, rendered by the same macros.
QUICK = [name for name, widget in WIDGETS.items() if not widget.warm]


def page(client: TestClient, path: str) -> Elements:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return Elements(answer.text)


def snippets(client: TestClient, name: str = "dpo_loss", query: str = f"{STATE}&{FLAGS}") -> Any:
    answer = client.get(f"/api/v1/embeds/{name}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- names ---------------------------------------------------------------------------------


def test_a_tag_can_carry_every_parameter_beside_the_flags() -> None:
    """HTML attribute names have no upper case, and /embed.js skips those with a hyphen."""
    for name, widget in WIDGETS.items():
        fields = widget.params.model_fields.keys()
        assert fields.isdisjoint({*NAMES, *PARTS, *EARLIER_NAMES, *ATTRIBUTES}), name
        assert all(field == field.lower() and "-" not in field for field in fields), name


# ---- flags ---------------------------------------------------------------------------------


def test_flags_are_read_in_the_order_of_the_widget_and_written_again() -> None:
    params = ("beta", "seed")
    flags = flags_of({"hide": "steps, seed", "lock": "beta,beta,", "theme": "dark"}, params)
    assert flags == Flags(hide=("seed", "steps"), lock=("beta",), theme="dark")
    assert flags_of(flags.given, params) == flags
    assert flags.held == {"seed", "beta"}
    assert flags_of({}, params) == NO_FLAGS


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ("caption", ("steps",)),
        ("tries", ("steps",)),
        ("caption,tries", ("steps",)),
        ("finding", ("readout",)),
        ("links", ("foot",)),
        ("beta,tries,links,steps", ("beta", "steps", "foot")),
    ],
)
def test_parts_are_hidden_by_their_earlier_names_too(earlier: str, now: tuple[str, ...]) -> None:
    assert flags_of({"hide": earlier}, ("beta", "seed")).hide == now
    with pytest.raises(InvalidParams):
        flags_of({"lock": earlier}, ("beta", "seed"))


@pytest.mark.parametrize("path", ["/widgets/dpo_loss", "/widgets/dpo_loss/share", "/embed"])
def test_a_page_names_what_it_refuses_and_what_is_allowed(client: TestClient, path: str) -> None:
    for query in ("hide=foo", "lock=foo", "theme=foo", "foo=1", "beta=99"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert f"<strong>{query.partition('=')[0]}</strong>" in answer.text
        assert "Allowed" in answer.text


def test_flags_are_no_parameters_of_an_endpoint_or_a_section(client: TestClient) -> None:
    for path in ("/api/v1/dpo_loss", "/sections/dpo-loss", "/widgets/dpo_loss/receipt"):
        assert client.get(f"{path}?theme=dark").status_code == 422


def test_hidden_controls_keep_their_values_in_the_form(client: TestClient) -> None:
    found = page(client, "/widgets/beta_effect?beta=0.2&hide=beta,reward")
    assert "hidden" not in found.one("select", name="prompt")
    assert found.one("input", name="beta")["value"] == "0.2"
    hidden = [a for _, a in found.found if "control" in (a.get("class") or "") and "hidden" in a]
    assert len(hidden) == 2


def test_locked_controls_are_shown_and_stay_in_the_form(client: TestClient) -> None:
    found = page(
        client, "/widgets/beta_effect?beta=0.2&reward=learned&prompt=poem&lock=beta,reward,prompt"
    )
    beta = found.one("input", name="beta")
    assert "readonly" in beta
    assert "disabled" not in beta
    assert "disabled" in found.one("input", **{"data-range-for": "beta"})
    for radio in (a for a in found.all("input") if a.get("name") == "reward"):
        assert ("checked" in radio) != ("disabled" in radio)
    chosen = [a["value"] for a in found.all("option") if "disabled" not in a]
    assert chosen == ["poem"]


def test_parts_are_left_out(client: TestClient) -> None:
    whole = client.get("/widgets/dpo_loss").text
    bare = client.get("/widgets/dpo_loss?hide=steps,readout,foot").text
    steps = r'<div( hidden)?>\s*<div class="fig-steps"'
    assert [found and found[1] for found in (re.search(steps, whole), re.search(steps, bare))] == [
        None,
        " hidden",
    ]
    assert 'class="readout visually-hidden"' in bare
    assert '<footer class="fig-foot" hidden>' in bare


def test_every_way_to_another_state_keeps_the_flags(client: TestClient) -> None:
    found = page(
        client,
        "/widgets/reward_separation?reward_chosen=2&hide=details&lock=reward_chosen&theme=light",
    )
    kept = {"hide": ["details"], "lock": ["reward_chosen"], "theme": ["light"]}
    ways = [a for a in found.all("a") if {"data-try", "data-go", "data-step"} & a.keys()]
    ways += [a for a in found.all("a") if a.get("data-link") in ("page", "share")]
    assert len(ways) > 0
    for way in ways:
        assert kept.items() <= parse_qs(urlsplit(way["href"] or "").query).items(), way["href"]
    for name, values in kept.items():
        assert found.one("input", name=name)["value"] == values[0]
    for plain in ("api", "receipt"):
        assert "&" not in (found.one("a", **{"data-link": plain})["href"] or "")


def test_suggestions_leave_alone_what_is_held(client: TestClient) -> None:
    """A step that would change it is left out; the others keep its value."""

    def shown(query: str) -> list[str | None]:
        found = page(client, f"/widgets/dpo_loss?{query}")
        return [a["data-step"] for a in found.all("a") if "data-step" in a]

    assert shown("beta=0.2&lock=beta") == ["1", "2", "3"]
    assert shown("logratio_chosen=-4.0&hide=logratio_chosen") == ["1", "3", "4", "5"]
    assert shown("lock=loss_type") == ["1", "2", "3", "4"]


def test_all_of_a_widget_may_be_held(client: TestClient) -> None:
    for name in QUICK:
        names = ",".join(WIDGETS[name].params.model_fields)
        assert client.get(f"/widgets/{name}?lock={names}").status_code == 200
        assert client.get(f"/widgets/{name}?hide={names}").status_code == 200


def test_a_posted_form_keeps_the_flags(client: TestClient) -> None:
    answer = client.post(
        "/widgets/bring_your_logps",
        data={"example": "healthy", "text": "", "theme": "dark", "lock": "beta"},
        follow_redirects=False,
    )
    assert answer.status_code in (303, 422), answer.text
    if answer.status_code == 303:
        assert parse_qs(urlsplit(answer.headers["location"]).query)["lock"] == ["beta"]


# ---- snippets ------------------------------------------------------------------------------


def test_the_link_leads_to_the_state_with_its_flags(client: TestClient) -> None:
    link = snippets(client)["link"]
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://testserver/widgets/dpo_loss"
    assert parse_qs(parts.query) == parse_qs(f"{STATE}&{FLAGS}") | {
        "hide": ["label_smoothing,steps"]
    }
    assert client.get(link).status_code == 200


def test_the_frame_has_the_published_height_a_title_and_loads_lazily(client: TestClient) -> None:
    found = snippets(client)
    frame = Elements(found["iframe"]).one("iframe")
    assert frame["src"] == found["link"]
    assert frame["height"] == str(found["height"]) == str(height_of("dpo_loss", ["steps"]))
    assert frame["width"] == "100%"
    assert frame["loading"] == "lazy"
    assert frame["title"] == f"DPO Explained: {WIDGETS['dpo_loss'].title}"
    assert "style" not in frame


def test_the_tag_has_the_state_and_the_flags_as_attributes(client: TestClient) -> None:
    found = Elements(snippets(client)["script"])
    assert found.one("script") == {"src": "http://testserver/embed.js", "async": None}
    tag = found.one("dpo-explained")
    assert tag["widget"] == "dpo_loss"
    assert tag["beta"] == "0.1"
    assert tag["lock"] == "beta"
    assert set((tag["hide"] or "").split(",")) == {"label_smoothing", "steps"}


def test_the_notebook_cell_runs(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    display = ModuleType("IPython.display")
    display.IFrame = lambda src, width, height: (src, width, height)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    found = snippets(client)
    *statements, expression = found["notebook"].splitlines()
    space: dict[str, Any] = {}
    exec("\n".join(statements), space)
    assert eval(expression, space) == (found["link"], "100%", found["height"])


def test_documents_and_slides_have_the_same_address(client: TestClient) -> None:
    found = snippets(client)
    opening, quarto, closing = found["quarto"].splitlines()
    assert (opening, closing) == ("```{=html}", "```")
    frame = Elements(found["iframe"]).one("iframe")
    # Kept as it is where Quarto embeds resources.
    assert Elements(quarto).one("iframe") == {"data-external": "1", **frame}
    directive, model, closing = found["myst"].splitlines()
    assert (directive, closing) == (":::{anywidget} http://testserver/embed.mjs", ":::")
    assert json.loads(model) == {
        "src": found["link"],
        "title": frame["title"],
        "height": found["height"],
    }
    slide = Elements(found["reveal"])
    assert slide.found[0][0] == "section"
    assert slide.one("iframe")["data-src"] == found["link"]


def test_the_address_of_the_site_can_not_break_out_of_a_snippet() -> None:
    html = iframe_html("quiz", "?seed=3", 'http://evil"><script>.example/a b')
    assert "<script" not in html
    assert len(Elements(html).found) == 1


def test_the_endpoint_refuses_as_others_do(client: TestClient) -> None:
    for query, allowed in (
        ("lock=caption", "any of: loss_type, beta"),
        ("hide=beta,gamma", ", steps, readout, settings, details, foot"),
        ("theme=blue", "light or dark"),
        ("beta=99", "from 0.01 to 10"),
        ("foo=1", ""),
    ):
        answer = client.get(f"/api/v1/embeds/dpo_loss?{query}")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        error = answer.json()["errors"][0]
        assert error["field"] == query.partition("=")[0]
        assert allowed in (error["allowed"] or "")
    assert client.get("/api/v1/embeds/nothing").status_code == 404


def test_heights_are_published_of_no_other_than_our_widgets_and_in_bounds() -> None:
    published = json.loads(HEIGHTS_FILE.read_text("utf-8"))
    assert published["width"] == PUBLISHED_WIDTH
    assert published["heights"].keys() <= WIDGETS.keys(), "run `make heights`"
    assert all(300 < height_of(name) < 10_000 for name in WIDGETS)


# ---- the script ----------------------------------------------------------------------------


def test_the_script_is_small_and_open_and_kept_for_a_short_time(client: TestClient) -> None:
    for coding in ("br", "gzip"):
        answer = client.get(
            "/embed.js", headers={"accept-encoding": coding, "origin": "http://host"}
        )
        assert answer.headers["content-encoding"] == coding
        assert int(answer.headers["content-length"]) < 2048
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=3600" in answer.headers["cache-control"]
    assert "immutable" not in answer.headers["cache-control"]


def test_the_script_knows_the_heights(client: TestClient) -> None:
    text = client.get("/embed.js").text
    assert f'"dpo_loss":{height_of("dpo_loss")}' in text
    assert client.get("/embed.js?x=1").status_code == 422


# ---- the page for teachers -----------------------------------------------------------------


def test_the_page_to_choose_shows_its_state(client: TestClient) -> None:
    found = page(
        client, "/embed?widget=beta_effect&beta=0.2&hide=prompt&hide=caption&lock=beta&theme=dark"
    )
    checked = {(a["name"], a["value"]) for a in found.all("input") if "checked" in a}
    assert checked == {("hide", "prompt"), ("hide", "steps"), ("lock", "beta")}
    assert "readonly" not in found.one("input", name="beta")
    preview = found.one("iframe")["src"]
    assert preview == "/widgets/beta_effect?beta=0.2&hide=prompt,steps&lock=beta&theme=dark"


def test_the_page_to_choose_knows_every_widget(client: TestClient) -> None:
    for name in QUICK:
        found = page(client, f"/embed?widget={name}")
        assert {a["value"] for a in found.all("option")} >= WIDGETS.keys()
        assert found.one("input", name="widget")["value"] == name


def test_what_is_made_inside_a_widget_is_kept(client: TestClient) -> None:
    found = page(client, "/embed?widget=annotator&labels=abab")
    labels = found.one("input", name="labels")
    assert (labels["type"], labels["value"]) == ("hidden", "abab")
    assert client.get("/embed?widget=nothing").status_code == 422


def test_readers_without_a_script_get_a_page_of_snippets(client: TestClient) -> None:
    found = page(client, f"/widgets/dpo_loss?{STATE}&{FLAGS}")
    address = found.one("a", **{"data-link": "share"})["href"]
    assert address is not None
    text = client.get(address).text
    parts = [a["data-share"] for a in Elements(text).all("pre") if "data-share" in a]
    assert parts == [key for key in snippets(client) if key != "height"]
