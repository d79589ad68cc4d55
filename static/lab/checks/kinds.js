// The kinds of checks, each with the lab in its arithmetic.
import { fastest } from "../arithmetic.js";
import { openLab, the_lab } from "../named/trained.js";
import { derivation } from "./derivation.js";
import { gradients } from "./gradients.js";
import { receipts } from "./receipts.js";
import { runs } from "./runs.js";

/** @param {import("../named/trained.js").LabData} data of the lab
 *  @param {{ receipts: import("./receipts.js").Receipt[], runs: import("./runs.js").Run[] }} recorded
 *  @param {BufferSource} [kernels] of the lab, compiled */
export const kindsOf = (data, recorded, kernels) => {
  openLab(data);
  const exact = the_lab();
  openLab(data, fastest(kernels));
  return [gradients(exact), derivation(exact), receipts(exact, recorded.receipts), runs(the_lab(), recorded.runs)];
};
