"""The three stages of RLHF as the lab ran them: what each takes, trains, makes and costs."""
