"""The check of a reader's own run in an offline copy, from disk: the report is the server's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Locator, Page, expect

from app.pages.check_examples import EXAMPLES

LOG, PAIRS = EXAMPLES["diverged"].text(), EXAMPLES["swapped"].text()

TEXT_OF = """html => new DOMParser().parseFromString(html, "text/html").body.textContent"""
HAND_ON = "See these pairs one by one"
"""what only a server offers"""


def without_spaces(text: str | None) -> str:
    return re.sub(r"\s", "", (text or "").replace(HAND_ON, ""))


@pytest.fixture
def copy_page(page: Page, offline_copy: Path) -> Iterator[Page]:
    """The page of the copy: its console has to stay empty, and it asks for nothing but its own files."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda asked: found.append(asked.url))
    page.goto(f"{offline_copy.as_uri()}/check.html")
    yield page
    own = (f"{offline_copy.as_uri()}/", "blob:", "data:")
    assert [one for one in found if not one.startswith(own)] == []


def report_of(page: Page) -> Locator:
    """The report, once there is nothing under way."""
    report = page.locator("[data-report-place]")
    expect(report).not_to_have_attribute("aria-busy", "true", timeout=60_000)
    return report


@pytest.mark.parametrize(
    ("text", "fields"),
    [(LOG, {}), (LOG, {"loss_type": "ipo", "beta": "0.3"}), (PAIRS, {"beta": "0.3"})],
    ids=["log", "log of ipo", "pairs"],
)
def test_a_copy_says_what_the_server_says(
    copy_page: Page, client: TestClient, text: str, fields: dict[str, str]
) -> None:
    form = copy_page.locator("[data-check]")
    form.locator("[name=beta]").fill(fields.get("beta", ""))
    form.locator("[name=loss_type]").select_option(fields.get("loss_type", ""))
    form.locator("[name=text]").fill(text)
    form.get_by_role("button", name="Check", exact=True).click()
    answer = client.post("/check/report", data={"text": text, **fields})
    there = copy_page.evaluate(TEXT_OF, answer.text)
    report = report_of(copy_page)
    assert without_spaces(report.text_content()) == without_spaces(there)


def test_a_chosen_file_is_checked_and_its_figures_are_in_the_copy(
    copy_page: Page, offline_copy: Path
) -> None:
    file = {"name": "log.json", "mimeType": "application/json", "buffer": LOG.encode()}
    copy_page.locator("#check-file").set_input_files(file)  # type: ignore[arg-type]
    expect(copy_page.locator("[data-report-place] h2")).to_contain_text("found")
    links = report_of(copy_page).locator(".ways a").all()
    names = [(link.get_attribute("href") or "").partition("?")[0] for link in links]
    assert [name for name in names if not (offline_copy / name).is_file()] == []


def test_examples_that_a_copy_lacks_have_no_link(copy_page: Page) -> None:
    expect(copy_page.locator("#mistake-diverging")).to_be_visible()
    expect(copy_page.locator('tr[id^="mistake-"] a[href*="run="]')).to_have_count(0)


def test_a_copy_says_what_it_does_not_check(copy_page: Page) -> None:
    form, error = copy_page.locator("[data-check]"), copy_page.locator("[data-check] [data-error]")
    check = form.get_by_role("button", name="Check", exact=True)
    form.locator("[name=text]").fill("no log")
    check.click()
    expect(error).to_be_visible()
    form.locator("[name=text]").fill(re.sub(r": -[\d.]+", ': "foo"', PAIRS, count=1))
    check.click()
    expect(error).to_contain_text("line 1, policy_chosen_logps: foo is given")
    form.locator("[name=text]").fill(LOG)
    form.locator("[name=beta]").fill("0")
    check.click()
    expect(error).to_have_text("β: a number above 0 to 100")
    form.locator("[name=beta]").fill("")
    form.locator("[name=text]").fill("x" * 1_000_001)
    check.click()
    expect(error).to_contain_text("a larger file needs a server")
