"""`/embed.js` and its tag in other sites' pages: as high as their content, and deaf to all other messages."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from app.embedding.snippets import height_of
from app.widgets.registry import WIDGETS
from tests.browser.host import Host, expect_fit, frame_of, snippet, strict
from tests.browser.layout import settled_height


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
        details = frame.locator("details.data, [data-details]").first
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
    assert settled_height(frame) != wide


def test_a_tag_follows_its_attributes(guest: Page, server: str, host: Host) -> None:
    text = snippet(guest, server, "reward_separation", "script", "?reward_chosen=2&theme=dark")
    guest.goto(host.put("/attributes", text, strict(server)))
    tag = guest.locator("dpo-explained")
    inside = tag.locator("iframe").content_frame
    tag.scroll_into_view_if_needed()
    expect(inside.locator("[name=reward_chosen]")).to_have_value("2")
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")
    tag.evaluate("tag => tag.setAttribute('reward_chosen', '1.5')")
    expect(inside.locator("[name=reward_chosen]")).to_have_value("1.5")
    tag.evaluate("tag => tag.setAttribute('lock', 'reward_chosen')")
    expect(inside.locator("[name=reward_chosen]")).to_have_attribute("readonly", "")
    tag.evaluate("tag => tag.setAttribute('data-of-the-host', '1')")
    # Attributes changed together make one request: another widget does not know these parameters.
    tag.evaluate(
        """tag => {
            tag.setAttribute("widget", "dpo_loss");
            tag.removeAttribute("reward_chosen");
            tag.removeAttribute("lock");
        }"""
    )
    expect(inside.locator("[name=logratio_chosen]")).to_have_count(1)
    expect(inside.locator("[name=reward_chosen]")).to_have_count(0)


def test_the_first_height_is_the_published_one(guest: Page, server: str, host: Host) -> None:
    """Far below, the frame is not loaded yet, and its space is reserved."""
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
        # A page may contain the snippet twice.
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
    # A message of the foreign frame has arrived, and one of the page itself.
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


AS_MYST = """async ({ module, model }) => {
    const { default: widget } = await import(module);
    const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
    const el = root.appendChild(document.createElement("div"));
    await widget.render({ model: { get: (name) => model[name] }, el });
}"""


def test_a_frame_of_myst_gets_its_height_and_fills_the_width(
    guest: Page, server: str, host: Host
) -> None:
    """MyST's theme hands the body of an anywidget directive to the module, in a shadow root."""
    directive, model, _ = snippet(guest, server, "dpo_loss", "myst", "?beta=0.2").splitlines()
    guest.goto(host.put("/myst", ""))
    guest.evaluate(AS_MYST, {"module": directive.split()[1], "model": json.loads(model)})
    frame = guest.locator("iframe")
    expect(frame.content_frame.locator("[name=beta]")).to_have_value("0.2")
    inside = frame_of(frame)
    guest.wait_for_function(
        """([frame, needs]) => Math.abs(frame.getBoundingClientRect().height - needs) <= 1""",
        arg=[frame.element_handle(), settled_height(inside)],
    )
    around, box = guest.locator("body > div").bounding_box(), frame.bounding_box()
    assert around is not None
    assert box is not None
    assert box["width"] == around["width"]
