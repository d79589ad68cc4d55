// app/lab/quantiles.py: quantiles of a value of responses.

/** The values in ascending order, each with the probability of all up to it. @param {Float64Array} logps @param {Float64Array} values */
const upTo = (logps, values) => {
  const order = Array.from(values.keys()).sort((one, other) => values[one] - values[other]);
  let below = 0;
  const sums = order.map((n) => (below += Math.exp(logps[n])));
  // Rounding leaves the sum a little off one.
  return { ordered: order.map((n) => values[n]), sums: sums.map((sum) => sum / below) };
};

/** The lowest value v with P(values <= v) >= level. @param {Float64Array} logps @param {Float64Array} values
 *  @param {number} level between 0 and 1 */
export const quantile = (logps, values, level) => {
  const { ordered, sums } = upTo(logps, values);
  return ordered[sums.findIndex((sum) => sum >= level)];
};

/** The values at levels (k + 0.5) / count, each of which stands for the same share of probability.
 *  @param {Float64Array} logps @param {Float64Array} values @param {number} count */
export const evenQuantiles = (logps, values, count) => {
  const { ordered, sums } = upTo(logps, values);
  let at = 0;
  return Array.from({ length: count }, (_, k) => {
    while (sums[at] < (k + 0.5) / count) at++;
    return ordered[at];
  });
};

/** P(values > threshold). @param {Float64Array} logps @param {Float64Array} values @param {number} threshold */
export const massAbove = (logps, values, threshold) =>
  logps.reduce((sum, logp, n) => (values[n] > threshold ? sum + Math.exp(logp) : sum), 0);
