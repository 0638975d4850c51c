"""Sending alerts to the operator's Discord webhook: what couriers do once an alert is committed.

The webhook's address is a secret: whoever has it can write to the channel. It is in no log, nor is
the text of an error that might quote it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from math import isnan
from typing import NamedTuple

import aiohttp
import orjson
from django.conf import settings
from django.db.models import F
from redis import Redis

from market.common.redis_clients import redis_client
from market.engine.values import Tick
from market.models import World
from news.models import ResearchAlert
from news.research.embeds import Embed, embed, payload

log = logging.getLogger(__name__)

SECONDS = 10.0  # for one request
HELD_SECONDS = 15  # by whoever sends: a courier that is killed keeps nobody for longer
MOST_TRIES = 3
OLDEST_TICKS = 60  # what is older is no news
MOST_AT_ONCE = 20
LEAST_PAUSE, LONGEST_PAUSE = 0.05, 3_600.0  # seconds that Discord may ask for
LARGEST_REPLY = 4_096
STARTED = "wss:discord:started"
STARTED_SECONDS = 60  # in which couriers start that are started together
BUSY = "wss:discord:busy"  # while a courier sends, or Discord wants quiet

WAITING, SENDING, SENT, FAILED = "", "sending", "sent", "failed"


class Reply(NamedTuple):
    """What came of a request: `pause` is for how many seconds Discord wants no other."""

    is_taken: bool
    said: str = ""
    pause: float = 0.0


def send_waiting() -> int:
    """Send the alerts that have not been sent, the oldest first, and return how many were taken.

    One courier does at a time, so that a slow webhook holds one thread and no more. Of an alert
    whose courier was killed while it sent it nobody knows whether it arrived: it is not sent again.
    """
    url = settings.DISCORD_WEBHOOK_URL
    world = World.objects.first() if url else None
    if world is None:
        return 0
    taken = 0
    with redis_client() as redis:
        for alert in _waiting(world.tick):
            if not redis.set(BUSY, 1, nx=True, ex=HELD_SECONDS):
                break
            if not _claim(alert):
                redis.delete(BUSY)
                continue
            reply = post(url, embed_of(alert))
            _note(alert, reply)
            taken += reply.is_taken
            _leave(redis, reply)
    return taken


def say_started() -> bool:
    """Say once that this courier is at work, unless another has just said so: to Discord alone, for
    nothing has happened in the market.
    """
    url = settings.DISCORD_WEBHOOK_URL
    if not url or _Startup.is_said:
        return False
    _Startup.is_said = True
    started = embed(
        title="The research desk is at work",
        description="Alerts follow as they are published.",
        colour=0x4C8BF5,
        fields=(),
        source="startup",
        timestamp=None,
    )
    with redis_client() as redis:
        if not redis.set(STARTED, 1, nx=True, ex=STARTED_SECONDS):
            return False
        if not redis.set(BUSY, 1, nx=True, ex=HELD_SECONDS):
            return False
        reply = post(url, started)
        _leave(redis, reply)
    return reply.is_taken


class _Startup:
    is_said = False


def embed_of(alert: ResearchAlert) -> Embed:
    """Return an alert of the record in Discord's form."""
    return embed(
        title=alert.title,
        description=alert.description,
        colour=alert.colour,
        fields=[(field["name"], field["value"]) for field in alert.fields],
        source=f"{alert.source}, tick {alert.tick}",
        timestamp=None,
    )


def _waiting(now: Tick) -> list[ResearchAlert]:
    """Return the alerts that are to be sent and young enough. One query."""
    rows = ResearchAlert.objects.filter(
        discord=WAITING, discord_tries__lt=MOST_TRIES, tick__gt=now - OLDEST_TICKS
    )
    return list(rows.order_by("number")[:MOST_AT_ONCE])


def _claim(alert: ResearchAlert) -> bool:
    """Say whether this try is ours."""
    rows = ResearchAlert.objects.filter(
        number=alert.number, discord=WAITING, discord_tries=alert.discord_tries
    )
    return bool(rows.update(discord=SENDING, discord_tries=F("discord_tries") + 1))


def _note(alert: ResearchAlert, reply: Reply) -> None:
    """Note what came of a try."""
    is_last = alert.discord_tries + 1 >= MOST_TRIES
    state = SENT if reply.is_taken else FAILED if is_last else WAITING
    ResearchAlert.objects.filter(number=alert.number).update(discord=state)
    if not reply.is_taken:
        log.warning(
            "an alert is not sent to Discord (try %d of %d): %s",
            alert.discord_tries + 1,
            MOST_TRIES,
            reply.said,
        )


def _leave(redis: Redis, reply: Reply) -> None:
    """Let the next one send: at once, or when Discord allows it."""
    if reply.pause:
        redis.set(BUSY, 1, px=round(1_000 * reply.pause))
    else:
        redis.delete(BUSY)


def post(url: str, embed: Embed) -> Reply:
    """Send one embed; no exception is left to the caller, and no word of the address."""
    try:
        return asyncio.run(_post(url, orjson.dumps(payload(embed))))
    except TimeoutError:
        return Reply(False, f"no answer within {SECONDS:g} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Reply(False, f"the exchange failed ({type(error).__name__})")


async def _post(url: str, body: bytes) -> Reply:
    async with (
        asyncio.timeout(SECONDS),
        aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
        ) as session,
        session.post(
            url,
            data=body,
            headers={"Content-Type": "application/json"},
            allow_redirects=False,
        ) as response,
    ):
        if response.status in (200, 204):
            return Reply(True)
        said = f"HTTP {response.status}"
        if response.status != 429:
            return Reply(False, said)
        text = await response.content.read(LARGEST_REPLY)
        return Reply(False, said, pause_of(text, response.headers))


def pause_of(text: bytes, headers: Mapping[str, str]) -> float:
    """Return for how many seconds a 429 wants no other request, as its body says, or its header;
    one second if neither does.
    """
    try:
        asked = float(orjson.loads(text)["retry_after"])
    except (ValueError, TypeError, KeyError):
        try:
            asked = float(headers.get("Retry-After", ""))
        except ValueError:
            asked = 1.0
    if isnan(asked):
        asked = 1.0
    return min(max(asked, LEAST_PAUSE), LONGEST_PAUSE)
