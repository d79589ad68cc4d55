"""The address is the state: from a query to parameters, controls, flags and views, and back."""
