"""What beat fires: the tick, on the floor; the pruning of the tape, on a courier."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import datetime
from functools import cache
from threading import Thread
from typing import Any

import kombu.exceptions
from celery import Task, shared_task
from celery.signals import worker_init, worker_ready, worker_shutdown
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from agents.services import repeats
from market import models, tape
from news.research import runner as research
from news.research import startup
from wallstreetsim.api.courier import the_courier
from wallstreetsim.api.metrics import record_audit, record_standstill, record_tick
from wallstreetsim.celery import send_announce, send_deliver, send_research
from wallstreetsim.feed.publishing import publish, publish_research
from wallstreetsim.floor import old_days
from wallstreetsim.floor.shell import Committed, Floor
from wallstreetsim.stack import compiled, relay
from webhooks.courier import BATCH_SIZE
from webhooks.services import claims, pruning

log = logging.getLogger(__name__)

MOST_MESSAGES = 8  # after one tick


@shared_task(name="wallstreetsim.tick", bind=True)
def tick(self: Task[[], None]) -> None:
    """Run the tick that is due, if one is due here; then keep the machine, if that is due."""
    committed = the_floor().tick(late_by=_lateness(self))
    record_standstill(the_floor().standstill.said)
    if committed:
        notify_couriers(committed.outcome.tick)
        record_tick(committed)
        _log(committed)
        the_floor().rest()
        if compiled.has_arrived():
            _make_room()


@shared_task(name="wallstreetsim.deliver")
def deliver() -> None:
    """Deliver what is due to endpoints: after a tick, and what a lost message has left."""
    the_courier().deliver()


@shared_task(name="wallstreetsim.research")
def fold() -> None:
    """Have the research desk read what the tape has new: after a tick, and what a lost message has
    left.
    """
    the_desk().catch_up()


@shared_task(name="wallstreetsim.prune_research")
def prune_research() -> None:
    """Drop what the research desk said a month of the world's days ago."""
    log.info("pruned %d rows of the research desk", research.prune(settings.RULES.market))


@shared_task(name="wallstreetsim.prune_tape")
def prune_tape() -> None:
    """Drop what the tape keeps no longer, save for what must arrive."""
    if world := models.World.objects.first():
        pruning.save_alerts(epoch=world.epoch, tick=world.tick)
        pruned = tape.prune(epoch=world.epoch, tick=world.tick)
        log.info("pruned %d entries of the tape", pruned)


@shared_task(name="wallstreetsim.audit")
def audit() -> None:
    """Audit the record by a process of its own, which gives way to all others."""
    command = ["nice", "-n", "19", sys.executable, "manage.py", "audit"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
    record_audit(failed=done.returncode != 0)
    if done.returncode:
        log.error("the audit failed: %s", (done.stdout + done.stderr).strip())


@shared_task(name="wallstreetsim.seal_old_days")
def seal_old_days() -> None:
    """Export and drop the days that ended as long ago as a setting says."""
    old = old_days.seal_what_is_old(
        after_days=settings.SEAL_AFTER_DAYS, directory=settings.EXPORT_DIRECTORY
    )
    try:
        for day in old:
            log.info("day %d is exported and sealed", day)
    except (old_days.CannotSeal, OSError) as error:
        log.error("a day cannot be sealed: %s", error)


@shared_task(name="wallstreetsim.prune_answers")
def prune_answers() -> None:
    """Drop the answers to repeatable requests that are kept no longer."""
    log.info("pruned %d kept answers", repeats.prune())


@shared_task(name="wallstreetsim.prune_deliveries")
def prune_deliveries() -> None:
    """Drop all but the last deliveries to each endpoint."""
    log.info("pruned %d deliveries", pruning.prune_deliveries())


def notify_couriers(tick: int) -> None:
    """Have word sent to couriers that a tick is to be read by the research desk and delivered; who
    does not get it finds out later.

    By another thread, for a Redis that hangs: no tick waits for it.
    """
    try:
        due = claims.count_due(tick)
    except DatabaseError as error:
        log.warning("couriers are not told of tick %d: %s", tick, error)
        return
    messages = min(MOST_MESSAGES, -(-due // BATCH_SIZE))
    if not (_Sender.thread and _Sender.thread.is_alive()):
        _Sender.thread = Thread(target=_send_messages, args=(messages,), daemon=True)
        _Sender.thread.start()


class _Sender:
    thread: Thread | None = None


def _send_messages(messages: int) -> None:
    try:
        send_research()
        for _ in range(messages):
            send_deliver()
    except (kombu.exceptions.KombuError, OSError) as error:
        log.warning("couriers are not told of a tick: %s", error)


@cache
def _make_room() -> None:
    """Let a floor that uses the compiled engines follow this one, which goes on until it is
    ready.
    """
    if relay.ask_for_successor():
        log.info("the engines are compiled: the next floor, which uses them, is getting ready")


@worker_init.connect
def prepare_floor(**_: Any) -> None:
    """Take the machine from the record before the first tick is asked for. A floor that cannot
    leaves the place to the one before it.
    """
    if not relay.is_to_come():
        return
    try:
        the_floor().prepare()
    except Exception:
        log.exception("the machine could not be taken from the record")
        if relay.is_successor():
            sys.exit(1)
    finally:
        close_old_connections()


@worker_ready.connect
def say_ready(**_: Any) -> None:
    """Let the floor before this one stop."""
    relay.say_ready()


@worker_shutdown.connect
def leave_deliveries(**_: Any) -> None:
    """Let another courier have what this one has not brought to an end."""
    if the_courier.cache_info().currsize:
        the_courier().close()


@worker_shutdown.connect
def write_checkpoint(**_: Any) -> None:
    """Write the machine down as the floor stops: the next may be of a newer version."""
    if the_floor.cache_info().currsize:
        the_floor().checkpoint()
        close_old_connections()


@cache
def the_floor() -> Floor:
    """Return this process's floor, which holds the machine from tick to tick."""
    return Floor(publish=publish)


@cache
def the_desk() -> research.Runner:
    """Return this process's research desk, which remembers from tick to tick."""
    startup.note_started()
    return research.Runner(settings.RULES.market, publish=publish_research, announce=announce)


def announce() -> None:
    """Have the alerts that are committed sent to Discord, where a webhook is set up."""
    if settings.DISCORD_WEBHOOK_URL:
        send_announce()


def _lateness(task: Task[[], None]) -> float:
    """Return how many seconds ago the tick was due.

    Beat does not say when it sent a message, but the message expires one interval later.
    """
    expires: Any = task.request.expires
    if not isinstance(expires, str):
        return 0.0
    due = datetime.fromisoformat(expires).timestamp() - settings.TICK_SECONDS
    return timezone.now().timestamp() - due


def _log(committed: Committed) -> None:
    outcome = committed.outcome
    log.info(
        "tick %d: %d inputs, %d trades, %.0f ms, %.0f ms late",
        outcome.tick,
        len(outcome.results),
        len(outcome.market.trades),
        sum(committed.seconds.values()) * 1000,
        committed.late_by * 1000,
        extra={"tick": outcome.tick, "epoch": committed.epoch, "digest": outcome.digest},
    )
