"""Published results of the DPO paper: the data, their statistics, and charts and tables."""
