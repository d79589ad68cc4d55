// Matrices that networks are made of.

/** @typedef {Float64Array | Float32Array} Numbers */

/** Numbers in rows, with the gradient of a loss with respect to them: the same places in two arrays. */
export class Matrix {
  /** @param {Numbers} numbers @param {Numbers} gradient @param {number} rows @param {number} columns
   *  @param {number} [start] of the first row @param {number} [stride] from each row to the next */
  constructor(numbers, gradient, rows, columns, start = 0, stride = columns) {
    this.numbers = numbers;
    this.gradient = gradient;
    this.rows = rows;
    this.columns = columns;
    this.start = start;
    this.stride = stride;
  }

  /** Some columns of all rows. @param {number} first @param {number} columns */
  part(first, columns) {
    return new Matrix(this.numbers, this.gradient, this.rows, columns, this.start + first, this.stride);
  }

  /** Sets the gradient of the first rows to zero. @param {number} [rows] */
  clearGradient(rows = this.rows) {
    this.gradient.fill(0, this.start, this.start + rows * this.stride);
  }
}
