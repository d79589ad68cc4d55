"""With scripts running too, text from an address or a message stays text, and nothing is stored.

tests/api/test_hostile_queries.py reads the same pages as the server sends them.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from app.content.sections import SECTIONS
from app.widgets.registry import WIDGETS
from tests.browser.accessibility import visit

HOSTILE = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

FORBIDDEN = ", ".join(
    [
        *("[onerror]", "[onclick]", "[onload]", "img[src='x']", "a[href^='javascript:']"),
        "script:not([src]):not([type*=json])",
    ]
)

STORAGE = """() => ({
    cookies: document.cookie,
    local: Object.keys(localStorage).filter((key) => key !== "theme"),
    session: Object.keys(sessionStorage),
})"""

PAGES = [
    "/",
    "/read",
    "/sources",
    "/symbols",
    "/embed",
    "/docs",
    "/sections/dpo-loss",
    "/widgets/quiz",
]


def hostile(path: str) -> str:
    """The address of a page with a hostile text for every parameter that it knows, and as a name."""
    kind, _, name = path.strip("/").partition("/")
    shown: tuple[str, ...] = (name,) if kind == "widgets" else ()
    if kind == "sections":
        shown = next(one.widgets for one in SECTIONS if one.slug == name)
    known = [field for widget in shown for field in WIDGETS[widget].params.model_fields]
    names = [*dict.fromkeys(known), "hide", "lock", "theme", "widget", HOSTILE]
    return f"{path}?{urlencode(dict.fromkeys(names, HOSTILE))}"


# The last one is taken as a response, and shown.
@pytest.mark.parametrize(
    "address", [*map(hostile, PAGES), f"/widgets/quiz?{urlencode({'q_loss': HOSTILE[:40]})}"]
)
def test_hostile_addresses_run_nothing_and_store_nothing(
    page: Page, faults: list[str], address: str
) -> None:
    faults.append("Failed to load resource")  # from a page that refuses, with its 422
    visit(page, f"{address}#{HOSTILE}")
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert page.locator(FORBIDDEN).count() == 0
    assert page.evaluate(STORAGE) == {"cookies": "", "local": [], "session": []}
    assert page.context.cookies() == []


def test_hostile_messages_run_nothing(page: Page) -> None:
    page.goto("/widgets/dpo_loss?theme=dark")
    expect(page.locator("dpo-widget")).to_have_attribute("data-ready", "")
    heard = page.evaluate(
        """(text) => new Promise((resolve) => {
            const said = [text, { type: text }, { type: "dpo-explained:ping", theme: text, widget: text }];
            for (const data of [...said, null, 7]) postMessage(data, "*");
            addEventListener("message", ({ data }) => data === "last" && resolve(document.title));
            postMessage("last", "*");
        })""",
        HOSTILE,
    )
    assert "DPO" in heard
    assert page.evaluate("window.hacked") is None
    assert page.locator(FORBIDDEN).count() == 0
