// What the compiled check says of each of {files}: of a {text}, or of {bytes} in base64, under {settings}; or all that a page shows, with what
// was filled in of its {form}. With {timed}, how many
// milliseconds it took.
import { checkRunFile, ownRunFile } from "../../static/lab/run_files.js";
import { apply, setOf } from "../../static/lab/python.js";
import * as check from "../../build/javascript/check.js";
import { answer, asked } from "./answer.js";

const found = [];
for (const { text, bytes, name, settings, form } of asked.files) {
  const data = text ?? new Uint8Array(Buffer.from(bytes, "base64"));
  const start = performance.now();
  try {
    if (form) {
      found.push(await ownRunFile(check, data, name, form));
      continue;
    }
    const given = apply(check.RunSettings, [], Object.entries({ ...settings, assumed: setOf(settings.assumed) }));
    const report = await checkRunFile(check, data, name, given);
    report.settings.assumed.sort();
    found.push(report);
  } catch (error) {
    if (error.name === "ValueError") found.push({ refused: error.message });
    else if (error.name !== "RunFileError") found.push({ failed: error.stack });
    else found.push({ line: error.line, column: error.column, message: error.message });
  }
  if (asked.timed) found.push(performance.now() - start);
}
answer(found);
