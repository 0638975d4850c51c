"""Rate limits, counted in Redis by one script, so that parallel requests count too."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import redis
from django.conf import settings
from django.http import HttpRequest
from redis.commands.core import Script
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from agents.models import Agent
from market.common.client_address import address_of
from market.common.redis_clients import redis_client

if TYPE_CHECKING:  # its default throttle is in here
    from rest_framework.views import APIView

log = logging.getLogger(__name__)

KEY_PREFIX = "wss:limit:"
TIMEOUT_SECONDS = 0.2  # with a Redis that does not answer
TRUCE_SECONDS = 1.0  # in which a Redis that failed is not asked again


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds: in a window that the first of them opens or, where a
    `burst` is given, at a steady rate, with so many at once.
    """

    requests: int
    seconds: int
    burst: int = 0


LIMITS: dict[str, tuple[Limit, ...]] = {
    "requests": (Limit(600, 60),),
    "actions": (Limit(120, 60, burst=20),),
    "registration": (Limit(60, 60), Limit(1_000, 86_400)),
    "login": (Limit(20, 60),),
    "pages": (Limit(600, 60),),
    "completions": (Limit(600, 60, burst=60),),
    "signIn": (Limit(10, 300), Limit(30, 3_600)),
}

# What each of them counts.
SCOPES = {
    "requests": "every request but those below; heavy reads count for more than one",
    "actions": "requests to `/actions`, each of up to"
    f" {settings.RULES.agents.actions_per_request} actions, refused ones too; and a webhook's"
    " replies with actions",
    "registration": "`POST /auth/register`",
    "login": "`POST /auth/login` and `POST /auth/verify`",
    "pages": "the pages for people",
    "completions": "what the command line of the pages asks for while one types",
    "signIn": "signing in on the pages",
}


class Allowance(NamedTuple):
    """What is left of the tightest limit, and when all of it is available again.

    `limit` is what may be left at most: the burst, where there is one.
    """

    is_granted: bool
    limit: int
    remaining: int
    reset_at: float  # seconds of the epoch
    retry_seconds: float


# Every limit is looked at before any is counted: a refused request costs nothing. A window is a
# counter that expires; a burst is the time at which its bucket will be full again (the generic cell
# rate algorithm, ITU-T I.371).
_SPEND = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local granted, retry = 1, 0
local cost = tonumber(ARGV[#ARGV])
local states = {}
for i, key in ipairs(KEYS) do
    local count, window, burst = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
    local value = tonumber(redis.call('GET', key) or '0')
    local wait
    if burst > 0 then
        local step = window / count
        local full = math.max(value, now) + step * cost
        wait = full - now - burst * step
        states[i] = {full = full, left = math.floor((burst * step - full + now) / step)}
    else
        local ends = now + (value > 0 and redis.call('PTTL', key) or window)
        wait = value + math.min(cost, count) > count and ends - now or 0
        states[i] = {ends = ends, left = count - value - cost}
    end
    if wait > 0 then granted, retry = 0, math.max(retry, wait) end
end
local limit, left, reset = 0, math.huge, now
for i, key in ipairs(KEYS) do
    local state = states[i]
    if granted == 1 and state.full then
        redis.call('SET', key, string.format('%.0f', state.full), 'PX',
                   math.max(1, math.ceil(state.full - now)))
    elseif granted == 1 and redis.call('INCRBY', key, cost) == cost then
        redis.call('PEXPIRE', key, ARGV[3*i-1])
    end
    if state.left < left then
        local burst = tonumber(ARGV[3*i])
        limit = burst > 0 and burst or tonumber(ARGV[3*i-2])
        left, reset = state.left, state.full or state.ends
    end
end
return {granted, limit, math.max(0, left), math.ceil(reset), math.ceil(retry)}
"""


def spend(scope: str, who: str, limits: tuple[Limit, ...], *, cost: int = 1) -> Allowance | None:
    """Count a request, for as many as it costs; return None where nothing is counted.

    Without Redis nobody is counted and everybody passes: that a messenger is away must not stop
    those who trade, and a key cannot be guessed however often one may try.
    """
    if not settings.RATE_LIMITS or time.monotonic() < _Truce.until:
        return None
    keys = [f"{KEY_PREFIX}{scope}:{limit.seconds}:{who}" for limit in limits]
    args = [n for limit in limits for n in (limit.requests, limit.seconds * 1000, limit.burst)]
    try:
        answer: Any = _script()(keys=keys, args=[*args, cost])
    except redis.RedisError as error:
        _Truce.until = time.monotonic() + TRUCE_SECONDS
        log.warning("requests are not counted: %s", error)
        return None
    granted, limit, remaining, reset, retry = map(int, answer)
    return Allowance(bool(granted), limit, remaining, reset / 1000, retry / 1000)


class RateLimit(BaseThrottle):
    """Applies a view's limits to each agent, or to each address where there is no agent."""

    def __init__(self) -> None:
        self.allowance: Allowance | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        cost_of = getattr(view, "cost_of", None)
        cost = cost_of(request) if cost_of else 1
        self.allowance = charge(request, getattr(view, "limit", "requests"), cost=cost)
        return self.allowance is None or self.allowance.is_granted

    def wait(self) -> float | None:
        return math.ceil(self.allowance.retry_seconds) if self.allowance else None


def charge(
    request: Request, scope: str, *, is_anonymous: bool = False, cost: int = 1
) -> Allowance | None:
    """Count a request, and remember for its answer what is left."""
    agent = None if is_anonymous else cast("Agent | None", request.user)
    who = f"agent:{agent.id}" if agent else address_of(request._request)
    allowance = spend(scope, who, limits_of(scope, agent), cost=cost)
    request._request.allowance = allowance  # type: ignore[attr-defined]
    return allowance


def limits_of(scope: str, agent: Agent | None) -> tuple[Limit, ...]:
    """Return the limits of a scope; some roles may act more often than others."""
    if agent is None or scope != "actions":
        return LIMITS[scope]
    times = _BUDGETS[agent.role]
    return tuple(Limit(n.requests * times, n.seconds, n.burst * times) for n in LIMITS[scope])


_BUDGETS = {role.name: role.action_budget for role in settings.RULES.agents.roles}


def headers_of(request: HttpRequest) -> dict[str, str]:
    """Return the headers about the limit that a request was counted under."""
    allowance: Allowance | None = getattr(request, "allowance", None)
    if allowance is None:
        return {}
    return {
        "X-RateLimit-Limit": str(allowance.limit),
        "X-RateLimit-Remaining": str(allowance.remaining),
        "X-RateLimit-Reset": str(math.ceil(allowance.reset_at)),
    }


class _Truce:
    until = 0.0


@cache
def _script() -> Script:
    client = redis_client(timeout_seconds=TIMEOUT_SECONDS)
    return client.register_script(_SPEND)
