// The events of a run's stream, whatever happens to the connection.
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { eventsOf } from "../../static/stream.js";

const STEPS = [1, 2, 3].map((id) => `id: ${id}\nevent: step\ndata: ${id}\n\n`);
const DONE = "id: 4\nevent: done\ndata: 4\n\n";
const PROBLEM = { status: 429, detail: "You have 400 runs waiting.", retry_after: 30 };

const stream = (...parts) => new Response(parts.join(""), { headers: { "content-type": "text/event-stream" } });
const FAILED = null;

/** A server with prepared responses, one per request. */
const serve = (answers) =>
  mock.method(globalThis, "fetch", async () => {
    const answer = answers.shift();
    if (answer === FAILED) throw new TypeError("network");
    return answer;
  });

afterEach(() => mock.restoreAll());

/** All events from a server with these responses, and the Last-Event-ID of each request. */
const heard = async (...answers) => {
  const fetched = serve(answers);
  const events = [];
  for await (const [name, data] of eventsOf("/stream", new AbortController().signal, [0, 0])) {
    events.push(data === null ? name : `${name} ${JSON.stringify(data)}`);
    if (name === "lost") break;
  }
  return { events, asked: fetched.mock.calls.map(({ arguments: [, { headers }] }) => headers["Last-Event-ID"]) };
};

test("a run is heard from its beginning to its end, and asked for once", async () => {
  const { events, asked } = await heard(stream('event: queued\ndata: {"place":1}\n\n', ...STEPS, DONE));
  assert.deepEqual(events, ['queued {"place":1}', "step 1", "step 2", "step 3", "done 4"]);
  assert.deepEqual(asked, [undefined]);
});

test("a stream that breaks, within an event even, is taken up after the last whole one", async () => {
  const { events, asked } = await heard(stream(STEPS[0], STEPS[1].slice(0, -1)), FAILED, stream(STEPS[1], STEPS[2], DONE));
  assert.deepEqual(events, ["step 1", "broken", "broken", "step 2", "step 3", "done 4"]);
  assert.deepEqual(asked, [undefined, "1", "1"]);
});

test("a server that never answers is tried a few times, and then no more", async () => {
  const { events, asked } = await heard(FAILED, FAILED, FAILED);
  assert.deepEqual(events, ["broken", "broken", "lost"]);
  assert.equal(asked.length, 3);
});

test("a stream that says nothing of the run counts as one that failed, for ever so many of them", async () => {
  const queued = () => stream('event: queued\ndata: {"place":1}\n\n');
  const { events } = await heard(queued(), queued(), queued());
  assert.equal(events.at(-1), "lost");
});

test("who asks for more after all tries have failed lets it try anew, from where it was", async () => {
  const answers = [stream(STEPS[0]), FAILED, stream(...STEPS.slice(1), DONE)];
  serve(answers);
  const events = [];
  for await (const [name] of eventsOf("/stream", new AbortController().signal, [0])) events.push(name);
  assert.deepEqual(events, ["step", "broken", "lost", "step", "step", "done"]);
});

test("a refusal is heard with its reason and its wait, and not tried again", async () => {
  const headers = { "content-type": "application/problem+json" };
  const { events, asked } = await heard(new Response(JSON.stringify(PROBLEM), { status: 429, headers }));
  assert.deepEqual(events, [`error ${JSON.stringify(PROBLEM)}`]);
  assert.equal(asked.length, 1);
});

test("a run that ends early says why, and is not tried again", async () => {
  const { events, asked } = await heard(stream(STEPS[0], `event: error\ndata: ${JSON.stringify(PROBLEM)}\n\n`));
  assert.deepEqual(events, ["step 1", `error ${JSON.stringify(PROBLEM)}`]);
  assert.equal(asked.length, 1);
});

test("a proxy without a server behind it counts as a broken connection", async () => {
  const gateway = new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } });
  const { events } = await heard(gateway, stream(...STEPS, DONE));
  assert.deepEqual(events, ["broken", "step 1", "step 2", "step 3", "done 4"]);
});
