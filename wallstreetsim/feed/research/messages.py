"""What the research desk says, as its sockets say it: flat, snake_case, one item a message."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from market.wire import Wire
from news.research import events
from news.research.embeds import embed
from wallstreetsim.feed.batches import Frame
from wallstreetsim.feed.research.views import Item, agent_of

Message = dict[str, Any]

CLOSED, OPEN = "CLOSED", "OPEN"
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_FIELD = re.compile(r"[a-z][A-Za-z0-9]*")  # what else is a key, as a sector, stays as it is


class Place(NamedTuple):
    """Where a message stands: on a stream, after the message of `prev` on the same view."""

    stream: str
    seq: int
    tick: int
    prev: int
    timestamp: str


def message_of(item: Item, timestamp: str) -> Message:
    """Return an item without its place."""
    type, content = item
    if type == events.ALERT:
        return _alert(content, timestamp)
    if type == events.SIGNAL:
        return {"type": "signal", "signal": snake({**content, "status": OPEN})}
    if type == events.CLOSED:
        return {"type": "signal", "signal": snake({**content, "status": CLOSED})}
    if type == events.INSIGHT:
        return {
            "type": "agent_insight",
            "agent": agent_of(content["analyst"]),
            "insight": snake(content),
        }
    assert type == events.NARRATIVE, type
    return {"type": "narrative", "narrative": snake(content)}


def market_data(price: Wire) -> Message:
    """Return a company's price update without its place."""
    return {"type": "market_data", "symbol": price["symbol"], "data": snake(price)}


def placed(message: Message, place: Place) -> Frame:
    """Return the frame of a message."""
    return Frame(
        orjson.dumps(
            {
                **message,
                "timestamp": place.timestamp,
                "stream": place.stream,
                "seq": place.seq,
                "tick": place.tick,
                "prev": place.prev,
            }
        ).decode()
    )


def _alert(content: Wire, timestamp: str) -> Message:
    return {
        "type": "alert",
        "id": content["id"],
        "alert_type": content["kind"],
        "source": content["source"],
        "symbol": content["symbol"],
        "content": f"{content['title']}\n{content['description']}",
        "embed": embed(
            title=content["title"],
            description=content["description"],
            colour=content["colour"],
            fields=[(field["name"], field["value"]) for field in content["fields"]],
            source=content["source"],
            timestamp=timestamp,
        ),
    }


def snake(value: Any) -> Any:
    """Return a value of the wire with the names of its fields in snake_case."""
    if isinstance(value, dict):
        return {_snake_name(name): snake(content) for name, content in value.items()}
    if isinstance(value, list):
        return [snake(one) for one in value]
    return value


@lru_cache(1024)
def _snake_name(name: str) -> str:
    return _HUMP.sub(r"_\1", name).lower() if _FIELD.fullmatch(name) else name
