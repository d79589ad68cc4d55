"""Published results of the DPO paper: the data, what follows from them, and how they are shown."""
