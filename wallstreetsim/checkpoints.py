"""Checkpoints: the machine's whole state in a row, and the machine restored from the newest sound one."""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Iterator

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from agents.services.journal import journal
from market import models
from wallstreetsim.rules import Rules
from wallstreetsim.world import ENGINE_VERSION, SCHEMA_VERSION, World

log = logging.getLogger(__name__)

EVERY_TICKS = 100
KEPT = 10


class CannotRestore(Exception):
    """The record does not give back the machine that wrote it; the floor refuses to run."""


def write(world: World, *, epoch: int) -> None:
    """Write the machine's state and drop the oldest checkpoints: three statements."""
    state = zlib.compress(orjson.dumps(world.dump()), 1)
    models.Checkpoint.objects.update_or_create(
        epoch=epoch,
        tick=world.tick,
        defaults={
            "digest": world.digest,
            "schema_version": SCHEMA_VERSION,
            "engine_version": ENGINE_VERSION,
            "checksum": hashlib.sha256(state).hexdigest(),
            "state": state,
        },
    )
    kept = models.Checkpoint.objects.order_by("-epoch", "-tick").values("id")[:KEPT]
    models.Checkpoint.objects.exclude(id__in=list(kept.values_list("id", flat=True))).delete()


def restore(row: models.World, rules: Rules) -> World:
    """Return the machine as `row` says it stood: the newest sound checkpoint, and the inputs since.

    Raises CannotRestore when there is no sound checkpoint, or the digest is not the row's.
    """
    checkpoint, world = _newest_sound(row, rules)
    if checkpoint.engine_version != ENGINE_VERSION and checkpoint.tick != row.tick:
        raise CannotRestore(
            f"Ticks {checkpoint.tick + 1} to {row.tick} were run by engine {checkpoint.engine_version}; engine"
            f" {ENGINE_VERSION} may only go on from the checkpoint of a clean shutdown. Start the old version once"
            " and stop it with Ctrl-C."
        )
    with connection.cursor() as cursor:
        replay(world, cursor, upto=row.tick)
    if world.digest != row.digest:
        raise CannotRestore(
            f"The machine restored to tick {row.tick} has digest {world.digest[:16]}, the record says {row.digest[:16]}."
        )
    log.info("restored tick %d from the checkpoint at %d", row.tick, checkpoint.tick)
    return world


def replay(world: World, cursor: CursorWrapper, *, upto: int) -> None:
    """Advance a machine over the journal's inputs to the tick `upto`."""
    for _, inputs in journal(cursor, after=world.tick, upto=upto):
        world.advance(inputs)


def _newest_sound(row: models.World, rules: Rules) -> tuple[models.Checkpoint, World]:
    for checkpoint in _newest_first(row):
        state = bytes(checkpoint.state)
        if hashlib.sha256(state).hexdigest() != checkpoint.checksum:
            log.error(
                "the checkpoint at tick %d is damaged; trying the one before", checkpoint.tick
            )
        elif checkpoint.schema_version != SCHEMA_VERSION:
            log.error(
                "the checkpoint at tick %d has an unknown schema; trying the one before",
                checkpoint.tick,
            )
        else:
            return checkpoint, World.load(rules, orjson.loads(zlib.decompress(state)))
    raise CannotRestore(f"There is no sound checkpoint at or before tick {row.tick}.")


def _newest_first(row: models.World) -> Iterator[models.Checkpoint]:
    checkpoints = models.Checkpoint.objects.filter(epoch=row.epoch, tick__lte=row.tick)
    for id in checkpoints.order_by("-tick").values_list("id", flat=True):
        yield checkpoints.get(id=id)
