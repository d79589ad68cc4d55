"""Times of the browser's lab, in node on one core.

``python -m tests.lab.browser_times`` prints the best of five.
"""

from __future__ import annotations

from app.lab.dpo import DPOConfig
from tests.lab.browser_runs import IN_FLOAT32, BrowserRun, flat, reference_in_float64
from tests.node import answer_of

REPEATS = 5


def main() -> None:
    """A line for each arithmetic."""
    asked = {
        "weights": flat(reference_in_float64()),
        "runs": [BrowserRun(1, 2000, DPOConfig(seed=7)).asked()],
    }
    for arithmetic in (*IN_FLOAT32, "float64"):
        timed = [
            answer_of("lab_times.js", {**asked, "arithmetic": arithmetic}) for _ in range(REPEATS)
        ]
        best = {what: min(times[what] for times in timed) for what in timed[0]}
        print(arithmetic, *(f"{what} {seconds:.4f} s" for what, seconds in best.items()), sep="  ")


if __name__ == "__main__":
    main()
