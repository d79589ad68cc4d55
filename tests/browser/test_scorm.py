"""A course package in third-party SCORM runtimes, driven in a browser."""

from __future__ import annotations

import json
import re
import shutil
import threading
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from app.content.sections import SECTIONS
from app.export.scorm import EDITIONS, LAUNCH, MANIFEST, QuizMissing, add_launch, export_scorm
from tests.browser.sheets import press, question, readout, shown, tally

ROOT = Path(__file__).parents[2]
RUNTIMES = ROOT / "node_modules" / "scorm-again" / "dist"
# Namespaces of the manifest, and the spelling of a resource's type.
CP = {
    "1.2": "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}",
    "2004": "{http://www.imsglobal.org/xsd/imscp_v1p1}",
}
TYPE = {
    "1.2": "{http://www.adlnet.org/xsd/adlcp_rootv1p2}scormtype",
    "2004": "{http://www.adlnet.org/xsd/adlcp_v1p3}scormType",
}

PLATFORM = """<!doctype html><title>Platform</title>
<script src="/runtime.js"></script>
<script src="/platform.js"></script>
<iframe id="course" width="1000" height="800"></iframe>"""

PLATFORM_SCRIPT = """
const Runtime = window.Scorm12API ?? window.ScormAgain.Scorm12API;
window.API = new Runtime({ autocommit: false, logLevel: 5 });
const kept = JSON.parse(localStorage.getItem("kept") ?? "{}");
const student = new URLSearchParams(location.search).get("student");
const core = { student_id: student, ...kept.core };
window.API.loadFromJSON({ core, suspend_data: kept.suspend_data ?? "" });
// Platforms may write it and never read it.
window.API.on("LMSSetValue.cmi.core.session_time", (_, value) => { window.sessionTime = value; });
window.API.on("LMSFinish", () => { window.finished = true; });
window.keep = () => {
  const { suspend_data, core } = window.API.cmi;
  const { lesson_status, lesson_location } = core;
  localStorage.setItem("kept", JSON.stringify({ suspend_data, core: { lesson_status, lesson_location } }));
};
addEventListener("DOMContentLoaded", () => {
  document.getElementById("course").src = "/package/scorm.html";
});
"""


PLATFORM_2004 = PLATFORM.replace("/runtime.js", "/runtime2004.js").replace(
    "/platform.js", "/platform2004.js"
)

PLATFORM_2004_SCRIPT = """
const Runtime = window.Scorm2004API ?? window.ScormAgain.Scorm2004API;
window.API_1484_11 = new Runtime({ autocommit: false, logLevel: 5 });
window.API_1484_11.loadFromJSON({ learner_id: "ada" });
window.API_1484_11.on("SetValue.cmi.session_time", (_, value) => { window.sessionTime = value; });
window.API_1484_11.on("Terminate", () => { window.finished = true; });
addEventListener("DOMContentLoaded", () => {
  document.getElementById("course").src = "/package/scorm.html";
});
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quiz as a package, unpacked."""
    folder = tmp_path_factory.mktemp("scorm")
    export_scorm(folder / "quiz.zip", "quiz", jobs=1)
    with zipfile.ZipFile(folder / "quiz.zip") as packed:
        assert packed.namelist()[0] == MANIFEST
        packed.extractall(folder / "package")
    return folder / "package"


def serving(root: Path) -> Iterator[str]:
    """A learning platform, which serves root/package from its own origin."""
    (root / "platform.html").write_text(PLATFORM, encoding="utf-8")
    (root / "platform.js").write_text(PLATFORM_SCRIPT, encoding="utf-8")
    (root / "platform2004.html").write_text(PLATFORM_2004, encoding="utf-8")
    (root / "platform2004.js").write_text(PLATFORM_2004_SCRIPT, encoding="utf-8")
    (root / "runtime.js").write_bytes((RUNTIMES / "scorm12.min.js").read_bytes())
    (root / "runtime2004.js").write_bytes((RUNTIMES / "scorm2004.min.js").read_bytes())

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def platform(package: Path) -> Iterator[str]:
    """A platform with only the quiz."""
    yield from serving(package.parent)


@pytest.fixture(scope="module")
def whole_platform(offline_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A platform with the whole explainer."""
    root = tmp_path_factory.mktemp("whole")
    shutil.copytree(offline_copy, root / "package")
    add_launch(root / "package", None)
    yield from serving(root)


@pytest.fixture
def learner(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.set_default_timeout(240_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def course(page: Page) -> FrameLocator:
    return page.frame_locator("#course").frame_locator("iframe")


def cmi(page: Page, name: str) -> str:
    return str(page.evaluate("name => window.API.lmsGetValue(name)", f"cmi.core.{name}"))


def expect_cmi(page: Page, name: str, value: str) -> None:
    page.wait_for_function(
        "([name, value]) => window.API.lmsGetValue(name) === value",
        arg=[f"cmi.core.{name}", value],
    )


def expect_own_sheet(page: Page) -> None:
    """A page with the quiz reloads at an address with the seed of this learner."""
    page.wait_for_function("""() => {
      const inner = document.getElementById("course").contentDocument?.querySelector("iframe")?.contentWindow;
      return inner?.location.search.includes("seed=") && inner.document.readyState === "complete";
    }""")


def own_quiz(page: Page) -> Locator:
    """The quiz with the sheet of this learner, when it is ready."""
    expect_own_sheet(page)
    quiz = course(page).locator('dpo-widget[name="quiz"]')
    quiz.scroll_into_view_if_needed()
    expect(quiz).to_have_attribute("data-ready", "")
    return quiz


def answer_all(quiz: Locator) -> int:
    """Answer every question somehow; returns their number."""
    total = quiz.locator("[data-question]").count()
    assert total > 10
    for _ in range(total):
        option = shown(quiz).get_by_role("radio").first
        if option.count():
            option.check()
        else:
            box = shown(quiz).get_by_role("textbox")
            box.fill("7")
            box.press("Enter")
        expect(readout(quiz)).to_contain_text(re.compile("^(Right|Not right)"))
        quiz.get_by_role("button", name=re.compile("^(Next|Result)$")).click()
    return total


def score_of(quiz: Locator) -> int:
    """How many answers are right, as the page says it."""
    right, of, _answered = (tally(quiz).text_content() or "").partition(" right of ")
    assert of
    return int(right)


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


def test_a_platform_of_the_later_edition_gets_the_same(learner: Page, platform: str) -> None:
    def expect_value(name: str, value: str) -> None:
        learner.wait_for_function(
            "([name, value]) => window.API_1484_11.GetValue(name) === value", arg=[name, value]
        )

    learner.goto(f"{platform}/platform2004.html")
    quiz = own_quiz(learner)
    expect_value("cmi.completion_status", "incomplete")
    total = answer_all(quiz)
    expect_value("cmi.completion_status", "completed")
    score = score_of(quiz)
    expect_value("cmi.score.raw", str(round(100 * score / total)))
    expect_value("cmi.score.scaled", f"{score / total:.4f}")
    expect_value("cmi.interactions._count", str(total))
    results = learner.evaluate(
        "total => [...Array(total).keys()].map("
        "(n) => window.API_1484_11.GetValue(`cmi.interactions.${n}.result`))",
        total,
    )
    assert (results.count("correct"), results.count("incorrect")) == (score, total - score)
    learner.evaluate("document.getElementById('course').src = 'about:blank'")
    learner.wait_for_function("window.finished && /^PT\\d+S$/.test(window.sessionTime)")


def test_a_learner_answers_and_the_platform_gets_score_and_completion(
    learner: Page, platform: str
) -> None:
    learner.goto(f"{platform}/platform.html?student=ada")
    quiz = own_quiz(learner)
    expect_cmi(learner, "lesson_status", "incomplete")
    total = answer_all(quiz)
    expect_cmi(learner, "lesson_status", "completed")
    expect_cmi(learner, "score.raw", str(round(100 * score_of(quiz) / total)))
    assert (cmi(learner, "score.min"), cmi(learner, "score.max")) == ("0", "100")


def test_one_learner_always_gets_the_same_sheet_and_another_gets_another(
    learner: Page, platform: str
) -> None:
    seeds: dict[str, str] = {}
    for student in ("ada", "grace", "ada", "alan", "edsger"):
        learner.goto(f"{platform}/platform.html?student={student}")
        seed = own_quiz(learner).locator("[name=seed]").input_value()
        assert seeds.setdefault(student, seed) == seed
    assert len(set(seeds.values())) > 1


def test_an_attempt_is_kept_whole_and_its_first_answers_count(learner: Page, platform: str) -> None:
    learner.goto(f"{platform}/platform.html?student=ada")
    quiz = own_quiz(learner)
    quiz.locator("[data-dot='4'] button").click()
    while not shown(quiz).get_by_role("radio").count():
        quiz.get_by_role("button", name="Next").click()
    option = shown(quiz).get_by_role("radio").first
    name, value = option.get_attribute("name"), option.get_attribute("value")
    option.check()
    answers = "JSON.parse(window.API.cmi.suspend_data || '{}').answers ?? {}"
    learner.wait_for_function(f"Object.keys({answers}).length === 1")
    score = cmi(learner, "score.raw")
    learner.evaluate("window.keep()")
    learner.goto(f"{platform}/platform.html?student=ada")
    expect_cmi(learner, "lesson_status", "incomplete")
    quiz = own_quiz(learner)
    # The sheet lies open where it was left.
    expect(shown(quiz)).to_have_attribute("data-question", name or "")
    expect(shown(quiz).locator("input:checked")).to_have_attribute("value", value or "")
    expect(tally(quiz)).to_contain_text("right of 1")
    # An answer that is given again, or on another sheet, changes nothing.
    press(quiz, "Clear answers")
    expect(tally(quiz)).to_have_text("your result")
    question(quiz, name or "").locator(f'[type=radio]:not([value="{value}"])').first.check()
    expect(tally(quiz)).to_contain_text("right of 1")
    press(quiz, "New numbers")
    press(quiz, "Clear answers")
    expect(tally(quiz)).to_have_text("your result")
    question(quiz, "q_pair").get_by_role("radio").first.check()
    expect(tally(quiz)).to_contain_text("right of 1")
    assert learner.evaluate(f"Object.entries({answers}).map(([id, [option]]) => [id, option])") == [
        [name, value]
    ]
    assert cmi(learner, "score.raw") in ("", score)
    learner.evaluate("document.getElementById('course').src = 'about:blank'")
    learner.wait_for_function("window.finished && /^0000:00:\\d\\d$/.test(window.sessionTime)")


def test_a_package_without_a_score_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuizMissing, match="beta_effect"):
        export_scorm(tmp_path / "x.zip", "beta_effect")


def test_a_course_is_read_section_by_section_and_taken_up_where_it_was_left(
    learner: Page, whole_platform: str
) -> None:
    learner.goto(f"{whole_platform}/platform.html?student=ada")
    inner = course(learner)
    inner.get_by_role("link", name="The alignment problem").first.click()
    for section in ("alignment-problem", "rlhf-pipeline"):
        expect_cmi(learner, "lesson_location", f"sections/{section}.html")
        end = inner.get_by_role("navigation", name="Previous and next section")
        end.scroll_into_view_if_needed()
        learner.wait_for_function(
            "page => JSON.parse(window.API.cmi.suspend_data).read.includes(page)",
            arg=f"sections/{section}.html",
        )
        end.locator("[rel=next]").click()
        expect_cmi(learner, "lesson_status", "incomplete")
    expect_cmi(learner, "lesson_location", "sections/reward-modeling.html")
    learner.evaluate("window.keep()")
    learner.goto(f"{whole_platform}/platform.html?student=ada")
    expect(course(learner).get_by_role("heading", name="Reward modeling", level=1)).to_be_visible()
    read = learner.evaluate("JSON.parse(window.API.cmi.suspend_data).read")
    assert read == ["sections/alignment-problem.html", "sections/rlhf-pipeline.html"]


def test_a_course_is_complete_once_all_is_read_and_answered(
    learner: Page, whole_platform: str
) -> None:
    """All but the last section and the last answer are done, as a platform remembers them."""
    slugs = [section.slug for section in SECTIONS]
    read = [f"sections/{slug}.html" for slug in slugs[:-1]]
    kept = {"suspend_data": json.dumps({"read": read}), "core": {}}
    learner.goto(f"{whole_platform}/runtime.js")
    learner.evaluate("kept => localStorage.setItem('kept', kept)", json.dumps(kept))
    learner.goto(f"{whole_platform}/platform.html?student=ada")
    expect_cmi(learner, "lesson_status", "incomplete")
    inner = course(learner)
    inner.get_by_role("link", name="The bigger picture").first.click()
    answer_all(own_quiz(learner))
    expect_cmi(learner, "lesson_status", "incomplete")
    inner.get_by_role("navigation", name="Previous and next section").scroll_into_view_if_needed()
    expect_cmi(learner, "lesson_status", "completed")
