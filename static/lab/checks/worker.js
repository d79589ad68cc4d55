// In a worker of the page on which a reader checks our numbers: {lab} brings the data, {id} asks for the checks.
import numbers from "../../../app/data/recorded_numbers.json";
import kernels from "../../built/kernels.wasm";
import { kindsOf } from "./kinds.js";
import { checked } from "./report.js";

/** @type {any} */
const recorded = numbers;

/** @type {any} */
let data;

onmessage = ({ data: { lab, id } }) => {
  if (lab) {
    data = lab;
    return;
  }
  try {
    for (const event of checked(kindsOf(data, recorded, kernels))) postMessage({ id, event });
  } catch (error) {
    postMessage({ id, event: ["error", { detail: `This could not be checked here: ${error}` }] });
  }
};
