// Checks the run of a form on the server. In offline copies static/check_offline.js replaces this file.
import { written } from "./format.js";

export const FAILED = "The server did not answer. Check again.";

/** @type {(most: number) => string} */
export const tooLargeFor = (most) =>
  `At most ${written(most, "count")} bytes can be sent. Log fewer columns or steps, or compress the file by gzip.`;

/** The report as elements, whose page needs none of its scripts and styles; or why there is none, as a problem document has it.
 *  @type {(form: any, signal: AbortSignal) => Promise<{ report?: Node[], problem?: any }>} */
export const checked = async (form, signal) => {
  const fields = new FormData(form);
  if (form.elements.file.files.length) fields.delete("text");
  else fields.delete("file");
  const answer = await fetch(form.dataset.report, { method: "POST", body: fields, signal });
  if (!answer.ok) return { problem: await answer.json() };
  return { report: [...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes] };
};
