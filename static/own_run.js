// Runs on the reader's own machine, for pages from a server that is busy.
import { OwnMachine } from "./own_machine.js";

/** @type {Map<string, Promise<OwnMachine>>} */
const machines = new Map();

/** @type {(address: string, signal: AbortSignal) => Promise<Response>} */
const fetched = async (address, signal) => {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer;
};

/** @type {(name: string, addresses: any, signal: AbortSignal) => Promise<OwnMachine>} */
const started = async (name, { worker, lab }, signal) => {
  const [code, data] = await Promise.all([fetched(worker, signal), fetched(lab, signal)]);
  return new OwnMachine(await code.text(), await data.json());
};

/** What the controls say, defaults included, as a widget's params have it.
 *  @type {(widget: Widget) => Record<string, any>} */
const paramsOf = ({ form }) => {
  const given = [...new FormData(form)].filter(([name]) => !name.includes("."));
  return Object.fromEntries(given.map(([name, value]) => [name, form.elements[name].type === "number" ? Number(value) : value]));
};

/** The events of the controls' state, as the server streams them but for the last: its result is that of a page.
 *  @param {Widget} widget @param {DOMStringMap} addresses of the worker and of the lab @param {AbortSignal} signal
 *  @returns {AsyncGenerator<RunEvent>} */
export async function* ownEvents(widget, addresses, signal) {
  const { name } = widget;
  if (!machines.has(name)) {
    const machine = started(name, addresses, signal);
    machines.set(name, machine);
    machine.catch(() => machines.delete(name)); // so that the next call tries again
  }
  const machine = await machines.get(name);
  yield* /** @type {OwnMachine} */ (machine).events(paramsOf(widget), signal);
}
