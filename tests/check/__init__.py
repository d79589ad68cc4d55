"""Checking a run of the reader's own: files, findings, and the corpus that measures them."""
