// Bytes, of which compiled code makes texts of as many characters up to U+00FF.
import { held } from "./characters.js";
import { UnicodeDecodeError, failure } from "./errors.js";

const CHUNK = 0x8000;

/** @type {(bytes: Uint8Array) => string} */
export const textOfBytes = (bytes) => {
  let found = "";
  for (let at = 0; at < bytes.length; at += CHUNK) found += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return found;
};

/** By Python's names of encodings. @type {Record<string, string>} */
const DECODERS = { "utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be", cp1252: "windows-1252" };
/** bytes that stand for nothing in Windows-1252 */
const UNDEFINED = /[\x81\x8d\x8f\x90\x9d]/;

/** bytes.decode @type {(bytes: string, encoding: string, errors?: string) => string} */
export const decode = (bytes, encoding, errors = "strict") => {
  if (encoding === "latin-1") return bytes;
  if (encoding === "utf-16") return decode(bytes.slice(2), bytes.startsWith("\xfe") ? "utf-16-be" : "utf-16-le", errors);
  if (encoding === "utf-32") return held(fromUtf32(bytes));
  if (encoding === "cp1252" && UNDEFINED.test(bytes)) throw UnicodeDecodeError(encoding);
  const array = Uint8Array.from({ length: bytes.length }, (_, n) => bytes.charCodeAt(n));
  const decoder = new TextDecoder(DECODERS[encoding], { fatal: errors === "strict", ignoreBOM: encoding !== "utf-8-sig" });
  try {
    return held(decoder.decode(array));
  } catch {
    throw UnicodeDecodeError(encoding);
  }
};

/** @type {(bytes: string) => string} */
const fromUtf32 = (bytes) => {
  const big = bytes.startsWith("\0");
  const found = [];
  for (let at = 4; at < bytes.length; at += 4) {
    const places = big ? [0, 1, 2, 3] : [3, 2, 1, 0];
    const code = at + 4 > bytes.length ? -1 : places.reduce((sum, place) => 256 * sum + bytes.charCodeAt(at + place), 0);
    const is = code >= 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff);
    found.push(is ? String.fromCodePoint(code) : "\ufffd");
  }
  return found.join("");
};

/** str.encode @type {(text: string, encoding?: string, errors?: string) => string} */
export const encode = (text, encoding = "utf-8", errors = "strict") => {
  if (encoding === "utf-8") return textOfBytes(new TextEncoder().encode(text));
  if (encoding !== "latin-1" || errors !== "replace") throw failure("LookupError", `${encoding}, ${errors}`);
  return text.replace(/[^\0-\xff]/g, "?");
};
