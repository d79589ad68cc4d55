// The machines of the widgets of a page, and runs on them while the server is busy.
import { machineParts } from "./machine_parts.js";
import { OwnMachine, paramsOf } from "./own_machine.js";

/** @type {Map<string, Promise<OwnMachine>>} */
const machines = new Map();

/** @type {(addresses: DOMStringMap) => Promise<OwnMachine>} */
const started = async (addresses) => new OwnMachine(...(await machineParts(addresses)));

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
