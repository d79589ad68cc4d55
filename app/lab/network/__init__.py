"""The transformer of the lab, and what makes it fast."""
