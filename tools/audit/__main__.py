"""Ask the advisory services about everything pinned; end with 1 for a finding that is not accepted."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.audit import of_npm, of_python
from tools.audit.verdict import accepted_in, judge

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = ROOT / "requirements"


def main() -> int:
    """0, or 1 for a finding that is not accepted."""
    specs = of_python.pinned([LOCKS / "dev.txt", LOCKS / "torch.txt"])
    answers = [of_python.ask(of_python.services(), specs), of_npm.ask(ROOT)]
    verdict = judge(answers, accepted_in(LOCKS / "accepted.toml"))
    for line in verdict.lines():
        print(line, file=sys.stdout if verdict.passed else sys.stderr)
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
