"""Charts drawn on the server as SVG: visible before scripts run, without scripts, and in print.

They draw the same figures as Plotly does on the page (static/plot.js), and look like it. A chart
has no size of its own: positions are shares of the plot, so that it fills its box at any width while
its words keep their size. Colours and sizes are classes that static/charts.css knows.
"""

from app.charts.document import in_room, svg

__all__ = ["in_room", "svg"]
