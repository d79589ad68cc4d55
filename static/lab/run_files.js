// Reads and checks run files without a server, by what is compiled of app/check (build/javascript/reader.js and check.js).
import { textOfBytes } from "./python/bytes.js";
import { asItStood, begun, shown } from "./python/characters.js";
import { PythonError } from "./python/errors.js";
import { Dict, plain } from "./python/values.js";

/** @typedef {{ pasted: any, sent: any, run_of: any, logps_of?: any, MOST_BYTES: number }} Reader */

const GZIP = [0x1f, 0x8b];

/** A table of pairs or a trainer's log, with the names that app/check/tables.py has.
 *  @param {Reader} reader @param {string | Uint8Array} data a file's text, or its bytes in whatever encoding
 *  @param {{ name?: string | null, finite?: boolean }} [how] what the file is called; whether only pairs with finite values will do
 *  @returns {Promise<any>} rejected with a RunFileError, which has line, column and message */
export const readRunFile = (reader, data, { name = null, finite = false } = {}) =>
  made(reader, data, name, (file) => (finite ? reader.logps_of(file) : reader.run_of(file, name)));

/** What a check of a run says, with the names of app/check/report.py.
 *  @param {Reader & { report_of: any }} check @param {string | Uint8Array} data @param {string | null} name
 *  @param {any} settings of the run, compiled from app/check/settings.py
 *  @returns {Promise<any>} rejected as by readRunFile */
export const checkRunFile = (check, data, name, settings) =>
  made(check, data, name, (file) => check.report_of(check.run_of(file, name), settings));

/** All that a page shows of a run: see app/check/own_run.py.
 *  @param {Reader & { told: any }} check @param {string | Uint8Array} data @param {string | null} name
 *  @param {Record<string, any>} given of the form, what was filled in
 *  @returns {Promise<any>} rejected as by readRunFile, or with a ValueError if a setting is refused */
export const ownRunFile = (check, data, name, given) =>
  made(check, data, name, (file) => check.told(check.run_of(file, name), new Dict(Object.entries(given))));

/** What is made of the text of a file, as JSON has it.
 *  @param {Reader} reader @param {string | Uint8Array} data @param {string | null} name @param {(file: any) => any} make */
const made = async (reader, data, name, make) => {
  const packed = typeof data !== "string" && GZIP.every((byte, place) => data[place] === byte);
  const unpacked = packed ? await unpackedBytes(data, reader.MOST_BYTES + 1) : null;
  try {
    const text = begun(typeof data === "string" ? data : "");
    const file = typeof data === "string" ? reader.pasted(text, name) : reader.sent(textOfBytes(data), unpacked && textOfBytes(unpacked), name);
    return asItStood(plain(make(file)));
  } catch (error) {
    const { column, message, args } = /** @type {any} */ (error);
    if (error instanceof PythonError) Object.assign(error, { column: asItStood(column), message: shown(message), told: shown(args[0]) });
    throw error;
  }
};

/** At most so many of the first bytes of what is packed, or null if it is damaged, which an archive of several parts is to browsers.
 *  @type {(data: Uint8Array, most: number) => Promise<Uint8Array | null>} */
const unpackedBytes = async (data, most) => {
  const chunks = [];
  let size = 0;
  try {
    const stream = new Blob([/** @type {BlobPart} */ (data)]).stream().pipeThrough(new DecompressionStream("gzip"));
    // Not for await, which not all browsers have for streams.
    const reader = stream.getReader();
    while (size < most) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
    await reader.cancel();
  } catch {
    return null;
  }
  const found = new Uint8Array(size);
  chunks.reduce((place, chunk) => (found.set(chunk, place), place + chunk.length), 0);
  return found.subarray(0, most);
};
