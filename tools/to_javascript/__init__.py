"""Compiles what widgets compute and draw to JavaScript, for copies that need no server.

``python -m tools.to_javascript`` writes ES modules to ``build/javascript``: for every widget whose plan
is ``COMPUTED``, its ``compute``, ``stream`` and ``stage``, and what reads a run file, with all
that they use, definition by definition. So these are written once, in Python. ``app/lab`` is not compiled:
``static/lab/named`` has it under the same names. Nothing is imported, only parsed. Python that the compiler
does not know is an error that names module and line; what a compiled module needs of Python is in
``static/lab/python.js``.
"""
