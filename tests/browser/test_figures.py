"""Figures: cause and effect on one screen, few words, and a drawing that a hand moves."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import ChoiceQuestion
from app.widgets.quiz.sheet import number_problem
from app.widgets.registry import WIDGETS
from tests.browser.accessibility import PATIENCE
from tests.browser.helpers import settled, widget
from tests.browser.layout import expect_no_sideways_scrolling

FIGURES = list(WIDGETS)

MOST_WORDS = 90
LEAST_STAGE = 0.45
"""of the height from title to readout"""
AROUND = 80
"""most pixels that the page of a widget alone adds to it"""

SCREENS = {
    # width: height of the screen, most pixels from title to readout
    1366: (768, 640),
    390: (844, 700),
}

# What a figure takes up and says before anything is opened; responses, numbers and formulas are not counted.
MEASURED = r"""(widget) => {
    const core = widget.querySelector("[data-core]");
    const height = (selector) => widget.querySelector(selector).getBoundingClientRect().height;
    const shown = (element) =>
        element.checkVisibility() && !element.closest("[data-speech], math, .visually-hidden");
    const texts = [];
    const walk = (node) => {
        if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
        else if (node.nodeType === Node.ELEMENT_NODE && shown(node)) node.childNodes.forEach(walk);
        if (node.nodeType === Node.ELEMENT_NODE) texts.push(" ");
    };
    walk(core);
    const { height: all } = core.getBoundingClientRect();
    return {
        height: all,
        stage: height("[data-stage]"),
        words: texts.join("").split(/\s+/).filter((word) => /\p{L}{2}|^\p{L}$/u.test(word)).length,
        around: document.documentElement.getBoundingClientRect().height - height("figure"),
        apart: widget.querySelector("[data-primary]")?.closest("[data-core]") !== core,
    };
}"""


def states(found: Locator) -> list[Locator | None]:
    """The default state, then each step's link, or each choice of a figure whose choices are its steps."""
    steps = found.locator("[data-step]").all()
    return [None, *(steps or found.locator(f"{CHOICES}:not(:disabled)").all())]


CHOICES = "[data-primary] :is(input, button, a)"
"""those of a figure whose primary control is a choice"""


def go(state: Locator) -> None:
    """Click a step, or make a choice."""
    if state.get_attribute("data-step") is None:
        state.click()
        return
    state.click()
    expect(state).to_have_attribute("aria-current", "step")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_fits_one_screen_and_says_little_in_every_step(page: Page, name: str) -> None:
    page.set_default_timeout(PATIENCE)
    page.goto(f"/widgets/{name}")
    found = widget(page, name)
    for width in (1366, 720, 390, 320):
        screen, most = SCREENS.get(width, (900, 0))
        page.set_viewport_size({"width": width, "height": screen})
        if not found.locator("[data-step]").count():
            page.goto(f"/widgets/{name}")  # a choice may be made once
            found = widget(page, name)
        for step in states(found):
            if step:
                if not step.is_enabled():
                    continue  # another choice has been made
                go(step)
                settled(found)
            expect_to_fit(found, most, step and step.get_attribute("data-step"))


def expect_to_fit(found: Locator, most: int, state: object) -> float:
    """A figure takes up at most so much of the screen in a state, and says little; its height."""
    expect_no_sideways_scrolling(found.page)
    measured: dict[str, Any] = found.evaluate(MEASURED)
    where = (found.page.viewport_size, state, measured)
    assert not measured["apart"], where
    assert measured["stage"] >= LEAST_STAGE * measured["height"], where
    assert measured["words"] <= MOST_WORDS, where
    assert measured["around"] <= AROUND, where
    assert not most or measured["height"] <= most, where
    return float(measured["height"])


def longest_answers() -> dict[str, str]:
    """The answer to each question of the quiz of which most is said."""
    found = {}
    for name, question in QUESTIONS.items():
        if isinstance(question, ChoiceQuestion):
            said = question.feedback
        else:
            problem = number_problem(question, 0)
            said = {f"{slip.value:.3g}": slip.feedback for slip in problem.mistakes}
            said["12345"] = question.mark(problem, "12345").feedback
        found[name] = max(said, key=lambda answer: len(said[answer].split()))
    return found


def test_every_question_fits_one_screen_before_and_after_its_answer(page: Page) -> None:
    page.set_default_timeout(PATIENCE)
    on_phones = set()
    for answers in ({}, longest_answers()):
        page.goto(f"/widgets/quiz?{urlencode({**answers, 'at': 1})}")
        found = widget(page, "quiz")
        for number in range(1, len(QUESTIONS) + 1):
            expect(found.locator("[data-where]")).to_contain_text(f"Question {number} of")
            for width in (1366, 720, 390, 320):
                screen, most = SCREENS.get(width, (900, 0))
                page.set_viewport_size({"width": width, "height": screen})
                height = expect_to_fit(found, most, (number, answers))
                on_phones |= {round(height)} if width == 390 else set()
            found.get_by_role("button", name=re.compile("^(Next|Result)$")).click()
    assert len(on_phones) == 1  # buttons stay where they are from question to question


# The height from title to readout where each control of a drawing stands first, in the middle and last.
HEIGHTS = """async (widget) => {
    const { figure } = widget;
    const core = widget.querySelector("[data-core]");
    const found = [];
    for (const control of widget.querySelectorAll("input.native:not(:disabled)")) {
        const { value, min, max } = control;
        for (const place of [min, (Number(min) + Number(max)) / 2, max, value]) {
            control.value = place;
            control.dispatchEvent(new Event("input", { bubbles: true }));
            do await new Promise(requestAnimationFrame);
            while (figure.late || figure.moves);
            const height = Math.round(core.getBoundingClientRect().height);
            found.push(`${control.ariaLabel} ${control.value}: ${height}`);
        }
    }
    return found;
}"""


def test_on_phones_nothing_moves_up_or_down_while_a_handle_moves(page: Page) -> None:
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    for name in FIGURES:
        if name == "rlhf_pipeline":
            continue  # its three places are steps
        page.goto(f"/widgets/{name}")
        found = widget(page, name)
        heights: list[str] = found.evaluate(HEIGHTS)
        assert len({height.rpartition(" ")[2] for height in heights}) <= 1, (name, heights)


def test_the_home_page_begins_with_a_figure_that_fits_one_screen(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    found = widget(page, "hero")
    for width, (screen, most) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": screen})
        for key in ("Home", "End"):
            found.locator("[data-primary]").press(key)
            settled(found)
            expect_no_sideways_scrolling(page)
            measured: dict[str, Any] = found.evaluate(MEASURED)
            assert not measured["apart"], measured
            assert measured["stage"] >= LEAST_STAGE * measured["height"], measured
            assert measured["words"] <= MOST_WORDS, measured
            assert measured["height"] <= most, measured
        # Nothing moves up or down while it plays.
        assert found.evaluate(HOME_HEIGHTS) == 1, width


# How many heights title to readout has over all places of the scrub.
HOME_HEIGHTS = """({ figure }) => {
    const heights = Array.from({ length: figure.scene.places }, (_, place) => {
        figure.goTo(place);
        return Math.round(figure.svg.closest("[data-core]").getBoundingClientRect().height);
    });
    return new Set(heights).size;
}"""


def test_the_summaries_of_the_foot_stay_in_one_row(page: Page) -> None:
    page.goto("/widgets/win_rates")
    foot = widget(page, "win_rates").locator(".fig-foot")
    summaries = foot.locator("summary, .fig-links").all()
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 900})
        before = [summary.bounding_box() for summary in summaries]
        for summary in foot.locator("summary").all():
            summary.click()
            assert [one.bounding_box() for one in summaries] == before
        expect_no_sideways_scrolling(page)
        row, settings, details = [
            foot.locator(part).first.evaluate("(part) => part.getBoundingClientRect().toJSON()")
            for part in ("summary", ".settings", ".details")
        ]
        assert row["bottom"] <= settings["top"]
        assert settings["bottom"] <= details["top"]
        for summary in foot.locator("summary").all():
            summary.click()


def test_the_current_number_can_be_read_under_the_mouse(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    number = widget(page, "dpo_loss").locator("[aria-current=step]")
    number.hover()
    ink, paper = number.locator("span").evaluate(
        "(span) => [getComputedStyle(span).color, getComputedStyle(span).backgroundColor]"
    )
    assert ink != paper


def test_a_sentence_gives_way_once_the_parameters_are_not_its_own(
    page: Page, plain_page: Page
) -> None:
    page.goto("/widgets/dpo_loss?step=3")
    found = widget(page, "dpo_loss")
    say = found.locator("[data-say]")
    expect(say).to_contain_text("Sink both.")
    found.locator("[data-range-for=beta]").press("ArrowRight")
    expect(say).to_have_text("Custom settings. Press 3 to reset them.")
    page.wait_for_url(re.compile("beta=.*step=3"))
    plain_page.goto(page.url)
    expect(plain_page.locator("[data-say]")).to_have_text("Custom settings. Press 3 to reset them.")
    found.locator("[data-step='1']").click()
    settled(found)
    found.locator("[data-range-for=beta]").press("ArrowRight")
    settled(found)
    expect(say).to_contain_text("Drag the black point")


# A handle in pixels of the window: where it is, and a way that it can go, toward the middle of what it
# moves along, or from there to the end.
HANDLE = """(widget, number) => {
    const { figure } = widget;
    const { left, top } = figure.svg.getBoundingClientRect();
    const { track, span = [0, 1], along = "x", params } = figure.scene.handles[number];
    const drawing = figure.drawing();
    const points = track.map((point) => drawing.px(point));
    const at = (share) => {
        const first = Math.min(points.length - 2, Math.floor(share * (points.length - 1)));
        const part = share * (points.length - 1) - first;
        return [0, 1].map((i) => points[first][i] + part * (points[first + 1][i] - points[first][i]));
    };
    const [x, y] = drawing.knob(figure.scene.handles[number]);
    const [first, middle, last] = [at(span[0]), at((span[0] + span[1]) / 2), at(span[1])];
    const { min, max, step } = figure.control(params[0]);
    // From one stop to the next, where these are far apart.
    const apart = (Math.abs(last[0] - first[0]) * step) / ((max - min) * (span[1] - span[0]));
    const most = Math.max(40, 0.8 * apart);
    const way = (from, to, end) => {
        const far = Math.abs(to - from) > 40 ? to - from : (end - from) / 2;
        return Math.max(-most, Math.min(most, far));
    };
    const [dx, dy] = [
        along === "y" ? 0 : way(x, middle[0], last[0]),
        along === "x" ? 0 : way(y, middle[1], last[1]),
    ];
    // Not to where another handle would take the finger.
    const rest = figure.scene.handles.filter((_, other) => other !== number);
    const others = rest.map((one) => drawing.knob(one));
    const sign = others.some(([ox, oy]) => Math.hypot(x + dx - ox, y + dy - oy) < 45) ? -1 : 1;
    return {
        x: x + left, y: y + top, dx: dx * sign, dy: dy * sign,
        value: params.map((name) => figure.control(name).value).join(),
        focused: figure.control(params[0]) === document.activeElement,
    };
}"""

PRIMARY = """({ figure }) => figure.scene.handles.findLastIndex(
    ({ params }) => "primary" in figure.control(params[0]).dataset)"""


@pytest.mark.parametrize("name", FIGURES)
def test_every_handle_is_moved_by_mouse_and_by_keys(page: Page, name: str) -> None:
    page.set_default_timeout(PATIENCE)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/widgets/{name}")
    found = widget(page, name)
    for number in range(found.evaluate("({ figure }) => figure.scene.handles.length")):
        if not found.locator(f'svg.plot [data-h="{number}"]').count():
            continue  # for narrow pages alone, or away from where the steps lead
        before = found.evaluate(HANDLE, number)
        x, y = before["x"], before["y"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + before["dx"] / 2, y + before["dy"] / 2)
        page.mouse.move(x + before["dx"], y + before["dy"])
        page.mouse.up()
        settled(found)
        after = found.evaluate(HANDLE, number)
        assert after["value"] != before["value"], (name, number)
        assert after["focused"], (name, number)
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        settled(found)
        assert found.evaluate(HANDLE, number)["value"] != after["value"], (name, number)


@pytest.mark.parametrize("name", FIGURES)
def test_a_finger_on_the_drawing_moves_the_primary_handle(
    browser: Browser, server: str, name: str
) -> None:
    context = browser.new_context(
        base_url=server,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"/widgets/{name}")
    found = widget(page, name)
    primary = found.evaluate(PRIMARY)
    if primary < 0:
        url = page.url
        found.locator(CHOICES).last.tap()
        expect(page).not_to_have_url(url)
        context.close()
        return
    before = found.evaluate(HANDLE, primary)
    page.touchscreen.tap(before["x"] + before["dx"], before["y"] + before["dy"])
    page.wait_for_function(
        f"([widget, number, before]) => ({HANDLE})(widget, number).value !== before",
        arg=[found.element_handle(), primary, before["value"]],
    )
    context.close()


def test_a_swipe_up_that_begins_on_the_drawing_moves_no_handle(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(
        base_url=server, viewport={"width": 390, "height": 700}, has_touch=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    drawing = found.locator("svg.plot")
    # The page scrolls instead.
    expect(drawing).to_have_css("touch-action", "pan-y")
    box = drawing.bounding_box()
    assert box is not None
    page.context.new_cdp_session(page).send(
        "Input.synthesizeScrollGesture",
        {"x": box["x"] + 40, "y": box["y"] + 250, "yDistance": -200, "gestureSourceType": "touch"},
    )
    settled(found)
    assert found.evaluate("({ form }) => Number(form.elements.reward_rejected.value)") == 0
    context.close()


@pytest.mark.parametrize(
    "address", ["/widgets/overoptimization?step=1", "/widgets/preference_pairs"]
)
def test_paper_has_the_answer_with_and_without_script(
    page: Page, plain_page: Page, address: str
) -> None:
    for opened in (page, plain_page):
        opened.set_default_timeout(PATIENCE)
        opened.goto(address)
        expect(opened.locator("[data-ask]")).to_be_visible()
        expect(opened.locator("[data-readout]")).to_be_hidden()
        opened.emulate_media(media="print")
        expect(opened.locator("[data-ask]")).to_be_hidden()
        expect(opened.locator("[data-readout]")).to_be_visible()
        expect(opened.locator("[data-stage] svg:visible")).to_have_count(1)


def test_paper_has_the_drawings_of_figures_that_were_never_on_the_screen(page: Page) -> None:
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size({"width": 1366, "height": 300})
    page.goto("/sections/ppo-problem")
    drawings = page.locator("dpo-widget svg.plot")
    drawn = page.locator("dpo-widget svg.plot:has(.handle)")
    expect(drawn).to_have_count(0)
    page.emulate_media(media="print")
    expect(drawn).to_have_count(drawings.count())


# How often the form is read in a move of each handle's control by three steps.
READINGS = """(widget) => {
    const { FormData: Real } = window;
    let read = 0;
    window.FormData = class extends Real {
        constructor(form) {
            super(form);
            read += 1;
        }
    };
    const readings = [...widget.querySelectorAll("[data-range-for]")].map((range) => {
        const before = read;
        const way = range.value === range.max ? -3 : 3;
        range.value = String(Number(range.value) + way * Number(range.step));
        range.dispatchEvent(new Event("input", { bubbles: true }));
        return read - before;
    });
    window.FormData = Real;
    return readings;
}"""


@pytest.mark.parametrize("name", ["dpo_loss", "beta_effect", "reward_separation"])
def test_a_move_of_a_handle_reads_the_form_once(page: Page, name: str) -> None:
    page.goto(f"/widgets/{name}")
    readings = widget(page, name).evaluate(READINGS)
    assert readings
    assert all(1 <= count <= 2 for count in readings), readings
