// Reads a streamed training run by fetch: unlike EventSource, that gives the reason and the wait of a refusal. A broken
// stream is resumed after the last event received.
import { createParser } from "./vendor/eventsource-parser.js";

// Seconds before each retry; after the last one, the reader decides.
const PAUSES = [1, 2, 4];

/** @type {(seconds: number) => Promise<void>} */
const after = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** The messages of an open stream, as they arrive.
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

/** Whether a response is a refusal by our server rather than an error of a proxy.
 *  @type {(answer: Response) => boolean} */
const isProblem = ({ headers }) => headers.get("content-type")?.startsWith("application/problem+json") ?? false;

/** The events of a run, each as [name, data]: those of the server, the last of which is "done", or "error" with a
 *  problem document; "error" also for a refusal; "broken" before each retry; "lost" when all retries have failed,
 *  after which requesting the next event starts over. */
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
      // The connection failed or ended early; the loop retries.
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
