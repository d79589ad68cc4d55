"""The bytes of a section page before a chart comes near, and the order of what it loads."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from app.content.sections import SECTIONS

MOST_BYTES = 160_000
MOST_BYTES_BUT_FONTS = 70_000


def test_a_section_page_is_light(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 300})
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    addresses: dict[str, str] = {}
    weights: dict[str, float] = {}
    network.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )
    network.on(
        "Network.loadingFinished",
        lambda event: weights.update({event["requestId"]: event["encodedDataLength"]}),
    )
    for section in SECTIONS:
        weights.clear()
        page.goto(f"/sections/{section.slug}", wait_until="networkidle")
        by_address = {addresses[request]: weight for request, weight in weights.items()}
        assert any(address.endswith(".css") for address in by_address)
        assert not [address for address in by_address if "plotly" in address]
        assert sum(by_address.values()) <= MOST_BYTES, by_address
        others = [weight for address, weight in by_address.items() if ".woff2" not in address]
        assert sum(others) <= MOST_BYTES_BUT_FONTS, by_address


def test_nothing_but_the_style_and_the_theme_holds_up_the_first_paint(first_visit: Page) -> None:
    page = first_visit
    held: list[str] = []

    def hold(route: Route) -> None:
        """Answer the page, its style and its theme; keep everything else waiting."""
        name = route.request.url.rpartition("/")[2]
        if route.request.is_navigation_request() or name in ("style.css", "theme.js"):
            route.continue_()
        else:
            held.append(name)

    page.route("**/*", hold)
    page.goto("/sections/beta", wait_until="commit")
    page.wait_for_function(
        "() => performance.getEntriesByName('first-contentful-paint').length === 1"
    )
    assert [name for name in held if name.endswith(".js")]
    styled, painted = page.evaluate(
        """[
          performance.getEntriesByType("resource").find((one) => one.name.endsWith("/style.css")).responseEnd,
          performance.getEntriesByName("first-contentful-paint")[0].startTime,
        ]"""
    )
    assert styled <= painted


def test_the_page_jumps_to_where_an_address_leads_and_rides_where_a_link_does(page: Page) -> None:
    behavior = "getComputedStyle(document.documentElement).scrollBehavior"
    page.goto("/sections/beta#beta_effect-title")
    assert page.evaluate(behavior) == "auto"
    page.locator(".beside .headings a").first.focus()
    assert page.evaluate(behavior) == "smooth"
