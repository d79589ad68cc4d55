"""The HTML routes, and what their templates call."""
