"""``make bench``: one table of benchmarks, each row with its floor measured in the same run."""
