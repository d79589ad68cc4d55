"""``make lecture-hall``: many readers arrive at once, drag sliders and start training runs."""
