// app/check/findings/shifts.py: all circular shifts of two columns at once.

/** @typedef {[real: Float64Array, imaginary: Float64Array]} Complex */

/** The discrete Fourier transform of so many numbers as a power of two, in place. @param {Complex} numbers */
const transform = ([real, imaginary]) => {
  const size = real.length;
  for (let n = 1, other = 0; n < size; n++) {
    let bit = size >> 1;
    for (; other & bit; bit >>= 1) other ^= bit;
    other |= bit;
    if (n >= other) continue;
    [real[n], real[other]] = [real[other], real[n]];
    [imaginary[n], imaginary[other]] = [imaginary[other], imaginary[n]];
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos((-Math.PI * k) / half), Math.sin((-Math.PI * k) / half)];
      for (let n = k; n < size; n += 2 * half) {
        const [x, y] = [real[n + half] * cos - imaginary[n + half] * sin, real[n + half] * sin + imaginary[n + half] * cos];
        [real[n + half], imaginary[n + half]] = [real[n] - x, imaginary[n] - y];
        real[n] += x;
        imaginary[n] += y;
      }
    }
  }
};

/** @param {Float64Array} values @param {number} size @returns {Complex} */
const transformed = (values, size) => {
  /** @type {Complex} */
  const numbers = [new Float64Array(size), new Float64Array(size)];
  numbers[0].set(values);
  transform(numbers);
  return numbers;
};

/** The sum of one[i] other[i + shift] over all rows, by shift. @param {Float64Array} one @param {Float64Array} other of the same
 *  length */
export const at_every_shift = (one, other) => {
  const rows = one.length;
  // With as many zeros behind them nothing comes around; the shifts of both directions are added afterwards.
  const size = 2 ** Math.ceil(Math.log2(2 * rows));
  const [[a, b], [c, d]] = [one, other].map((values) => transformed(values, size));
  // Of the product of one spectrum's conjugate and the other, conjugated so that transforming goes back.
  /** @type {Complex} */
  const product = [a.map((real, n) => real * c[n] + b[n] * d[n]), a.map((real, n) => b[n] * c[n] - real * d[n])];
  transform(product);
  const sums = product[0].map((sum) => sum / size);
  return Float64Array.from(one, (_, shift) => sums[shift] + (shift ? sums[size - rows + shift] : 0));
};
