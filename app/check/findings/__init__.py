"""The mistakes that a check looks for, each a plain function with a rule that its docstring states.

A rule sees only numbers, so what it finds may have another cause, and the words say "may".
"""
