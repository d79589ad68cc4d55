// Replaces static/check_server.js in an offline copy: checks the run of a form on the reader's machine, in a worker, and shows what
// templates/pages/check_report.html shows.
import { drawn, element, parent } from "./dom.js";
import { written } from "./format.js";
import { workerCode } from "./offline_parts.js";
import { workerOf } from "./own_machine.js";
import { Drawing, patch } from "./stage.js";

export const FAILED = "This could not be computed here.";

/** @type {(most: number) => string} */
export const tooLargeFor = (most) => `At most ${written(most, "count")} bytes can be checked in a copy: a larger file needs a server.`;

const WORKER = "run_check";

/** What is made of the data of a run by a worker, which ends with the answer, or when nobody wants it anymore.
 *  @type {(asked: { data: string | Uint8Array, name: string | null, given: Record<string, any> }, signal: AbortSignal) => Promise<any>} */
const answerTo = async (asked, signal) => {
  const worker = workerOf(await workerCode(WORKER));
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      worker.postMessage(asked);
    });
  } finally {
    worker.terminate();
  }
};

// ---- the form ----------------------------------------------------------------------------------

/** Fields with several values, which commas part. */
const LISTS = ["loss_types", "loss_weights"];

/** The settings that were filled in, and what is wrong with them.
 *  @type {(form: any) => { given: Record<string, any>, errors: { field: string, message: string }[] }} */
const settingsIn = (form) => {
  /** @type {Record<string, any>} */
  const given = {};
  const errors = [];
  for (const { name, value, dataset } of form.elements) {
    const filled = value.trim();
    if (!name || !filled || name === "text" || name === "file") continue;
    const values = LISTS.includes(name) ? filled.split(",").map((/** @type {string} */ part) => part.trim()) : [filled];
    const numbers = values.map(Number);
    const number = "low" in dataset;
    if (number && !numbers.every((/** @type {number} */ one) => inRange(one, dataset))) errors.push({ field: name, message: dataset.allowed });
    given[name] = LISTS.includes(name) ? (number ? numbers : values) : number ? numbers[0] : filled;
  }
  return { given, errors };
};

/** @type {(value: number, bounds: DOMStringMap) => boolean} */
const inRange = (value, { low, high, above, below }) =>
  (above ? value > Number(low) : value >= Number(low)) && (below ? value < Number(high) : value <= Number(high));

/** The report as elements; or why there is none, as a problem document has it.
 *  @type {(form: any, signal: AbortSignal) => Promise<{ report?: Node[], problem?: any }>} */
export const checked = async (form, signal) => {
  const { given, errors } = settingsIn(form);
  if (errors.length) return { problem: { errors } };
  const [file] = form.elements.file.files;
  const data = file ? new Uint8Array(await file.arrayBuffer()) : form.elements.text.value;
  const { report, refused, field, failed } = await answerTo({ data, name: file?.name ?? null, given }, signal);
  if (failed) throw new Error(failed);
  return refused ? { problem: { errors: [{ field, message: refused }] } } : { report: elementsOf(report) };
};

// ---- the report --------------------------------------------------------------------------------

/** @typedef {{ name: string, title: string, verdict: string, message: string, evidence: string, see: string | null, mended: string | null }} Finding */

/** A link to a figure's state, which a copy has unless it is an example of this page.
 *  @type {(address: string, text: string) => Element} */
const way = (address, text) => {
  const [path, query] = address.split("?");
  if (!path.startsWith("/widgets/")) return element("span", text, { class: "needs-server", title: "Needs a server" });
  return element("a", text, { href: `${path.slice(1)}.html?${query}` });
};

/** @type {(finding: Finding) => Element} */
const told = ({ name, title, message, evidence, see, mended }) => {
  const ways = see ? [way(see, "See it in a figure"), ...(mended ? [" ", way(mended, "How it looks when mended")] : [])] : [];
  return parent(
    "article",
    [
      element("h3", title, { id: `finding-${name}` }),
      element("p", message),
      element("p", evidence, { class: "evidence" }),
      ...(ways.length ? [parent("p", ways, { class: "ways" })] : []),
    ],
    { class: "finding", "data-finding": name, "aria-labelledby": `finding-${name}` },
  );
};

/** @type {(title: string, message: string, more?: (string | Node)[], attributes?: Record<string, string>) => Element} */
const item = (title, message, more = [], attributes = {}) => parent("li", [element("b", `${title}.`), ` ${message}`, ...more], attributes);

/** @type {(summary: string, inside: Element) => Element} */
const fold = (summary, inside) => parent("details", [element("summary", summary), inside], { class: "fold" });

/** The drawing of a log, for wide and for narrow pages. @type {(drawing: any) => Element} */
const drawingOf = ({ scene, wide, narrow, alt, caption }) => {
  const pictures = /** @type {[string, number, number][]} */ ([
    ["wide", 870, wide],
    ["narrow", 358, narrow],
  ]).map(([kind, width, height]) => {
    const picture = drawn("svg", "", { class: `at-width ${kind}`, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    patch(picture, new Drawing(scene, { width, narrow: kind === "narrow", at: 0, asking: false, held: [] }).nodes());
    return picture;
  });
  const both = parent("div", pictures, { class: "drawn", role: "img", "aria-label": alt });
  both.style.setProperty("--wide", `${wide}px`);
  both.style.setProperty("--narrow", `${narrow}px`);
  return parent("figure", [both, element("figcaption", caption)], { class: "log-drawing" });
};

/** @type {(report: any) => Element[]} */
const elementsOf = ({ run, headline, settings, untold, drawing }) => {
  const of = (/** @type {string} */ verdict) => run.findings.filter((/** @type {Finding} */ finding) => finding.verdict === verdict);
  const [found, clear] = [of("found"), of("not_found")];
  const names = found.map((/** @type {Finding} */ { name, title }) => parent("li", [element("a", title, { href: `#finding-${name}` })]));
  const reasons = untold.map((/** @type {[string, string]} */ [titles, message]) => item(titles, message));
  const rest = clear.map((/** @type {Finding} */ { name, title, message, evidence }) =>
    item(title, message, [" ", element("span", evidence, { class: "note" })], { "data-finding": name }),
  );
  const assumed = run.assumed.length ? ["What is assumed can be set in the form."] : [];
  const read = [`${run.read.split("; columns")[0]}.`, settings, ...run.notes, ...assumed].join(" ");
  return [
    element("h2", headline, { id: "report-title" }),
    ...(found.length ? [parent("ul", names, { class: "found-list" })] : []),
    element("p", read, { class: "check-read" }),
    ...(drawing ? [drawingOf(drawing)] : []),
    ...found.map(told),
    ...(untold.length ? [element("h3", "Could not be told"), parent("ul", reasons, { class: "untold" })] : []),
    ...(clear.length ? [fold(`Looked for and not found: ${clear.length}`, parent("ul", rest, { class: "untold" }))] : []),
    fold("What was read", element("p", run.read, { class: "note" })),
  ];
};
