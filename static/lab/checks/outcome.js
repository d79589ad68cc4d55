// What a check comes to.

/** The place at which two lists of numbers are furthest apart: what was expected there, and what was found.
 *  @typedef {{ name: string, place: string, expected: number, found: number, difference: number }} Outcome */

/** Checks of one kind. A check has passed if its difference is at most the tolerance.
 *  @typedef {{ title: string, unit: string, tolerance: number, checks: (() => Outcome)[] }} Kind */

/** Compare lists. What is missing, or no number, is infinitely far apart, and so is nothing at all.
 *  @param {string} name of the check @param {ArrayLike<number>} expected @param {ArrayLike<number>} found
 *  @param {(n: number) => string} placeOf @param {(n: number) => number} [scaleOf] which differences are divided by
 *  @returns {Outcome} */
export const furthest = (name, expected, found, placeOf, scaleOf = () => 1) => {
  let [at, difference] = [0, expected.length ? -1 : Infinity];
  for (let n = 0; n < expected.length; n++) {
    const apart = Math.abs(expected[n] - found[n]) / scaleOf(n);
    if (apart <= difference) continue;
    [at, difference] = [n, Number.isNaN(apart) ? Infinity : apart];
  }
  return { name, place: placeOf(at), expected: expected[at], found: found[at], difference };
};

/** Compare numbers with those that have the same names.
 *  @param {string} name @param {Record<string, number>} expected @param {Record<string, number>} found
 *  @param {(expected: number) => number} [scaleOf] */
export const furthestNamed = (name, expected, found, scaleOf = () => 1) => {
  const places = Object.keys(expected);
  const numbers = places.map((place) => expected[place]);
  const placeOf = (/** @type {number} */ n) => places[n];
  return furthest(name, numbers, places.map((place) => found[place]), placeOf, (n) => scaleOf(numbers[n]));
};
