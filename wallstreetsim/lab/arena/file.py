"""An arena's file: who plays, and in which market. Whatever is wrong with it is one line naming the
key and the line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents.engine.house import house_names
from market.engine.accounts import SYSTEM_ACCOUNTS
from market.engine.rules import Switches
from wallstreetsim.lab.scenarios.file import MOST_AGENTS, MOST_COMPANIES, Fields
from wallstreetsim.lab.scenarios.yaml_text import BadScenario, Node, parse
from wallstreetsim.machine.rules import RULES

DEFAULT_COMPANIES, DEFAULT_HOUSE = 10, 24
MOST_BOTS = 100
CHILD = str(Path(__file__).with_name("child.py"))  # needs nothing of ours, so no path to it

_NAME = re.compile(r"[A-Za-z0-9_-]{3,50}")
_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Bot:
    """A player: what runs it speaks JSON lines."""

    name: str
    role: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArenaFile:
    bots: tuple[Bot, ...]
    companies: int = DEFAULT_COMPANIES
    switches: Switches = field(
        default_factory=lambda: Switches(never_closes=True, events=True, house=DEFAULT_HOUSE)
    )


def read(source: bytes) -> ArenaFile:
    """Return what a file holds. Raises BadScenario."""
    root = Fields(parse(source), "", ("bots", "companies", "session", "house", "events"))
    house = root.whole("house", least=0, most=MOST_AGENTS, default=DEFAULT_HOUSE)
    nodes = root.items("bots")
    if not 1 <= len(nodes) <= MOST_BOTS:
        raise root.bad(f"must name 1 to {MOST_BOTS} bots", root.get("bots"), "bots")
    taken = {name.lower() for name in (*SYSTEM_ACCOUNTS.values(), *house_names(house))}
    session = root.choice("session", ("open", "day"), default="open")
    return ArenaFile(
        bots=tuple(_bot(node, f"bots[{number}]", taken) for number, node in enumerate(nodes)),
        companies=root.whole("companies", least=1, most=MOST_COMPANIES, default=DEFAULT_COMPANIES),
        switches=Switches(
            never_closes=session == "open",
            events=root.flag("events", default=True),
            house=house,
        ),
    )


def _bot(node: Node, path: str, taken: set[str]) -> Bot:
    fields = Fields(node, path, ("name", "role", "command", "callable"))
    name = fields.matching("name", _NAME, "3 to 50 letters, digits, _ and -")
    if name.lower() in taken:
        raise fields.bad(f"{name} is taken", fields.get("name"), "name")
    taken.add(name.lower())
    roles = [role.name for role in RULES.agents.roles]
    role = fields.choice("role", roles, default="quant")
    if ("command" in fields) == ("callable" in fields):
        raise fields.bad("must have a command or a callable", node)
    if "callable" in fields:
        where = fields.matching("callable", _CALLABLE, "module:function")
        return Bot(name, role, (sys.executable, CHILD, where))
    return Bot(name, role, _command(fields))


def _command(fields: Fields) -> tuple[str, ...]:
    words: Sequence[Node] = fields.items("command")
    if not words or not all(isinstance(word.value, str) for word in words):
        raise fields.bad("must be a list of words", fields.get("command"), "command")
    program, *arguments = (str(word.value) for word in words)
    return (sys.executable if program == "python" else program, *arguments)


__all__ = ["ArenaFile", "BadScenario", "Bot", "read"]
