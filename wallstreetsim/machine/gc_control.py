"""The garbage collector and the machine: a tick makes many objects and no cycles to speak of."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Hold the collector back: it would walk the whole world and find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def set_apart() -> None:
    """Take what a tick has left out of the collector's sight, until the next `settle`: cheap."""
    gc.freeze()


def settle() -> None:
    """Drop the machine that was and take the one that is out of the collector's sight."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
