"""The faces of text: what stands in for them, and how wide they are."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from app.charts.letters import width_of

MOST_SHIFT = 0.03
"""layout shift, of which browsers call less than 0.1 good"""

SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries().map((entry) => entry.value)))
      .observe({ type: "layout-shift" });
"""

PAINTED = """async () => {
    for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
}"""

# The width of each text in a drawing, as the browser sets it.
DRAWN = """async (cases) => {
    const set = ([text, size, bold]) => {
        const font = `font: ${bold ? 620 : 400} ${size}px var(--sans); font-kerning: none`;
        return `<text style="${font}">${text}</text>`;
    };
    document.body.innerHTML = `<svg>${cases.map(set).join("")}</svg>`;
    document.body.getBoundingClientRect();
    await document.fonts.ready;
    return [...document.querySelectorAll("text")].map((text) => text.getComputedTextLength());
}"""


def test_nothing_moves_when_the_fonts_arrive(page: Page) -> None:
    page.add_init_script(SHIFTS)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/", "/sections/ppo-problem", "/sections/beta"):
            page.route("**/*.woff2", lambda _: None)
            page.goto(path, wait_until="domcontentloaded")
            page.evaluate(PAINTED)
            assert page.evaluate("document.fonts.status") == "loading"
            page.evaluate("shifts.length = 0")
            page.unroute("**/*.woff2")
            page.evaluate("document.fonts.ready.then(() => undefined)")
            page.evaluate(PAINTED)
            assert page.evaluate("document.fonts.check('1em \"Source Serif 4\"')")
            assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") <= MOST_SHIFT, path


def test_nothing_moves_when_scripts_take_figures_over(page: Page) -> None:
    page.add_init_script(SHIFTS)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for slug in ("reward-modeling", "beta", "results"):
            page.goto(f"/sections/{slug}", wait_until="networkidle")
            page.evaluate("shifts.length = 0")
            for found in page.locator("dpo-widget").all():
                found.scroll_into_view_if_needed()
                expect(found).to_have_attribute("data-ready", "")
            page.evaluate(PAINTED)
            assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < 0.02, slug


def test_texts_are_as_wide_as_the_server_finds_them(page: Page) -> None:
    page.goto("/symbols")
    cases = [
        ("KL from the reference (nats)", 13.5, False),
        ("rejected −0.42 ± 0.1 nats", 15, True),
        ("β = 0.10 → PPO’s θ, “π”", 14, False),
        ("√KL ≈ 3.5", 13, True),
    ]
    drawn = page.evaluate(DRAWN, cases)
    for case, width in zip(cases, drawn, strict=True):
        assert abs(width - width_of(*case)) <= 0.01 * width, case
