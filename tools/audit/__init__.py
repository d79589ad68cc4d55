"""Whether advisories are known for what is pinned: ``python -m tools.audit``."""
