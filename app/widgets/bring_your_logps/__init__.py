"""The widget bring_your_logps."""
