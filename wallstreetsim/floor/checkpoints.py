"""Checkpoints: the machine's whole state in a row, and the machine restored from the newest."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from time import perf_counter
from typing import NamedTuple

import orjson
import zstandard
from django.db import connection
from django.db.models import QuerySet

from agents.services.journal import journal
from market import models
from market.common.bulk import execute_beside
from wallstreetsim.machine.gc_control import collection_paused
from wallstreetsim.machine.rules import Rules
from wallstreetsim.machine.upgrades import KNOWN_SCHEMAS, lifted
from wallstreetsim.machine.world import ENGINE_VERSION, SCHEMA_VERSION, World

log = logging.getLogger(__name__)

EVERY_TICKS = 100
KEPT = 10


_UPSERT = """
    INSERT INTO market_checkpoint
        (epoch, tick, digest, schema_version, engine_version, checksum, state, written_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())
    ON CONFLICT (epoch, tick) DO UPDATE SET digest = EXCLUDED.digest,
        schema_version = EXCLUDED.schema_version, engine_version = EXCLUDED.engine_version,
        checksum = EXCLUDED.checksum, state = EXCLUDED.state, written_at = EXCLUDED.written_at
"""


class CannotRestore(Exception):
    """The machine cannot be restored from the record; the floor refuses to run."""


class Restored(NamedTuple):
    """A restored machine, its checkpoint's engine version, and how long the replay took."""

    world: World
    engine_version: int  # of the checkpoint
    replay_seconds: float


def packed(world: World, *, epoch: int) -> models.Checkpoint:
    """Return the machine's state as a row that is not written yet."""
    state = zstandard.compress(orjson.dumps(world.dump()), level=1)
    return models.Checkpoint(
        epoch=epoch,
        tick=world.tick,
        digest=world.digest,
        schema_version=SCHEMA_VERSION,
        engine_version=ENGINE_VERSION,
        checksum=_checksum(state),
        state=state,
    )


def write(world: World, *, epoch: int) -> None:
    """Write the machine's state and drop the oldest checkpoints."""
    row = packed(world, epoch=epoch)
    versions = (row.schema_version, row.engine_version)
    with connection.cursor() as cursor:
        execute_beside(
            cursor,
            _UPSERT,
            (row.epoch, row.tick, row.digest, *versions, row.checksum, row.state),
        )
    kept = models.Checkpoint.objects.order_by("-epoch", "-tick").values_list("id", flat=True)[:KEPT]
    models.Checkpoint.objects.exclude(id__in=list(kept)).delete()


def exists(row: models.World) -> bool:
    """Say whether this very tick has a checkpoint of this engine."""
    return models.Checkpoint.objects.filter(
        epoch=row.epoch, tick=row.tick, digest=row.digest, engine_version=ENGINE_VERSION
    ).exists()


def load_latest(row: models.World, rules: Rules) -> Restored:
    """Return the machine as `row` says it stood: the newest sound checkpoint, and the inputs since.

    Raises CannotRestore when there is no sound checkpoint, when another engine ran the ticks
    since, or when the digest is not the row's.
    """
    checkpoint, world = _newest_sound(row, rules)
    if checkpoint.engine_version != ENGINE_VERSION and checkpoint.tick != row.tick:
        raise CannotRestore(
            f"ticks {checkpoint.tick + 1} to {row.tick} were run by engine"
            f" {checkpoint.engine_version}, and engine {ENGINE_VERSION} may only go on from the"
            " checkpoint of a clean shutdown: start the old version again and stop it with Ctrl-C"
        )
    started = perf_counter()
    catch_up(world, row)
    return Restored(world, checkpoint.engine_version, perf_counter() - started)


def catch_up(world: World, row: models.World) -> None:
    """Advance a machine over the journal to where `row` stands.

    Raises CannotRestore when it does not arrive there; the machine must not be used then.
    """
    if world.tick < row.tick:
        _replay(world, row)
    if (world.tick, world.digest) != (row.tick, row.digest):
        raise CannotRestore(
            f"the machine stands at tick {world.tick} with digest {world.digest[:16]},"
            f" the record at tick {row.tick} with {row.digest[:16]}"
        )


def _replay(world: World, row: models.World) -> None:
    with connection.cursor() as cursor, collection_paused():
        for tick, inputs in journal(cursor, after=world.tick, upto=row.tick):
            try:
                world.advance(inputs)
            except Exception as error:
                raise CannotRestore(f"tick {tick} fails when it is replayed: {error!r}") from error


def _newest_sound(row: models.World, rules: Rules) -> tuple[models.Checkpoint, World]:
    sound = first_sound(_newest_first(row), rules)
    if sound is None:
        raise CannotRestore(f"there is no sound checkpoint at or before tick {row.tick}")
    return sound


def first_sound(
    checkpoints: Iterable[models.Checkpoint], rules: Rules
) -> tuple[models.Checkpoint, World] | None:
    """Return the first checkpoint that can be loaded, and its machine."""
    for checkpoint in checkpoints:
        try:
            return checkpoint, _load(checkpoint, rules)
        except _Unsound as unsound:
            log.error(
                "the checkpoint at tick %d %s; trying the one before", checkpoint.tick, unsound
            )
    return None


class _Unsound(Exception):
    pass


def _load(checkpoint: models.Checkpoint, rules: Rules) -> World:
    state = bytes(checkpoint.state)
    if _checksum(state) != checkpoint.checksum:
        raise _Unsound("is damaged")
    if checkpoint.schema_version not in KNOWN_SCHEMAS:
        raise _Unsound(f"has the unknown schema {checkpoint.schema_version}")
    try:
        with collection_paused():  # half the time
            return World.load(rules, lifted(orjson.loads(zstandard.decompress(state)), rules))
    except Exception as error:
        raise _Unsound(f"cannot be loaded ({error!r})") from error


def _newest_first(row: models.World) -> Iterator[models.Checkpoint]:
    checkpoints = models.Checkpoint.objects.filter(epoch=row.epoch, tick__lte=row.tick)
    yield from _one_by_one(checkpoints.order_by("-tick"))


def _one_by_one(checkpoints: QuerySet[models.Checkpoint]) -> Iterator[models.Checkpoint]:
    """Yield the checkpoints, one read at a time, without those that are pruned meanwhile."""
    for id in checkpoints.values_list("id", flat=True):
        if checkpoint := models.Checkpoint.objects.filter(id=id).first():
            yield checkpoint


# For an operator


class State(NamedTuple):
    """A kept checkpoint, without its state, and what is wrong with it, if anything is."""

    epoch: int
    tick: int
    digest: str
    engine_version: int
    bytes: int
    written_at: datetime
    fault: str | None


def kept(rules: Rules) -> Iterator[State]:
    """Yield every checkpoint, the newest first, each loaded to see whether it can be."""
    newest = models.Checkpoint.objects.order_by("-epoch", "-tick")
    for checkpoint in _one_by_one(newest):
        yield State(
            checkpoint.epoch,
            checkpoint.tick,
            checkpoint.digest,
            checkpoint.engine_version,
            len(checkpoint.state),
            checkpoint.written_at,
            _fault_of(checkpoint, rules),
        )


def newest_sound(*, epoch: int, tick: int, rules: Rules) -> tuple[models.Checkpoint, World]:
    """Return the newest sound checkpoint of an epoch at or before a tick, and its machine.

    Raises CannotRestore when there is none.
    """
    return _newest_sound(models.World(epoch=epoch, tick=tick), rules)


def _fault_of(checkpoint: models.Checkpoint, rules: Rules) -> str | None:
    try:
        world = _load(checkpoint, rules)
    except _Unsound as unsound:
        return str(unsound)
    if (world.tick, world.digest) != (checkpoint.tick, checkpoint.digest):
        return "is of another tick than it says"
    return None


def _checksum(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()
