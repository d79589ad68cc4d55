// A training run as the server streams it, read by fetch: so a refusal can be shown with its reason and its wait,
// which an EventSource keeps to itself. A stream that breaks is taken up after the last event that came.
import { createParser } from "./vendor/eventsource-parser.js";

// Seconds before each new try; after the last of them the reader decides.
const PAUSES = [1, 2, 4];

/** @type {(seconds: number) => Promise<void>} */
const after = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** The messages of an open stream, as they come.
 *  @param {ReadableStream<BufferSource>} body */
async function* messagesOf(body) {
  /** @type {import("eventsource-parser").EventSourceMessage[]} */
  const come = [];
  const parser = createParser({ onEvent: (message) => come.push(message) });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    parser.feed(value);
    yield* come.splice(0);
  }
}

/** Whether an answer is a refusal of our server, and not of a proxy before it that finds no server.
 *  @type {(answer: Response) => boolean} */
const isProblem = ({ headers }) => headers.get("content-type")?.startsWith("application/problem+json") ?? false;

/** The events of a run, each as [name, data]: those that the server sends, of which "done" or "error" with a
 *  problem document is the last, a refusal as "error", and "broken" before each new try. After "lost" all tries
 *  have failed: who asks for more events lets it try anew. */
/** @param {string} address @param {AbortSignal} signal @param {number[]} pauses @returns {AsyncGenerator<RunEvent>} */
export async function* eventsOf(address, signal, pauses = PAUSES) {
  let last = "";
  let failures = 0;
  for (;;) {
    try {
      const answer = await fetch(address, { signal, headers: last ? { "Last-Event-ID": last } : {} });
      if (isProblem(answer)) {
        yield ["error", await answer.json()];
        return;
      }
      if (answer.ok && answer.body) {
        for await (const { id, event = "message", data } of messagesOf(answer.body)) {
          if (id !== undefined) [last, failures] = [id, 0];
          yield [event, JSON.parse(data)];
          if (event === "done" || event === "error") return;
        }
      }
    } catch {
      // A connection that fails or ends early: both are mended below.
    }
    if (signal.aborted) return;
    if (failures < pauses.length) {
      yield ["broken", null];
      await after(pauses[failures]);
      failures += 1;
    } else {
      yield ["lost", null];
      failures = 0;
    }
  }
}
