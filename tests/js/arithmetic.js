// The arithmetic of the lab by name: float64 or float32 in plain JavaScript, or simd, float32 by the compiled kernels.
import { readFileSync } from "node:fs";
import { fastest, float32, float64 } from "../../static/lab/arithmetic.js";

export const kernels = readFileSync(new URL("../../static/built/kernels.wasm", import.meta.url));

/** @param {string} [name] */
export const arithmeticOf = (name = "float64") => (name === "simd" ? fastest(kernels) : { float32, float64 }[name]);
