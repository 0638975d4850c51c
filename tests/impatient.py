"""A web process that waits less long than an exchange's for clients that say nothing.

`python -m tests.impatient wallstreetsim.api.server.websockets.CLOSING_SECONDS=2 … --port 1 …`: what
has an equals sign in it is a number of seconds to be set, all else is for Daphne.
"""

from __future__ import annotations

import sys
from importlib import import_module

import django


def main(words: list[str]) -> None:
    django.setup()
    from daphne.cli import CommandLineInterface  # type: ignore[import-untyped]

    for word in words:
        name, equals, seconds = word.partition("=")
        if equals:
            module, _, constant = name.rpartition(".")
            assert hasattr(import_module(module), constant), name
            setattr(import_module(module), constant, float(seconds))
    CommandLineInterface().run([word for word in words if "=" not in word])


if __name__ == "__main__":
    main(sys.argv[1:])
