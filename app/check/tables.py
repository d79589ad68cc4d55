"""What is read of a file: log-probabilities of pairs, or the log of a trainer."""

from __future__ import annotations

from dataclasses import dataclass, field

LOGPS = (
    "policy_chosen_logps",
    "policy_rejected_logps",
    "reference_chosen_logps",
    "reference_rejected_logps",
)
"""log-probabilities of whole responses, in nats"""

LENGTHS = ("chosen_lengths", "rejected_lengths")
COLUMNS = (*LOGPS, *LENGTHS, "loss", "step")
"""columns of pairs, named as in POST /api/v1/preference_loss"""

LOGGED = (
    "loss",
    "rewards/chosen",
    "rewards/rejected",
    "rewards/margins",
    "rewards/accuracies",
    "logps/chosen",
    "logps/rejected",
    "logps/ref_chosen",
    "logps/ref_rejected",
    "kl",
    "nll_loss",
    "grad_norm",
    "learning_rate",
    "epoch",
)
"""columns of a log, by TRL's names; those of other trainers are read under these"""

STEP = "step"
"""key of the count of updates, which is no column of a log but its axis"""

LOGGED_REWARDS = LOGGED[1:3]
LOGGED_LOGPS = LOGGED[5:7]
"""of chosen and rejected responses"""


class RunFileError(ValueError):
    """A file cannot be read; ``line`` and ``column`` say where, ``message`` why and what would do."""

    def __init__(self, line: int | None, column: str | None, message: str) -> None:
        where = [f"line {line}"] if line is not None else []
        where += [column] if column else []
        super().__init__(f"{', '.join(where)}: {message}" if where else message)
        self.line = line
        self.column = column
        self.message = message


@dataclass(frozen=True)
class LogpsTable:
    """Pairs as columns of equal length, by the names of ``COLUMNS``."""

    columns: dict[str, list[float]]
    lines: list[int]
    """line number of each pair in the file, from 1"""
    format: str
    """as told to the reader: CSV, JSON Lines"""
    ignored: tuple[str, ...] = ()
    """columns of the file that were ignored"""
    notes: tuple[str, ...] = ()
    """what was not read as it stands, a sentence each: lists that were summed, an encoding"""

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class TrainingLog:
    """What a trainer logged, a row per logged step in the order of steps, by the names of ``LOGGED``."""

    columns: dict[str, list[float | None]]
    """None where a row has no value; a logged NaN or infinity is kept as such"""
    steps: list[float]
    """optimizer steps; row numbers from 1 if the file has no steps"""
    lines: list[int]
    """line number of each row in the file, from 1"""
    format: str
    numbered: bool = False
    """whether the file has no steps, so that they are row numbers"""
    trainer: str | None = None
    """the trainer whose names these are, if that is clear"""
    names: dict[str, str] = field(default_factory=dict)
    """the file's own name of each column"""
    settings: dict[str, str | float] = field(default_factory=dict)
    """what the file itself says of beta, loss_type, gradient_accumulation_steps and max_steps"""
    evaluation: TrainingLog | None = None
    """the rows that were logged for the evaluation split"""
    ignored: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    """ignored columns of logits that are NaN or infinite beside a finite loss"""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.steps)
