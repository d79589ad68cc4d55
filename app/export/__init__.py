"""The explainer as static files, for any host, any sub-path, and straight from disk."""
