// What code compiled from Python needs of this folder, whose modules are those of app/lab under their own names: functions
// know the names of their parameters, since a call with keywords is put in order by them.

import { kept, named } from "../python/values.js";

export { kept, named };

/** What makes the objects of a dataclass, called without ``new``: its fields with what they are by default, `undefined` where
 *  a value must be given.
 *  @template {Record<string, any>} Fields @param {Fields} fields */
export const dataclass = (fields) => {
  const params = Object.keys(fields);
  /** @type {(...values: any[]) => Fields} */
  const make = (...values) =>
    /** @type {Fields} */ (
      Object.fromEntries(params.map((name, n) => [name, values[n] === undefined ? fields[name] : values[n]]))
    );
  return named(params, make);
};

/** A configuration with the names that the trainers of ../ have. @param {Record<string, any>} config
 *  @returns {Record<string, any>} */
export const camelCased = (config) =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), value]),
  );
