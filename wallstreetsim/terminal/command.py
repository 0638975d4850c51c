"""The command line: what can be typed, where it leads, and how it is completed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

LONGEST = 80  # characters
SHOWN = 8  # completions
SYMBOL, NAME, QUANTITY = "SYMBOL", "NAME", "QUANTITY"  # what stands for a word of the reader's own
SIDES = ("BUY", "SELL", "SHORT", "COVER")


class UnknownCommand(ValueError):
    """The line is no command; the message says what is wrong with it."""


class Command(NamedTuple):
    """A form that a line may have, the address that it leads to, and what is there."""

    form: tuple[str, ...]
    address: str
    meaning: str

    @property
    def text(self) -> str:
        return " ".join(self.form)

    @property
    def is_whole(self) -> bool:
        """Say whether it needs no word of the reader's own."""
        return "{" not in self.address


COMMANDS = (
    Command(("TOP",), "/agents", "the leaderboard"),
    Command(("NEWS",), "/news", "all news"),
    Command(("SEC",), "/sec", "cases, who is wanted, and who is in prison"),
    Command(("HELP",), "/help", "the commands and the shortcuts"),
    Command(("HOME",), "/", "the terminal"),
    Command(("MARKETS",), "/markets", "every company"),
    Command(("WORLD",), "/world", "the economy and what happens in it"),
    Command(("TV",), "/tv", "the biggest story, for a wall"),
    Command(("RULES",), "/rules", "what is charged, allowed and weighed"),
    Command(("STATUS",), "/status", "whether all is well here"),
    Command(("REPLAY",), "/replay", "any of the last thousand ticks"),
    Command(("DOCS",), "/docs", "the API"),
    Command((SYMBOL,), "/markets/{SYMBOL}", "a company"),
    Command((SYMBOL, "BOOK"), "/markets/{SYMBOL}#book", "its order book"),
    Command((SYMBOL, "CHART"), "/markets/{SYMBOL}#chart", "its chart"),
    Command((SYMBOL, "NEWS"), "/news?symbol={SYMBOL}", "its news"),
    Command(("NEWS", SYMBOL), "/news?symbol={SYMBOL}", "its news"),
    Command(("AGENT", NAME), "/agents/{NAME}", "an agent"),
    *(
        Command(
            (side, QUANTITY, SYMBOL),
            f"/markets/{{SYMBOL}}?side={side}&quantity={{QUANTITY}}",
            "an order, filled in and not sent",
        )
        for side in SIDES
    ),
)


_FIRST_WORDS = frozenset(command.form[0] for command in COMMANDS) - {SYMBOL}  # no symbols here


class Target(NamedTuple):
    """Where a line leads, and which company and agent it names: there must be these."""

    address: str
    symbol: str | None = None
    name: str | None = None


def target_of(line: str) -> Target:
    """Return where a line leads. Raises UnknownCommand."""
    words = line.split()
    if not words:
        raise UnknownCommand("Type a command, such as APEX, NEWS APEX or AGENT and a name.")
    for command in COMMANDS:
        given = _given(command, words)
        if given is not None:
            address = command.address.format(**{k: quote(v, safe="") for k, v in given.items()})
            return Target(address, given.get(SYMBOL), given.get(NAME))
    raise UnknownCommand(_fault(words))


def _given(command: Command, words: Sequence[str]) -> Mapping[str, str] | None:
    """Return the reader's own words in a line of this form, None if it has another."""
    if len(words) != len(command.form):
        return None
    given: dict[str, str] = {}
    for expected, word in zip(command.form, words, strict=True):
        if expected == SYMBOL:
            if word.upper() in _FIRST_WORDS:
                return None
            given[SYMBOL] = word.upper()
        elif expected == NAME:
            given[NAME] = word
        elif expected == QUANTITY:
            quantity = word.replace(",", "")
            if not (quantity.isascii() and quantity.isdecimal() and int(quantity)):
                return None
            given[QUANTITY] = str(int(quantity))
        elif word.upper() != expected:
            return None
    return given


def _fault(words: Sequence[str]) -> str:
    """Say what is wrong with a line that has none of the forms."""
    first = words[0].upper()
    forms = [command.text for command in COMMANDS if command.form[0] == first]
    forms = forms or [command.text for command in COMMANDS if command.form[-1] == first]
    if forms and first != SYMBOL:
        return f"That command is written {' or '.join(forms)}."
    return "There is no such command; HELP lists them."


class Wanted(NamedTuple):
    """Beginnings of words that must be looked up to complete a line, None of what it has not."""

    symbol: str | None
    name: str | None


def wanted_for(line: str) -> Wanted:
    """Return what must be looked up to complete a line."""
    found = {expected: word for _, expected, word in _unfinished(line)}
    symbol = found.get(SYMBOL)
    return Wanted(symbol.upper() if symbol else symbol, found.get(NAME))


def completions(line: str, symbols: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the lines that a line may become by finishing its last word, the likeliest first.

    `symbols` and `names` are those that begin as `wanted_for` says.
    """
    lines: dict[str, None] = {}
    for before, expected, word in _unfinished(line):
        if expected == SYMBOL:
            finished = [one for one in symbols if one.startswith(word.upper())]
        elif expected == NAME:
            finished = list(names)
        elif expected == QUANTITY:
            finished = [word] if word else []
        else:
            finished = [expected] if expected.startswith(word.upper()) else []
        lines |= dict.fromkeys(" ".join((*before, one)) for one in finished)
    return list(lines)[:SHOWN]


def _unfinished(line: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield, of each form that the line may have, the words before the last as they are written,
    what the last is to be, and what there is of it.
    """
    words = line.split()
    if not words or line[-1].isspace():
        words.append("")
    *before, last = words
    seen: set[tuple[tuple[str, ...], str]] = set()
    for command in COMMANDS:
        start = command._replace(form=command.form[: len(before)])
        if len(command.form) < len(words) or _given(start, before) is None:
            continue
        written = tuple(
            word if expected == NAME else word.upper()
            for expected, word in zip(start.form, before, strict=True)
        )
        place = (written, command.form[len(before)])
        if place not in seen:
            seen.add(place)
            yield *place, last
