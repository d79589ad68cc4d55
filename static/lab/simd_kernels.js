// The functions of plain_kernels.js, done by those of kernels.ts: matrices become addresses in the memory of the module.

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./matrix.js").Numbers} Numbers */

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Where a row of a matrix begins, or its gradient. @param {Numbers} numbers @param {Matrix} matrix @param {number} [row] */
const address = (numbers, { start, stride }, row = 0) => numbers.byteOffset + BYTES * (start + row * stride);

/** From each row to the next. @param {Matrix} matrix */
const pitch = ({ stride }) => BYTES * stride;

/** @param {any} wasm the exports of kernels.ts @returns {typeof import("./plain_kernels.js")} */
export const simdKernels = (wasm) => ({
  product: (x, w, y, rows, first = 0) =>
    wasm.product(
      address(x.numbers, x, first), pitch(x),
      address(w.numbers, w), pitch(w),
      address(y.numbers, y, first), pitch(y),
      rows, w.columns, w.rows,
    ),

  productBackward: (x, w, y, rows, first = 0) =>
    wasm.productBackward(
      address(x.numbers, x, first), address(x.gradient, x, first), pitch(x),
      address(w.numbers, w), address(w.gradient, w), pitch(w),
      address(y.gradient, y, first), pitch(y),
      rows, w.columns, w.rows,
    ),

  addToRows: (bias, y, rows) => wasm.addToRows(address(bias.numbers, bias), address(y.numbers, y), rows, y.columns),

  addToRowsBackward: (bias, y, rows) =>
    wasm.addToRowsBackward(address(bias.gradient, bias), address(y.gradient, y), rows, y.columns),

  normalize: ({ weight, bias, normalized, scale }, x, y, rows, eps) =>
    wasm.normalize(
      address(weight.numbers, weight), address(bias.numbers, bias),
      address(x.numbers, x), address(y.numbers, y),
      normalized.byteOffset, scale.byteOffset,
      rows, x.columns, eps,
    ),

  normalizeBackward: ({ weight, bias, normalized, scale }, x, y, rows) =>
    wasm.normalizeBackward(
      address(weight.numbers, weight), address(weight.gradient, weight), address(bias.gradient, bias),
      address(x.gradient, x), address(y.gradient, y),
      normalized.byteOffset, scale.byteOffset,
      rows, x.columns,
    ),

  gelu: (x, slope, count) => wasm.gelu(x.byteOffset, slope.byteOffset, count),

  multiply: (x, factors, count) => wasm.multiply(x.byteOffset, factors.byteOffset, count),

  adam: ({ weights, gradient, means, squares }, ...rates) =>
    wasm.adam(
      weights.byteOffset, gradient.byteOffset, means.byteOffset, squares.byteOffset,
      weights.length, ...rates,
    ),
});
