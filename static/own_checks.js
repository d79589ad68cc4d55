// The button of /sources that checks our numbers on the reader's own machine (static/lab/checks), and what comes of it.
import { element, parent, tableRow } from "./dom.js";
import { written } from "./format.js";
import { machineParts } from "./machine_parts.js";
import { OwnMachine } from "./own_machine.js";

/** @typedef {import("./lab/checks/report.js").Summary} Summary */

const HEADS = ["Kind", "Checks", "Passed", "Largest difference", "Tolerance"];

/** @param {number} value */
const scientific = (value) => written(value, "scientific");

/** @param {Summary} summary */
const rowOf = ({ title, unit, tolerance, count, passed, largest }) =>
  tableRow([title, String(count), String(passed), `${scientific(largest)} ${unit}`, scientific(tolerance)]);

/** A table that scrolls by itself where it is wider than the page. @param {Summary[]} summaries */
const tableOf = (summaries) => {
  const head = parent("thead", [parent("tr", HEADS.map((name) => element("th", name, { scope: "col" })))]);
  const table = parent("table", [head, parent("tbody", summaries.map(rowOf))]);
  return parent("div", [table], { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "What was checked" });
};

/** @param {Summary[]} summaries */
const failuresOf = (summaries) =>
  summaries.flatMap(({ title, unit, failures }) =>
    failures.map(({ name, place, expected, found, difference }) => {
      const text = `${title}, ${name}, ${place}: expected ${expected}, found ${found}, a difference of ${scientific(difference)} ${unit}.`;
      return element("li", text);
    }),
  );

/** @param {HTMLElement} box */
const start = (box) => {
  const [button, progress, live, report] = ["start", "progress", "live", "report"].map((name) => box.querySelector(`[data-${name}]`));

  /** Said when a kind begins, not with every check. @param {string} text */
  const say = (text) => {
    if (live.textContent !== text) live.textContent = text;
  };

  /** @param {{ title: string, done: number, total: number }} data */
  const showProgress = ({ title, done, total }) => {
    progress.querySelector("progress").max = total;
    progress.querySelector("progress").value = done;
    progress.querySelector("span").textContent = `${title}: ${done} of ${total} checks done`;
    say(`Checking: ${title}`);
  };

  /** @param {{ total: number, passed: number, summaries: Summary[] }} data @param {number} seconds */
  const showReport = ({ total, passed, summaries }, seconds) => {
    const verdict = `${passed} of ${total} checks passed, in ${seconds.toFixed(1)} s.`;
    const failures = failuresOf(summaries);
    const failed = failures.length ? [element("h3", "Not passed"), parent("ul", failures, { "data-failures": "" })] : [];
    report.replaceChildren(parent("p", [element("strong", verdict)]), tableOf(summaries), ...failed);
    say(verdict);
  };

  const check = async () => {
    const began = performance.now();
    const machine = new OwnMachine(...(await machineParts(box.dataset)));
    try {
      for await (const [name, data] of machine.events({}, new AbortController().signal)) {
        if (name === "checking") showProgress(data);
        else if (name === "done") showReport(data, (performance.now() - began) / 1000);
        else throw new Error(data.detail);
      }
    } finally {
      machine.close();
    }
  };

  let running = false;
  button.addEventListener("click", async () => {
    if (running) return;
    running = true;
    // Not disabled, as it would lose the focus.
    button.setAttribute("aria-disabled", "true");
    report.replaceChildren();
    progress.hidden = false;
    showProgress({ title: "Getting the lab", done: 0, total: 200 });
    try {
      await check();
    } catch (error) {
      report.replaceChildren(element("p", `The checks could not be run: ${/** @type {Error} */ (error).message}`, { role: "alert" }));
    }
    progress.hidden = true;
    button.removeAttribute("aria-disabled");
    button.textContent = "Run them again";
    running = false;
  });
};

for (const box of document.querySelectorAll("[data-own-checks]")) start(box);
