"""`python -m wallstreetsim.stack.child NAME [OPTION…]` becomes one process of the stack.

It ties its life to its parent's, waits for its turn, records itself, lays down root's privileges if
it is PostgreSQL, and replaces itself by the program: PostgreSQL, Redis, or a line of the Procfile.
So what supervisor started is what runs, under one pid.
"""

import os
import sys
from signal import SIG_DFL, SIGTERM, signal

from wallstreetsim import settings
from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError, messenger, postgres
from wallstreetsim.stack.children import die_with_parent, record, stop_signal, wait_for_turn
from wallstreetsim.stack.privileges import become_owner_of


def main(name: str, *options: str) -> None:
    places = settings.PLACES
    words = [*command(name, places), *options]
    die_with_parent(SIGTERM)
    wait_for_turn(places.pids, name)
    record(places.pids, name, os.getpid())
    if name == "postgres":
        become_owner_of(places.postgres)
    die_with_parent(stop_signal(name))  # again, for changing user has cancelled it
    signal(stop_signal(name), SIG_DFL)  # a shell has what it runs in the background ignore SIGINT
    os.execvp(words[0], words)


def command(name: str, places: Places) -> list[str]:
    """Return the command line of the stack's process `name`."""
    if name == "postgres":
        return postgres.command(places)
    if name == "redis":
        return messenger.command(places)
    if name == "compiler":
        return ["nice", "-n", "19", sys.executable, "-m", "wallstreetsim.stack.compiling"]
    return ["sh", "-c", f"exec {procfile()[name]}"]


def procfile() -> dict[str, str]:
    """Return the lines of the Procfile, by name."""
    lines = (settings.BASE_DIR / "Procfile").read_text().splitlines()
    named = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): rest.strip() for name, _, rest in named}


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (StackError, OSError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
