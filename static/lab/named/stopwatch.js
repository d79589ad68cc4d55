// app/lab/stopwatch.py: how long training took. A browser tells no CPU time, so both numbers are by the clock.

export class Stopwatch {
  constructor() {
    this.seconds = 0;
  }

  get wall_seconds() {
    return this.seconds;
  }

  /** Does something, and counts its time. @template Done @param {() => Done} work */
  time(work) {
    const start = performance.now();
    const done = work();
    this.seconds += (performance.now() - start) / 1000;
    return done;
  }
}
