"""Ports for the tests' own servers."""

import os
from itertools import cycle, islice

from wallstreetsim.stack import StackError, preflight

FIRST, EACH = 20_000, 400  # below those that systems choose from, for thirty workers
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

_mine = range(FIRST + WORKER * EACH, FIRST + (WORKER + 1) * EACH)
_next = islice(cycle(_mine), os.getpid() % EACH, None)  # another run may be going on


def free_port() -> int:
    """Return a port that nobody listens on, nor will before we do.

    What the system chooses it may choose again, for the other worker, while our server starts.
    """
    return next(port for port in _next if _is_free(port))


def _is_free(port: int) -> bool:
    try:
        preflight.check_port("127.0.0.1", port)
    except StackError:
        return False
    return True
