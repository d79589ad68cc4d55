"""A step, a place of the scrub and a guess are part of a page's address, and of nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from app.state.flags import Flags
from app.state.place import Place
from app.state.widget_state import WidgetState, state_of
from app.web.problem import InvalidParams
from app.widgets.base import Ask, Step, Widget
from app.widgets.hero import HERO
from app.widgets.registry import WIDGETS
from tests.site import Elements

STEPS = (
    Step("<b>Predict</b> the end.", at=12, ask=Ask("It will", {"a": "rise", "b": "fall"})),
    Step("<b>Scrub</b> through it.", at=40),
    Step("<b>Bend</b> it.", "beta=1"),
    Step("<b>Take</b> another loss.", "loss_type=ipo&beta=1", at=100),
)
WIDGET = replace(WIDGETS["dpo_loss"], steps=STEPS, start=2, places=100)
LOSS = "dpo_loss"


@pytest.fixture(autouse=True)
def _stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure of the DPO loss with steps and a scrub, which asks at its first step."""
    monkeypatch.setitem(WIDGETS, LOSS, WIDGET)


def state(query: str = "", flags: Flags | None = None, widget: Widget = WIDGET) -> WidgetState:
    return state_of(widget, dict(parse_qsl(query.removeprefix("?"))), flags or Flags())


def shown(found: WidgetState) -> tuple[Any, ...]:
    """All that a figure shows of its state."""
    number = found.number or found.widget.start
    return found.params, number, found.left, found.at, found.asking, found.place.guess


def at_query(found: WidgetState, at: int) -> str:
    """The query string of the page with the scrub at another place."""
    return replace(found, place=replace(found.place, at=at)).page_query


ADDRESSES = [
    urlencode(params | place)
    for params in ({}, {"beta": "1"}, {"beta": "1", "loss_type": "ipo"}, {"beta": "0.2"})
    for place in (
        {},
        *({f"{LOSS}.step": str(n)} for n in (1, 2, 3, 4)),
        *({f"{LOSS}.at": at} for at in ("0", "12", "40", "100")),
        *({f"{LOSS}.step": str(n), f"{LOSS}.at": at} for n in (1, 2, 3, 4) for at in ("40", "100")),
        *({f"{LOSS}.step": "1", f"{LOSS}.guess": guess} for guess in "ab"),
        {f"{LOSS}.step": "1", f"{LOSS}.guess": "a", f"{LOSS}.at": "50"},
    )
]


# ---- where a figure stands -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "number", "left"),
    [
        ("", 2, False),  # the start goes before the first of equal steps
        ("beta=1", 3, False),
        ("beta=1&loss_type=ipo", 4, False),
        ("beta=0.2", None, True),
        ("dpo_loss.step=1", 1, False),
        ("dpo_loss.step=1&beta=0.2", 1, True),
        ("dpo_loss.step=1&beta=1", 3, False),  # left for the parameters of another step
        ("dpo_loss.step=1&dpo_loss.guess=a&beta=1", 1, True),
        ("dpo_loss.at=40", 2, False),
        ("dpo_loss.at=41", 2, True),
        ("dpo_loss.step=3&beta=1&dpo_loss.at=100", 3, False),
    ],
)
def test_the_step_is_the_one_given_or_the_one_that_shows_the_parameters(
    query: str, number: int | None, left: bool
) -> None:
    found = state(query)
    assert (found.number, found.left) == (number, left)
    assert found.current == (None if number is None else STEPS[number - 1])


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("", 40),
        ("dpo_loss.step=1", 12),
        ("dpo_loss.step=1&dpo_loss.guess=a", None),
        ("dpo_loss.step=1&dpo_loss.guess=a&dpo_loss.at=20", 20),
        ("beta=1", None),
        ("beta=0.2", None),
        ("beta=1&loss_type=ipo", None),
        ("dpo_loss.at=0", 0),
        ("dpo_loss.at=100", None),
    ],
)
def test_the_scrub_stands_where_the_address_or_the_step_puts_it_or_at_the_end(
    query: str, at: int | None
) -> None:
    assert state(query).at == at


def test_a_step_asks_until_there_is_a_guess_or_it_is_left() -> None:
    assert state("dpo_loss.step=1").asking
    answered = state("dpo_loss.step=1&dpo_loss.guess=b")
    assert (answered.asking, answered.guessed) == (False, "b")
    for query in ("dpo_loss.step=1&beta=1", "dpo_loss.step=1&dpo_loss.at=13", "dpo_loss.step=2"):
        assert not state(query).asking
        assert state(query).guessed == ""


def test_a_handle_on_its_way_opens_no_question() -> None:
    """A step whose question no scrub stands before is there for those who choose it alone."""
    steps = (STEPS[2], Step("<b>Predict</b> it.", "beta=2", ask=Ask("It will", {"a": "rise"})))
    widget = replace(WIDGET, steps=steps, start=1, places=0)
    passing, chosen = state("beta=2", widget=widget), state("dpo_loss.step=2", widget=widget)
    assert passing.params == chosen.params
    assert (passing.number, passing.asking) == (None, False)
    assert (chosen.number, chosen.asking) == (2, True)
    assert state(chosen.page_query, widget=widget).asking
    assert not state(chosen.guess_query("a"), widget=widget).asking


def test_a_guess_is_answered_at_its_step_wherever_the_scrub_stands_and_nowhere_else() -> None:
    guessed = "dpo_loss.step=1&dpo_loss.guess=b"
    assert state(f"{guessed}&dpo_loss.at=5").guessed == "b"
    assert state(f"{guessed}&beta=1").guessed == ""


def test_a_widget_without_steps_has_none_to_leave() -> None:
    found = state("beta=1", widget=replace(WIDGET, steps=(), places=0))
    assert (found.number, found.current, found.left, found.asking, found.at) == (
        *(None, None, False, False, None),
    )
    assert found.page_query == "?beta=1"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", STEPS[1].say),
        ("dpo_loss.at=3", STEPS[1].say),
        ("beta=0.2", "<b>Custom settings.</b> Press 2 to reset them."),
        ("beta=0.2&dpo_loss.step=3", "<b>Custom settings.</b> Press 3 to reset them."),
        ("beta=0.2&dpo_loss.step=1", STEPS[0].say),
    ],
)
def test_no_sentence_claims_parameters_that_are_not_shown(query: str, says: str) -> None:
    always = (replace(STEPS[0], always=True), *STEPS[1:])
    assert state(query, widget=replace(WIDGET, steps=always)).says == says


def test_without_a_step_to_press_custom_settings_are_only_named() -> None:
    changed = (STEPS[2], STEPS[3])
    found = state("beta=0.2", Flags(lock=("beta",)), replace(WIDGET, steps=changed, start=1))
    assert found.says == "<b>Custom settings.</b>"


# ---- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_address_of_a_state_leads_to_that_state_and_is_no_longer(address: str) -> None:
    found = state(address)
    assert shown(state(found.page_query)) == shown(found)
    # A step alone stands for its parameters.
    step = found.current.query if found.current else ""
    assert parse_qs(found.page_query[1:]).keys() <= parse_qs(f"{address}&{step}").keys()
    assert state(found.page_query).page_query == found.page_query


def test_the_address_says_no_more_of_a_place_than_it_has_to() -> None:
    assert state("dpo_loss.step=2&dpo_loss.at=40").page_query == ""
    assert state("dpo_loss.step=3&beta=1").page_query == "?beta=1"
    assert state("dpo_loss.step=4&beta=1&loss_type=ipo&dpo_loss.at=100").page_query == (
        "?loss_type=ipo&beta=1"
    )
    assert state("dpo_loss.step=1").page_query == "?dpo_loss.step=1"


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_step_can_be_reached_from_every_state(address: str) -> None:
    found = state(address)
    for number, step in found.steps.items():
        there = state(found.step_query(number))
        assert (there.number, there.left, there.place.guess) == (number, False, "")
        assert parse_qsl(step.query) == [
            item for item in parse_qsl(found.step_query(number)[1:]) if item[0] != f"{LOSS}.step"
        ]
    assert state("beta=3").step_query(2) == ""
    assert state("beta=3").step_query(3) == "?beta=1"


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_links_of_a_guess_and_of_a_scrub_change_nothing_else(address: str) -> None:
    found = state(address)
    moved = state(at_query(found, 77))
    assert shown(moved) == (*shown(found)[:2], True, 77, False, found.place.guess)
    if found.ask:
        guessed = state(found.guess_query("b"))
        assert guessed.params == found.params
        assert (guessed.number, guessed.place.guess, guessed.asking) == (1, "b", False)


def test_a_changed_parameter_leaves_the_step_and_its_sentence_stays() -> None:
    for address in ("", "dpo_loss.step=1", "beta=1", "beta=1&dpo_loss.at=9"):
        found = state(address)
        there = state(found.here_query(label_smoothing=0.1))
        assert (there.number, there.left) == (found.number, True)
        assert there.place.at == found.place.at
    assert state("beta=0.2").here_query(beta=0.3) == "?beta=0.3"


def test_a_form_keeps_the_step_and_the_guess() -> None:
    for address in ADDRESSES:
        found = state(address)
        there = state(urlencode({"beta": "0.07", **found.kept_place}))
        number = found.number or WIDGET.start
        assert (there.number or WIDGET.start, there.place.guess) == (number, found.place.guess)
    plain = replace(WIDGET, start=3, steps=(STEPS[0], STEPS[2], Step("<b>Begin.</b>")))
    assert state("beta=2", widget=plain).kept_place == state("", widget=plain).kept_place == {}


def test_the_api_and_its_receipts_hear_nothing_of_a_place(client: TestClient) -> None:
    assert state("dpo_loss.step=1&dpo_loss.guess=a&beta=0.2").query == "?beta=0.2"
    paths = (f"/api/v1/{LOSS}", f"/api/v1/{LOSS}/range", f"/widgets/{LOSS}/receipt")
    for path in (*paths, f"/api/v1/receipts/{LOSS}"):
        for name in ("dpo_loss.step", "dpo_loss.at", "dpo_loss.guess", "step", "at", "guess"):
            answer = client.get(f"{path}?{name}=1")
            assert answer.status_code == 422, (path, name)
            assert name in answer.text


# ---- flags -----------------------------------------------------------------------------------


def test_steps_leave_alone_what_is_held() -> None:
    """A step that would change it is not offered; the others keep its value, and are reached all the same."""
    found = state("beta=0.2", Flags(lock=("beta",)))
    assert list(found.steps) == [1, 2]
    assert (found.number, found.left) == (2, False)
    assert found.step_query(1) == "?beta=0.2&dpo_loss.step=1&lock=beta"
    assert found.step_query(2) == "?beta=0.2&lock=beta"
    with pytest.raises(KeyError):
        found.step_query(3)
    assert state("dpo_loss.step=3&beta=0.2", Flags(lock=("beta",))).number == 2
    assert list(state("beta=1", Flags(hide=("beta",))).steps) == [1, 2, 3, 4]


def test_links_keep_the_flags_of_the_page() -> None:
    found = state("", Flags(hide=("foot",), theme="dark"))
    for query in (found.step_query(3), found.guess_query("a"), at_query(found, 3)):
        assert query.endswith("hide=foot&theme=dark")


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        *(
            (f"step={value}", "a whole number from 1 to 4")
            for value in ("0", "5", "-1", "1.5", "x")
        ),
        *(
            (f"at={value}", "a whole number from 0 to 100")
            for value in ("101", "-1", "²", "9" * 5000)
        ),
        ("step=1&guess=c", "one of: a, b"),
        ("step=2&guess=a", "at a step that asks: 1"),
        ("guess=a", "at a step that asks: 1"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "dpo_loss."])
def test_a_page_names_the_part_that_it_refuses_and_what_is_allowed(
    client: TestClient, query: str, allowed: str, prefix: str
) -> None:
    query = "&".join(prefix + part for part in query.split("&"))
    field = query.split("&")[-1].partition("=")[0]
    answer = client.get(f"/widgets/{LOSS}?{query}")
    assert answer.status_code == 422
    assert f"<strong>{field}</strong>" in answer.text
    assert allowed in answer.text
    error = client.get(f"/api/v1/embeds/{LOSS}?{query}").json()["errors"]
    assert [(one["field"], one["allowed"]) for one in error] == [(field, allowed)]


def test_a_part_is_given_by_one_of_its_names() -> None:
    with pytest.raises(InvalidParams, match="given twice"):
        state_of(WIDGET, {"step": "1", "dpo_loss.step": "1"}, alone=True)


def test_pages_with_other_widgets_take_the_full_names_alone(client: TestClient) -> None:
    for path in ("/sections/dpo-loss", "/cards/sections/dpo-loss.png"):
        assert client.get(f"{path}?at=3").status_code == 422
        assert client.get(f"{path}?hero.at=3").status_code == 422
    assert client.get("/widgets/dpo_loss?reward_separation.step=1").status_code == 422


def test_a_name_that_is_a_parameter_stays_one() -> None:
    derivation = WIDGETS["dpo_derivation"]
    steps = tuple(Step("<b>Look.</b>", f"step={n}" if n > 1 else "") for n in range(1, 7))
    stops = replace(derivation, steps=steps, start=1)
    found = state_of(stops, {"step": "4"}, alone=True)
    assert (found.params.step, found.place, found.number) == (4, Place(), 4)  # type: ignore[attr-defined]
    assert found.step_query(5) == "?step=5"
    assert state_of(stops, {"dpo_derivation.step": "4"}, alone=True).query == "?step=4"


def test_a_step_alone_leads_to_its_state_and_beside_parameters_to_theirs() -> None:
    assert state("dpo_loss.step=4").query == "?loss_type=ipo&beta=1"
    there = state("dpo_loss.step=4&beta=0.2")
    assert (there.query, there.number, there.left) == ("?beta=0.2", 4, True)


def test_what_a_widget_lacks_is_unknown(client: TestClient) -> None:
    for name in ("step", "guess"):
        assert client.get(f"/?hero.{name}=1").status_code == (422 if not HERO.steps else 200)
    plain = next(n for n, w in WIDGETS.items() if not w.steps and not w.places and not w.ask)
    for name in ("at", f"{plain}.step", f"{plain}.at", f"{plain}.guess"):
        answer = client.get(f"/widgets/{plain}?{name}=1")
        assert answer.status_code == 422
        assert "unknown parameter" in answer.text


# ---- pages -----------------------------------------------------------------------------------

PLACE = {"dpo_loss.step": ["1"], "dpo_loss.guess": ["b"], "dpo_loss.at": ["7"]}
QUERY = urlencode(PLACE, doseq=True)


def head_addresses(html: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The queries of a page's own address and of its card."""
    found = {a.get("property"): a.get("content") for a in Elements(html).all("meta")}
    return tuple(parse_qs(urlsplit(str(found[name])).query) for name in ("og:url", "og:image"))  # type: ignore[return-value]


@pytest.mark.parametrize("query", [QUERY, "step=1&guess=b&at=7"])
def test_a_widgets_page_its_card_and_its_snippets_keep_the_place(
    client: TestClient, query: str
) -> None:
    html = client.get(f"/widgets/{LOSS}?{query}&theme=dark").text
    assert head_addresses(html) == (PLACE | {"theme": ["dark"]}, PLACE)
    assert client.get(f"/cards/{LOSS}.png?{query}").status_code == 200
    embed = client.get(f"/api/v1/embeds/{LOSS}?{query}").json()
    assert parse_qs(urlsplit(embed["link"]).query) == PLACE
    tag = Elements(embed["script"]).one("dpo-explained")
    assert {name: [tag[name]] for name in PLACE} == PLACE
    for path in (f"/widgets/{LOSS}/share?{query}", f"/embed?widget={LOSS}&{query}"):
        assert embed["link"].partition("?")[2] in client.get(path).text.replace("&amp;", "&")
    form = Elements(client.get(f"/embed?widget={LOSS}&{query}").text)
    for name, [value] in PLACE.items():
        assert form.one("input", type="hidden", name=name)["value"] == value


def test_the_receipt_of_a_page_leaves_the_place_out(client: TestClient) -> None:
    found = Elements(client.get(f"/widgets/{LOSS}?{QUERY}&beta=0.2").text)
    links = {
        kind: found.one("a", **{"data-link": kind})["href"] or "" for kind in ("api", "receipt")
    }
    assert {kind: urlsplit(link).query for kind, link in links.items()} == dict.fromkeys(
        links, "beta=0.2"
    )


def test_oembed_embeds_the_figure_whose_place_the_address_says(client: TestClient) -> None:
    for path in (f"/widgets/{LOSS}", "/sections/dpo-loss"):
        answer = client.get("/oembed", params={"url": f"http://testserver{path}?{QUERY}"}).json()
        source = urlsplit(Elements(answer["html"]).one("iframe")["src"] or "")
        assert (source.path, parse_qs(source.query)) == (f"/widgets/{LOSS}", PLACE)
        assert parse_qs(urlsplit(answer["thumbnail_url"]).query) == PLACE


def test_the_home_page_has_a_place_in_its_address(client: TestClient) -> None:
    html = client.get("/?hero.at=12").text
    assert head_addresses(html) == ({"hero.at": ["12"]}, {"hero.at": ["12"]})
    assert client.get("/cards/home.png?hero.at=12").status_code == 200
    answer = client.get("/oembed", params={"url": "http://testserver/?hero.at=12"}).json()
    assert (answer["type"], urlsplit(answer["thumbnail_url"]).query) == ("link", "hero.at=12")
    for query in (f"hero.at={HERO.places + 1}", "at=12"):
        assert client.get(f"/?{query}").status_code == 422


# ---- the widgets -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*WIDGETS, "hero"])
def test_the_steps_of_a_widget_fit_together(name: str) -> None:
    widget = HERO if name == "hero" else WIDGETS[name]
    default = WidgetState(widget, widget.params())
    if not widget.steps:
        return
    assert (default.number, default.left, default.page_query) == (widget.start, False, "")
    assert list(default.steps) == list(range(1, len(widget.steps) + 1))
    for number, step in default.steps.items():
        there = state_of(widget, dict(parse_qsl(default.step_query(number)[1:])))
        assert (there.number, there.left) == (number, False), "two steps show the same"
        assert re.fullmatch(r"[^<>]*<b>[^<>]+</b>[^<>]*", step.say), step.say
        assert step.at is None or 0 <= step.at <= widget.places
        if step.ask is not None:
            assert list(step.ask.choices) == list("abcdef"[: len(step.ask.choices)])


@pytest.mark.slow
def test_the_one_page_version_takes_the_place_of_every_figure(client: TestClient) -> None:
    assert client.get(f"/read?{QUERY}").status_code == 200
