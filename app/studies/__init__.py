"""Long sweeps that ship as data: how they are made and read."""
