"""Questions about the tape, answered by templates from what was published, or not at all.

A question is only looked through for words that are known here; it is never repeated in an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from market.engine.values import Cents, Tick
from news.research.checkers import (
    breakouts,
    gaps,
    levels,
    macro,
    moves,
    recap,
    social,
    squeeze,
    synthesis,
    volume,
)
from news.research.facts import Facts

LONGEST = 280  # characters of a question
MOST_LINES = 4  # of an answer
NOTHING = "Nothing on the tape about that."

ALERT, SIGNAL, INSIGHT, NARRATIVE, ARTICLE = "alert", "signal", "insight", "narrative", "article"


class Told(NamedTuple):
    """One thing that was published, with the words that tell it. `kind` is an alert's or a signal's
    type, an insight's analyst.
    """

    id: str
    tick: Tick
    what: str
    kind: str
    symbols: tuple[str, ...]
    text: str


class Quoted(NamedTuple):
    """A company as everyone sees it."""

    symbol: str
    name: str
    sector: str
    price: Cents
    day_change: float
    is_halted: bool


class Tape(NamedTuple):
    """What an answer may rest on, all of it public; `told` has the newest first."""

    quotes: Mapping[str, Quoted]
    told: Sequence[Told]
    regime: str
    index_level: int  # hundredths of a point
    index_change: float


class Answer(NamedTuple):
    """An answer, with the ids of what it rests on; a company's is its symbol."""

    text: str
    found: bool
    sources: tuple[str, ...]

    def as_item(self) -> dict[str, Any]:
        return {"answer": self.text, "found": self.found, "sources": list(self.sources)}


class _Topic(NamedTuple):
    """What a word asks about: things of these sorts, of all kinds or of some."""

    words: frozenset[str]
    what: frozenset[str]
    kinds: frozenset[str] | None = None


def _of(words: str, what: str, kinds: Iterable[str] = ()) -> _Topic:
    return _Topic(frozenset(words.split()), frozenset({what}), frozenset(kinds) or None)


_ECONOMY = "fed rate rates inflation growth macro economy regime"


_TOPICS = (
    _of("signal signals buy sell trade trades entry target stop", SIGNAL),
    _of("alert alerts alarm warning warnings", ALERT),
    _of("squeeze squeezes shorts short shorted", ALERT, squeeze.KINDS),
    _of("rumor rumors talk talked social reddit pump hype", ALERT, social.KINDS),
    _of(_ECONOMY, INSIGHT, ("macro",)),
    _of(_ECONOMY, ALERT, macro.KINDS),
    _of("gap gaps", ALERT, gaps.KINDS),
    _of("breakout breakouts breakdown breakdowns range", ALERT, breakouts.KINDS),
    _of("level levels support resistance", ALERT, levels.KINDS),
    _of("volume busy", ALERT, volume.KINDS),
    _of("selloff rally crash falling rising moved move", ALERT, moves.KINDS),
    _of("synthesis agree agreement", ALERT, synthesis.KINDS),
    _of("recap close closed closing day", ALERT, recap.KINDS),
    _of("news headline headlines article articles story why", ARTICLE),
    _of("analyst analysts insight insights opinion", INSIGHT),
    _of("narrative summary story market index mood stance sectors outlook", NARRATIVE),
)
_PRICES = frozenset("price prices quote trading worth cost costs costing".split())
_MARKET = frozenset("market index".split())
# The tape never says who did what, nor what anyone holds or plans: questions of that are not
# answered with something else about the same company.
_UNTOLD = frozenset(
    "who whom whose author authors wrote writes spread spreads spreader bribe bribes bribed bribery"
    " message messages inbox position positions hold holds holding holdings owns portfolio cash"
    " suspicion suspicions suspect suspected suspects investigated investigating uncharged"
    " secret secrets password key keys account accounts order orders plan plans brewing upcoming"
    " tomorrow future insider insiders webhook email".split()
)
# A symbol that is such a word too is meant where it is written in capitals.
_COMMON = frozenset(
    "about after all and any are back been best but can could did does down even ever every find"
    " for from gain good had has have her here high him his how into its just know last less like"
    " long look lose loss low make many more most much must near new next not now off one only open"
    " out over own past rain real rise safe same say see sell she should show so some such sure"
    " take tell than that the their them then there these they this time too true up us use very"
    " was way well were what when where which while why will win with worst would yes yet"
    " you your".split()
)
_WORD = re.compile(r"\w+", re.ASCII)


def answer(question: str, tape: Tape) -> Answer:
    """Return the answer to a question that is not blank. What was said before now is given with its
    tick: it was so then.
    """
    written = _WORD.findall(question)
    words = [word.lower() for word in written]
    known = set(words)
    if known & _UNTOLD:
        return Answer(NOTHING, False, ())
    quotes = _meant(written, tape)
    topics = [topic for topic in _TOPICS if topic.words & known]
    lines: list[tuple[str, str]] = []
    if quotes and (known & _PRICES or not topics):
        lines += [(quote.symbol, _quote_line(quote)) for quote in quotes[:MOST_LINES]]
    elif known & _MARKET:
        lines.append(("index", _market_line(tape)))
    symbols = {quote.symbol for quote in quotes}
    lines += [
        (one.id, f"Tick {one.tick}: {one.text}")
        for one in tape.told
        if (not symbols or symbols & set(one.symbols))
        and (_is_asked(one, topics) if topics else bool(symbols))
    ][: MOST_LINES - len(lines)]
    if not lines:
        return Answer(NOTHING, False, ())
    return Answer(" ".join(text for _, text in lines), True, tuple(id for id, _ in lines))


def _meant(written: Sequence[str], tape: Tape) -> list[Quoted]:
    """Return the companies that a question names, by symbol, by name, or by sector."""
    words = [word.lower() for word in written]
    known, text = set(words), f" {' '.join(words)} "
    symbols = {word for word in written if word.lower() not in _COMMON} | {
        word for word in written if word.isupper()
    }
    symbols = {symbol.upper() for symbol in symbols}
    named = [
        quote
        for quote in tape.quotes.values()
        if quote.symbol in symbols or f" {' '.join(_WORD.findall(quote.name.lower()))} " in text
    ]
    if named:
        return named
    return [quote for quote in tape.quotes.values() if quote.sector.lower() in known]


def _is_asked(one: Told, topics: Sequence[_Topic]) -> bool:
    return any(
        one.what in topic.what and (topic.kinds is None or one.kind in topic.kinds)
        for topic in topics
    )


def _quote_line(quote: Quoted) -> str:
    facts = Facts()
    facts.word("symbol", quote.symbol)
    facts.dollars("price", quote.price)
    facts.percent("dayChange", quote.day_change)
    way = "up" if quote.day_change > 0 else "down" if quote.day_change < 0 else "unchanged at"
    halted = " It is halted." if quote.is_halted else ""
    return facts.say(f"{{symbol}} stands at {{price}}, {way} {{dayChange}} today.{halted}")


def _market_line(tape: Tape) -> str:
    facts = Facts()
    facts.tenths("index", tape.index_level / 100)
    facts.percent("indexChange", tape.index_change)
    facts.word("regime", tape.regime)
    way = "up" if tape.index_change > 0 else "down" if tape.index_change < 0 else "unchanged at"
    return facts.say(
        f"The index stands at {{index}}, {way} {{indexChange}} today; the regime is {{regime}}."
    )
