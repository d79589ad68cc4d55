// Runs on the reader's own machine, for pages from a server that is busy.
import { OwnMachine } from "./own_machine.js";

/** @type {Map<string, Promise<OwnMachine>>} */
const machines = new Map();

/** @type {(address: any) => Promise<Response>} */
const fetched = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer;
};

/** @type {(addresses: DOMStringMap) => Promise<OwnMachine>} */
const started = async ({ worker, lab }) => {
  const [code, data] = await Promise.all([fetched(worker), fetched(lab)]);
  return new OwnMachine(await code.text(), await data.json());
};

/** What the controls say, defaults included, as a widget's params have it.
 *  @type {(widget: Widget) => Record<string, any>} */
const paramsOf = ({ form }) => {
  const given = [...new FormData(form)].filter(([name]) => !name.includes("."));
  return Object.fromEntries(given.map(([name, value]) => [name, form.elements[name].type === "number" ? Number(value) : value]));
};

/** The machine of a widget; it is kept, so that it can be got ready early.
 *  @param {Widget} widget @param {DOMStringMap} addresses of the worker and of the lab @returns {Promise<OwnMachine>} */
export const machineOf = ({ name }, addresses) => {
  const machine = machines.get(name) ?? started(addresses);
  machines.set(name, machine);
  machine.catch(() => machines.delete(name)); // so that the next call tries again
  return machine;
};

/** The events of the controls' state, as the server streams them but for the last: its result is that of a page.
 *  @param {Widget} widget @param {DOMStringMap} addresses of the worker and of the lab @param {AbortSignal} signal
 *  @returns {AsyncGenerator<RunEvent>} */
export async function* ownEvents(widget, addresses, signal) {
  const machine = await machineOf(widget, addresses);
  yield* machine.events(paramsOf(widget), signal);
}
