// Replaces static/machine_parts.js in an offline copy, whose pages may load nothing but scripts.

const { src: home } = /** @type {HTMLScriptElement} */ (document.currentScript);

/** Run a script, by its path in the static folder.
 *  @type {(path: string) => Promise<any>} */
export const script = (path) =>
  new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = new URL(`../${path}`, home).href;
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(new Error(`${path} is missing`)));
    document.head.append(element);
  });

/** The code of a worker, loaded once. @param {string} name @returns {Promise<string>} */
export const workerCode = async (name) => {
  if (!window.dpoExported.workers[name]) await script(`data/worker-${name}.js`);
  return window.dpoExported.workers[name];
};

/** The code of a worker, and the data of the lab. @param {DOMStringMap} names @returns {Promise<[code: string, lab: any]>} */
export const machineParts = async ({ worker = "" }) => {
  const [code] = await Promise.all([workerCode(worker), script("data/lab.js")]);
  return [code, window.dpoExported.lab];
};
