"""Reading a file of a run."""
