// The outer page of a SCORM package, 1.2 or 2004: the explainer runs in its frame, and this script reports what a
// learner has read and answered to the learning platform. Nothing in the frame knows about SCORM.
(() => {
  const { pages, sections, total, start } = JSON.parse(document.querySelector("#package").textContent);
  const frame = document.querySelector("iframe");

  // ---- the platform: an object of a parent window, or of the opener or one of its parents --------------
  // SCORM 1.2 calls it API, SCORM 2004 API_1484_11; both use different names for the same things.

  /** @type {(number: number) => string} */
  const two = (number) => String(number).padStart(2, "0");
  /** @type {(seconds: number) => string} */
  const clock = (seconds) =>
    `${String(Math.floor(seconds / 3600)).padStart(4, "0")}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;

  const LONGEST_DESCRIPTION = 250;

  /** @type {any[]} */
  const VERSIONS = [
    {
      object: "API",
      calls: { begin: "LMSInitialize", get: "LMSGetValue", set: "LMSSetValue", commit: "LMSCommit", end: "LMSFinish" },
      learner: "cmi.core.student_id",
      location: "cmi.core.lesson_location",
      status: "cmi.core.lesson_status",
      score: (/** @type {number} */ share) => ({ "cmi.core.score.min": 0, "cmi.core.score.max": 100, "cmi.core.score.raw": Math.round(100 * share) }),
      // Options are called by one letter, in the order of the learner's sheet.
      interaction: (/** @type {any} */ { kind, options, answer, right, correct }) => ({
        type: kind === "choice" ? "choice" : "fill-in",
        time: new Date().toTimeString().slice(0, 8),
        "correct_responses.0.pattern": kind === "choice" ? "abcd"[options.indexOf(right)] : right,
        weighting: 1,
        student_response: kind === "choice" ? "abcd"[options.indexOf(answer)] : answer,
        result: correct ? "correct" : "wrong",
      }),
      time: "cmi.core.session_time",
      duration: clock,
      exit: "cmi.core.exit",
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
      interaction: (/** @type {any} */ { kind, answer, right, correct, text }) => ({
        type: kind === "choice" ? "choice" : "fill-in",
        timestamp: `${new Date().toISOString().slice(0, 22)}Z`, // hundredths of seconds at most
        "correct_responses.0.pattern": right,
        weighting: 1,
        learner_response: answer,
        result: correct ? "correct" : "incorrect",
        description: text.slice(0, LONGEST_DESCRIPTION),
      }),
      time: "cmi.session_time",
      duration: (/** @type {number} */ seconds) => `PT${seconds}S`,
      exit: "cmi.exit",
    },
  ];

  /** @type {(from: any) => any} */
  const found = (from) => {
    try {
      for (let place = from, steps = 0; steps < 10; place = place.parent, steps += 1) {
        const version = VERSIONS.find(({ object }) => place[object]);
        if (version) return { version, api: place[version.object] };
        if (place.parent === place) break;
      }
    } catch {
      // A page of another origin shows nothing.
    }
    return null;
  };
  const platform = found(window) ?? (window.opener ? found(window.opener) : null);
  if (!platform) {
    frame.src = start; // just a copy, whose frame cannot be looked into when it is opened from disk
    return;
  }
  const { version: names, api } = platform;
  let ended = false;
  /** @type {(what: string, ...given: string[]) => any} */
  const call = (what, ...given) => (ended ? "" : api[names.calls[what]](...given));
  /** @type {(name: string) => string} */
  const get = (name) => call("get", name) ?? "";
  /** @type {(name: string, value: any) => void} */
  const set = (name, value) => call("set", name, String(value));
  const commit = () => call("commit", "");

  // ---- the learner's state -------------------------------------------------------------------------

  // What addresses may say is as long as they like, and what platforms keep is not: 4,096 characters in SCORM 1.2.
  const LONGEST_ANSWER = 40;

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
  /** What is kept for the next launch: sections read; by question the first answer, which counts, and whether it is right;
   *  and the number of the question that is shown.
   *  @type {{ read: string[], answers: Record<string, [string, boolean]>, at: number }} */
  const known = { read: [], answers: {}, at: 0, ...parsed(get("cmi.suspend_data")) };
  /** @type {(status: string) => boolean} */
  const isDone = (status) => ["completed", "passed", "failed"].includes(status);
  let done = isDone(get(names.status));

  // A learner always gets the same sheet, different from those of others.
  /** @type {(text: string) => number} */
  const hash = (text) => [...text].reduce((sum, letter) => (sum * 31 + Number(letter.codePointAt(0))) % 1_000_003, 7);
  const seed = hash(get(names.learner)) % 1_000_000;

  const keep = () => {
    set("cmi.suspend_data", JSON.stringify(known));
    commit();
  };

  // Complete once every section has been read to the end and every question answered. Score and status are final then: a
  // platform may have made "passed" of it.
  const report = () => {
    if (!done) {
      const given = Object.values(known.answers);
      if (given.length) {
        const right = given.filter(([, correct]) => correct).length;
        for (const [name, value] of Object.entries(names.score(right / total))) set(name, value);
      }
      done = sections.every((/** @type {any} */ page) => known.read.includes(page)) && given.length === total;
      set(names.status, done ? "completed" : "incomplete");
    }
    keep();
  };

  // ---- events in the frame -------------------------------------------------------------------------

  const base = new URL("./", location.href).href;
  /** @type {(address: Location) => string} */
  const pageOf = (address) => (address.href.startsWith(base) ? address.pathname.slice(new URL(base).pathname.length) : "");

  /** @type {(page: string) => void} */
  const sawEnd = (page) => {
    if (known.read.includes(page) || !sections.includes(page)) return;
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
  const interact = ({ id, kind, options, answer, right_answer, correct, text }) => {
    const place = `cmi.interactions.${Number(get("cmi.interactions._count"))}`;
    const right = options.find((/** @type {any} */ option) => option.text === right_answer)?.id ?? right_answer;
    const about = { kind, options: options.map((/** @type {any} */ option) => option.id), answer, right, correct, text };
    for (const [name, value] of Object.entries({ id, ...names.interaction(about) })) set(`${place}.${name}`, value);
  };

  // Sheets have the same choices and different numbers, so that a number counts on the learner's own sheet alone.
  /** @type {(question: any, sheet: any) => boolean} */
  const counts = ({ kind }, sheet) => kind === "choice" || sheet.seed === seed;

  /** @type {(sheet: any) => void} */
  const record = (sheet) => {
    if (done) return;
    const given = sheet.questions.filter(
      (/** @type {any} */ question) => question.correct !== null && !(question.id in known.answers) && counts(question, sheet),
    );
    for (const question of given) {
      const answer = question.answer.slice(0, LONGEST_ANSWER);
      known.answers[question.id] = [answer, question.correct];
      interact({ ...question, answer });
    }
    if (given.length) report();
  };

  // Show the learner's own sheet, or a part of the quiz, as they left it; another sheet is for practice.
  /** @type {(quiz: any) => void} */
  const restore = (quiz) => {
    const sheet = quiz.form.elements.seed;
    if (sheet && ![quiz.defaultOf("seed"), String(seed)].includes(sheet.value)) return;
    if (sheet) {
      quiz.setParam("seed", seed);
      if (known.at) quiz.figure.place = { at: known.at };
    }
    const shown = { seed: Number(sheet?.value ?? quiz.result.seed) };
    const given = quiz.result.questions.filter((/** @type {any} */ question) => question.id in known.answers && counts(question, shown));
    for (const { id } of given) quiz.setParam(id, known.answers[id][0]);
    if (given.length || shown.seed !== quiz.result.seed) quiz.refresh();
  };

  // The question at which the learner leaves their own sheet.
  const keepPlace = () => {
    const quiz = frame.contentDocument?.querySelector('dpo-widget[name="quiz"]');
    if (!quiz?.form?.elements.seed || quiz.result.seed !== seed) return;
    known.at = quiz.figure.at;
    keep();
  };

  frame.addEventListener("load", () => {
    if (!frame.contentDocument) return; // a page elsewhere
    const inner = frame.contentWindow;
    const page = pageOf(inner.location);
    if (!page) return;
    set(names.location, page);
    commit();
    watchEnd(inner, page);
    const quiz = inner.document.querySelector('dpo-widget[name="quiz"]');
    if (!quiz) return;
    quiz.addEventListener("dpo-result", (/** @type {any} */ { detail }) => record(detail));
    inner.addEventListener("pagehide", keepPlace);
    restore(quiz);
  });

  // ---- start and end -------------------------------------------------------------------------------

  const left = get(names.location);
  frame.src = pages.includes(left) ? left : start;
  report();

  window.addEventListener("pagehide", () => {
    keepPlace();
    set(names.time, names.duration(Math.floor((Date.now() - began) / 1000)));
    set(names.exit, "suspend"); // also once it is complete: what was not left to be continued may be forgotten
    commit();
    call("end", "");
    ended = true; // the frame's page is left after this one
  });
  // Brought back by the browser as it was left, when all of that has ended.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
})();
