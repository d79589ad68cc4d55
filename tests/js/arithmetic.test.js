import assert from "node:assert/strict";
import { test } from "node:test";

import { fastest, float32, float64 } from "../../static/lab/arithmetic.js";
import { kernels } from "./arithmetic.js";

/** Some float32 numbers between -size and size. */
const numbers = (count, size = 1) => Float32Array.from({ length: count }, (_, n) => size * Math.sin(1 + 1.7 * n + n ** 2));

const filled = (arithmetic, rows, columns) => {
  const matrix = arithmetic.matrix(rows, columns);
  matrix.numbers.set(numbers(rows * columns));
  matrix.gradient.set(numbers(rows * columns, 0.5));
  return matrix;
};

const assertNear = (found, expected, most) => {
  found.forEach((value, n) => assert.ok(Math.abs(value - expected[n]) <= most, `${n}: ${value}, expected ${expected[n]}`));
};

/** What a function of an arithmetic makes, by the compiled kernels and in float64. @param {(a: any) => any[]} make */
const assertSame = (make, most = 1e-5) => {
  const expected = make(float64);
  make(fastest(kernels)).forEach((found, n) => assertNear(found, expected[n], most));
};

for (const [inputs, outputs] of [[32, 128], [128, 32], [32, 6], [32, 1], [16, 25]]) {
  test(`products of ${inputs} inputs and ${outputs} outputs are those of float64, and so are their gradients`, () => {
    assertSame((arithmetic) => {
      const [x, w, y] = [filled(arithmetic, 9, inputs + 16), filled(arithmetic, outputs, inputs), filled(arithmetic, 9, outputs)];
      const part = x.part(16, inputs);
      arithmetic.kernels.product(part, w, y, 6, 2);
      arithmetic.kernels.productBackward(part, w, y, 6, 2);
      return [y.numbers, x.gradient, w.gradient];
    });
  });
}

test("biases and layer norms are those of float64, and so are their gradients", () => {
  assertSame((arithmetic) => {
    const [x, y] = [filled(arithmetic, 7, 32), filled(arithmetic, 7, 32)];
    const [weight, bias] = [filled(arithmetic, 1, 32), filled(arithmetic, 1, 32)];
    const norm = { weight, bias, normalized: arithmetic.numbers(7 * 32), scale: arithmetic.numbers(7) };
    arithmetic.kernels.normalize(norm, x, y, 7, 1e-5);
    arithmetic.kernels.normalizeBackward(norm, x, y, 7);
    arithmetic.kernels.addToRows(bias, y, 7);
    arithmetic.kernels.addToRowsBackward(bias, y, 7);
    return [y.numbers, x.gradient, weight.gradient, bias.gradient];
  });
});

test("GELU is exact to 1e-7 and the rounding of float32, its slope to 2e-7", () => {
  const x = Float32Array.from({ length: 40_000 }, (_, n) => (n - 20_000) / 1000);
  const activated = (arithmetic) => {
    const [values, slope] = [arithmetic.numbers(x.length), arithmetic.numbers(x.length)];
    values.set(x);
    arithmetic.kernels.gelu(values, slope, x.length);
    return [values, slope];
  };
  const [values, slope] = activated(float64);
  const [found, foundSlope] = activated(fastest(kernels));
  found.forEach((value, n) => {
    assert.ok(Math.abs(value - values[n]) <= 1e-7 + 6e-8 * Math.abs(x[n]), `GELU(${x[n]}) is ${value}`);
  });
  assertNear(foundSlope, slope, 2e-7);
});

test("steps of Adam are those of float64", () => {
  assertSame((arithmetic) => {
    const moments = { means: arithmetic.numbers(33), squares: arithmetic.numbers(33) };
    const [weights, gradient] = [arithmetic.numbers(33), arithmetic.numbers(33)];
    gradient.set(numbers(33));
    for (const rate of [0.01, 0.02]) arithmetic.kernels.adam({ weights, gradient, ...moments }, 0.9, 0.999, rate, 0.05, 1e-8);
    return [weights, moments.means, moments.squares];
  }, 1e-7);
});

test("released memory is used again, and holds zeros", () => {
  const arithmetic = fastest(kernels);
  arithmetic.numbers(5);
  const mark = arithmetic.mark();
  const first = arithmetic.numbers(1000).fill(1);
  arithmetic.release(mark);
  const second = arithmetic.numbers(1000);
  assert.equal(second.byteOffset, first.byteOffset);
  assert.ok(second.every((number) => number === 0));
});

test("full memory is an error", () => {
  const arithmetic = fastest(kernels);
  assert.throws(() => arithmetic.numbers(2 ** 23 + 1), RangeError);
});

test("without kernels that compile, numbers are plain float32", () => {
  assert.equal(fastest(), float32);
  assert.equal(fastest(new Uint8Array([1, 2, 3])), float32);
});
