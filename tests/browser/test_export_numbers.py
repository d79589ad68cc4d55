"""Numbers that are typed into an offline copy that holds some of them, opened from disk."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from app.export.copy import export
from app.widgets.plan import Plan
from tests.browser.helpers import widget

GRID = {"reward_chosen": (1.0, 2.0, 3.0), "reward_rejected": (0.0, 1.0, 2.0)}


def test_a_number_moves_to_the_nearest_in_the_copy_which_says_so_and_stays_in_the_address(
    browser: Browser, tmp_path: Path
) -> None:
    stored = {"reward_separation": Plan("gridded", grids=(GRID,), suggested=False)}
    export(tmp_path / "copy", "reward_separation", jobs=1, plans=stored)
    page = browser.new_page()
    page.goto(f"{tmp_path.as_uri()}/copy/index.html?reward_chosen=2.2")
    found = widget(page, "reward_separation")
    said = found.locator("[data-error]")
    expect(said).to_contain_text("This copy shows 2 in place of 2.2")
    found.evaluate("w => w.querySelectorAll('details').forEach((one) => { one.open = true; })")
    box = found.locator('[name="reward_chosen"]')
    for typed, shown in (("1.23", "1"), ("", "1"), ("99", "3"), ("2", "2")):
        box.fill(typed)
        box.press("Tab")
        expect(box).to_have_value(shown)
        page.wait_for_function(
            "([widget, margin]) => widget.result.margin === margin",
            arg=[found.element_handle(), float(shown)],
        )
    expect(said).to_be_hidden()
    expect(page).to_have_url(re.compile(r"\?reward_chosen=2$"))
    page.reload()
    expect(widget(page, "reward_separation").locator('[name="reward_chosen"]')).to_have_value("2")
    page.close()
