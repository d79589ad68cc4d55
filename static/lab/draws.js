// The lab's generator as in app/lab/draws.py, Threefry-2x32 with 20 rounds: a run can be repeated in JavaScript.

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
const PARITY = 0x1bd11bda;

/** Two words for a key of two words and a counter of two words.
 *  @type {(key: number[], counter: number[]) => number[]} */
export const threefry = ([first, second], counter) => {
  const keys = [first, second, first ^ second ^ PARITY];
  let x = (counter[0] + keys[0]) | 0;
  let y = (counter[1] + keys[1]) | 0;
  for (let group = 0; group < 5; group += 1) {
    for (const rotation of ROTATIONS[group % 2]) {
      x = (x + y) | 0;
      y = ((y << rotation) | (y >>> (32 - rotation))) ^ x;
    }
    x = (x + keys[(group + 1) % 3]) | 0;
    y = (y + keys[(group + 2) % 3] + group + 1) | 0;
  }
  return [x >>> 0, y >>> 0];
};

/** The numbers of one stream of a seed. */
export class Draws {
  /** @param {number} seed @param {number} stream @param {number} [part] */
  constructor(seed, stream, part = 0) {
    this.key = [seed, (stream << 16) | part];
    this.block = 0;
  }

  /** @param {number} count */
  words(count) {
    const words = Array.from({ length: Math.ceil(count / 2) }, () => threefry(this.key, [this.block++, 0]));
    return words.flat().slice(0, count);
  }

  /** @param {number} count */
  uniform(count) {
    return this.words(count).map((word) => (word + 0.5) / 2 ** 32);
  }

  /** @param {number} count */
  normal(count) {
    const drawn = this.uniform(2 * count);
    return Array.from({ length: count }, (_, n) => Math.sqrt(-2 * Math.log(drawn[n])) * Math.cos(2 * Math.PI * drawn[count + n]));
  }

  /** @param {number} bound @param {number} count */
  integers(bound, count) {
    return this.uniform(count).map((number) => Math.floor(number * bound));
  }

  /** @param {number} count */
  order(count) {
    const words = this.words(count);
    return words.map((_, n) => n).sort((one, other) => words[one] - words[other]);
  }
}
