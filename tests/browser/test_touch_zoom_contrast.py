"""What pages are like under a finger, zoomed, spaced out, in forced colours and without motion."""

from __future__ import annotations

from base64 import b64encode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import PHONE, open_details, open_page, visit

LEAST_TARGET = 44
"""CSS pixels, by WCAG 2.5.5"""


def test_targets_are_large_enough_for_a_finger(opened: Page) -> None:
    opened.set_viewport_size(PHONE)
    open_details(opened)
    assert opened.evaluate(SMALL_TARGETS, LEAST_TARGET) == []


# A link is in running text, and exempt, if the block around it has words that are no link. What is
# too small by its box may still answer to touches around it, by a larger shape laid over it.
SMALL_TARGETS = r"""(least) => {
    const block = (element) => {
        let around = element.parentElement;
        while (getComputedStyle(around).display.startsWith("inline")) around = around.parentElement;
        return around;
    };
    const words = (node) => {
        if (node.nodeType === Node.TEXT_NODE) return node.data;
        if (node.nodeType !== Node.ELEMENT_NODE || node.tagName === "A") return "";
        return [...node.childNodes].map(words).join("");
    };
    const isInText = (element) =>
        element.tagName === "A" && getComputedStyle(element).display === "inline" &&
        /\p{L}/u.test(words(block(element)));
    const isLarge = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return width >= least && height >= least;
    };
    const answersAround = (element) => {
        element.scrollIntoView({ block: "center", inline: "center" });
        const { x, y, width, height } = element.getBoundingClientRect();
        const reach = least / 2 - 1;
        return [[0, 0], [-reach, 0], [reach, 0], [0, -reach], [0, reach]].every(([right, down]) => {
            const hit = document.elementFromPoint(x + width / 2 + right, y + height / 2 + down);
            return hit?.closest("a, button, input, select, summary, label") === element;
        });
    };
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter((element) => element.checkVisibility() && !element.matches(".skip"))
        .filter((element) => !isInText(element))
        .filter((element) => ![element, ...(element.labels ?? [])].some(isLarge) && !answersAround(element))
        .map((element) => {
            const { width, height } = element.getBoundingClientRect();
            return `${Math.round(width)} x ${Math.round(height)}: ${element.outerHTML.slice(0, 160)}`;
        });
}"""


@pytest.mark.parametrize(("width", "scheme"), [(640, "light"), (320, "dark")])
def test_a_zoomed_page_needs_no_sideways_scrolling(opened: Page, width: int, scheme: str) -> None:
    """A window of 1280 px has 640 px at a zoom of 200%, and 320 px at 400%."""
    opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened.set_viewport_size({"width": width, "height": 700})
    open_details(opened)
    expect_no_sideways_scrolling(opened)


def test_wider_spacing_of_text_cuts_nothing_off(opened: Page) -> None:
    """The spacing of WCAG 1.4.12, on the narrowest page."""
    opened.set_viewport_size({"width": 320, "height": 700})
    open_details(opened)
    sheet = opened.add_style_tag(
        content="""
            * { line-height: 1.5 !important; letter-spacing: 0.12em !important; }
            * { word-spacing: 0.16em !important; }
            p { margin-bottom: 2em !important; }
        """
    )
    try:
        expect_no_sideways_scrolling(opened)
        assert opened.evaluate(CUT_OFF) == []
    finally:
        sheet.evaluate("sheet => sheet.remove()")


def expect_no_sideways_scrolling(page: Page) -> None:
    """Charts follow a new size a moment later, so this waits."""
    try:
        page.wait_for_function(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth",
            timeout=5_000,
        )
    except Exception as error:
        raise AssertionError(page.evaluate(STICKING_OUT)) from error


STICKING_OUT = """[...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((element) => element.outerHTML.slice(0, 160))"""

# What hides its overflow, other than what is meant for ears only, has to fit; so do labels of buttons.
CUT_OFF = """[...document.querySelectorAll("main *, header *, footer *")]
    .filter((element) => element.checkVisibility() && element.clientWidth > 2 && !element.closest(".chart"))
    .filter((element) => {
        const { overflowX, overflowY } = getComputedStyle(element);
        const isLabel = element.matches("button, .button");
        const hides = (overflow) => isLabel || ["hidden", "clip"].includes(overflow);
        return (hides(overflowX) && element.scrollWidth > element.clientWidth + 1) ||
            (hides(overflowY) && element.scrollHeight > element.clientHeight + 1);
    })
    .map((element) => element.outerHTML.slice(0, 200))"""


# ---- forced colours --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ppo_dynamics", "preference_pairs", "quiz"])
def test_words_of_controls_can_be_read_where_colours_are_forced(
    browser: Browser, server: str, name: str
) -> None:
    """On the screen, as styles do not say what the system makes of them."""
    with open_page(browser, server) as page:
        page.emulate_media(color_scheme="dark", forced_colors="active")
        visit(page, f"/widgets/{name}")
        for control in page.locator("button:visible, .button:visible, .radios label:visible").all():
            picture = b64encode(control.screenshot()).decode()
            assert page.evaluate(STRONGEST_CONTRAST, picture) >= 4.5, control.text_content()


# The contrast between the darkest and the lightest point of a picture, its border left out.
STRONGEST_CONTRAST = """async (picture) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const [border, width, height] = [8, image.width, image.height];
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(border, border, width - 2 * border, height - 2 * border);
    const linear = (byte) => {
        const value = byte / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    let [darkest, lightest] = [1, 0];
    for (let i = 0; i < data.length; i += 4) {
        const [red, green, blue] = [...data.subarray(i, i + 3)].map(linear);
        const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        darkest = Math.min(darkest, luminance);
        lightest = Math.max(lightest, luminance);
    }
    return (lightest + 0.05) / (darkest + 0.05);
}"""


LOOK = """(element) => {
    const { borderTop, borderInlineStart } = getComputedStyle(element);
    return [borderTop, borderInlineStart];
}"""


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("/widgets/beta_effect", ".phrase.gained", ".phrase.lost"),
        (
            "/widgets/beta_effect",
            ".radios label:has(:checked)",
            ".radios label:not(:has(:checked))",
        ),
        ("/widgets/ppo_dynamics", "button.primary", "button:not(.primary):not(.no-js)"),
        (
            "/widgets/quiz?q_pair=once&q_partition=is_one",
            '[data-verdict="right"]',
            '[data-verdict="wrong"]',
        ),
        ("/sections/beta", '.beside [aria-current="page"]', ".beside a:not([aria-current])"),
    ],
)
def test_forced_colours_leave_what_differs_different(
    browser: Browser, server: str, path: str, one: str, other: str
) -> None:
    with open_page(browser, server) as page:
        page.emulate_media(forced_colors="active")
        page.goto(path)
        looks = [page.locator(which).first.evaluate(LOOK) for which in (one, other)]
        assert looks[0] != looks[1]


def test_forced_colours_leave_the_curves_their_colours(browser: Browser, server: str) -> None:
    """Even if the reader's theme is not that of the system."""
    with open_page(browser, server) as page:
        page.emulate_media(color_scheme="light")
        visit(page, "/widgets/beta_effect")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.emulate_media(color_scheme="light", forced_colors="active")
        lines = page.locator('[data-chart="tradeoff"] .js-line')
        expect(lines.first).to_have_css("stroke", page.evaluate(LIGHT_GOLD))
        strokes = lines.evaluate_all("all => all.map((line) => getComputedStyle(line).stroke)")
        assert len(set(strokes)) == 2
        ticks = page.locator('[data-chart="tradeoff"] .xtick text').first
        expect(ticks).to_have_css("fill", "rgb(0, 0, 0)")


LIGHT_GOLD = """() => {
    const probe = document.createElement("span");
    probe.style.cssText = "color: var(--true-quality); color-scheme: light; forced-color-adjust: none";
    document.body.append(probe);
    return getComputedStyle(probe).color;
}"""


# ---- motion ----------------------------------------------------------------------------------


def test_nothing_moves_for_those_who_prefer_that(opened: Page) -> None:
    assert opened.evaluate("document.getAnimations().length") == 0
    assert opened.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_the_run_of_the_home_page_is_over_within_five_seconds(page: Page) -> None:
    """Longer motion would need a button that stops it: WCAG 2.2.2."""
    page.goto("/")
    ends = page.evaluate(
        "document.getAnimations().map((one) => one.effect.getComputedTiming().endTime)"
    )
    assert len(ends) >= 3
    assert max(ends) <= 5_000
