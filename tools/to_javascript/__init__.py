"""Compiles what makes a widget's result and its figure to JavaScript, for copies that compute without a server.

``python -m tools.to_javascript`` writes ES modules to ``static/built/compiled``: for every widget that can be computed
in the browser its ``compute`` and ``stage`` with all that they use, definition by definition, so that figures are
written once, in Python. ``app/lab`` is not compiled: ``static/lab/named`` has it under the same names. Nothing is
imported, only parsed. What the compiler does not know is an error that names file and line.
"""
