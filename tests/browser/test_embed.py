"""Widgets in pages of others: a host on another origin, with a policy of its own."""

from __future__ import annotations

import functools
import html
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, ViewportSize, expect

from app.embedding import PUBLISHED_WIDTH, height_of
from app.widgets.registry import WIDGETS
from tests.browser.accessibility import axe_finds, expect_drawn, open_page, visit
from tests.browser.helpers import widget

MOST_SPARE = 0.15
"""A published height is at most so much more than the page needs"""


class Host:
    """A site of somebody else, at localhost: pages by path, each with a content security policy."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.server = ThreadingHTTPServer(("localhost", 0), functools.partial(_Handler, self.pages))
        self.address = f"http://localhost:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def put(self, path: str, body: str, policy: str = "") -> str:
        """Publish a page; its address."""
        head = '<!doctype html><html lang="en"><title>A course</title>'
        self.pages[path] = (f"{head}<h1>A course</h1>{body}", policy)
        return self.address + path

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, tuple[str, str]], *given: Any) -> None:
        self.pages = pages
        super().__init__(*given)

    def do_GET(self) -> None:
        text, policy = self.pages.get(self.path, ("", ""))
        self.send_response(200)
        self.send_header(
            "Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html"
        )
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *given: Any) -> None:
        """Silence: tests read what pages show."""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    found = Host()
    yield found
    found.close()


@pytest.fixture
def guest(browser: Browser) -> Iterator[Page]:
    """A page that may visit the host and its frames; its console has to stay clean."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.set_default_navigation_timeout(60_000)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    cookies = context.cookies()
    context.close()
    assert faults == []
    assert cookies == []


def strict(server: str) -> str:
    """A policy that allows nothing but our script and our frames."""
    return f"default-src 'none'; script-src {server}/embed.js; frame-src {server}"


def snippet(page: Page, server: str, name: str, part: str, query: str = "") -> str:
    text: str = page.request.get(f"{server}/api/v1/embeds/{name}{query}").json()[part]
    return text


def frame_of(place: Locator) -> Frame:
    """The frame in a tag or of an iframe, once its widget lives."""
    place.scroll_into_view_if_needed()
    handle = place.element_handle()
    assert handle is not None
    frame = (
        handle if place.evaluate("e => e.tagName") == "IFRAME" else handle.query_selector("iframe")
    ).content_frame()  # type: ignore[union-attr]
    assert frame is not None
    expect(frame.locator("dpo-widget")).to_have_attribute("data-ready", "")
    return frame


def expect_fit(tag: Locator, frame: Frame) -> None:
    """The frame is as high as what is in it, give or take the rounding."""
    iframe = tag.locator("iframe").element_handle()
    tag.page.wait_for_function(
        """([iframe, needs]) => Math.abs(iframe.getBoundingClientRect().height - needs.value) <= 1""",
        arg=[iframe, {"value": settled_height(frame)}],
    )


def settled_height(frame: Frame) -> float:
    """The height of a page once it has been the same for some frames."""
    height: float = frame.evaluate(
        """async () => {
            const height = () => document.documentElement.getBoundingClientRect().height;
            for (let last = -1, same = 0; same < 20; last = height()) {
                await new Promise(requestAnimationFrame);
                same = height() === last ? same + 1 : 0;
            }
            return height();
        }"""
    )
    return height


# ---- script and tag ------------------------------------------------------------------------


def test_two_tags_on_a_strict_page_grow_and_shrink_with_their_content(
    guest: Page, server: str, host: Host
) -> None:
    one = snippet(guest, server, "reward_separation", "script", "?reward_chosen=2")
    two = snippet(guest, server, "win_rates", "script")
    guest.goto(host.put("/two", one + two, strict(server)))
    tags = guest.locator("dpo-explained")
    expect(tags).to_have_count(2)
    for tag, name in ((tags.nth(0), "reward_separation"), (tags.nth(1), "win_rates")):
        frame = frame_of(tag)
        assert f"/widgets/{name}" in frame.url
        expect(tag.locator("iframe")).to_have_attribute(
            "title", f"DPO Explained: {WIDGETS[name].title}"
        )
        expect(tag.locator("iframe")).to_have_attribute("loading", "lazy")
        expect_fit(tag, frame)
        before = settled_height(frame)
        details = frame.locator("details.data").first
        was_open = details.evaluate("d => d.open")
        details.locator("summary").click()
        expect_fit(tag, frame)
        assert (settled_height(frame) < before) == was_open
        details.locator("summary").click()
        expect_fit(tag, frame)
        assert settled_height(frame) == before


def test_a_tag_follows_the_width_of_its_page(guest: Page, server: str, host: Host) -> None:
    guest.goto(host.put("/wide", snippet(guest, server, "dpo_loss", "script"), strict(server)))
    tag = guest.locator("dpo-explained")
    frame = frame_of(tag)
    expect_fit(tag, frame)
    wide = settled_height(frame)
    guest.set_viewport_size({"width": 400, "height": 900})
    expect_fit(tag, frame)
    assert settled_height(frame) > wide


def test_a_tag_follows_its_attributes(guest: Page, server: str, host: Host) -> None:
    text = snippet(guest, server, "reward_separation", "script", "?reward_chosen=2&theme=dark")
    guest.goto(host.put("/attributes", text, strict(server)))
    tag = guest.locator("dpo-explained")
    inside = tag.locator("iframe").content_frame
    tag.scroll_into_view_if_needed()
    expect(inside.locator("[name=reward_chosen]")).to_have_value("2.0")
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")
    tag.evaluate("tag => tag.setAttribute('reward_chosen', '1.5')")
    expect(inside.locator("[name=reward_chosen]")).to_have_value("1.5")
    tag.evaluate("tag => tag.setAttribute('lock', 'reward_chosen')")
    expect(inside.locator("[name=reward_chosen]")).to_have_attribute("readonly", "")
    tag.evaluate("tag => tag.setAttribute('data-of-the-host', '1')")
    # What is changed together is asked for together: another widget knows no such parameters.
    tag.evaluate(
        """tag => {
            tag.setAttribute("widget", "dpo_loss");
            tag.removeAttribute("reward_chosen");
            tag.removeAttribute("lock");
        }"""
    )
    expect(inside.locator("[name=logratio_chosen]")).to_be_visible()
    expect(inside.locator("[name=reward_chosen]")).to_have_count(0)


def test_the_first_height_is_the_published_one(guest: Page, server: str, host: Host) -> None:
    """Far below, the frame is not loaded yet, and its place is kept."""
    body = "<p>Text.</p>" * 400 + snippet(guest, server, "dpo_loss", "script")
    guest.goto(host.put("/below", body, strict(server)))
    expect(guest.locator("dpo-explained iframe")).to_have_attribute(
        "height", str(height_of("dpo_loss"))
    )


def test_a_script_that_comes_late_finds_the_tags_that_are_there(
    guest: Page, server: str, host: Host
) -> None:
    guest.goto(
        host.put("/late", '<dpo-explained widget="dpo_loss"></dpo-explained>', strict(server))
    )
    tag = guest.locator("dpo-explained")
    expect(tag.locator("iframe")).to_have_count(0)
    for _ in range(2):
        # A page may well contain the snippet twice.
        guest.evaluate(
            """src => new Promise((onload) => {
                const script = document.createElement("script");
                document.head.append(Object.assign(script, { src, onload }));
            })""",
            f"{server}/embed.js",
        )
    expect_fit(tag, frame_of(tag))


def test_messages_of_others_are_ignored(guest: Page, server: str, host: Host) -> None:
    foreign = host.put(
        "/foreign",
        '<script src="/foreign.js"></script>',
    )
    host.pages["/foreign.js"] = (
        """setInterval(() => {
            parent.postMessage({ type: "dpo-explained:height", widget: "dpo_loss", height: 77 }, "*");
            parent.postMessage("sent", "*");
        }, 20);""",
        "",
    )
    body = (
        snippet(guest, server, "dpo_loss", "script")
        + f'<iframe src="{foreign}" title="Foreign"></iframe>'
    )
    guest.goto(host.put("/mixed", body))
    tag = guest.locator("dpo-explained")
    expect_fit(tag, frame_of(tag))
    # A message of the foreign frame has arrived, and so has one of the page itself.
    guest.evaluate(
        """() => new Promise((heard) => {
            postMessage({ type: "dpo-explained:height", widget: "dpo_loss", height: 78 }, "*");
            let sent = 0;
            addEventListener("message", ({ data }) => { if (data === "sent" && ++sent > 2) heard(); });
        })"""
    )
    expect_fit(tag, frame_of(tag))


def test_nonsense_from_the_frame_changes_nothing(guest: Page, server: str, host: Host) -> None:
    guest.goto(host.put("/nonsense", snippet(guest, server, "dpo_loss", "script")))
    tag = guest.locator("dpo-explained")
    frame = frame_of(tag)
    expect_fit(tag, frame)
    for data in (
        "null",
        "'text'",
        "{ type: 'dpo-explained:height' }",
        "{ type: 'dpo-explained:height', height: -5 }",
        "{ type: 'x', height: 5 }",
    ):
        frame.evaluate(f"() => parent.postMessage({data}, '*')")
    frame.evaluate("() => parent.postMessage('last', '*')")
    expect_fit(tag, frame)


def test_a_tag_that_is_taken_away_and_put_back_still_follows(
    guest: Page, server: str, host: Host
) -> None:
    guest.goto(host.put("/moved", snippet(guest, server, "dpo_loss", "script"), strict(server)))
    tag = guest.locator("dpo-explained")
    expect_fit(tag, frame_of(tag))
    tag.evaluate("tag => { const body = tag.parentNode; tag.remove(); body.append(tag); }")
    guest.set_viewport_size({"width": 500, "height": 900})
    expect_fit(tag, frame_of(tag))


# ---- frames --------------------------------------------------------------------------------


def test_a_bare_frame_needs_no_script_around_it(guest: Page, server: str, host: Host) -> None:
    text = snippet(guest, server, "reward_separation", "iframe", "?reward_chosen=2")
    guest.goto(host.put("/bare", text, f"default-src 'none'; frame-src {server}"))
    frame = frame_of(guest.locator("iframe"))
    frame.locator("[name=reward_chosen]").fill("3")
    expect(frame.locator('[data-field="margin"]')).not_to_have_text("")
    expect(frame.locator("[data-link=page]")).to_have_attribute(
        "href", re.compile("reward_chosen=3$")
    )
    box = guest.locator("iframe").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(height_of("reward_separation"), abs=5)


def test_a_frame_answers_a_page_that_begins_to_listen_late(
    guest: Page, server: str, host: Host
) -> None:
    guest.goto(host.put("/listening", snippet(guest, server, "dpo_loss", "iframe")))
    frame = frame_of(guest.locator("iframe"))
    needs = settled_height(frame)
    told = guest.evaluate(
        """() => new Promise((heard) => {
            const { contentWindow } = document.querySelector("iframe");
            addEventListener("message", ({ source, data }) => { if (source === contentWindow) heard(data); });
            contentWindow.postMessage({ type: "dpo-explained:ping" }, "*");
        })"""
    )
    assert told == {
        "type": "dpo-explained:height",
        "widget": "dpo_loss",
        "height": pytest.approx(needs, abs=1),
    }


def test_a_sandboxed_frame_without_storage_works(guest: Page, server: str, host: Host) -> None:
    text = snippet(guest, server, "reward_separation", "iframe")
    sandboxed = text.replace("<iframe ", '<iframe sandbox="allow-scripts allow-forms" ')
    guest.goto(host.put("/sandboxed", sandboxed))
    frame = frame_of(guest.locator("iframe"))
    assert (
        frame.evaluate(
            "() => { try { localStorage; return 'there'; } catch (e) { return e.name; } }"
        )
        == "SecurityError"
    )
    before = frame.locator('[data-field="margin"]').first.inner_text()
    frame.locator("[name=reward_chosen]").fill("-2")
    expect(frame.locator('[data-field="margin"]').first).not_to_have_text(before)
    expect(frame.locator("svg.main-svg").first).to_be_visible()


def test_links_out_of_a_frame_open_in_a_new_tab_and_others_stay(
    guest: Page, server: str, host: Host
) -> None:
    guest.goto(host.put("/links", snippet(guest, server, "dpo_loss", "iframe")))
    frame = frame_of(guest.locator("iframe"))
    expect(frame.locator("[data-link=api]")).to_have_attribute("target", "_blank")
    with guest.expect_popup() as popup:
        frame.locator("[data-link=page]").click()
    expect(popup.value).to_have_url(re.compile("/widgets/dpo_loss"))
    assert popup.value.evaluate("opener") is None
    # Until the widget is alive, a suggestion is a link, which loads the frame anew.
    expect(frame.locator("dpo-widget[data-ready]")).to_be_attached()
    frame.locator("[data-try]").first.click()
    expect(frame.locator("[name=logratio_chosen]")).to_have_value("-4")
    assert len(guest.context.pages) == 2


@pytest.mark.parametrize("name", WIDGETS)
def test_the_published_height_is_enough_and_not_much_more(
    browser: Browser, server: str, name: str
) -> None:
    with open_page(browser, server) as page:
        page.set_viewport_size({"width": PUBLISHED_WIDTH, "height": 900})
        visit(page, f"/widgets/{name}")
        expect_drawn(page)
        needs = settled_height(page.main_frame)
        assert needs <= height_of(name), "run `make heights`"
        assert needs >= (1 - MOST_SPARE) * height_of(name), "run `make heights`"


def test_a_slide_loads_the_address_that_its_snippet_has(
    guest: Page, server: str, host: Host
) -> None:
    """As reveal.js does it: the address moves from data-src to src when the slide is shown."""
    text = snippet(guest, server, "dpo_loss", "reveal", "?beta=0.1&lock=beta")
    guest.goto(host.put("/slides", text))
    guest.locator("section iframe").evaluate("f => { f.src = f.getAttribute('data-src'); }")
    frame = frame_of(guest.locator("section iframe"))
    expect(frame.locator("[name=beta]")).to_have_value("0.1")
    expect(frame.locator("[name=beta]")).to_have_attribute("readonly", "")


# ---- flags ---------------------------------------------------------------------------------


def test_flags_stay_while_the_reader_changes_what_is_free(page: Page) -> None:
    page.goto("/widgets/beta_effect?beta=0.2&lock=beta&hide=reward,caption&theme=dark")
    found = widget(page, "beta_effect")
    expect(found.locator("[name=reward]").first).to_be_hidden()
    expect(found.locator("[data-range-for=beta]")).to_be_disabled()
    expect(found.locator("[data-sweep]")).to_be_hidden()
    found.locator("[name=prompt]").select_option("poem")
    for kept in ("prompt=poem", "beta=0.2", "lock=beta", "hide=reward%2Ccaption", "theme=dark"):
        expect(page).to_have_url(re.compile(re.escape(kept)))
        expect(found.locator("[data-link=page]")).to_have_attribute(
            "href", re.compile(re.escape(kept))
        )
    expect(found.locator("[data-link=api]")).to_have_attribute(
        "href", "/api/v1/beta_effect?prompt=poem&beta=0.2"
    )
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("[name=prompt]")).to_have_value("poem")


def test_a_locked_choice_can_not_be_changed_by_keys_or_suggestions(page: Page) -> None:
    page.goto("/widgets/dpo_loss?loss_type=ipo&lock=loss_type&beta=0.5")
    found = widget(page, "dpo_loss")
    found.locator("[name=loss_type]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(found.locator("[name=loss_type]")).to_have_value("ipo")
    found.locator("[data-try]").first.click()
    expect(found.locator("[name=loss_type]")).to_have_value("ipo")
    expect(page).to_have_url(re.compile("loss_type=ipo"))


def test_the_theme_of_the_address_wins_over_what_the_reader_chose(page: Page) -> None:
    page.goto("/")
    page.evaluate("localStorage.setItem('theme', 'light')")
    page.goto("/widgets/dpo_loss?theme=dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/widgets/dpo_loss")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_flags_stay_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/widgets/beta_effect?beta=0.2&lock=beta&hide=caption&theme=dark")
    plain_page.get_by_label("Prompt").select_option("poem")
    plain_page.get_by_role("button", name="Update").click()
    for kept in ("prompt=poem", "beta=0.2", "lock=beta", "hide=caption", "theme=dark"):
        expect(plain_page).to_have_url(re.compile(re.escape(kept)))
    expect(plain_page.locator("html")).to_have_attribute("data-theme", "dark")


# ---- sharing -------------------------------------------------------------------------------


def test_the_dialog_has_the_snippets_of_the_present_state_and_copies_them(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/widgets/dpo_loss?lock=beta")
    found = widget(page, "dpo_loss")
    found.locator("[name=logratio_chosen]").fill("2.5")
    found.get_by_role("link", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    query = "?logratio_chosen=2.5&lock=beta"
    expected = page.request.get(f"/api/v1/embeds/dpo_loss{query}").json()
    del expected["height"]
    for part, text in expected.items():
        box = dialog.locator(f"[data-share={part}]")
        expect(box).to_have_text(text, use_inner_text=True)
        button = (
            dialog.locator("section")
            .filter(has=page.locator(f"[data-share={part}]"))
            .get_by_role("button")
        )
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(found.get_by_role("link", name="Share")).to_be_focused()


def test_a_copy_that_is_not_allowed_is_selected_instead(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    found = widget(page, "dpo_loss")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    found.get_by_role("link", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    dialog.get_by_role("button", name="Copy: Link").click()
    expect(dialog.get_by_role("button", name="Selected")).to_be_visible()
    assert (
        page.evaluate("getSelection().toString()").strip()
        == dialog.locator("[data-share=link]").inner_text()
    )


def test_without_a_script_sharing_is_a_page(plain_page: Page) -> None:
    plain_page.goto("/widgets/reward_separation?reward_chosen=2&theme=dark")
    plain_page.get_by_role("link", name="Share").click()
    expect(plain_page.get_by_role("heading", name="Share")).to_be_visible()
    link = plain_page.locator("[data-share=link]").inner_text()
    assert link.endswith("/widgets/reward_separation?reward_chosen=2.0&theme=dark")
    plain_page.get_by_role("link", name="configure it").click()
    expect(plain_page.get_by_label("Theme")).to_have_value("dark")


# ---- the page for teachers -----------------------------------------------------------------


def test_the_page_to_choose_previews_and_gives_what_was_set(page: Page) -> None:
    page.goto("/embed")
    page.locator("#embed-widget").select_option("beta_effect")
    expect(page).to_have_url(re.compile("widget=beta_effect"))
    page.locator("form[data-configure] [name=beta]").fill("0.2")
    page.get_by_role("checkbox", name="Lock β").check()
    page.get_by_role("checkbox", name="the suggestions").check()
    page.get_by_label("Theme").select_option("dark")
    wanted = "/widgets/beta_effect?beta=0.2&hide=tries&lock=beta&theme=dark"
    expect(page.locator("[data-share=link]")).to_have_text(re.compile(re.escape(wanted) + "$"))
    preview = page.locator("[data-preview]").content_frame
    expect(preview.locator("html")).to_have_attribute("data-theme", "dark")
    expect(preview.locator("[name=beta]")).to_have_attribute("readonly", "")
    expect(preview.locator(".tries")).to_have_count(0)
    page.reload()
    expect(page.locator("[data-share=link]")).to_have_text(re.compile(re.escape(wanted) + "$"))
    expect(page.get_by_role("checkbox", name="Lock β")).to_be_checked()


def test_the_page_to_choose_works_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/embed")
    plain_page.locator("#embed-widget").select_option("reward_separation")
    plain_page.get_by_role("button", name="Choose").click()
    plain_page.locator("[name=reward_chosen]").fill("2")
    plain_page.get_by_role("checkbox", name="Hide").first.check()
    plain_page.get_by_role("checkbox", name="the suggestions").check()
    plain_page.get_by_role("button", name="Update").click()
    link = plain_page.locator("[data-share=link]").inner_text()
    assert link.endswith("/widgets/reward_separation?reward_chosen=2.0&hide=reward_chosen,tries")
    assert html.unescape(plain_page.locator("[data-share=iframe]").inner_text()).count(link) == 1


SIZES: list[tuple[Any, ViewportSize]] = [
    ("light", {"width": 1280, "height": 900}),
    ("dark", {"width": 320, "height": 700}),
]


@pytest.mark.parametrize(("scheme", "size"), SIZES)
@pytest.mark.parametrize(
    "path", ["/embed?widget=beta_effect", "/widgets/dpo_loss/share", "dialog", "locked"]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, server: str, scheme: Any, size: ViewportSize, path: str
) -> None:
    with open_page(browser, server) as page:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        if path == "dialog":
            visit(page, "/widgets/dpo_loss")
            widget(page, "dpo_loss").get_by_role("link", name="Share").click()
            expect(page.locator("[data-share=reveal]")).to_be_visible()
        elif path == "locked":
            visit(page, "/widgets/beta_effect?lock=beta,reward,prompt&hide=tries")
        else:
            page.goto(path)
            expect(page.get_by_role("button", name="Copy: Link")).to_be_visible()
        assert axe_finds(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
