"""What figures are made of: stages and their drawing, Plotly figures of results, and tables of data."""
