"""What `freshet` exits with; every command keeps to it."""

OK = 0
FAILED = 1
"""The command ran into an error; `error: ...` on stderr says which."""
USAGE = 2
"""Wrong arguments or settings."""
UNREACHABLE = 3
"""No running stack, or it does not answer."""
MISMATCH = 4
"""A check ran and found a difference or a problem."""
UNWELL = 5
"""The stack runs, but not all of it is well (`freshet status`)."""
INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT."""
