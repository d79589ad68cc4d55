from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.sync_api import Locator, Page, expect

from app.lab.world import the_world
from app.widgets.annotator import MOST, NextPair, Params, compute, json_lines
from tests.browser.helpers import widget
from tests.judges import JUDGES

SECTION = "/sections/dpo-loss"
TWELVE = "abbabaabbbab"


def deed(found: Locator, kind: str) -> Locator:
    return found.locator(f'[data-do="{kind}"]')


def number(found: Locator) -> int:
    """How many pairs are labeled, by the sentence above the answers."""
    said = re.search(r"pair (\d+) of", found.locator("[data-say]").text_content() or "")
    assert said
    return int(said[1]) - 1


def expect_labeled(found: Locator, count: int) -> None:
    expect(found.locator("[data-say]")).to_contain_text(f"pair {count + 1} of")


def choose(found: Locator, label: str) -> None:
    """Label the pair that is shown, and wait for the next one."""
    before = number(found)
    deed(found, label).click()
    expect_labeled(found, before + 1)


def expect_pair(found: Locator, pair: NextPair | None) -> None:
    assert pair is not None
    for label, text in (("a", pair.first), ("b", pair.second)):
        slots = deed(found, label).locator(".slot")
        expect(slots).to_have_count(5)
        expect(slots.first).to_have_text(
            re.compile(re.escape(text.split(".")[0].split("!")[0].split("?")[0]))
        )
        assert " ".join(slots.all_text_contents()) == text


def dots(found: Locator) -> list[str | None]:
    return [dot.get_attribute("cx") for dot in found.locator("svg.plot .point").all()]


def test_twelve_labels_move_the_dots_and_align_a_policy(page: Page, tmp_path: Path) -> None:
    page.goto(f"{SECTION}?prompt=poem")
    found = widget(page, "annotator")
    align, download = deed(found, "align"), found.locator("[data-download]")
    places = []
    for place, label in enumerate(TWELVE):
        expect_pair(found, compute(Params(prompt="poem", labels=TWELVE[:place])).next_pair)
        assert (align.get_attribute("href") is not None) == (place >= 10)
        places.append((dots(found), deed(found, "undo").bounding_box()))
        choose(found, label)
    assert len({tuple(xs) for xs, _ in places}) > 6
    assert len({str(box) for _, box in places}) == 1  # nothing moves from pair to pair
    expect(page).to_have_url(re.compile(rf"annotator\.prompt=poem&labels={TWELVE}$"))

    align.click()
    aligned = compute(Params(prompt="poem", labels=TWELVE, align="yes")).aligned
    assert aligned is not None
    expect(found.locator("[data-title]")).to_have_text("12 clicks, and the policy is yours")
    expect(found.locator("[data-readout]")).to_contain_text(f"{aligned.after.flatters:.0%}")
    expect(page).to_have_url(re.compile(r"align=yes"))
    for kind, who, said in (
        ("a", "The reference", aligned.before),
        ("b", "Your policy", aligned.after),
    ):
        expect(deed(found, kind).locator(".head")).to_have_text(f"{who} says")
        assert " ".join(deed(found, kind).locator(".slot").all_text_contents()) == said.text
    expect(deed(found, "restart")).to_be_focused()

    found.locator("[data-details] > summary").click()
    with page.expect_download() as info:
        download.click()
    assert info.value.suggested_filename == "labels.jsonl"
    info.value.save_as(tmp_path / "labels.jsonl")
    text = (tmp_path / "labels.jsonl").read_text(encoding="utf-8")
    assert text == json_lines(Params(prompt="poem", labels=TWELVE))
    rows = [json.loads(line) for line in text.splitlines()]
    assert all(set(row) == {"prompt", "chosen", "rejected"} for row in rows)

    # With one label less, the policy is no longer that of these labels.
    deed(found, "undo").click()
    expect_labeled(found, 11)
    expect(page).to_have_url(re.compile(rf"labels={TWELVE[:-1]}$"))
    page.reload()
    expect_labeled(widget(page, "annotator"), 11)


def test_undo_shows_the_pair_again_and_a_double_click_labels_one(page: Page) -> None:
    page.goto("/widgets/annotator")
    found = widget(page, "annotator")
    expect(deed(found, "undo")).to_have_attribute("aria-disabled", "true")
    choose(found, "a")
    deed(found, "b").dblclick()
    expect_labeled(found, 2)
    expect(page).to_have_url(re.compile(r"labels=ab$"))
    deed(found, "undo").click()
    expect_labeled(found, 1)
    expect_pair(found, compute(Params(labels="a")).next_pair)


def test_the_keyboard_alone_labels_and_hears_the_next_pair(page: Page) -> None:
    page.goto("/widgets/annotator")
    found = widget(page, "annotator")
    deed(found, "b").focus()
    for place in range(1, 4):
        page.keyboard.press("Enter")
        expect_labeled(found, place)
        expect(deed(found, "b")).to_be_focused()
    expected = compute(Params(labels="bbb")).next_pair
    assert expected is not None
    live = found.locator("[data-live]")
    expect(live).to_contain_text("So far you seem to")
    expect(live).to_contain_text(f"Pair 4. A: {expected.first} B: {expected.second}")


def test_another_prompt_begins_anew_and_the_labels_come_back_with_theirs(page: Page) -> None:
    page.goto("/widgets/annotator")
    found = widget(page, "annotator")
    choose(found, "a")
    choose(found, "a")
    found.locator("[data-settings] > summary").click()
    prompts = the_world().prompts
    found.locator('[name="prompt"]').select_option(prompts[1].id)
    expect_labeled(found, 0)
    expect(page).to_have_url(re.compile(r"\?prompt=\w+$"))
    choose(found, "b")
    found.locator('[name="prompt"]').select_option(prompts[0].id)
    expect_labeled(found, 2)
    expect(page).to_have_url(re.compile(r"\?labels=aa$"))
    found.locator('[name="sampling_seed"]').fill("5")
    expect_labeled(found, 0)
    expect_pair(found, compute(Params(sampling_seed=5)).next_pair)


def test_after_the_last_pair_there_is_no_choice_left_but_to_align(page: Page) -> None:
    labels = ("ab" * MOST)[: MOST - 1]
    page.goto(f"/widgets/annotator?labels={labels}")
    found = widget(page, "annotator")
    deed(found, "a").click()
    expect(found.locator("[data-say]")).to_contain_text(f"All {MOST} pairs are labeled")
    expect(found.locator(".answer[href]")).to_have_count(0)
    expect(deed(found, "align")).to_be_focused()
    page.keyboard.press("Enter")
    expect(found.locator("[data-title]")).to_contain_text(f"{MOST} clicks")


def test_one_who_likes_flattery_gets_it_and_one_who_does_not_does_not(page: Page) -> None:
    shares = []
    for query in JUDGES.values():
        page.goto(f"/widgets/annotator?{query}")
        found = widget(page, "annotator")
        readout = found.locator("[data-readout]")
        expect(readout).to_contain_text("It flatters in")
        shares.append([int(b.rstrip("%")) for b in readout.locator("b").all_text_contents()[:2]])
    (more, reference), (less, same) = shares
    assert reference == same
    assert more > reference > less


def test_without_javascript_labels_are_given_aligned_and_downloaded(plain_page: Page) -> None:
    plain_page.goto(SECTION)
    found = plain_page.locator('dpo-widget[name="annotator"]')
    prompt = the_world().prompts[1]
    found.locator("[data-settings] > summary").click()
    found.locator('[name="prompt"]').select_option(prompt.id)
    found.get_by_role("button", name="Update").click()
    for place, label in enumerate(TWELVE):
        expect_labeled(found, place)
        assert (deed(found, "align").get_attribute("href") is not None) == (place >= 10)
        deed(found, label).click()
    deed(found, "undo").click()
    expect_labeled(found, 11)
    # The page of a run that nobody has made would come before its result.
    query = parse_qsl(urlsplit(deed(found, "align").get_attribute("href") or "").query)
    own = [(name.removeprefix("annotator."), value) for name, value in query]
    params = urlencode([(name, value) for name, value in own if name in Params.model_fields])
    assert plain_page.request.get(f"/api/v1/annotator?{params}").ok
    deed(found, "align").click()
    expect(found.locator("[data-title]")).to_have_text("11 clicks, and the policy is yours")
    assert SECTION in plain_page.url
    found.locator("[data-details] > summary").click()
    with plain_page.expect_download() as info:
        found.locator("[data-download]").click()
    text = info.value.path().read_text(encoding="utf-8")
    assert text == json_lines(Params(prompt=prompt.id, labels=TWELVE[:11]))
