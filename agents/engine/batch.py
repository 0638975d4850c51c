"""A batch of actions as it is sent: each checked against its type, before anything is known of the
world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from market.engine.actions import MarketAction
from market.engine.parameters import Malformed, Parameters
from market.engine.refusals import Refused

ActionTable: TypeAlias = Mapping[str, MarketAction]  # by type

_LONGEST_FIELD_SHOWN = 60


class ParsedAction(NamedTuple):
    """A well-formed action; `refusal` says why one whose numbers are beyond all bounds, and which
    has no parameters then, is refused whatever the world is like.
    """

    action: MarketAction
    parameters: Parameters
    refusal: Refused | None = None


class MalformedBatch(ValueError):
    """A batch that cannot be read: what is wrong, by field, such as "actions[0].quantity"."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def parse_batch(given: object, table: ActionTable, *, most: int) -> list[ParsedAction]:
    """Check a list of 1 to `most` actions and return them in order. Raises MalformedBatch."""
    if not isinstance(given, list):
        raise MalformedBatch({"actions": "must be a list"})
    if not 1 <= len(given) <= most:
        raise MalformedBatch({"actions": f"must hold 1 to {most} actions"})
    asked, faults = [], {}
    for position, action in enumerate(given):
        try:
            asked.append(_parse(action, table))
        except Malformed as malformed:
            field = malformed.field[:_LONGEST_FIELD_SHOWN]
            path = f"actions[{position}]" + (f".{field}" if field else "")
            faults[path] = malformed.message
    if faults:
        raise MalformedBatch(faults)
    return asked


def _parse(given: object, table: ActionTable) -> ParsedAction:
    if not isinstance(given, dict):
        raise Malformed("", "must be an object")
    carried = dict(given)
    type = carried.pop("type", None)
    action = table.get(type) if isinstance(type, str) else None
    if action is None:
        raise Malformed("type", f"must be one of {', '.join(table)}")
    try:
        parameters = action.parse(carried)
    except Refused as refused:
        return ParsedAction(action, {}, refused)
    return ParsedAction(action, parameters)


def client_ids_of(asked: Sequence[ParsedAction]) -> list[str]:
    """Return the clientOrderIds that new orders bring."""
    return [
        a.parameters["client_id"]
        for a in asked
        if a.action.places_order and "client_id" in a.parameters
    ]
