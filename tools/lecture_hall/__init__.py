"""A lecture hall of readers who come at once, drag sliders and start training runs. ``make lecture-hall``."""
