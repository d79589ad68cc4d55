// app/lab/run_cache.py: the latest runs, so that a run that was streamed is not repeated for its result.

/** Runs by what determines them: data that JSON can hold. @template Row */
export class RunCache {
  /** @param {number} kept how many runs */
  constructor(kept) {
    this.kept = kept;
    /** @type {Map<string, Row[]>} the most recent last */
    this.runs = new Map();
  }

  /** The rows of a run, from its first; one that failed, or was not read to its end, is not kept.
   *  @param {unknown} what determines it @param {() => Iterable<Row>} start begins a run that is not kept
   *  @returns {Generator<Row, void, void>} */
  *rows(what, start) {
    const key = JSON.stringify(what);
    const found = this.runs.get(key);
    this.runs.delete(key);
    if (found) {
      this.runs.set(key, found);
      yield* found;
      return;
    }
    const made = [];
    for (const row of start()) {
      made.push(row);
      yield row;
    }
    this.runs.set(key, made);
    while (this.runs.size > this.kept) this.runs.delete(/** @type {string} */ (this.runs.keys().next().value));
  }
}
