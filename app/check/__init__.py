"""Checking a run of the reader's own: what is read of it, and what its numbers show."""
