// What networks compute with: how exact their numbers are, where these lie, and what works on them in inner loops.
import { Matrix } from "./matrix.js";
import * as plain from "./plain_kernels.js";
import { simdKernels } from "./simd_kernels.js";

/** @typedef {import("./matrix.js").Numbers} Numbers */
/** @typedef {typeof plain} Kernels */

export class Arithmetic {
  /** @param {(length: number) => Numbers} numbers an array of zeros @param {Kernels} kernels */
  constructor(numbers, kernels) {
    this.numbers = numbers;
    this.kernels = kernels;
  }

  /** A matrix of zeros, with a gradient of zeros. @param {number} rows @param {number} columns */
  matrix(rows, columns) {
    return new Matrix(this.numbers(rows * columns), this.numbers(rows * columns), rows, columns);
  }

  /** What is in use; see ``release``. */
  mark() {
    return 0;
  }

  /** Takes back all arrays that were made since a mark; networks with such arrays must not be used anymore.
   *  @param {number} mark */
  // eslint-disable-next-line no-unused-vars
  release(mark) {}
}

/** float64 in plain JavaScript, which is compared with torch to the last digits. */
export const float64 = new Arithmetic((length) => new Float64Array(length), plain);

/** float32 in plain JavaScript. */
export const float32 = new Arithmetic((length) => new Float32Array(length), plain);

/** float32 in the fixed memory of a WebAssembly module, with its kernels. Nothing in it is collected: release finished runs. */
class SimdArithmetic extends Arithmetic {
  /** @param {WebAssembly.Module} module kernels.ts, compiled */
  constructor(module) {
    const exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
    const { buffer } = exports.memory;
    const numbers = (/** @type {number} */ length) => {
      const start = this.used;
      // Places of 16 bytes, as vectors have.
      const end = start + Math.ceil(length / 4) * 16;
      if (end > buffer.byteLength) throw new RangeError("the memory for networks is full: release those of finished runs");
      this.used = end;
      return new Float32Array(buffer, start, length).fill(0);
    };
    super(numbers, simdKernels(exports));
    this.used = 0;
  }

  mark() {
    return this.used;
  }

  /** @param {number} mark */
  release(mark) {
    this.used = mark;
  }
}

/** The fastest arithmetic, with a memory of its own: WebAssembly's if the browser has its vectors and lets us compile, else
 *  plain float32.
 *  @param {BufferSource | WebAssembly.Module} [kernels] static/built/kernels.wasm */
export const fastest = (kernels) => {
  if (!kernels || typeof WebAssembly === "undefined") return float32;
  try {
    return new SimdArithmetic(kernels instanceof WebAssembly.Module ? kernels : new WebAssembly.Module(kernels));
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return float32;
    throw error;
  }
};
