"""Addresses of states of figures that show a mistake, and of the same figures without it."""

from __future__ import annotations

OWN = "/widgets/bring_your_logps?example="
RIGHT = f"{OWN}right"
APART = f"{OWN}step_zero"
MEAN = f"{OWN}mean"
SWAPPED = f"{OWN}swapped"
BETA_TWICE = f"{OWN}beta_twice"

PAIR = "/widgets/dpo_loss?logratio_chosen="
NOT_MOVED = f"{PAIR}0&logratio_rejected=0"
MOVED = f"{PAIR}1&logratio_rejected=-3"
EQUAL_SIDES = f"{PAIR}1&logratio_rejected=1"
BOTH_FALL = f"{PAIR}-16&logratio_rejected=-20"
ONE_EACH = f"{PAIR}2&logratio_rejected=-2"
SIDES_APART = f"{PAIR}18&logratio_rejected=-18"
NOTHING_LEFT = f"{PAIR}10&logratio_rejected=-10&beta=1"
SOME_LEFT = f"{PAIR}10&logratio_rejected=-10&beta=0.1"

MARGIN = "/widgets/reward_separation?reward_chosen="
MEAN_MARGIN = f"{MARGIN}2&reward_rejected=-2"
ONE_MARGIN = f"{MARGIN}1&reward_rejected=0"

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

TOO_FAST = "/widgets/ppo_dynamics?learning_rate=0.02"
STEADY = "/widgets/ppo_dynamics?learning_rate=0.001&kl_coefficient=0.3&reward_model=network"

FEW = "/widgets/overoptimization?comparisons=50&reward_model=network"
MANY = "/widgets/overoptimization?comparisons=8000&reward_model=network"
