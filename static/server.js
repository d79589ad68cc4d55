// Everything that needs a server. In offline copies static/offline.js replaces it.

/** Request the result for the present state of a widget.
 *  @type {(widget: Widget, signal: AbortSignal) => Promise<Response>} */
export const ask = (widget, signal) => fetch(widget.answer(), { signal });

/** Request the whole result for the present state of a widget, with its figures for Plotly.
 *  @type {(widget: Widget, signal: AbortSignal) => Promise<Response>} */
export const askFigures = (widget, signal) => fetch(widget.api(), { signal });

/** The result for the present state; or, if it takes training that has not been done, the seconds that this would probably
 *  wait until it begins: then nothing is begun.
 *  @type {(widget: Widget, signal: AbortSignal) => Promise<Response | number>} */
export const askMade = async (widget, signal) => {
  const answer = await fetch(widget.answer(), { signal, headers: { Prefer: "respond-async" } });
  return answer.status === 202 ? (await answer.json()).wait_s : answer;
};

/** Send a text of the reader's own with its settings, and get the result as this page needs it.
 *  @type {(widget: Widget, own: Record<string, any>, signal: AbortSignal) => Promise<Response>} */
export const askOwn = (widget, own, signal) =>
  fetch(widget.dataset.answer ?? "", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(own), signal });

/** Request the results at all positions of a slider; null without a server.
 *  @type {(widget: Widget, query: string) => Promise<any>} */
export const askRange = async (widget, query) => {
  const answer = await fetch(`${widget.dataset.api}/range?${query}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
};

/** The events of a training run from its start, each as [name, data] (static/stream.js).
 *  @param {string} address @param {Widget} _widget @param {AbortSignal} signal @returns {AsyncGenerator<RunEvent>} */
export async function* stream(address, _widget, signal) {
  const { eventsOf } = await import("./stream.js");
  yield* eventsOf(address, signal);
}

/** Run a script, by its path in the static folder.
 *  @type {(path: string) => Promise<any>} */
export const script = (path) => import(`./${path}`);
