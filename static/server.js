// Everything that the script asks a server for. An offline copy has static/offline.js in its place.

/** Answer to the present state of a widget.
 *  @type {(widget: Widget, signal: AbortSignal) => Promise<Response>} */
export const ask = (widget, signal) => fetch(widget.api(), { signal });

/** The results at all positions of a slider; null where there is nobody to ask.
 *  @type {(widget: Widget, query: string) => Promise<any>} */
export const askRange = async (widget, query) => {
  const answer = await fetch(`${widget.dataset.api}/range?${query}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
};

/** The events of a training run, from its beginning, each as [name, data] (static/stream.js).
 *  @param {string} address @param {string} name @param {AbortSignal} signal @returns {AsyncGenerator<RunEvent>} */
export async function* stream(address, name, signal) {
  const { eventsOf } = await import("./stream.js");
  yield* eventsOf(address, signal);
}

/** Run a script, by its path from the folder of statics.
 *  @type {(path: string) => Promise<any>} */
export const script = (path) => import(`./${path}`);

/** A seed that was probably never seen before.
 *  @type {(widget: Widget) => number} */
export const anySeed = () => crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000;

/** What a stream is, in front of "with seed 7". */
export const streaming = "Training";
