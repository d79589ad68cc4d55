"""HTML routes and the helpers of their templates."""
