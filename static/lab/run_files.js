// Reads and checks run files without a server, by what is compiled of app/check (build/javascript/reader.js and check.js).
import { textOfBytes } from "./python/bytes.js";
import { begun, shown } from "./python/characters.js";
import { PythonError } from "./python/errors.js";
import { plain } from "./python/values.js";

/** @typedef {{ pasted: any, sent: any, run_of: any, logps_of?: any }} Reader */

const GZIP = [0x1f, 0x8b];
/** of a file, and of its text once it is unpacked */
const MOST_BYTES = 4_000_000;

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

/** What is made of the text of a file, as JSON has it.
 *  @param {Reader} reader @param {string | Uint8Array} data @param {string | null} name @param {(file: any) => any} make */
const made = async (reader, data, name, make) => {
  const packed = typeof data !== "string" && GZIP.every((byte, place) => data[place] === byte);
  const unpacked = packed ? await unpackedBytes(data) : null;
  try {
    const text = begun(typeof data === "string" ? data : "");
    const file = typeof data === "string" ? reader.pasted(text, name) : reader.sent(textOfBytes(data), unpacked && textOfBytes(unpacked), name);
    return asItStood(plain(make(file)));
  } catch (error) {
    const { column, message } = /** @type {any} */ (error);
    if (error instanceof PythonError) Object.assign(error, { column: asItStood(column), message: shown(message) });
    throw error;
  }
};

/** The beginning of what is packed, or null if it is damaged. @type {(data: Uint8Array) => Promise<Uint8Array | null>} */
const unpackedBytes = async (data) => {
  const chunks = [];
  let size = 0;
  try {
    const stream = new Blob([/** @type {BlobPart} */ (data)]).stream().pipeThrough(new DecompressionStream("gzip"));
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_BYTES) break;
    }
  } catch {
    return null;
  }
  const found = new Uint8Array(size);
  chunks.reduce((place, chunk) => (found.set(chunk, place), place + chunk.length), 0);
  return found.subarray(0, MOST_BYTES + 1);
};

/** A value of JSON with the characters of the file. @type {(value: any) => any} */
const asItStood = (value) => {
  if (typeof value === "string") return shown(value);
  if (Array.isArray(value)) return value.map(asItStood);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [shown(key), asItStood(one)]));
};
