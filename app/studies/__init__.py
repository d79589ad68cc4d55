"""Long sweeps that ship as data, computed and read here, and the numbers of the lab that prose quotes."""
