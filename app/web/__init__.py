"""HTTP plumbing that knows nothing of the subject."""
