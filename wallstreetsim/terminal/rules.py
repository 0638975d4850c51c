"""The page of the rules: what is charged, allowed and weighed, from the one value at /config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from wallstreetsim.api.configuration import config
from wallstreetsim.api.envelope import only_read
from wallstreetsim.terminal.frame import framed
from wallstreetsim.terminal.template_tags import words


class Fact(NamedTuple):
    """One figure of the rules."""

    name: str
    value: str


class Table(NamedTuple):
    """Several things of a kind, a row each."""

    title: str
    columns: list[str]
    rows: list[list[str]]


class Chapter(NamedTuple):
    """A part of the rules; `name` is its place in the address."""

    title: str
    name: str
    facts: list[Fact]
    tables: list[Table]


@never_cache
@only_read
def rules(request: HttpRequest) -> HttpResponse:
    return framed(request, "rules/page.html", "RULES", lambda _: {"chapters": _chapters()})


@cache
def _chapters() -> list[Chapter]:
    told: Mapping[str, Any] = config()
    of_market = told["rules"]["market"]
    charged = {"fees": told["fees"], "lending": of_market["lending"], "margin": of_market["margin"]}
    allowed = {name: told[name] for name in ("orders", "timing", "limits", "webhooks")}
    weighed = {name: told[name] for name in ("pricing", "events", "climate")}
    rest = {name: part for name, part in told["rules"].items() if isinstance(part, dict | list)}
    return [
        _chapter("What is charged", "charged", charged),
        _chapter("Who may come, and as what", "roles", {"roles": told["roles"]}),
        _chapter("What may be done", "actions", {"actions": told["actions"]}),
        _chapter("What is allowed", "allowed", {**allowed, "rateLimits": told["rateLimits"]}),
        _chapter("What is weighed", "weighed", {**weighed, "sectors": told["sectors"]}),
        _chapter("Every other rule", "rest", rest),
    ]


def _chapter(title: str, name: str, value: Mapping[str, Any]) -> Chapter:
    facts: list[Fact] = []
    tables: list[Table] = []
    for part in _parts(value, ""):
        if isinstance(part, Fact):
            facts.append(part)
        else:
            tables.append(part)
    return Chapter(title, name, facts, tables)


def _parts(value: Mapping[str, Any], path: str) -> Iterator[Fact | Table]:
    """Yield each figure below by its name, and each list of things as a table."""
    for key, part in value.items():
        name = f"{path} · {_words(key)}" if path else _words(key)
        if isinstance(part, Mapping) and part and all(isinstance(x, list) for x in part.values()):
            yield Table(name, [], [[_words(x), _written(y)] for x, y in part.items()])
        elif isinstance(part, list | tuple) and part and isinstance(part[0], list | tuple):
            yield Table(name, [], [[_written(cell) for cell in row] for row in part])
        elif isinstance(part, Mapping):
            yield from _parts(part, name)
        elif isinstance(part, list) and part and isinstance(part[0], Mapping):
            yield _table(name, part)
        else:
            yield Fact(name, _written(part))


def _table(title: str, lines: Sequence[Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for line in lines for key in line))
    rows = [[_written(line.get(column)) for column in columns] for line in lines]
    return Table(title, [_words(column) for column in columns], rows)


def _words(name: str) -> str:
    return words(str(name)).lower()


def _written(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if "name" in value:  # a parameter of an action
            bounds = (
                f" {_written(value['minimum'])}–{_written(value['maximum'])}"
                if "maximum" in value
                else ""
            )
            return f"{value['name']}{'' if value.get('required') else '?'}{bounds}"
        return ", ".join(f"{_words(key)} {_written(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return str(value)
