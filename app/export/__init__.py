"""The explainer as static files, for any host, any sub-path, or file:// URLs."""
