// The outer page of a SCORM 1.2 package: the explainer runs in its frame, and what a learner has read and
// answered is reported to the learning platform. Within the frame nothing knows of SCORM.
(() => {
  const { pages, quizPages, seeds, start } = JSON.parse(document.getElementById("package").textContent);
  const frame = document.querySelector("iframe");

  // ---- the platform: an object API in one of the windows around, or around the one that opened this ----

  const around = (from) => {
    for (let place = from, steps = 0; steps < 10; place = place.parent, steps += 1) {
      if (place.API) return place.API;
      if (place.parent === place) break;
    }
    return null;
  };
  const api = around(window) ?? (window.opener ? around(window.opener) : null);
  const get = (name) => api?.LMSGetValue(name) ?? "";
  const set = (name, value) => api?.LMSSetValue(name, String(value));
  const commit = () => api?.LMSCommit("");

  // ---- what is known of the learner ----------------------------------------------------------------

  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return {};
    }
  };

  api?.LMSInitialize("");
  const began = Date.now();
  const known = { read: [], quiz: null, ...parsed(get("cmi.suspend_data")) };
  const isDone = (status) => ["completed", "passed", "failed"].includes(status);
  let done = isDone(get("cmi.core.lesson_status"));

  // The same learner gets the same sheet, others get others.
  const hash = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 1_000_003, 7);
  const seed = seeds[hash(get("cmi.core.student_id")) % seeds.length];

  const report = () => {
    const { quiz, read } = known;
    if (quiz) {
      set("cmi.core.score.min", 0);
      set("cmi.core.score.max", 100);
      set("cmi.core.score.raw", Math.round((100 * quiz.score) / quiz.total));
    }
    // Complete when every page has been read to its end and every question is answered; it stays so.
    const answered = quiz !== null && quiz.answered === quiz.total;
    done ||= pages.every((page) => read.includes(page)) && answered;
    set("cmi.core.lesson_status", done ? "completed" : "incomplete");
    set("cmi.suspend_data", JSON.stringify(known));
    commit();
  };

  // ---- what happens in the frame -------------------------------------------------------------------

  const base = new URL("./", location.href).href;
  const pageOf = (address) => (address.href.startsWith(base) ? address.pathname.slice(new URL(base).pathname.length) : "");

  const sawEnd = (page) => {
    if (known.read.includes(page) || !pages.includes(page)) return;
    known.read.push(page);
    report();
  };

  const watchEnd = (inner, page) => {
    const end = inner.document.querySelector(".turn, .from");
    if (!end) return;
    const observer = new inner.IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      sawEnd(page);
    });
    observer.observe(end);
  };

  const watchQuiz = (inner) => {
    inner.document.addEventListener("dpo-result", ({ target, detail }) => {
      if (target.name !== "quiz") return;
      const { answered, score, total } = detail;
      known.quiz = { answered, score, total };
      report();
    });
  };

  frame.addEventListener("load", () => {
    const inner = frame.contentWindow;
    const page = pageOf(inner.location);
    if (!page) return;
    if (quizPages.includes(page) && !new URLSearchParams(inner.location.search).has("seed")) {
      inner.location.replace(`${inner.location.pathname}?seed=${seed}${inner.location.hash}`);
      return;
    }
    set("cmi.core.lesson_location", page);
    commit();
    watchQuiz(inner);
    watchEnd(inner, page);
  });

  // ---- begin and end -------------------------------------------------------------------------------

  const left = get("cmi.core.lesson_location");
  frame.src = [...pages, ...quizPages].includes(left) ? left : start;
  report();

  const clock = (ms) => {
    const seconds = Math.floor(ms / 1000);
    const two = (number) => String(number).padStart(2, "0");
    return `${String(Math.floor(seconds / 3600)).padStart(4, "0")}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  };

  window.addEventListener("pagehide", () => {
    set("cmi.core.session_time", clock(Date.now() - began));
    set("cmi.core.exit", done ? "" : "suspend");
    commit();
    api?.LMSFinish("");
  });
})();
