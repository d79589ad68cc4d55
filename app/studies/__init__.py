"""Long sweeps that ship as data: computing and reading them."""
