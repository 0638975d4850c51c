"""Taking the world back to an earlier tick: for an operator, with the floor at rest.

What the later ticks wrote goes, and the rows that say how things stand are written anew from the
machine. Identities, keys and settings stay; whoever registered later is endowed again.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import redis
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from agents.models import Agent, Input, KeptAnswer, Waiting
from agents.services import journal
from agents.services.registration import REGISTER
from market.common.bulk import send
from market.common.redis_clients import redis_client
from market.engine.values import Tick
from market.models import Account, Checkpoint, Holding, TapeEntry
from market.models import World as WorldRow
from market.tape import PUBLIC_STREAM, read_tick
from news.research import runner as research
from wallstreetsim.celery import app
from wallstreetsim.floor import checkpoints, database_dump
from wallstreetsim.floor.app_parts import ROLLBACK, parts
from wallstreetsim.floor.checkpoints import CannotRestore
from wallstreetsim.floor.database_dump import DumpFailed
from wallstreetsim.floor.recording import write_world
from wallstreetsim.floor.replaying import inputs_between, machine_at_checkpoint, recorded_digest
from wallstreetsim.floor.shell import TICK_LOCK
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import World

log = logging.getLogger(__name__)

REST_TICKS = 3  # without a claim, and no floor runs that we cannot ask
# Rows with a tick that have a story of their own here.
TOLD_APART = {WorldRow, Checkpoint, TapeEntry}


class Restoration(NamedTuple):
    """What a rollback did."""

    epoch: int
    tick: Tick
    dump: Path | None  # of what was replaced
    readmitted: list[str]  # who registered later


def roll_back(tick: Tick, *, rules: Rules = RULES, dumps: Path | None = None) -> Restoration:
    """Take the world back to a tick, under a new epoch; all of it happens, or nothing.

    Raises CannotRestore when the floor runs, or the record does not give back that tick.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        row = _hold_still(cursor)
        if not 0 <= tick < row.tick:
            raise CannotRestore(f"the world is at tick {row.tick}: give an earlier one")
        world = _machine_at(row, tick, rules)
        dump = _dump(dumps or settings.PLACES.data / "dumps", row)
        readmitted = _go_on_from(cursor, world, row, row.epoch + 1)
    return Restoration(row.epoch + 1, tick, dump, readmitted)


def begin_anew(
    *, epoch: int | None = None, rules: Rules = RULES, machine: World | None = None
) -> Restoration:
    """Take the world up where it stands, under a new epoch: what happened since is lost, and
    clients may have seen it. All of it happens, or nothing. `machine` is the record's, where it is
    at hand; it cannot be used afterwards.

    Raises CannotRestore when the record does not give back that tick, or that epoch has been.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        research.hold_still()
        row = WorldRow.objects.select_for_update().get()
        new = row.epoch + 1 if epoch is None else epoch
        if new <= row.epoch:
            raise CannotRestore(f"the record is of epoch {row.epoch}: give a later one")
        if machine is None or (machine.tick, machine.digest) != (row.tick, row.digest):
            machine = checkpoints.load_latest(row, rules).world
        tick = machine.tick
        readmitted = _go_on_from(cursor, machine, row, new)
    return Restoration(new, tick, None, readmitted)


def _go_on_from(cursor: CursorWrapper, world: World, row: WorldRow, epoch: int) -> list[str]:
    """Make the machine's tick the record's last one; return who waits to be admitted again."""
    readmitted = _delete_later(cursor, world, row)
    _begin_epoch(world, row, epoch)
    _write_standing(cursor, world)
    return readmitted


# Before anything is touched


def _hold_still(cursor: CursorWrapper) -> WorldRow:
    """Keep every floor from claiming a tick, and the research desk where it is, until this
    transaction ends.
    """
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TICK_LOCK])
    if not cursor.fetchone()[0]:
        raise CannotRestore("a tick is running: stop the floor first")
    research.hold_still()
    row = WorldRow.objects.select_for_update().get()
    rest = timedelta(seconds=REST_TICKS * settings.TICK_SECONDS)
    if row.claimed_at and timezone.now() - row.claimed_at < rest:
        raise CannotRestore("the floor has just run a tick: stop it first")
    if floors := running_floors():
        raise CannotRestore(f"the floor runs ({', '.join(floors)}): stop it first")
    return row


def running_floors() -> list[str]:
    """Return the Celery workers that serve the floor's queue; none answers without Redis."""
    try:
        with redis_client(timeout_seconds=1) as client:
            client.ping()
    except redis.RedisError:
        return []
    queues = app.control.inspect(timeout=1.0).active_queues() or {}
    return sorted(name for name, its in queues.items() if any(q["name"] == "floor" for q in its))


def _machine_at(row: WorldRow, tick: Tick, rules: Rules) -> World:
    """Return the machine after a tick: a sound checkpoint's, led on over the journal."""
    world = machine_at_checkpoint(row.epoch, tick, rules)
    for number, inputs in inputs_between(world.tick, tick):
        try:
            world.advance(inputs)
        except Exception as error:
            raise CannotRestore(f"tick {number} fails when it is replayed: {error!r}") from error
    recorded = recorded_digest(row, tick)
    if recorded != world.digest:
        raise CannotRestore(
            f"the machine at tick {tick} has the digest {world.digest[:16]},"
            f" the record has {recorded[:16] if recorded else 'none of it any more'}"
        )
    return world


def _dump(directory: Path, row: WorldRow) -> Path:
    """Write the whole database to a file that pg_restore reads."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    file = directory / f"epoch-{row.epoch}-tick-{row.tick}-{at}.dump"
    try:
        database_dump.write(file)
    except DumpFailed as error:
        raise CannotRestore(f"no dump could be written: {error}") from None
    return file


# What the later ticks wrote


def _delete_later(cursor: CursorWrapper, world: World, row: WorldRow) -> list[str]:
    """Delete every row of the later ticks; return who waits to be admitted again."""
    later = {"tick__gt": world.tick}
    for model in later_models():
        model._default_manager.filter(**later).delete()
    TapeEntry.objects.filter(epoch=row.epoch, **later).delete()
    Checkpoint.objects.filter(epoch=row.epoch, **later).delete()
    # Of the orders that were open then, the machine has all; most have changed since.
    cursor.execute(
        "DELETE FROM market_order"
        " WHERE tick_submitted > %(tick)s OR tick_closed IS NULL OR tick_closed > %(tick)s",
        {"tick": world.tick},
    )
    KeptAnswer.objects.filter(kept_at__gt=_claimed_at(world, row)).delete()
    Account.objects.exclude(id__in=list(world.market.accounts)).delete()
    Holding.objects.all().delete()
    return _readmit(world)


def _claimed_at(world: World, row: WorldRow) -> datetime:
    """Return when the tick was claimed: what was asked later is asked of a world that is gone."""
    streams = [PUBLIC_STREAM]
    entries = read_tick(epoch=row.epoch, tick=world.tick, streams=streams)
    return entries[0].claimed_at if entries else row.founded_at


def later_models() -> list[type[models.Model]]:
    """Return the models whose rows say when they were written, and go with that tick."""
    return [
        model
        for config in apps.get_app_configs()
        if config.name in settings.EXCHANGE_APPS
        for model in config.get_models()
        if model not in TOLD_APART and any(field.name == "tick" for field in model._meta.fields)
    ]


def _readmit(world: World) -> list[str]:
    """Put the registrations of the later ticks back into the inbox, and nothing else."""
    members = world.registry.members
    undone = Input.objects.filter(verdict=None)  # those of the later ticks are gone
    again = undone.filter(type=REGISTER).exclude(account__in=list(members))
    ids = list(again.values_list("id", flat=True))
    undone.exclude(id__in=ids).delete()
    Input.objects.filter(id__in=ids).update(is_quarantined=False)
    Waiting.objects.all().delete()
    registrations = Input.objects.filter(id__in=ids)
    Waiting.objects.bulk_create(
        Waiting(input_id=row.id, account=row.account) for row in registrations
    )
    strangers = Agent.objects.exclude(id__in=list(members)).order_by("id")
    strangers.update(**journal.newcomer(world.rules.agents))
    return list(strangers.values_list("name", flat=True))


# How things stood


def _begin_epoch(world: World, row: WorldRow, epoch: int) -> None:
    """Move what is kept of the time before to the new epoch, which has the same past."""
    TapeEntry.objects.filter(epoch=row.epoch).update(epoch=epoch)
    Checkpoint.objects.filter(epoch=row.epoch).update(epoch=epoch)
    checkpoints.write(world, epoch=epoch)
    WorldRow.objects.update(epoch=epoch)


def _write_standing(cursor: CursorWrapper, world: World) -> None:
    """Write every row that says how things stand. The machine cannot be used afterwards."""
    for name, part in parts(ROLLBACK):
        for write in part.writes(world.by_name[name].standing()):
            send(cursor, write)
    write_world(world, world.market.standing())
