// The outer page of a SCORM package, 1.2 or 2004: the explainer runs in its frame, and this script reports what a
// learner has read and answered to the learning platform. Nothing in the frame knows about SCORM.
(() => {
  const { pages, quizPages, seeds, start } = JSON.parse(document.querySelector("#package").textContent);
  const frame = document.querySelector("iframe");

  // ---- the platform: an object of a parent window, or of the opener or one of its parents --------------
  // SCORM 1.2 calls it API, SCORM 2004 API_1484_11; both use different names for the same things.

  /** @type {(number: number) => string} */
  const two = (number) => String(number).padStart(2, "0");
  /** @type {(seconds: number) => string} */
  const clock = (seconds) =>
    `${String(Math.floor(seconds / 3600)).padStart(4, "0")}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;

  /** @type {any[]} */
  const VERSIONS = [
    {
      object: "API",
      calls: { begin: "LMSInitialize", get: "LMSGetValue", set: "LMSSetValue", commit: "LMSCommit", end: "LMSFinish" },
      learner: "cmi.core.student_id",
      location: "cmi.core.lesson_location",
      status: "cmi.core.lesson_status",
      score: (/** @type {number} */ share) => ({ "cmi.core.score.min": 0, "cmi.core.score.max": 100, "cmi.core.score.raw": Math.round(100 * share) }),
      interaction: (/** @type {any} */ { kind, answer, option, correct }) => ({
        type: kind === "choice" ? "choice" : "fill-in",
        student_response: kind === "choice" ? "abcd"[option] : answer,
        result: correct ? "correct" : "wrong",
      }),
      time: "cmi.core.session_time",
      duration: clock,
      exit: "cmi.core.exit",
      leave: "",
    },
    {
      object: "API_1484_11",
      calls: { begin: "Initialize", get: "GetValue", set: "SetValue", commit: "Commit", end: "Terminate" },
      learner: "cmi.learner_id",
      location: "cmi.location",
      status: "cmi.completion_status",
      score: (/** @type {number} */ share) => ({
        "cmi.score.min": 0,
        "cmi.score.max": 100,
        "cmi.score.raw": Math.round(100 * share),
        "cmi.score.scaled": share.toFixed(4),
      }),
      interaction: (/** @type {any} */ { kind, answer, correct, text }) => ({
        type: kind === "choice" ? "choice" : "fill-in",
        description: text.slice(0, 250),
        learner_response: answer,
        result: correct ? "correct" : "incorrect",
      }),
      time: "cmi.session_time",
      duration: (/** @type {number} */ seconds) => `PT${seconds}S`,
      exit: "cmi.exit",
      leave: "normal",
    },
  ];

  /** @type {(from: any) => any} */
  const found = (from) => {
    for (let place = from, steps = 0; steps < 10; place = place.parent, steps += 1) {
      const version = VERSIONS.find(({ object }) => place[object]);
      if (version) return { version, api: place[version.object] };
      if (place.parent === place) break;
    }
    return null;
  };
  const platform = found(window) ?? (window.opener ? found(window.opener) : null);
  const names = platform?.version ?? VERSIONS[0];
  /** @type {(what: string, ...given: string[]) => any} */
  const call = (what, ...given) => platform?.api[names.calls[what]](...given);
  /** @type {(name: string) => string} */
  const get = (name) => call("get", name) ?? "";
  /** @type {(name: string, value: any) => void} */
  const set = (name, value) => call("set", name, String(value));
  const commit = () => call("commit", "");

  // ---- the learner's state -------------------------------------------------------------------------

  /** @type {(text: string) => any} */
  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return {};
    }
  };

  call("begin", "");
  const began = Date.now();
  /** What is kept for the next launch: pages read; by question the first answer, which counts, and whether it is right;
   *  and the place of the question that was answered last.
   *  @type {{ read: string[], answers: Record<string, [string, boolean]>, total: number, at: number }} */
  const known = { read: [], answers: {}, total: 0, at: 0, ...parsed(get("cmi.suspend_data")) };
  /** @type {(status: string) => boolean} */
  const isDone = (status) => ["completed", "passed", "failed"].includes(status);
  let done = isDone(get(names.status));

  // A learner always gets the same sheet, different from those of others.
  /** @type {(text: string) => number} */
  const hash = (text) => [...text].reduce((sum, letter) => (sum * 31 + Number(letter.codePointAt(0))) % 1_000_003, 7);
  const seed = seeds[hash(get(names.learner)) % seeds.length];

  const report = () => {
    const { answers, read, total } = known;
    const given = Object.values(answers);
    if (given.length) {
      const right = given.filter(([, correct]) => correct).length;
      for (const [name, value] of Object.entries(names.score(right / total))) set(name, value);
    }
    // Complete once every page has been read to the end and every question answered; this is final.
    const answered = total > 0 && given.length === total;
    done ||= pages.every((/** @type {any} */ page) => read.includes(page)) && answered;
    set(names.status, done ? "completed" : "incomplete");
    set("cmi.suspend_data", JSON.stringify(known));
    commit();
  };

  // ---- events in the frame -------------------------------------------------------------------------

  const base = new URL("./", location.href).href;
  /** @type {(address: Location) => string} */
  const pageOf = (address) => (address.href.startsWith(base) ? address.pathname.slice(new URL(base).pathname.length) : "");

  /** @type {(page: string) => void} */
  const sawEnd = (page) => {
    if (known.read.includes(page) || !pages.includes(page)) return;
    known.read.push(page);
    report();
  };

  /** @type {(inner: any, page: string) => void} */
  const watchEnd = (inner, page) => {
    const end = inner.document.querySelector(".turn, .from");
    if (!end) return;
    const observer = new inner.IntersectionObserver((/** @type {IntersectionObserverEntry[]} */ entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      sawEnd(page);
    });
    observer.observe(end);
  };

  // Report an answer, which the platform lists.
  /** @type {(question: any) => void} */
  const interact = ({ id, kind, options, answer, correct, text }) => {
    const place = `cmi.interactions.${Number(get("cmi.interactions._count"))}`;
    const option = options.findIndex((/** @type {any} */ one) => one.id === answer);
    const about = names.interaction({ kind, answer, option, correct, text });
    for (const [name, value] of Object.entries({ id, ...about })) set(`${place}.${name}`, value);
  };

  /** @type {(inner: any) => void} */
  const watchQuiz = (inner) => {
    inner.document.addEventListener("dpo-result", (/** @type {any} */ { target, detail }) => {
      // Other sheets are for practice.
      if (target.name !== "quiz" || detail.seed !== seed) return;
      known.total = detail.total;
      for (const question of detail.questions) {
        if (question.correct === null || question.id in known.answers) continue;
        known.answers[question.id] = [question.answer, question.correct];
        known.at = target.figure.at;
        interact(question);
      }
      report();
    });
  };

  // The learner's own sheet, as they left it.
  const sheet = () => {
    const given = Object.entries(known.answers).map(([id, [answer]]) => [id, answer]);
    const place = known.at ? [["quiz.at", String(known.at)]] : [];
    return new URLSearchParams([["seed", seed], ...given, ...place]).toString();
  };

  frame.addEventListener("load", () => {
    const inner = frame.contentWindow;
    const page = pageOf(inner.location);
    if (!page) return;
    if (quizPages.includes(page) && !new URLSearchParams(inner.location.search).has("seed")) {
      inner.location.replace(`${inner.location.pathname}?${sheet()}${inner.location.hash}`);
      return;
    }
    set(names.location, page);
    commit();
    if (quizPages.includes(page)) watchQuiz(inner); // elsewhere a few questions are asked, for practice
    watchEnd(inner, page);
  });

  // ---- start and end -------------------------------------------------------------------------------

  const left = get(names.location);
  frame.src = [...pages, ...quizPages].includes(left) ? left : start;
  report();

  window.addEventListener("pagehide", () => {
    set(names.time, names.duration(Math.floor((Date.now() - began) / 1000)));
    set(names.exit, done ? names.leave : "suspend");
    commit();
    call("end", "");
  });
})();
