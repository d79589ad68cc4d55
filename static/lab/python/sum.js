// The sum of numbers in the order in which torch adds them on x86 processors. A mean of numbers with few digits often lies halfway
// between two that are printed, and then the order decides which.

/** lanes of a vector, of which four are added at once */
const LANES = 4;
const AT_ONCE = 4 * LANES;
const LEVELS = 4;

/** Sums of as many columns as are added at once, of rows: in steps, and these in steps again, so that errors do not add up.
 *  @param {Float64Array} values @param {number} rows */
const columnSums = (values, rows) => {
  const power = Math.max(4, Math.floor(Math.ceil(Math.log2(Math.max(1, rows))) / LEVELS));
  const sums = Array.from({ length: LEVELS }, () => new Float64Array(AT_ONCE));
  for (let row = 0; row < rows; ) {
    for (let column = 0; column < AT_ONCE; column++) sums[0][column] += values[row * AT_ONCE + column];
    row += 1;
    for (let level = 1; level < LEVELS && row % 2 ** (level * power) === 0; level++) {
      for (let column = 0; column < AT_ONCE; column++) sums[level][column] += sums[level - 1][column];
      sums[level - 1].fill(0);
    }
  }
  for (const above of sums.slice(1)) for (let column = 0; column < AT_ONCE; column++) sums[0][column] += above[column];
  return sums[0];
};

/** @type {(values: Float64Array) => number} */
export const sumOf = (values) => {
  const vectors = values.length - (values.length % LANES);
  const rows = Math.floor(vectors / AT_ONCE);
  const sums = columnSums(values, rows);
  for (let place = rows * AT_ONCE; place < vectors; place++) sums[place % LANES] += values[place];
  let total = 0;
  for (let place = vectors; place < values.length; place++) total += values[place];
  for (let lane = 0; lane < LANES; lane++) {
    for (let other = lane + LANES; other < AT_ONCE; other += LANES) sums[lane] += sums[other];
    total += sums[lane];
  }
  return total;
};
