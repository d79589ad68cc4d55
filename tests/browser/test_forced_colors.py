"""With the system's forced colors, text is readable and differences are visible."""

from __future__ import annotations

from base64 import b64encode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import visit


@pytest.mark.parametrize(
    "name", ["ppo_dynamics", "preference_pairs", "dpo_derivation", "quiz?q_pair=once"]
)
def test_words_of_controls_can_be_read(page: Page, name: str) -> None:
    """From a screenshot, as styles do not say how the system renders them."""
    page.emulate_media(color_scheme="dark", forced_colors="active", reduced_motion="reduce")
    visit(page, f"/widgets/{name}")
    for control in page.locator(
        "button:visible, .button:visible, .btn:visible, .radios label:visible"
    ).all():
        picture = b64encode(control.screenshot()).decode()
        assert page.evaluate(STRONGEST_CONTRAST, picture) >= 4.5, control.text_content()


# The contrast between the darkest and the lightest point of a picture, without its border.
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
    const { borderTop, borderInlineStart, backgroundColor } = getComputedStyle(element);
    return [borderTop, borderInlineStart, backgroundColor];
}"""


DIFFERENT = {
    "/widgets/beta_effect": [
        (".radios label:has(:checked)", ".radios label:not(:has(:checked))"),
    ],
    "/widgets/ppo_dynamics": [
        ("[aria-current=step] > span", "[data-step]:not([aria-current]) > span")
    ],
    "/widgets/quiz?q_pair=once&q_partition=is_one": [
        ("[data-shown] [data-right]", "[data-shown] label:not([data-right])"),
        (".dots .right span", ".dots .wrong span"),
    ],
    "/sections/beta": [('.beside [aria-current="page"]', ".beside a:not([aria-current])")],
}


def test_what_differs_looks_different(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    for path, pairs in DIFFERENT.items():
        page.goto(path)
        for one, other in pairs:
            looks = [page.locator(which).first.evaluate(LOOK) for which in (one, other)]
            assert looks[0] != looks[1], one


def test_the_curves_keep_their_colors(page: Page) -> None:
    """Even if the reader's theme is not that of the system."""
    page.emulate_media(color_scheme="light")
    visit(page, "/widgets/beta_effect")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(color_scheme="light", forced_colors="active")
    drawn = page.locator("svg.plot")
    expect(drawn.locator(".line.s-true")).to_have_css("stroke", page.evaluate(LIGHT_GOLD))
    lines = drawn.locator(".line")
    strokes = lines.evaluate_all("all => all.map((line) => getComputedStyle(line).stroke)")
    assert len(set(strokes)) == 2


LIGHT_GOLD = """() => {
    const probe = document.createElement("span");
    probe.style.cssText = "color: var(--true-quality); color-scheme: light; forced-color-adjust: none";
    document.body.append(probe);
    return getComputedStyle(probe).color;
}"""
