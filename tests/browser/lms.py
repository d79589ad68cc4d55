"""A learning platform for one learner, whose runtime is a third party's: SCORM 1.2 and 2004."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, reduce
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.sheets import press

ROOT = Path(__file__).parents[2]
RUNTIMES = ROOT / "node_modules" / "scorm-again" / "dist"

PAGE = """<!doctype html><title>Platform</title>
<script src="/runtime-1.2.js"></script>
<script src="/runtime-2004.js"></script>
<script src="/platform.js"></script>
<iframe id="course" width="1000" height="800"></iframe>"""

SCRIPT = """
const query = new URLSearchParams(location.search);
const EDITIONS = {
  "1.2": {
    Runtime: window.Scorm12API,
    object: "API",
    before: "LMS",
    end: "LMSFinish",
    learner: "cmi.core.student_id",
    kept: {
      status: "cmi.core.lesson_status",
      place: "cmi.core.lesson_location",
      score: "cmi.core.score.raw",
      data: "cmi.suspend_data",
    },
    exit: "cmi.core.exit",
  },
  "2004": {
    Runtime: window.Scorm2004API,
    object: "API_1484_11",
    before: "",
    end: "Terminate",
    learner: "cmi.learner_id",
    kept: {
      status: "cmi.completion_status",
      place: "cmi.location",
      score: "cmi.score.raw",
      data: "cmi.suspend_data",
    },
    exit: "cmi.exit",
  },
};
const { Runtime, object, before, end, learner, kept, exit } = EDITIONS[query.get("edition")];
const course = () => document.getElementById("course");

window.refused = [];
window.times = [];
window.left = { interactions: [] };
window.running = false;

// What the running course has reported, after what earlier launches have.
window.attempt = () => {
  if (!window.running) return window.left;
  const api = window[object];
  const { cmi } = api.renderCMIToJSONObject();
  const at = (name) => name.split(".").slice(1).reduce((place, key) => place[key], cmi);
  const values = Object.fromEntries(Object.entries(kept).map(([key, name]) => [key, at(name)]));
  const interactions = [...window.left.interactions, ...Object.values(cmi.interactions)];
  return { ...values, exit: at(exit), interactions };
};

// A runtime for one launch, which is there before the course asks for it.
const offer = () => {
  const api = (window[object] = new Runtime({ autocommit: false, logLevel: 5 }));
  const left = Object.entries(kept).filter(([key]) => window.left[key]);
  const values = left.map(([key, name]) => [name, window.left[key]]);
  api.loadFromFlattenedJSON(Object.fromEntries([[learner, query.get("student")], ...values]));
  const names = [`${before}Initialize`, `${before}SetValue`, end];
  const [begin, set, finish] = names.map((name) => api[name].bind(api));
  api[`${before}Initialize`] = (text) => {
    window.running = true;
    return begin(text);
  };
  api[`${before}SetValue`] = (name, value) => {
    if (name.endsWith("session_time")) window.times.push(value);
    const done = set(name, value);
    if (String(done) !== "true") window.refused.push([name, value, api[`${before}GetLastError`]()]);
    return done;
  };
  api[end] = (text) => {
    const { exit: how, ...found } = window.attempt();
    // An attempt that is not suspended is over. One that is complete may be marked: here, as passed.
    if (how !== "suspend") window.left = { interactions: found.interactions };
    else window.left = found;
    if (object === "API" && found.status === "completed") window.left.status = "passed";
    window.running = false;
    const done = finish(text);
    offer();
    return done;
  };
};

window.launch = () => {
  if (!window[object]) offer();
  course().src = "/package/scorm.html";
};

window.leave = () => {
  course().src = "about:blank";
};
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serving(root: Path) -> Iterator[str]:
    """Serve root/package, and the platform that launches it, from one origin."""
    (root / "platform.html").write_text(PAGE, encoding="utf-8")
    (root / "platform.js").write_text(SCRIPT, encoding="utf-8")
    for edition, name in (("1.2", "scorm12"), ("2004", "scorm2004")):
        (root / f"runtime-{edition}.js").write_bytes((RUNTIMES / f"{name}.min.js").read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=root))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def seed_of(student: str) -> int:
    """The seed of a learner's sheet."""
    hashed = reduce(lambda total, letter: (31 * total + ord(letter)) % 1_000_003, student, 7)
    return hashed % 1_000_000


@dataclass(frozen=True)
class Platform:
    """The platform in a page: launches are of one attempt, until it is opened anew."""

    page: Page
    address: str
    edition: str

    def open(self, student: str = "ada", **left: Any) -> Platform:
        """A platform with a learner, and what earlier launches have left; nothing is launched yet."""
        self.page.goto(f"{self.address}/platform.html?edition={self.edition}&student={student}")
        self.page.evaluate("left => { Object.assign(window.left, left); }", left)
        return self

    def launch(self) -> FrameLocator:
        """The pages of the course, at its start or where they were left."""
        self.page.evaluate("launch()")
        self.page.wait_for_function("window.running")
        return self.page.frame_locator("#course").frame_locator("iframe")

    def leave(self) -> None:
        self.page.evaluate("leave()")
        self.page.wait_for_function("!window.running")

    def attempt(self) -> dict[str, Any]:
        """status, place, score, data and interactions, as the platform has them."""
        found: dict[str, Any] = self.page.evaluate("attempt()")
        return found

    def expect(self, **values: str) -> None:
        """Wait until the platform has these values."""
        self.page.wait_for_function(
            "values => Object.entries(values).every(([key, value]) => attempt()[key] === value)",
            arg=values,
        )

    def expect_answers(self, count: int) -> None:
        """Wait until the platform has as many interactions."""
        self.page.wait_for_function("n => attempt().interactions.length === n", arg=count)

    def quiz(self, seed: int | None = None) -> Locator:
        """The quiz in the course with the sheet of a seed: by default, that of this learner."""
        inside = self.page.frame_locator("#course").frame_locator("iframe")
        quiz = inside.locator('dpo-widget[name="quiz"]')
        quiz.scroll_into_view_if_needed()
        expect(quiz).to_have_attribute("data-ready", "")
        student = parse_qs(urlsplit(self.page.url).query)["student"][0]
        self.page.wait_for_function(
            "([quiz, seed]) => quiz.result.seed === seed && !quiz.figure.late",
            arg=[quiz.element_handle(), seed_of(student) if seed is None else seed],
        )
        return quiz

    def another_sheet(self) -> Locator:
        """The quiz with another sheet than that of this learner."""
        quiz = self.quiz()
        press(quiz, "New numbers")
        seed = quiz.locator("[name=seed]")
        student = parse_qs(urlsplit(self.page.url).query)["student"][0]
        expect(seed).not_to_have_value(str(seed_of(student)))
        return self.quiz(int(seed.input_value()))

    def reopen(self, page: str) -> None:
        """Open an address below the package's folder in the course's frame, as a learner may by hand."""
        self.page.evaluate(
            """page => new Promise((loaded) => {
                const course = document.getElementById("course");
                const frame = course.contentDocument.querySelector("iframe");
                frame.addEventListener("load", loaded, { once: true });
                frame.contentWindow.location.href = new URL(page, course.contentWindow.location);
            })""",
            page,
        )

    def expect_nothing_refused(self) -> None:
        refused = self.page.evaluate("window.refused")
        assert refused == [], refused
