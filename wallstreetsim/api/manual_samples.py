"""The payloads that the manual shows: made by the code that makes them, of a small world in
memory.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.rules import Switches
from wallstreetsim.floor.briefings_in_memory import Briefer
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import REGISTER, World
from webhooks.engine.briefing import SentAction
from webhooks.engine.signing import secret_bytes, signature_headers

AGENT = "5f0c1a52-6f7e-4b7a-9d55-2f3c8a1e0b11"
ORDER = "0d9c2f34-1b6a-4c0f-8a83-6f1f0f5f7c20"
_SHOWN = 1  # of each list


class SignedBody(NamedTuple):
    """A body as it is sent, and its signature by a secret that nobody has."""

    secret: str
    body: str
    signature: str

    @property
    def python_body(self) -> str:
        return repr(self.body.encode())


def _signed() -> SignedBody:
    secret, body = "whsec_bm90IGEgc2VjcmV0LCBhbiBleGFtcGxl", '{"type":"ping"}'
    headers = signature_headers(
        body.encode(), id="example", timestamp=0, secrets=[secret_bytes(secret)]
    )
    return SignedBody(secret, body, headers["X-WSS-Signature"])


SIGNED = _signed()


@cache
def samples() -> dict[str, str]:
    """Return the samples by name, as indented JSON."""
    briefing = _briefing()
    shown = {
        "briefing": _cut(briefing),
        "filled": _frame("order:filled", briefing["orders"]["filled"][:1], briefing["tick"]),
    }
    return {name: json.dumps(sample, indent=1) for name, sample in shown.items()}


def _briefing() -> Any:
    """Return what an agent is told of the tick that filled its first order."""
    world = World(RULES, "the manual's samples", Switches(never_closes=True, house=0))
    world.found(3)
    briefer, account = Briefer(world), FIRST_AGENT_ACCOUNT
    symbol = next(iter(world.market.companies))
    buy = ACTIONS["BUY"].parse({"symbol": symbol, "quantity": 10, "clientOrderId": "first"})
    born = {"agent": AGENT, "name": "MyFirstBot", "role": "retail_trader"}
    arrivals = (
        [Input(AGENT, REGISTER, born, account)],
        [Input(ORDER, "BUY", buy, account)],
    )
    for inputs in arrivals:
        briefer.before_tick()
        briefer.after_tick(world.advance(inputs))
    sent = SentAction(ORDER, {"action": "BUY", "success": True, "code": "OK"})
    return briefer.brief(account, sent=[sent])


def _frame(type: str, data: Any, tick: int) -> dict[str, Any]:
    """Return a data frame of one's own channel."""
    return {
        "type": type,
        "channel": f"agent:{AGENT}",
        "stream": f"agent:{AGENT}",
        "seq": 2,
        "tick": tick,
        "timestamp": "2026-01-01T00:00:02+00:00",
        "data": data,
    }


def _cut(value: Any) -> Any:
    """Return the value with its lists cut."""
    if isinstance(value, dict):
        return {name: _cut(part) for name, part in value.items()}
    return [_cut(part) for part in value[:_SHOWN]] if isinstance(value, list) else value
