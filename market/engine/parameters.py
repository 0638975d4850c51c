"""What an action may carry: each parameter's name on the wire, its kind and its limits.

The same table checks an action, describes it at /config and shapes it in the OpenAPI schema.
Numbers arrive as int or Decimal (never float), as the strict JSON reader gives them; money leaves
as cents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from market.engine.refusals import Code, Refused
from market.engine.text import fault_of

Parameters: TypeAlias = dict[str, Any]  # by name, as the action's parameters have checked them

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Say whether a text is an id as the wire has it, in capitals or not."""
    return _UUID.fullmatch(text.lower()) is not None


class ParameterKind(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"  # a float, as operators and scripts give one
    MONEY = "money"
    TEXT = "text"
    CHOICE = "choice"
    SYMBOL = "symbol"
    UUID = "uuid"
    BOOLEAN = "boolean"


class Malformed(ValueError):
    """An action that is not of its type's form: `field` names the offending key."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    For text, `minimum` and `maximum` bound its length; for money they are cents. Where it is left
    out, `default` is filled in; `implied` is not, it only says what that means. Too large a number,
    or money that is no price, is `refused_as` a code of its own, if there is one: the action has
    its form, and what it asks for is not to be had.
    """

    wire: str
    name: str
    kind: ParameterKind
    required: bool = False
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()
    default: str | None = None
    implied: str | bool | None = None
    refused_as: Code | None = None
    least: float = 0.0  # of a float
    most: float = 0.0

    @property
    def assumed(self) -> str | bool | None:
        """What its absence means, as it would be written."""
        return self.implied if self.default is None else str(self.default)

    def parse(self, value: object) -> str | int | float:
        """Return the value as the machine wants it. Raises Malformed, or Refused."""
        if self.kind is ParameterKind.BOOLEAN:
            if not isinstance(value, bool):
                raise Malformed(self.wire, "must be true or false")
            return value
        if self.kind in (ParameterKind.INTEGER, ParameterKind.MONEY):
            return self._number(value)
        if self.kind is ParameterKind.NUMBER:
            return self._float(value)
        if not isinstance(value, str):
            raise Malformed(self.wire, "must be a string")
        return self._text(value)

    def _float(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise Malformed(self.wire, "must be a number")
        if not self.least <= value <= self.most:
            raise Malformed(self.wire, f"must lie between {self.least:g} and {self.most:g}")
        return float(value)

    def _number(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise Malformed(self.wire, "must be a number")
        if self.kind is ParameterKind.MONEY:
            return self._cents(value)
        if isinstance(value, Decimal):
            raise Malformed(self.wire, "must be a whole number")
        if value < self.minimum:
            raise Malformed(self.wire, self._limits())
        if value > self.maximum:
            raise self._unfit(self._limits())
        return value

    def _cents(self, value: int | Decimal) -> int:
        if isinstance(value, Decimal) and not value.is_finite():
            raise Malformed(self.wire, "must be a number")
        if not Decimal(self.minimum).scaleb(-2) <= value <= Decimal(self.maximum).scaleb(-2):
            raise self._unfit(self._limits())
        cents = int(Decimal(value).scaleb(2))  # which rounds what has more digits than the context
        if Decimal(cents).scaleb(-2) != value:
            raise self._unfit("has more than two decimals")
        return cents

    def _unfit(self, message: str) -> Malformed | Refused:
        if self.refused_as is None:
            return Malformed(self.wire, message)
        return Refused(self.refused_as, f"{self.wire}: {message}")

    def _limits(self) -> str:
        if self.kind is ParameterKind.MONEY:
            return f"must lie between {self.minimum / 100:.2f} and {self.maximum / 100:,.2f}"
        return f"must lie between {self.minimum} and {self.maximum:,}"

    def _text(self, value: str) -> str:
        if self.kind is ParameterKind.CHOICE:
            if value not in self.choices:
                raise Malformed(self.wire, f"must be one of {', '.join(self.choices)}")
            return value
        if self.kind is ParameterKind.UUID:
            if not is_uuid(value):
                raise Malformed(self.wire, "must be a UUID")
            return value.lower()
        if not self.minimum <= len(value) <= self.maximum:
            raise Malformed(self.wire, f"must have {self.minimum} to {self.maximum} characters")
        if fault := fault_of(value):
            raise Malformed(self.wire, fault)
        return value


class Form:
    """The parameters of one type of action."""

    def __init__(self, *parameters: Parameter) -> None:
        self.parameters = parameters
        self._by_wire = {parameter.wire: parameter for parameter in parameters}
        self._expected = [p for p in parameters if p.required or p.default is not None]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    def parse(self, given: Mapping[str, object]) -> tuple[Parameters, Refused | None]:
        """Check what an action carries, its type left out, and return it by name; and why it is
        refused if a number, for which another stands here, is beyond all bounds.

        Raises Malformed.
        """
        parsed: Parameters = {}
        refusal: Refused | None = None
        for wire, value in given.items():
            parameter = self._by_wire.get(wire)
            if parameter is None:
                raise Malformed(wire, f"is not a parameter of this action; {self._there_are()}")
            if value is not None:
                try:
                    parsed[parameter.name] = parameter.parse(value)
                except Refused as refused:
                    parsed[parameter.name], refusal = parameter.minimum, refusal or refused
        for parameter in self._expected:
            if parameter.name not in parsed:
                if parameter.default is None:
                    raise Malformed(parameter.wire, "is required")
                parsed[parameter.name] = parameter.default
        return parsed, refusal

    def _there_are(self) -> str:
        names = [f"{p.wire} (required)" if p.required else p.wire for p in self.parameters]
        return f"there are: {', '.join(names)}" if names else "there are none"
