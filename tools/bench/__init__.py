"""The benchmark: one table, each row with its floor measured in the same run. ``make bench``."""
