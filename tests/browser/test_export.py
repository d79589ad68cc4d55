"""An offline copy in a real browser: straight from disk, and from a plain static host under a sub-path."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from app.check.writing import csv_text
from app.export.pages import all_pages
from app.widgets import annotator, ppo_dynamics
from app.widgets.beta_effect import widget as beta_effect
from app.widgets.bring_your_logps.examples import example_table
from app.widgets.bring_your_logps.widget import Own, compute_own
from app.widgets.quiz.sheet import Params as QuizParams
from app.widgets.quiz.sheet import compute as quiz
from app.widgets.registry import WIDGETS
from tests.browser.helpers import field, record_texts, unfold, widget
from tests.browser.sheets import press, question, tally

BOTH = pytest.mark.parametrize("copy", ["disk", "static host"], indirect=True)
"""for what differs on a host; everything else is tested from disk, where scripts may do least"""


class Quiet(SimpleHTTPRequestHandler):
    """A static host that knows nothing of us."""

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def static_host(offline_copy: Path) -> Iterator[str]:
    """The copy under /courses/dpo/."""
    root = offline_copy.parent.parent
    host = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=host.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{host.server_port}/courses/dpo/"
    host.shutdown()
    thread.join(timeout=10)
    host.server_close()


@pytest.fixture
def copy(request: pytest.FixtureRequest, offline_copy: Path) -> str:
    """The address of the copy's folder."""
    if getattr(request, "param", "disk") == "disk":
        return f"{offline_copy.as_uri()}/"
    found: str = request.getfixturevalue("static_host")
    return found


@pytest.fixture(scope="module")
def visits(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(240_000)
    yield context
    context.close()


@pytest.fixture
def visitor(visits: BrowserContext, copy: str) -> Iterator[Page]:
    """A page of the copy: its console has to stay empty, and no request may leave the folder."""
    page = visits.new_page()
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type != "log" else None)
    page.on("pageerror", lambda error: found.append(f"exception: {error}"))

    def failed(request: Request) -> None:
        # Leaving a page while it still loads something is no failure.
        if "ERR_ABORTED" not in (request.failure or ""):
            found.append(f"failed: {request.url}")

    page.on("requestfailed", failed)
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((copy, "data:", "blob:"))
            else found.append(f"left the folder: {request.url}")
        ),
    )
    yield page
    page.close()
    assert found == []


@pytest.mark.parametrize("file", [*all_pages().values(), "report.html"])
def test_every_page_comes_to_life(visitor: Page, copy: str, file: str) -> None:
    visitor.set_viewport_size({"width": 320, "height": 900})
    visitor.goto(copy + file)
    expect(visitor.locator("h1")).to_be_visible()
    unfold(visitor)
    for found in visitor.locator("dpo-widget:not([name=hero])").all():
        found.scroll_into_view_if_needed()
        expect(found).to_have_attribute("data-ready", "")
        expect(found.locator("[data-offline-note]")).to_contain_text("this is an offline copy")
    assert visitor.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@BOTH
def test_a_slider_moves_as_on_the_site_and_a_typed_number_stays(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/reward_separation.html")
    found = widget(visitor, "reward_separation")
    slider = found.locator('[data-range-for="reward_chosen"]')
    slider.focus()
    slider.press("ArrowLeft")
    box = found.locator('[name="reward_chosen"]')
    expect(box).to_have_value("2.9")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("A gap of +2.9")
    expect(readout).to_contain_text("94.8%")
    assert re.search(r"reward_separation\.html\?reward_chosen=2\.9$", _state_link(visitor))
    found.locator("[data-settings] > summary").click()
    box.fill("1.2")
    box.press("Tab")
    expect(readout).to_contain_text("76.9%")
    expect(box).to_have_value("1.2")


def _state_link(page: Page) -> str:
    return page.locator('[data-link="page"]').get_attribute("href") or ""


def test_an_address_opens_its_state(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/beta_effect.html?prompt=poem&beta=2.5")
    found = widget(visitor, "beta_effect")
    expect(found.locator('[name="prompt"]')).to_have_value("poem")
    expect(found.locator('[name="beta"]')).to_have_value("2.5")
    state: dict[str, Any] = {"prompt": "poem", "beta": 2.5}
    wanted = beta_effect.compute(beta_effect.Params(**state))
    expect(found.locator("[data-readout]")).to_contain_text(f"{wanted.kl:.1f} nats")


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        (
            "preference_pairs",
            "prompt=foo&pair=12",
            "prompt: unknown choice “foo”. Allowed: one of lock,",
        ),
        ("ppo_dynamics", "reward_model=zzz", "reward_model: unknown choice “zzz”"),
        ("rlhf_pipeline", "stage=&length=3", ""),
    ],
)
def test_an_address_with_what_no_control_can_say_opens_the_rest(
    visitor: Page, copy: str, name: str, query: str, said: str
) -> None:
    visitor.goto(f"{copy}widgets/{name}.html?{query}")
    found = widget(visitor, name)
    error = found.locator("[data-error]")
    if said:
        expect(error).to_contain_text(said)
    else:
        expect(error).to_be_hidden()
    for one in found.locator("select").all():
        expect(one).not_to_have_value("")
    if name == "preference_pairs":
        expect(field(found, "pair")).to_have_text("12")


def test_an_address_opens_the_state_of_every_figure(visitor: Page, copy: str) -> None:
    names = ("dpo_loss", "likelihood_displacement")
    for query, betas in (
        ("dpo_loss.beta=2", ("2", "0.1")),
        ("dpo_loss.beta=2&beta=0.1", ("2", "0.1")),
    ):
        visitor.goto(f"{copy}sections/dpo-loss.html?{query}")
        for name, beta in zip(names, betas, strict=True):
            expect(widget(visitor, name).locator('input[name="beta"]')).to_have_value(beta)


@pytest.mark.parametrize(
    ("name", "query", "then"),
    [
        ("preference_pairs", "prompt=poem&pair=137", ("pair", "58")),
        ("win_rates", "benchmark=hh", ("benchmark", "imdb")),
        ("rlhf_pipeline", "stage=ppo", ("stage", "reward_model")),
        (
            "overoptimization",
            "studied=poem&method=ppo&comparisons=1000",
            ("reward_model", "network"),
        ),
    ],
)
def test_what_is_stored_is_what_the_server_computes(
    visitor: Page, copy: str, name: str, query: str, then: tuple[str, str]
) -> None:
    visitor.goto(f"{copy}widgets/{name}.html?{query}")
    found = widget(visitor, name)
    state = dict(parse_qsl(query))
    for changes in ({}, dict([then])):
        for key, value in changes.items():
            found.evaluate(
                "(widget, [name, value]) => { widget.setParam(name, value); widget.refresh(); }",
                [key, value],
            )
        state |= changes
        wanted = WIDGETS[name].compute(WIDGETS[name].params.model_validate(state))
        visitor.wait_for_function(
            "([widget, finding]) => widget.result.finding === finding",
            arg=[found.element_handle(), wanted.finding],
        )


@BOTH
def test_a_run_that_nobody_has_recorded_is_trained_played_and_scrubbed(
    visitor: Page, copy: str
) -> None:
    visitor.goto(f"{copy}sections/ppo-problem.html")
    found = widget(visitor, "ppo_dynamics")
    expect(found.locator("[data-offline-note]")).to_contain_text("computed on your machine")
    found.locator("[data-settings] > summary").click()
    box = found.locator('[name="iterations"]')
    box.fill("20")
    box.press("Tab")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("Iteration 20:")
    told = record_texts(found, "[data-training-says]")
    come = found.evaluate_handle(
        """widget => {
          const come = {};
          widget.addEventListener("dpo-result", ({ detail }) => { come.last = detail.last; });
          return come;
        }"""
    )
    found.locator('[name="kl_coefficient"]').fill("0.123")
    found.locator('[name="kl_coefficient"]').press("Tab")
    visitor.wait_for_function("come => come.last", arg=come)
    assert any("of 20 iterations" in said for said in told.json_value())
    expect(found.locator('[name="kl_coefficient"]')).to_have_value("0.123")
    state: dict[str, Any] = {"kl_coefficient": 0.123, "iterations": 20}
    wanted = ppo_dynamics.compute(ppo_dynamics.Params(**state)).last
    last = come.json_value()["last"]
    assert math.isclose(last["reward"], wanted.reward, rel_tol=1e-3)
    assert last["sample"] == wanted.sample
    found.locator("[data-at-range]").fill("5")
    expect(readout).to_contain_text("Iteration 5:")


def test_a_race_is_predicted_played_and_scrubbed(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/training_race.html")
    found = widget(visitor, "training_race")
    readout = found.locator("[data-readout]")
    ended = readout.text_content() or ""
    found.locator("[data-step='1']").click()
    expect(readout).to_be_hidden()
    played = record_texts(found, "[data-readout]")
    found.locator("[data-guess=b]").click()
    expect(readout).to_contain_text(ended)
    assert len(played.json_value()) > 10
    found.locator("[data-at-range]").fill("0")
    expect(readout).to_contain_text("Both start")


def test_a_quiz_is_marked_as_the_server_marks_it(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/quiz.html")
    found = widget(visitor, "quiz")
    given: dict[str, Any] = {"q_partition": "is_one", "q_first_loss": "ln2"}
    for name, option in given.items():
        question(found, name).locator(f'[value="{option}"]').check()
    typed = {"q_loss": "0.493", "q_preference": "about half", "q_gradient_weight": "1,5"}
    for name, text in typed.items():
        box = question(found, name).get_by_role("textbox")
        box.fill(text)
        box.press("Enter")
    wanted = quiz(QuizParams(**given, **typed))
    expect(field(found, "finding")).to_have_text(wanted.finding)
    expect(tally(found)).to_have_text(f"{wanted.score} right of {wanted.answered}")
    for one in wanted.questions:
        if one.feedback:
            place = found.locator(f'[data-question="{one.id}"]')
            expect(place.locator("[data-explanation]")).to_have_text(one.feedback)
    number = next(i for i, one in enumerate(wanted.questions, 1) if one.feedback)
    visitor.goto(visitor.url.partition("&quiz.at")[0])
    expect(widget(visitor, "quiz").locator("[data-where]")).to_contain_text(f"Question {number} ")
    press(found, "New numbers")
    seed = found.locator('[name="seed"]')
    expect(seed).not_to_have_value("0")
    wanted = quiz(QuizParams(seed=int(seed.input_value()), **given))
    expect(field(found, "finding")).to_have_text(wanted.finding)
    number = next(i for i, one in enumerate(wanted.questions, 1) if not one.feedback)
    expect(found.locator("[data-where]")).to_contain_text(f"Question {number} ")
    visitor.goto(f"{copy}sections/reward-modeling.html")
    part = widget(visitor, "quiz")
    question(part, "q_offset").get_by_label("They all rise").check()
    expect(tally(part)).to_have_text("0 right of 1")


def test_as_many_pairs_can_be_labeled_as_a_policy_takes(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/annotator.html?prompt=poem")
    found = widget(visitor, "annotator")
    for number, letter in enumerate("abbabaabba", 1):
        expect(found.locator("[data-say]")).to_contain_text(f"pair {number} of")
        found.locator(f"[data-do={letter}]").click()
    found.locator("[data-do=align]").click()
    expect(found.locator("[data-say]")).to_contain_text("DPO took 60 steps")
    state: dict[str, Any] = {"prompt": "poem", "labels": "abbabaabba", "align": "yes"}
    wanted = annotator.compute(annotator.Params(**state)).aligned
    assert wanted is not None
    expect(found.locator(".answer").last).to_contain_text(wanted.after.phrases[0].text)
    expect(visitor).to_have_url(re.compile("labels=abbabaabba"))
    visitor.reload()
    expect(found.locator("[data-say]")).to_contain_text("DPO took 60 steps")


def test_a_step_of_the_derivation_shows_its_equation(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/dpo_derivation.html?step=4&beta=0.23&seed=77")
    found = widget(visitor, "dpo_derivation")
    expect(found.locator("[data-readout]")).to_contain_text("the step is exact")
    for step in (4, 5):
        expect(found.locator(f".one-equation[data-equation='{step}']")).to_be_visible()
        expect(found.locator(".one-equation:visible")).to_have_count(1)
        found.locator("[name=step][value='5']").check(force=True)


@BOTH
def test_a_reader_checks_pairs_of_a_run_of_their_own(
    visitor: Page, copy: str, tmp_path: Path
) -> None:
    visitor.goto(f"{copy}widgets/bring_your_logps.html?loss_type=ipo&beta=0.2")
    own = widget(visitor, "bring_your_logps")
    expect(own.locator("[data-settings]")).to_contain_text("IPO loss, β = 0.2")
    batch = example_table("one_swapped", loss_type="ipo", beta=0.2, label_smoothing=0)
    file = tmp_path / "pairs.csv"
    file.write_text(csv_text(batch), encoding="utf-8")
    own.locator("[name=file]").set_input_files(file)
    expect(own.locator("[data-whose]")).to_have_text("Your data:")
    wanted = compute_own(Own(text=file.read_text(encoding="utf-8"), loss_type="ipo", beta=0.2))
    expect(own.locator("[data-check=swapped_in_one]")).to_have_attribute("data-outcome", "found")
    own.locator("[data-details] > summary").click()
    for found, check in zip(own.locator("[data-check]").all(), wanted.checks, strict=True):
        expect(found).to_contain_text(f"{check.message} {check.evidence}".strip())
    # A line that cannot be read is named.
    own.locator("[data-settings] > summary").click()
    own.locator("[name=text]").fill(f"{file.read_text(encoding='utf-8')}😀,2\n")
    own.locator("[data-compute]").click()
    expect(own.locator("[data-error]")).to_contain_text("line 242")


def test_a_chart_can_be_explored_and_follows_the_state_from_disk(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}widgets/reward_separation.html")
    found = widget(visitor, "reward_separation")
    found.locator("[data-details] summary").click()
    found.locator("[data-explore-open]").click()
    expect(found.locator(".explore-chart .legendtext")).to_have_text(["probability", "loss"])
    found.locator('[data-range-for="reward_chosen"]').press("ArrowLeft")
    here = found.locator(
        "[data-details] tbody tr", has=visitor.locator("td:last-child:not(:empty)")
    )
    expect(here.locator("th")).to_have_text("2.9")


@BOTH
def test_nothing_leads_to_a_server(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}index.html")
    expect(visitor.get_by_role("link", name="API")).to_have_count(0)
    visitor.get_by_role("link", name="See it in its section").click()
    expect(visitor.locator("h1")).to_have_text("DPO vs RLHF")
    visitor.locator("a[rel=prev]").click()
    expect(visitor.locator("h1")).to_have_text("The β parameter")
    found = widget(visitor, "beta_effect")
    found.locator("[data-details] > summary").click()
    found.locator('[data-field="log_partition"]').click()
    expect(visitor.locator("dialog")).to_have_count(0)
    visitor.get_by_role("link", name="what in it is live").click()
    expect(visitor.locator("h1")).to_have_text("What this copy holds")


@BOTH
def test_our_numbers_can_be_checked(visitor: Page, copy: str) -> None:
    visitor.goto(f"{copy}sources.html")
    visitor.get_by_role("button", name="Run the 200 checks").click()
    expect(visitor.locator("[data-own-checks] [data-report]")).to_contain_text("200 of 200")


def test_without_javascript_a_page_has_its_numbers_and_says_what_does_not_work(
    browser: Browser, offline_copy: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{offline_copy.as_uri()}/widgets/dpo_loss.html")
    expect(page.locator("[data-readout]")).to_contain_text("nats costs")
    expect(page.locator("[data-offline-note]")).to_contain_text("The controls need JavaScript here")
    context.close()


def test_files_are_found_by_names_that_every_host_can_serve(offline_copy: Path) -> None:
    for path in offline_copy.rglob("*"):
        name = path.relative_to(offline_copy).as_posix()
        assert re.fullmatch(r"[\w./-]+", name), name
        assert unquote(urlsplit(path.as_uri()).path).endswith(name)
