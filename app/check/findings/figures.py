"""Addresses of states of figures that show a mistake, and of the same figures without it."""

from __future__ import annotations

OWN = "/widgets/bring_your_logps?example="
RIGHT = f"{OWN}right"
APART = f"{OWN}step_zero"
START = f"{OWN}start"
MEAN = f"{OWN}mean"
SWAPPED = f"{OWN}swapped"
BETA_TWICE = f"{OWN}beta_twice"
NO_REFERENCE = f"{OWN}no_reference"
ONE_SWAPPED = f"{OWN}one_swapped"
PROMPT_COUNTED = f"{OWN}prompt_counted"
NOT_SHIFTED = f"{OWN}not_shifted"
NOT_MOVED = f"{OWN}frozen"
TRUNCATED = f"{OWN}truncated"
BATCH_MEANS = f"{OWN}batch_means"
FEW_PAIRS = f"{OWN}few_pairs"

CHECK = "/check?run="
OVERFLOW = f"{CHECK}overflow"
DIVERGED = f"{CHECK}diverged"
HEALTHY = f"{CHECK}healthy"

PAIR = "/widgets/dpo_loss?logratio_chosen="
NOTHING_LEFT = f"{PAIR}10&logratio_rejected=-10&beta=1"
SOME_LEFT = f"{PAIR}10&logratio_rejected=-10&beta=0.1"

FAMILY = "/widgets/loss_family?loss_type="
ANOTHER_LOSS = f"{FAMILY}hinge"
THE_LOSS = f"{FAMILY}sigmoid"
RUNS_ON = f"{FAMILY}sigmoid&beta=0.1"
STOPS = f"{FAMILY}ipo&beta=0.1"

DISPLACED = "/widgets/likelihood_displacement?loss=dpo&beta=0.1"
WITH_NLL = "/widgets/likelihood_displacement?loss=dpo_nll&beta=0.1"
SUPPRESSED = "/widgets/likelihood_displacement?loss=dpo&beta=0.05"
BOUNDED = "/widgets/likelihood_displacement?loss=ipo&beta=0.05"

LENGTH = "/widgets/length_bias?length_taste=0.3"
LENGTH_PRICED = "/widgets/length_bias?length_taste=0.3&length_price=0.3"
