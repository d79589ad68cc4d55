"""Layout of pages: nothing overflows, nothing is cut off, and targets are large enough."""

from __future__ import annotations

from playwright.sync_api import Frame, Page, TimeoutError

from tests.browser.accessibility import PATIENCE

LEAST_TARGET = 44
"""CSS pixels, by WCAG 2.5.5"""

# A link is in running text, and exempt, if the block around it has words that are no link. An element
# with a small box may still have a larger target laid over it.
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


def small_targets(page: Page) -> list[str]:
    found: list[str] = page.evaluate(SMALL_TARGETS, LEAST_TARGET)
    return found


def expect_no_sideways_scrolling(page: Page) -> None:
    """Charts follow a new size a moment later, so this waits."""
    try:
        page.wait_for_function(
            "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth",
            timeout=PATIENCE,
        )
    except TimeoutError as error:
        raise AssertionError(page.evaluate(STICKING_OUT)) from error


STICKING_OUT = """[...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((element) => element.outerHTML.slice(0, 160))"""

# Elements that hide their overflow have to fit, unless visually hidden; so do labels of buttons.
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


def expect_room_for_wider_spacing(page: Page) -> None:
    """With the spacing of WCAG 1.4.12, nothing scrolls sideways and nothing is cut off."""
    sheet = page.add_style_tag(
        content="""
            * { line-height: 1.5 !important; letter-spacing: 0.12em !important; }
            * { word-spacing: 0.16em !important; }
            p { margin-bottom: 2em !important; }
        """
    )
    expect_no_sideways_scrolling(page)
    assert page.evaluate(CUT_OFF) == []
    sheet.evaluate("sheet => sheet.remove()")


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
