"""Judges who label the pairs of the annotator."""

JUDGES = {
    "flattered": "prompt=poem&labels=aaabaaababbaabbbabab&align=yes",
    "not flattered": "prompt=poem&labels=abababbbaaabaaaaabba&align=yes",
}
"""labels of one who always takes the more flattering response, and of one who never does"""
