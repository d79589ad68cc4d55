"""State in the URL: from a query to parameters, controls, flags and views, and back."""
