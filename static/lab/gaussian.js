// The normal distribution function and its density, for the exact GELU, to the last digits of float64.
//
// Taylor series of degree 7 about points 1/32 apart: the derivatives of the density are Hermite polynomials times it.

const STEP = 1 / 32;
/** beyond which the distribution function is 0 or 1 in float64 */
const LAST = 8.5;
const TERMS = 8;
const POINTS = 2 * Math.round(LAST / STEP) + 1;

/** At a point by its series with odd double factorials, whose terms all have one sign.
 *  @param {number} x @param {number} density */
const byItsSeries = (x, density) => {
  let term = x;
  let sum = 0;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / odd;
  }
  return 0.5 + density * sum;
};

const coefficients = new Float64Array(POINTS * TERMS);
for (let point = 0; point < POINTS; point++) {
  const x = point * STEP - LAST;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const at = point * TERMS;
  // Far to the left 1/2 and the sum would cancel.
  coefficients[at] = x < -1 ? density * millsRatio(-x) : byItsSeries(x, density);
  let [before, hermite] = [0, 1];
  for (let n = 1, factorial = 1; n < TERMS; n++) {
    factorial *= n;
    coefficients[at + n] = ((n % 2 ? 1 : -1) * density * hermite) / factorial;
    [before, hermite] = [hermite, x * hermite - (n - 1) * before];
  }
}

/** (1 - distribution) / density by its continued fraction.
 *  @param {number} x from 1 */
function millsRatio(x) {
  let ratio = 0;
  for (let n = 400; n > 0; n--) ratio = n / (x + ratio);
  return 1 / (x + ratio);
}

/** What ``normal`` found last. */
export const found = { distribution: 0, density: 0 };

/** The distribution function and the density at a number, written to ``found``: nothing is allocated in inner loops.
 *  @param {number} x */
export const normal = (x) => {
  if (!(Math.abs(x) < LAST)) {
    found.distribution = x > 0 ? 1 : x < 0 ? 0 : NaN;
    found.density = Number.isNaN(x) ? NaN : 0;
    return;
  }
  const point = Math.round((x + LAST) / STEP);
  const d = x - (point * STEP - LAST);
  const at = point * TERMS;
  let value = coefficients[at + TERMS - 1];
  let slope = 0;
  for (let n = TERMS - 2; n >= 0; n--) {
    slope = slope * d + value;
    value = value * d + coefficients[at + n];
  }
  found.distribution = value;
  found.density = slope;
};
