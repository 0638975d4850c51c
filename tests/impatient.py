"""A web process that waits less long than an exchange's for clients that say nothing.

`python -m tests.impatient wallstreetsim.api.server.websockets.CLOSING_SECONDS=2 … --port 1 …`: what
has an equals sign in it is a number of seconds to be set, all else is for Daphne.
"""

from __future__ import annotations

import sys

import django

from tests.forking import set_constants


def main(words: list[str]) -> None:
    django.setup()
    from daphne.cli import CommandLineInterface  # type: ignore[import-untyped]

    set_constants(
        {name: float(s) for name, equals, s in (w.partition("=") for w in words) if equals}
    )
    CommandLineInterface().run([word for word in words if "=" not in word])


if __name__ == "__main__":
    main(sys.argv[1:])
