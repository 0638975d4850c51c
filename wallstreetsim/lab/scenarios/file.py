"""A scenario from its file. Whatever is wrong with it is one line naming the key and the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from agents.engine.house import house_names
from agents.engine.house.house import STRATEGIES
from agents.engine.operator_acts import SET_FEE
from agents.engine.rules import CEO
from market.engine.accounts import SYSTEM_ACCOUNTS
from market.engine.listings import Listing, generate_listings
from market.engine.operator_acts import (
    FREE_BANDS,
    HALT,
    INJECT,
    LEAST_IMPACT,
    LONGEST_ACT,
    MOST_IMPACT,
    SET_BANDS,
    UNHALT,
)
from market.engine.parameters import Malformed, Parameter, ParameterKind
from market.engine.random_source import RandomSource
from market.engine.rules import MarketRules, Switches
from market.engine.values import BPS_IN_ONE, Cents, Shares
from market.rule_names import BadRule
from wallstreetsim.lab.scenarios.script import DEFAULTS, Action, Injection, Scenario, Step, Trader
from wallstreetsim.lab.scenarios.yaml_text import BadScenario, Node, parse, shown
from wallstreetsim.machine.published import with_changes
from wallstreetsim.machine.rules import RULES, Rules

# Together these keep every sum of cents within 64 bits.
MOST_TICKS = 10_000_000
MOST_COMPANIES = 500
MOST_AGENTS = 10_000
MOST_SHARES: Shares = 10**10
MOST_CASH: Cents = 10**14


KEYS = ("seed", "ticks", "rules", "companies", "market", "agents", "steps")
DEFAULT_COMPANIES = 10
DEFAULT_PRICE: Cents = 10_000
DEFAULT_SHARES: Shares = 1_000_000
DEFAULT_SEED = 0
DEFAULT_ROLE = "quant"

_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,11}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")


def read(
    source: bytes, *, ticks: int | None = None, seed: str | None = None, rules: Rules = RULES
) -> Scenario:
    """Return the scenario in a file, with these ticks and this seed instead of its own.

    Raises BadScenario.
    """
    return read_node(parse(source), ticks=ticks, seed=seed, rules=rules)


def read_node(
    node: Node, *, ticks: int | None = None, seed: str | None = None, rules: Rules = RULES
) -> Scenario:
    """Return the scenario that a file's text holds. Raises BadScenario."""
    root = Fields(node, "", KEYS)
    rules = _rules(root, rules)
    its_ticks = root.whole("ticks", least=1, most=MOST_TICKS)
    its_seed = _seed(root)
    seed = its_seed if seed is None else seed
    companies = _companies(root, seed, rules.market)
    switches = _switches(root)
    agents = _agents(root, {company.symbol: company for company in companies}, switches, rules)
    return Scenario(
        ticks=its_ticks if ticks is None else ticks,
        seed=seed,
        companies=tuple(companies),
        switches=switches,
        agents=tuple(agents),
        steps=tuple(
            _steps(
                root,
                its_ticks,
                {agent.name for agent in agents},
                [company.symbol for company in companies],
                rules.market,
            )
        ),
        rules=rules,
    )


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of the file, read key by key; an unknown key is an error.

    A key that is read without a default is required.
    """

    node: Node
    path: str
    known: Iterable[str]

    def __post_init__(self) -> None:
        for key, node in self._mapping().items():
            if key not in self.known:
                raise self.bad(f"unknown key {shown(key)} here", node)
            if node.value is None:
                raise self.bad("must not be empty", node, key)

    def __contains__(self, key: str) -> bool:
        return key in self._mapping()

    def get(self, key: str) -> Node:
        """Return a key's value. Raises BadScenario when it is missing."""
        node = self._mapping().get(key)
        if node is None:
            raise self.bad("is required", self.node, key)
        return node

    def whole(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        value = self._parsed(key, ParameterKind.INTEGER, least, most, default)
        assert isinstance(value, int)
        return value

    def hundredths(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """Read a number with at most two decimals, such as dollars or percent, and return it times
        a hundred: cents, or basis points.
        """
        value = self._parsed(key, ParameterKind.MONEY, least, most, default)
        assert isinstance(value, int)
        return value

    def text(self, key: str, *, longest: int, default: str | None = None) -> str:
        return str(self._parsed(key, ParameterKind.TEXT, 1, longest, default))

    def matching(self, key: str, pattern: re.Pattern[str], form: str) -> str:
        """Read a word of a certain form, which `form` describes."""
        node = self.get(key)
        if not isinstance(node.value, str) or not pattern.fullmatch(node.value):
            raise self.bad(f"must be {form}", node, key)
        return node.value

    def choice(self, key: str, options: Sequence[str], *, default: str | None = None) -> str:
        if key not in self and default is not None:
            return default
        node = self.get(key)
        if not isinstance(node.value, str) or node.value not in options:
            raise self.bad(f"must be one of {', '.join(options)}", node, key)
        return node.value

    def flag(self, key: str, *, default: bool) -> bool:
        if key not in self:
            return default
        node = self.get(key)
        if not isinstance(node.value, bool):
            raise self.bad("must be true or false", node, key)
        return node.value

    def rate(self, key: str, *, most: float, default: float) -> float:
        return self.number(key, least=0, most=most) if key in self else default

    def number(self, key: str, *, least: float, most: float) -> float:
        node = self.get(key)
        if isinstance(node.value, bool) or not isinstance(node.value, int | Decimal):
            raise self.bad("must be a number", node, key)
        if not Decimal(str(least)) <= node.value <= Decimal(str(most)):
            raise self.bad(f"must lie between {least:g} and {most:g}", node, key)
        return float(node.value)

    def items(self, key: str) -> list[Node]:
        """Return the items of a list that may be left out."""
        if key not in self:
            return []
        node = self.get(key)
        if not isinstance(node.value, list):
            raise self.bad("must be a list", node, key)
        return node.value

    def bad(self, message: str, node: Node, key: str = "") -> BadScenario:
        """Return the complaint about a key, or about the mapping as a whole."""
        where = ".".join(part for part in (self.path, key) if part) or "the file"
        return BadScenario(node.line, f"{where}: {message}")

    def _mapping(self) -> dict[str, Node]:
        if not isinstance(self.node.value, dict):
            raise self.bad("must be a mapping of keys to values", self.node)
        return self.node.value

    def _parsed(
        self, key: str, kind: ParameterKind, least: int, most: int, default: int | str | None
    ) -> int | str:
        if key not in self and default is not None:
            return default
        node = self.get(key)
        try:
            parsed = Parameter(key, key, kind, minimum=least, maximum=most).parse(node.value)
        except Malformed as malformed:
            raise self.bad(malformed.message, node, key) from None
        assert not isinstance(parsed, float)
        return parsed


def _seed(root: Fields) -> str:
    if "seed" not in root:
        return str(DEFAULT_SEED)
    node = root.get("seed")
    if isinstance(node.value, bool) or not isinstance(node.value, int | str):
        raise root.bad("must be a whole number or a word", node, "seed")
    return str(node.value)


# The rules


def _rules(root: Fields, rules: Rules) -> Rules:
    """Return the rules with the file's changes: published numbers, and who lives in the house."""
    if "rules" in root:
        node = root.get("rules")
        given = node.plain()
        if not isinstance(given, dict):
            raise root.bad("must be a mapping of rules to values", node, "rules")
        try:
            rules = with_changes(rules, given)
        except BadRule as bad:
            raise BadScenario(node.line, f"rules.{bad}") from None
    roster = _roster(root)
    return replace(rules, house=replace(rules.house, roster=roster)) if roster else rules


def _roster(root: Fields) -> tuple[str, ...]:
    """Return the strategies of the house's seats, repeated for as many as there are."""
    market = root.get("market").value if "market" in root else None
    if not isinstance(market, dict) or "roster" not in market:
        return ()
    node = market["roster"]
    names = node.plain()
    if not isinstance(names, list) or not names or not set(names) <= set(STRATEGIES):
        raise root.bad(f"must be a list of {', '.join(STRATEGIES)}", node, "market.roster")
    return tuple(names)


# The market


def _switches(root: Fields) -> Switches:
    keys = ("session", "maker", "walk", "events", "house", "roster", "crooks", "halts")
    if "market" not in root:
        return DEFAULTS
    market = Fields(root.get("market"), "market", keys)
    return Switches(
        never_closes=market.choice("session", ("open", "day"), default="open") == "open",
        maker=market.flag("maker", default=True),
        walk=market.flag("walk", default=True),
        halts=market.flag("halts", default=True),
        events=market.flag("events", default=True),
        house=market.whole("house", least=0, most=MOST_AGENTS, default=len(market.items("roster"))),
        crooks=market.flag("crooks", default=True),
    )


def _companies(root: Fields, seed: str, rules: MarketRules) -> list[Listing]:
    if "companies" not in root:
        return generate_listings(DEFAULT_COMPANIES, RandomSource(seed), rules)
    node = root.get("companies")
    if not isinstance(node.value, list):
        count = root.whole("companies", least=1, most=MOST_COMPANIES)
        return generate_listings(count, RandomSource(seed), rules)
    if not 1 <= len(node.value) <= MOST_COMPANIES:
        raise root.bad(f"must name 1 to {MOST_COMPANIES} companies", node, "companies")
    listings: dict[str, Listing] = {}
    for number, item in enumerate(node.value):
        listing = _listing(item, f"companies[{number}]", rules)
        if listing.symbol in listings:
            raise BadScenario(item.line, f"companies[{number}].symbol: {listing.symbol} is taken")
        listings[listing.symbol] = listing
    return list(listings.values())


def _listing(item: Node, path: str, rules: MarketRules) -> Listing:
    fields = Fields(item, path, ("symbol", "name", "sector", "price", "shares", "volatility"))
    sectors = {sector.name: sector for sector in rules.sectors}
    symbol = fields.matching("symbol", _SYMBOL, "1 to 12 capitals and digits, a capital first")
    sector = sectors[fields.choice("sector", tuple(sectors), default=rules.sectors[0].name)]
    bounds = rules.pricing
    return Listing(
        symbol=symbol,
        name=fields.text("name", longest=80, default=symbol),
        sector=sector.name,
        industry=sector.industries[0],
        price=fields.hundredths(
            "price", least=bounds.lowest_cents, most=bounds.highest_cents, default=DEFAULT_PRICE
        ),
        shares=fields.whole("shares", least=1, most=MOST_SHARES, default=DEFAULT_SHARES),
        volatility=fields.rate("volatility", most=1.0, default=sector.daily_volatility),
        beta=sector.beta,
    )


# The agents


def _agents(
    root: Fields, companies: dict[str, Listing], switches: Switches, rules: Rules
) -> list[Trader]:
    items = root.items("agents")
    if len(items) > MOST_AGENTS:
        raise root.bad(f"must not be more than {MOST_AGENTS:,}", root.get("agents"), "agents")
    public = {s: _floated(c.shares, switches, rules) for s, c in companies.items()}
    free, house = set(companies), house_names(switches.house)
    taken = {name.lower() for name in (*SYSTEM_ACCOUNTS.values(), *house)}
    return [
        _trader(item, f"agents[{number}]", public, taken, free, rules)
        for number, item in enumerate(items)
    ]


def _floated(shares: Shares, switches: Switches, rules: Rules) -> Shares:
    """Return what the founding leaves with the public of a company's shares, at least."""
    maker = shares * rules.market.maker.holding_bps // BPS_IN_ONE
    return shares - maker - (rules.house.share_of(shares) if switches.house else 0)


def _trader(
    item: Node,
    path: str,
    public: dict[str, Shares],
    taken: set[str],
    free: set[str],
    rules: Rules,
) -> Trader:
    """Read one agent, taking its name and its holdings from what is left of either."""
    fields = Fields(item, path, ("name", "role", "cash", "holdings", "leverage", "company"))
    name = fields.matching("name", _NAME, "1 to 50 letters, digits, _ and -")
    if name.lower() in taken:
        raise fields.bad(f"{name} is taken", fields.get("name"), "name")
    taken.add(name.lower())
    roles = tuple(role.name for role in rules.agents.roles)
    role = rules.agents.role(fields.choice("role", roles, default=DEFAULT_ROLE))
    return Trader(
        name=name,
        role=role.name,
        cash=fields.hundredths("cash", least=0, most=MOST_CASH, default=role.capital_cents),
        leverage=fields.whole("leverage", least=1, most=100, default=role.leverage),
        holdings=_holdings(fields, public) if "holdings" in fields else {},
        company=_office(fields, role.name, free) if "company" in fields else None,
    )


def _office(trader: Fields, role: str, free: set[str]) -> str:
    """Read the company of which a CEO is in office, and take it from those that have none."""
    if role != CEO:
        raise trader.bad("goes with the role ceo", trader.get("company"), "company")
    company = trader.choice("company", tuple(sorted(free)))
    free.discard(company)
    return company


def _holdings(trader: Fields, public: dict[str, Shares]) -> dict[str, Shares]:
    fields = Fields(trader.get("holdings"), f"{trader.path}.holdings", public)
    holdings = {s: fields.whole(s, least=0, most=MOST_SHARES, default=0) for s in public}
    for symbol, shares in holdings.items():
        if shares > public[symbol]:
            node = fields.get(symbol)
            raise fields.bad(f"the public has only {public[symbol]:,} left", node, symbol)
        public[symbol] -= shares
    return {symbol: shares for symbol, shares in holdings.items() if shares}


# The steps


def _steps(
    root: Fields, ticks: int, agents: set[str], symbols: Sequence[str], rules: MarketRules
) -> list[Step]:
    return [
        _step(item, f"steps[{number}]", ticks, agents, symbols, rules)
        for number, item in enumerate(root.items("steps"))
    ]


def _step(
    item: Node,
    path: str,
    ticks: int,
    agents: set[str],
    symbols: Sequence[str],
    rules: MarketRules,
) -> Step:
    fields = Fields(item, path, ("tick", "agent", "actions", "inject"))
    tick = fields.whole("tick", least=1, most=ticks)
    injection = None
    if "inject" in fields:
        injection = _injection(fields.get("inject"), f"{path}.inject", symbols, rules)
        if "agent" not in fields and "actions" not in fields:
            return Step(tick, injection=injection)
    agent = fields.get("agent")
    if not isinstance(agent.value, str) or agent.value not in agents:
        raise fields.bad("must be the name of one of the agents", agent, "agent")
    fields.get("actions")
    actions = fields.items("actions")
    return Step(
        tick=tick,
        agent=agent.value,
        actions=tuple(_action(node, f"{path}.actions[{n}]") for n, node in enumerate(actions)),
        injection=injection,
    )


def _injection(item: Node, path: str, symbols: Sequence[str], rules: MarketRules) -> Injection:
    """Read what is to happen to the market: one of five things, each with its own keys."""
    keys = {
        "event": ("event", "symbol", "sector", "impact", "duration"),
        "halt": ("halt", "ticks", "reason"),
        "resume": ("resume",),
        "bands": ("bands", "percent", "ticks", "reason"),
        "fee": ("fee",),
    }
    given = item.value if isinstance(item.value, dict) else {}
    what = [key for key in keys if key in given]
    if len(what) != 1:
        raise BadScenario(item.line, f"{path}: must hold one of {', '.join(keys)}")
    fields = Fields(item, path, keys[what[0]])
    match what[0]:
        case "event":
            return _event(fields, symbols, rules)
        case "halt":
            halted = _whole_market_or_one(fields, "halt", symbols)
            return Injection(HALT, halted | _for_a_time(fields))
        case "bands":
            banded = _whole_market_or_one(fields, "bands", symbols) | _for_a_time(fields)
            if "percent" not in fields and "ticks" not in fields:
                return Injection(FREE_BANDS, banded)
            bps = fields.hundredths("percent", least=1, most=BPS_IN_ONE)
            return Injection(SET_BANDS, banded | {"bps": bps})
        case "resume":
            return Injection(UNHALT, _whole_market_or_one(fields, "resume", symbols))
    return Injection(SET_FEE, {"bps": fields.whole("fee", least=0, most=BPS_IN_ONE)})


def _event(fields: Fields, symbols: Sequence[str], rules: MarketRules) -> Injection:
    """Read a market event: of a company, of a sector or, with neither, of all."""
    if "symbol" in fields and "sector" in fields:
        node = fields.get("sector")
        raise fields.bad("an event concerns a company or a sector, not both", node, "sector")
    given: dict[str, object] = {
        "event": fields.choice("event", [kind.name for kind in rules.events.kinds]),
        "impact": fields.number("impact", least=LEAST_IMPACT, most=MOST_IMPACT),
        "duration": fields.whole("duration", least=0, most=LONGEST_ACT, default=0),
    }
    if "symbol" in fields:
        given["symbol"] = fields.choice("symbol", symbols)
    if "sector" in fields:
        given["sector"] = fields.choice("sector", [sector.name for sector in rules.sectors])
    return Injection(INJECT, given)


def _for_a_time(fields: Fields) -> dict[str, object]:
    """Read for how many ticks something is ordered, if it is to end by itself, and why."""
    given: dict[str, object] = {}
    if "ticks" in fields:
        given["ticks"] = fields.whole("ticks", least=1, most=LONGEST_ACT)
    return given | {"reason": fields.text("reason", longest=200, default="a script")}


def _whole_market_or_one(fields: Fields, key: str, symbols: Sequence[str]) -> dict[str, object]:
    chosen = fields.choice(key, ["all", *symbols])
    return {} if chosen == "all" else {"symbol": chosen}


def _action(node: Node, path: str) -> Action:
    """Return an action as it would come over the wire; only that it is one is checked here."""
    value = node.plain()
    if not isinstance(value, dict):
        raise BadScenario(node.line, f"{path}: must be an action, a type and its parameters")
    if not isinstance(value.get("type"), str):
        raise BadScenario(node.line, f"{path}.type: must name an action")
    return value
