"""A course package: what it holds, how platforms and others open it, and how it is read."""

from __future__ import annotations

import json
import math
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.content.sections import SECTIONS
from app.export.scorm import EDITIONS, LAUNCH, MANIFEST, QuizMissing, add_launch, export_scorm
from app.widgets import ppo_dynamics
from tests.browser.host import Host
from tests.browser.lms import Platform
from tests.browser.sheets import answer_all, question, tally

# Namespaces of the manifest, and the spelling of a resource's type.
CP = {
    "1.2": "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}",
    "2004": "{http://www.imsglobal.org/xsd/imscp_v1p1}",
}
TYPE = {
    "1.2": "{http://www.adlnet.org/xsd/adlcp_rootv1p2}scormtype",
    "2004": "{http://www.adlnet.org/xsd/adlcp_v1p3}scormType",
}


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_manifest_lists_exactly_what_is_in_the_package(
    package: Path, tmp_path: Path, edition: str
) -> None:
    folder = tmp_path / "package"
    shutil.copytree(package, folder)
    (folder / MANIFEST).unlink()
    add_launch(folder, "quiz", edition)
    manifest = ET.parse(folder / MANIFEST).getroot()
    (version,) = manifest.iter(f"{CP[edition]}schemaversion")
    assert (version.text or "").startswith(edition)
    (resource,) = manifest.iter(f"{CP[edition]}resource")
    assert resource.get("href") == LAUNCH
    assert resource.get(TYPE[edition]) == "sco"
    listed = {file.get("href") for file in resource.iter(f"{CP[edition]}file")}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert listed == there - {MANIFEST}
    (item,) = manifest.iter(f"{CP[edition]}item")
    assert item.get("identifierref") == resource.get("identifier")


def test_a_package_without_a_score_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuizMissing, match="beta_effect"):
        export_scorm(tmp_path / "x.zip", "beta_effect")


def test_without_a_platform_it_is_just_a_copy(
    learner: Page, package: Path, quiz_address: str, host: Host
) -> None:
    """Opened from disk, on a plain host, and in a frame of another site."""
    framing = host.put("/lms", f'<iframe src="{quiz_address}/package/{LAUNCH}"></iframe>')
    said: list[str] = []
    learner.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    for address in ((package / LAUNCH).as_uri(), f"{quiz_address}/package/{LAUNCH}", framing):
        learner.goto(address)
        frame = learner.frame_locator("iframe")
        inside = frame.frame_locator("iframe") if address == framing else frame
        quiz = inside.locator("dpo-widget")
        expect(quiz).to_have_attribute("data-ready", "")
        quiz.get_by_role("radio").first.check()
        expect(tally(quiz)).to_contain_text("right of 1")
        learner.reload()
        expect(quiz).to_have_attribute("data-ready", "")
    assert said == []


def test_a_course_is_read_section_by_section_and_taken_up_where_it_was_left(
    course_platform: Platform,
) -> None:
    inner = course_platform.open().launch()
    inner.get_by_role("link", name="The alignment problem").first.click()
    for section in ("alignment-problem", "rlhf-pipeline"):
        course_platform.expect(place=f"sections/{section}.html", status="incomplete")
        end = inner.get_by_role("navigation", name="Previous and next section")
        end.scroll_into_view_if_needed()
        course_platform.page.wait_for_function(
            "page => JSON.parse(attempt().data).read.includes(page)",
            arg=f"sections/{section}.html",
        )
        end.locator("[rel=next]").click()
    course_platform.expect(place="sections/reward-modeling.html")
    for _ in range(2):
        course_platform.leave()
        inner = course_platform.launch()
        expect(inner.get_by_role("heading", name="Reward modeling", level=1)).to_be_visible()
        read = json.loads(course_platform.attempt()["data"])["read"]
        assert read == ["sections/alignment-problem.html", "sections/rlhf-pipeline.html"]


def test_a_course_is_complete_once_all_is_read_and_answered(course_platform: Platform) -> None:
    """All but the last section and the last answer are done, as a platform remembers them."""
    slugs = [section.slug for section in SECTIONS]
    read = [f"sections/{slug}.html" for slug in slugs[:-1]]
    course_platform.open(data=json.dumps({"read": read}))
    inner = course_platform.launch()
    course_platform.expect(status="incomplete")
    inner.get_by_role("link", name="The bigger picture").first.click()
    answer_all(course_platform.quiz())
    course_platform.expect(status="incomplete")
    inner.get_by_role("navigation", name="Previous and next section").scroll_into_view_if_needed()
    course_platform.expect(status="completed")


def test_an_answer_at_the_end_of_a_section_counts_and_stands_in_the_quiz(
    course_platform: Platform,
) -> None:
    course_platform.open(place="sections/reward-modeling.html").launch()
    part = course_platform.quiz(seed=0)
    question(part, "q_offset").get_by_label("They all rise").check()
    course_platform.expect_answers(1)
    course_platform.reopen("sections/bigger-picture.html")
    quiz = course_platform.quiz()
    expect(tally(quiz)).to_have_text("0 right of 1")
    expect(question(quiz, "q_offset").get_by_label("They all rise")).to_be_checked()
    course_platform.reopen("sections/reward-modeling.html")
    part = course_platform.quiz(seed=0)
    expect(tally(part)).to_have_text("0 right of 1")
    course_platform.expect_answers(1)


def test_a_course_trains(course_platform: Platform) -> None:
    """A run that is in no package, in a page of the package that its platform shows."""
    course_platform.open(place="sections/ppo-problem.html")
    inner = course_platform.launch()
    found = inner.locator("dpo-widget[name=ppo_dynamics]")
    found.scroll_into_view_if_needed()
    expect(found).to_have_attribute("data-ready", "")
    found.locator("[data-settings] > summary").click()
    for name, value in (("iterations", "20"), ("seed", "271828")):
        box = found.locator(f'input[name="{name}"]')
        box.fill(value)
        box.press("Tab")
    expect(found.locator("[data-readout]")).to_contain_text("Iteration 20:")
    wanted = ppo_dynamics.compute(ppo_dynamics.Params(seed=271_828, iterations=20)).last
    last = found.evaluate("widget => widget.result.last")
    assert math.isclose(last["reward"], wanted.reward, rel_tol=1e-3)
    assert last["sample"] == wanted.sample
