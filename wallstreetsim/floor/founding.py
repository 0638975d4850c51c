"""Found the world: seed, companies, accounts, first checkpoint, and the beat that drives it."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import connection, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from agents.services.registration import admit_house
from market import models
from market.common.bulk import send
from market.engine.reporting import opened
from market.engine.rules import Switches
from market.services import record
from wallstreetsim.floor import checkpoints
from wallstreetsim.floor.app_parts import RECORD, parts
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import ENGINE_VERSION, World

FOUNDED_HERE = ("market", "agents")  # their first rows are written by hand, in order


def found_if_missing(
    *,
    seed: str | None = None,
    companies: int | None = None,
    rules: Rules = RULES,
    switches: Switches | None = None,
) -> bool:
    """Found the world if there is none, and say whether it was; two founders found one world.

    Without events and house agents, unless the switches say so.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE market_world IN EXCLUSIVE MODE")
        if models.World.objects.exists():
            return False
        seed = seed or settings.SEED or secrets.token_hex(16)
        _found(World(rules, seed, switches), companies or settings.COMPANIES)
        return True


def _found(world: World, companies: int) -> None:
    outcome = world.found(companies)
    macro = world.market.macro
    models.World.objects.create(
        tick=0,
        digest=outcome.digest,
        seed=world.seed,
        engine_version=ENGINE_VERSION,
        interest_bps=macro.interest_bps,
        inflation_bps=macro.inflation_bps,
        gdp_growth_bps=macro.gdp_growth_bps,
        is_open=outcome.market.is_open,
        index=outcome.market.index,
        previous_close_index=outcome.market.previous_close_index,
    )
    with connection.cursor() as cursor:
        admit_house(world.registry.members.values())
        record.insert_companies(c.listing for c in world.market.companies.values())
        send(cursor, record.update_companies(outcome.market.companies))
        send(cursor, record.insert_accounts(0, map(opened, world.market.accounts.values())))
        send(cursor, record.update_accounts(outcome.market.accounts))
        send(cursor, record.upsert_holdings(outcome.market.holdings))
        send(cursor, record.insert_entries(outcome.market.entries))
        for app, part in parts(RECORD):
            if app not in FOUNDED_HERE:
                for _, encode in part.writes(0, outcome.reports[app]):
                    send(cursor, encode())
    checkpoints.write(world, epoch=1)


def schedule() -> None:
    """Schedule the tick, which expires after one interval, and the tasks that drop what is old."""
    every_tick, _ = IntervalSchedule.objects.get_or_create(
        every=settings.TICK_SECONDS, period=IntervalSchedule.SECONDS
    )
    _fire("tick", "wallstreetsim.tick", every_tick, expire_seconds=settings.TICK_SECONDS)
    every_minute, _ = IntervalSchedule.objects.get_or_create(
        every=60, period=IntervalSchedule.SECONDS
    )
    _fire("prune the tape", "wallstreetsim.prune_tape", every_minute, expire_seconds=60)
    now_and_then, _ = IntervalSchedule.objects.get_or_create(
        every=2, period=IntervalSchedule.SECONDS
    )
    _fire("deliver what is left", "wallstreetsim.deliver", now_and_then, expire_seconds=2)
    _fire("announce what is left", "news.announce_alerts", now_and_then, expire_seconds=2)
    _fire("fold what is left", "wallstreetsim.research", now_and_then, expire_seconds=2)
    _fire("prune deliveries", "wallstreetsim.prune_deliveries", every_minute, expire_seconds=60)
    _fire("prune kept answers", "wallstreetsim.prune_answers", every_minute, expire_seconds=60)
    every_hour, _ = IntervalSchedule.objects.get_or_create(
        every=3600, period=IntervalSchedule.SECONDS
    )
    _fire("audit", "wallstreetsim.audit", every_hour, expire_seconds=3600)
    _fire("seal old days", "wallstreetsim.seal_old_days", every_hour, expire_seconds=3600)
    _fire("prune research", "wallstreetsim.prune_research", every_hour, expire_seconds=3600)
    _fire("write prose", "news.write_prose", every_minute, expire_seconds=60)


def _fire(name: str, task: str, interval: IntervalSchedule, *, expire_seconds: int) -> None:
    PeriodicTask.objects.update_or_create(
        name=name,
        defaults={
            "task": task,
            "interval": interval,
            "expire_seconds": expire_seconds,
            "enabled": True,
        },
    )
