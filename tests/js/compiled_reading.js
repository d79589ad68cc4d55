// What the compiled reader makes of each of {files}: of a {text}, or of {bytes} in base64. NaN and infinities are texts.
import { readRunFile } from "../../static/lab/run_files.js";
import * as reader from "../../build/javascript/reader.js";
import { answer, asked } from "./answer.js";

/** @type {(value: any) => any} */
const told = (value) => {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(told);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, told(one)]));
};

const found = [];
for (const { text, bytes, name, finite } of asked.files) {
  const data = text ?? new Uint8Array(Buffer.from(bytes, "base64"));
  try {
    found.push(told(await readRunFile(reader, data, { name, finite })));
  } catch (error) {
    if (error.name !== "RunFileError") found.push({ failed: error.stack });
    else found.push({ line: error.line, column: error.column, message: error.message });
  }
}
answer(found);
