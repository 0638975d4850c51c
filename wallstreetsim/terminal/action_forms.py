"""Forms of actions, made of the table that checks them: a control for each parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agents.engine.batch import RATIONALE
from agents.engine.rules import POINT
from market.engine.action import Action
from market.engine.parameters import Parameter, ParameterKind
from market.engine.values import Tick
from wallstreetsim.terminal.template_tags import words

LONGEST_LINE = 60  # characters; text that may be longer has an area
DIGITS = 16  # of a number, at most
FINAL = frozenset({"SETTLE", "APPEAL", "FLEE", "KEEP_BRIBE"})  # actions that nothing takes back

# What a reader would say otherwise than the wire does.
LABELS = {
    "targetAgent": "Agent",
    "targetSymbol": "Company",
    "symbol": "Company",
    "content": "Text",
    "amount": "Dollars",
    "profitSharePercent": "Percent of gains pooled",
    "allianceId": "Alliance",
    "bribeId": "Bribe",
    "investigationId": "Case",
    "orderId": "Order",
    "clientOrderId": "Order, by your own id",
    "crimeType": "Crime",
    "now": "At once",
    "rationale": "Why, shown when the day is over",
}


class Option(NamedTuple):
    """What a field may be set to, and what that is called."""

    value: str
    words: str


# Of a parameter that names a thing by its id, those that an agent may name: by the name of the
# parameter or, where an action may name others, by its type and that.
Known = Mapping[str, Sequence[Option]]


class Field(NamedTuple):
    """A control; what of it is empty does not limit it."""

    name: str
    label: str
    control: str  # "line", "area", "choice" or "flag"
    is_required: bool
    value: str
    error: str
    least: int = 0  # characters
    most: int = 0
    mode: str = ""  # of a touch keyboard
    hint: str = ""
    options: Sequence[Option] = ()


class ActionForm(NamedTuple):
    """The form of an action. `without` is what it needs and the agent has none of, "" if it can be
    filled in.
    """

    type: str
    title: str
    summary: str
    family: str
    fields: Sequence[Field]
    reputation_cost: int  # points
    cooldown_ticks: Tick
    statuses: str  # in which alone it is possible, "" if the agent is in one of them
    without: str
    is_open: bool
    is_final: bool  # nothing takes it back, so its form is followed by a question

    @property
    def button(self) -> str:
        title = self.title.capitalize()
        return f"{title}: see the terms" if self.is_final else title


def form_of(
    action: Action,
    status: str,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    known: Known,
    *,
    is_explained: bool = False,
) -> ActionForm:
    """Return an action's form for an agent of this status, filled in if what is `given` is of its
    type; `is_explained` adds the field that every action may have.
    """
    is_open = given.get("type") == action.type
    filled, faults = (given, errors) if is_open else ({}, {})
    parameters = [*action.parameters, *([RATIONALE] if is_explained else ())]
    fields = [_field(action.type, one, filled, faults, known) for one in parameters]
    empty = (one for one in fields if one.control == "choice" and one.is_required)
    missing = next((one.label.lower() for one in empty if not one.options), "")
    return ActionForm(
        action.type,
        words(action.type).lower(),
        action.summary,
        action.family.value,
        fields,
        action.reputation_cost // POINT,
        action.cooldown_ticks,
        "" if status in action.statuses else " or ".join(sorted(action.statuses)),
        missing,
        is_open,
        action.type in FINAL,
    )


def families(forms: Iterable[ActionForm]) -> Mapping[str, Sequence[ActionForm]]:
    """Return forms by their family, in the order of the table."""
    found: dict[str, list[ActionForm]] = {}
    for form in forms:
        found.setdefault(form.family, []).append(form)
    return found


def _field(
    type: str,
    parameter: Parameter,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    known: Known,
) -> Field:
    wire, kind = parameter.wire, parameter.kind
    label = LABELS.get(wire) or words(wire).lower().capitalize()
    field = Field(
        wire, label, "line", parameter.required, given.get(wire, ""), errors.get(wire, "")
    )
    if kind is ParameterKind.BOOLEAN:
        return field._replace(control="flag")
    if kind is ParameterKind.CHOICE:
        return field._replace(control="choice", options=[_option(one) for one in parameter.choices])
    if kind is ParameterKind.UUID:
        options = known.get(f"{type} {wire}", known.get(wire, ()))
        return field._replace(control="choice", options=options)
    if kind is ParameterKind.INTEGER:
        hint = f"{parameter.minimum:,} to {parameter.maximum:,}"
        return field._replace(most=DIGITS, mode="numeric", hint=hint)
    if kind is ParameterKind.MONEY:
        hint = f"{parameter.minimum / 100:,.2f} or more"
        return field._replace(most=DIGITS, mode="decimal", hint=hint)
    is_long = parameter.maximum > LONGEST_LINE
    lengths = field._replace(least=parameter.minimum, most=parameter.maximum)
    return lengths._replace(control="area") if is_long else lengths


def _option(choice: str) -> Option:
    return Option(choice, words(choice))
