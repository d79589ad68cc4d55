// In a worker of the page /check of an offline copy: checks runs, and answers with all that the page shows of them.
import { ownRunFile } from "./run_files.js";

/** Answer messages {data, name, given}, a file with what was filled in of its form, by {report}, by {refused, field} with the
 *  field that is why, or by {failed}. @param {any} check compiled from app/check */
export const serveCheck = (check) => {
  onmessage = async ({ data: { data, name, given } }) => {
    try {
      postMessage({ report: await ownRunFile(check, data, name, given) });
    } catch (error) {
      const { name: kind, message, told } = /** @type {any} */ (error);
      if (kind === "RunFileError") postMessage({ refused: told, field: name === null ? "text" : "file" });
      else if (kind === "ValueError") postMessage({ refused: message, field: message.split(" ")[0] });
      else postMessage({ failed: message });
    }
  };
};
