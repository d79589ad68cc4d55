"""The whole text on paper."""

from __future__ import annotations

import re

from playwright.sync_api import Page, ViewportSize, expect

from app.widgets.registry import WIDGETS

A4_LESS_MARGINS: ViewportSize = {"width": 680, "height": 1009}
DRAWN = "[data-stage] svg:is(.plot, .at-width):visible"


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_the_one_page_version_prints_to_a_document(plain_page: Page) -> None:
    plain_page.goto("/read")
    pdf = plain_page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert pages_of(pdf) >= 10


def test_on_paper_the_text_of_articles_is_as_wide_as_the_page(plain_page: Page) -> None:
    plain_page.set_viewport_size(A4_LESS_MARGINS)
    plain_page.emulate_media(media="print")
    plain_page.goto("/read")
    boxes = plain_page.locator("article > p").evaluate_all(
        """(all) => all.map((paragraph) => paragraph.getBoundingClientRect())
          .map(({ left, width }) => [left, width])"""
    )
    assert boxes
    assert [left for left, _ in boxes if left > 1] == []
    assert min(width for _, width in boxes) >= 0.95 * A4_LESS_MARGINS["width"]


def test_on_paper_no_formula_and_no_code_is_cut_off(plain_page: Page) -> None:
    plain_page.set_viewport_size(A4_LESS_MARGINS)
    plain_page.emulate_media(media="print")
    plain_page.goto("/read")
    cut = plain_page.locator("article :is(.formula, pre)").evaluate_all(
        "(all) => all.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)"
    )
    assert cut == []


def test_on_paper_every_drawing_is_there_in_dark_ink_with_and_without_script(
    page: Page, plain_page: Page
) -> None:
    for opened in (page, plain_page):
        opened.emulate_media(color_scheme="dark")
        opened.goto("/read")
        opened.emulate_media(media="print", color_scheme="dark")
        for name in WIDGETS.keys() - {"quiz"}:
            drawing = opened.locator(f'dpo-widget[name="{name}"] {DRAWN}')
            expect(drawing).to_have_count(1)
            box = drawing.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) > 40, name
        ink = opened.locator(f"{DRAWN} text").first.evaluate(
            "(text) => getComputedStyle(text).fill"
        )
        assert max(map(int, re.findall(r"\d+", ink)[:3])) < 128


def test_a_sheet_of_exercises_fits_on_a_page_and_so_do_its_answers(plain_page: Page) -> None:
    for path in ("/teach/exercises?seed=5", "/teach/answers?seed=5"):
        plain_page.goto(path)
        for size in ("A4", "Letter"):
            assert pages_of(plain_page.pdf(format=size)) == 1, (path, size)
    plain_page.emulate_media(media="print")
    expect(plain_page.get_by_role("navigation")).to_have_count(0)
