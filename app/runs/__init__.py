"""Training runs: queued, executed in worker processes, shared by their readers, stored when finished.

Small steps of torch hold the interpreter's lock, so a run inside the web server would block its responses.
``job`` defines what can be run, ``worker`` is the process that runs it, ``processes`` starts such processes,
``queue`` schedules and shares runs, ``store`` holds finished ones.
"""
