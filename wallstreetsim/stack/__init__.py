"""The embedded stack: real PostgreSQL and Redis, and the supervisor that runs us beside them."""


class StackError(Exception):
    """What keeps a stack from running, as one line for whoever runs it."""
