"""The rules as `/config` publishes them: in camelCase, small units as what they are parts of; and
rules changed by those names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

UNITS = {"_cents": 100, "_hundredths": 100, "_millionths": 1_000_000}
LARGEST = 10**15  # of a number that is given

T = TypeVar("T")


class BadRule(ValueError):
    """A rule that there is not, or a value that it cannot have."""


def wire_name(name: str) -> tuple[str, int]:
    """Return what a field of the rules is called on the wire, and how many of its units are one."""
    scale = 1
    for unit, one in UNITS.items():
        if name.endswith(unit):
            name, scale = name.removesuffix(unit), one
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest)), scale


def wired(value: Any) -> Any:
    """Return a part of the rules, as plain data, under the names of the wire."""
    if isinstance(value, dict):
        return dict(_wired_item(name, part) for name, part in value.items())
    return [wired(part) for part in value] if isinstance(value, list | tuple) else value


def _wired_item(name: str, value: Any) -> tuple[str, Any]:
    name, scale = wire_name(name)
    return name, wired(value if scale == 1 else value / scale)


def changed(rules: T, changes: Mapping[str, object], path: str, secret: frozenset[str]) -> T:
    """Return the rules with some numbers changed, each by its published name: `takerFeeBps`, or
    within a mapping the parts of a part. Of a list of named things, such as sectors, the mapping's
    keys are their names. `secret` are the fields, by path, that are not published.

    Raises BadRule.
    """
    assert is_dataclass(rules) and not isinstance(rules, type)
    known = {wire_name(field.name)[0]: field.name for field in fields(rules)}
    new: dict[str, Any] = {}
    for key, value in changes.items():
        where = f"{path}.{key}" if path else key
        field = known.get(key)
        if field is None or where in secret:
            raise BadRule(f"{where}: there is no such rule")
        scale = wire_name(field)[1]
        new[field] = _changed(getattr(rules, field), value, where, scale, secret)
    changed_rules: Any = replace(rules, **new)
    return changed_rules  # type: ignore[no-any-return]


def _changed(old: Any, value: object, where: str, scale: int, secret: frozenset[str]) -> Any:
    if is_dataclass(old):
        if not isinstance(value, Mapping):
            raise BadRule(f"{where}: must be a mapping of rules to values")
        return changed(old, value, where, secret)
    if isinstance(old, tuple) and old and all(hasattr(one, "name") for one in old):
        return _changed_things(old, value, where, secret)
    if isinstance(old, tuple):
        if not isinstance(value, list) or not value:
            raise BadRule(f"{where}: must be a list")
        return tuple(_number(old[0], one, where, scale) for one in value)
    return _number(old, value, where, scale)


def _changed_things(old: Any, value: object, where: str, secret: frozenset[str]) -> Any:
    """Return named things, some of them changed."""
    names = [one.name for one in old]
    if not isinstance(value, Mapping) or not set(value) <= set(names):
        raise BadRule(f"{where}: must be a mapping whose keys are of {', '.join(names)}")
    return tuple(
        _changed(one, value[one.name], f"{where}.{one.name}", 1, secret)
        if one.name in value
        else one
        for one in old
    )


def _number(old: Any, value: object, where: str, scale: int) -> Any:
    """Return a value of the kind that the rule had, in its own unit."""
    if isinstance(old, bool):
        if isinstance(value, bool):
            return value
        raise BadRule(f"{where}: must be true or false")
    if not isinstance(old, int | float):
        raise BadRule(f"{where}: is no number, and cannot be changed")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise BadRule(f"{where}: must be a number")
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > LARGEST:
        raise BadRule(f"{where}: must lie between -10^15 and 10^15")
    if old >= 0 and number < 0:
        raise BadRule(f"{where}: must not be negative")
    if isinstance(old, float):
        return float(number)
    whole = number * scale
    if whole != int(whole):
        raise BadRule(f"{where}: must be a whole number" if scale == 1 else f"{where}: is too fine")
    return int(whole)
