// Special functions of torch, to the last digits of float64.

/** Stirling's series of log gamma, from 10 on exact to the last digits; below by its recurrence.
 *  @type {(value: number) => number} */
export const lgamma = (value) => {
  let [x, less] = [value, 0];
  for (; x < 10; x++) less += Math.log(x);
  const [one, square] = [1 / x, 1 / (x * x)];
  const series = one * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - square * (691 / 360360))))));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - less;
};

/** The derivative of the error function. @param {number} x */
const slope = (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);

/** The error function by its series with odd double factorials, whose terms all have one sign. @param {number} x */
const erf = (x) => {
  let [sum, term] = [0, x];
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (2 * x * x) / odd;
  }
  return slope(x) * sum;
};

/** Winitzki's approximation to three digits, then Newton's steps, each of which doubles them.
 *  @type {(value: number) => number} */
export const erfinv = (value) => {
  if (!(Math.abs(value) < 1)) return Math.abs(value) === 1 ? value * Infinity : NaN;
  const logarithm = Math.log1p(-value * value);
  const half = 2 / (Math.PI * 0.147) + logarithm / 2;
  let x = Math.sign(value) * Math.sqrt(Math.sqrt(half * half - logarithm / 0.147) - half);
  for (let step = 0; step < 4; step++) x -= (erf(x) - value) / slope(x);
  return x;
};
