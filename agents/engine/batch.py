"""A batch of actions as it is sent: each checked against its type, before anything is known of the
world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from market.engine.action import Action
from market.engine.parameters import Malformed, Parameter, ParameterKind, Parameters
from market.engine.refusals import Refused

ActionTable: TypeAlias = Mapping[str, Action]  # by type

RATIONALE = Parameter("rationale", "rationale", ParameterKind.TEXT, minimum=0, maximum=500)

_LONGEST_FIELD_SHOWN = 60


class ParsedAction(NamedTuple):
    """A well-formed action; `refusal` says why one whose numbers are beyond all bounds, and which
    has no parameters then, is refused whatever the world is like.
    """

    action: Action
    parameters: Parameters
    refusal: Refused | None = None
    rationale: str = ""  # why, in the agent's own words; the machine does not look at it


class MalformedAction(NamedTuple):
    """An action without its type's form: `type` as far as it names one, the offending field if it
    is one, and what is wrong.
    """

    type: str | None
    field: str
    message: str


class MalformedBatch(ValueError):
    """What is no batch at all; `str()` of it says why."""


def parse_batch(
    given: object, table: ActionTable, *, most: int
) -> list[ParsedAction | MalformedAction]:
    """Check a list of 1 to `most` actions and return them in order, each by itself.

    Raises MalformedBatch.
    """
    if not isinstance(given, list):
        raise MalformedBatch("must be a list")
    if not 1 <= len(given) <= most:
        raise MalformedBatch(f"must hold 1 to {most} actions")
    return [_parsed(action, table) for action in given]


def _parsed(given: object, table: ActionTable) -> ParsedAction | MalformedAction:
    try:
        return _parse(given, table)
    except Malformed as malformed:
        type = given.get("type") if isinstance(given, dict) else None
        named = type[:_LONGEST_FIELD_SHOWN] if isinstance(type, str) else None
        return MalformedAction(named, malformed.field[:_LONGEST_FIELD_SHOWN], malformed.message)


def _parse(given: object, table: ActionTable) -> ParsedAction:
    if not isinstance(given, dict):
        raise Malformed("", "must be an object")
    carried = dict(given)
    type = carried.pop("type", None)
    action = table.get(type) if isinstance(type, str) else None
    if action is None:
        raise Malformed("type", f"must be one of {', '.join(table)}")
    rationale = take_rationale(carried)
    try:
        parameters = action.parse(carried)
    except Refused as refused:
        return ParsedAction(action, {}, refused)
    return ParsedAction(action, parameters, rationale=rationale)


def take_rationale(carried: dict[str, object]) -> str:
    """Take from an action's fields the one that says why, and return it, "" where there is none.

    Raises Malformed.
    """
    rationale = carried.pop(RATIONALE.wire, None)
    return "" if rationale is None else str(RATIONALE.parse(rationale))


def client_ids_of(asked: Sequence[ParsedAction]) -> list[str]:
    """Return the clientOrderIds that new orders bring."""
    return [
        a.parameters["client_id"]
        for a in asked
        if a.action.places_order and "client_id" in a.parameters
    ]
