// What the lab on a reader's own machine is made of (static/own_machine.js), from a server. In offline copies
// static/offline_parts.js replaces this file.

/** @type {(address: any) => Promise<Response>} */
const fetched = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer;
};

/** The code of a worker, and the data of the lab. @param {DOMStringMap} addresses @returns {Promise<[code: string, lab: any]>} */
export const machineParts = async ({ worker, lab }) => {
  const [code, data] = await Promise.all([fetched(worker), fetched(lab)]);
  return [await code.text(), await data.json()];
};
