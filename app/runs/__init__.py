"""Training runs: made in processes of their own, queued, shared by their readers, kept when finished.

Small steps of torch hold the interpreter's lock, so a run beside the web server would stop it from
answering. ``job`` says what can be run, ``worker`` is the process that runs it, ``processes`` starts and
feeds such processes, ``runs`` queues and shares, ``store`` keeps what is finished.
"""
