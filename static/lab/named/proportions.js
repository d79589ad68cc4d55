// app/lab/proportions.py: shares of comparisons won, of which each has one judge.
import { dataclass } from "./python.js";

export const Share = dataclass({ value: 0, n: 0 });

/** The share wins / n. @param {number} wins @param {number} n */
export const share_won = (wins, n) => Share(wins / n, n);

/** Binomial standard error sqrt(p (1 - p) / n). @param {ReturnType<typeof Share>} share */
export const standard_error = ({ value, n }) => Math.sqrt((value * (1 - value)) / n);
