"""The three stages of RLHF in the lab: their inputs, networks, outputs and costs."""
