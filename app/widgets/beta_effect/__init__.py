"""The widget beta_effect."""
