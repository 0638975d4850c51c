"""The world: one deterministic machine, put together from the apps' engines.

`advance(inputs)` is pure: no Django, no database, no clock, no global randomness. Same seed and
same inputs, same history, digest by digest. An instance that raises is spoilt: whoever holds it
forgets it and restores another.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from agents.engine.house import Act, House, Manipulation
from agents.engine.inputs import Input
from agents.engine.registry import AgentRegistry, AgentState
from market.engine import halts
from market.engine import state as market_state
from market.engine.accounts import FIRST_AGENT_ACCOUNT, PUBLIC
from market.engine.actions import MarketAction, Verdict
from market.engine.companies import Company, Listing, generate_listings
from market.engine.exchange import Exchange
from market.engine.outcome import CompanyState, MarketOutcome, Standing
from market.engine.parameters import Parameters
from market.engine.random_source import RandomSource
from market.engine.refusals import Code, Refused
from market.engine.rules import Switches
from market.engine.sessions import Moment
from market.engine.values import new_tuple, uuid_of, uuid_prefix
from wallstreetsim.machine.actions import action_table
from wallstreetsim.machine.rules import Rules

SCHEMA_VERSION = 4  # of the dumped state
ENGINE_VERSION = 4  # of the behaviour: raised whenever the same inputs would give another history

REGISTER, PAUSE, RESUME, STEP = "REGISTER", "PAUSE", "RESUME", "STEP"
HOUSE_ROLE = "hedge_fund_manager"
HALT, UNHALT, RESTRICT_SHORTS = "HALT", "UNHALT", "RESTRICT_SHORTS"
SET_BANDS, FREE_BANDS = "SET_BANDS", "FREE_BANDS"
INJECT, SET_FEE = "INJECT", "SET_FEE"
WAKING = (RESUME, STEP)  # the inputs that a paused world still takes

# What of each kind goes into the digest.
_TICK, _ENTRY, _MEMBER = struct.Struct("<3q"), struct.Struct("<4q"), struct.Struct("<2q")
_ORDER, _TRADE, _HOLDING = struct.Struct("<7q"), struct.Struct("<6q"), struct.Struct("<3q")
_ACCOUNT, _COMPANY = struct.Struct("<12q"), struct.Struct("<17q")

INPUTS_AT_A_TIME = 100  # then whoever watches has a say, as its other threads do

Watch = Callable[[str], None]
Performer = Callable[[Input], Verdict]


class InputFailed(Exception):
    """An input whose handler raised: a fault of ours, and the machine is spoilt."""

    def __init__(self, input: Input, cause: Exception) -> None:
        super().__init__(f"{input.type} {input.id}")
        self.input = input
        self.__cause__ = cause  # which a compiled `raise … from` leaves out


class Result(NamedTuple):
    """The tick's verdict on one input."""

    id: str
    account: int | None
    type: str
    verdict: Verdict


class Outcome(NamedTuple):
    """Everything that one tick decided."""

    tick: int
    moment: Moment
    digest: str
    results: list[Result]
    market: MarketOutcome
    members: list[AgentState]  # admitted or changed
    standings: list[Standing]  # of the active agents, best first
    told: list[int]  # accounts that this tick concerns, each with the next seq of its stream
    regime: str
    is_paused: bool
    steps_left: int
    deeds: list[Manipulation]  # of house crooks: for operators, who alone may know


class World:
    """The machine and everything it remembers between two ticks."""

    def __init__(self, rules: Rules, seed: str, switches: Switches | None = None) -> None:
        self.rules = rules
        self.seed = seed
        self.switches = switches or Switches()
        streams = RandomSource(seed)
        self.market = Exchange(rules.market, self.switches, streams)
        self.registry = AgentRegistry(rules.agents)
        self.house = House(rules.house, streams)
        self.actions = action_table(rules)
        self.tick = 0
        self.results: list[Result] = []  # of the tick under way, or the last
        self.reported: list[CompanyState] = []  # by the last tick, since this machine was made
        self.digest = blake2b(seed.encode(), digest_size=32).hexdigest()
        self.is_paused = False
        self.steps_left = 0
        self.is_step = False  # the tick under way is run by a step
        self.taker_fee_bps = rules.market.taker_fee_bps
        self.performers: dict[str, Performer] = {
            action.type: partial(self._act, action) for action in self.actions.values()
        }
        self.performers |= {
            REGISTER: self._register,
            PAUSE: partial(self._operate, self._pause),
            RESUME: partial(self._operate, self._resume),
            STEP: partial(self._operate, self._step),
            HALT: partial(self._operate, self._halt),
            UNHALT: partial(self._operate, self._unhalt),
            RESTRICT_SHORTS: partial(self._operate, self._restrict_shorts),
            SET_BANDS: partial(self._operate, self._set_bands),
            FREE_BANDS: partial(self._operate, self._free_bands),
            INJECT: partial(self._operate, self._inject),
            SET_FEE: partial(self._operate, self._set_fee),
        }

    # Founding, keeping and restoring

    def found(self, listings: Iterable[Listing] | int) -> Outcome:
        """Found the world at tick 0 with these companies, or with so many generated ones."""
        if isinstance(listings, int):
            listings = generate_listings(listings, self.market.streams, self.rules.market)
        self.market.found(listings)
        self._settle_house()
        return self._report([], lambda step: None)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as plain data: numbers, strings, lists and dicts."""
        return {
            "schema": SCHEMA_VERSION,
            "engine": ENGINE_VERSION,
            "seed": self.seed,
            "switches": asdict(self.switches),
            "tick": self.tick,
            "digest": self.digest,
            "is_paused": self.is_paused,
            "steps_left": self.steps_left,
            "taker_fee_bps": self.taker_fee_bps,
            "market": market_state.dump(self.market),
            "society": self.registry.dump(),
            "house": self.house.dump(),
        }

    @classmethod
    def load(cls, rules: Rules, state: dict[str, Any]) -> World:
        """Return the world that `dump` described."""
        world = cls(rules, state["seed"], Switches(**state["switches"]))
        world.tick, world.digest = state["tick"], state["digest"]
        world.is_paused, world.steps_left = state["is_paused"], state["steps_left"]
        world.taker_fee_bps = state["taker_fee_bps"]
        market_state.load(world.market, state["market"])
        world.registry.load(state["society"])
        world.house.load(state["house"])
        return world

    # The tick

    def advance(self, inputs: Sequence[Input], watch: Watch = lambda step: None) -> Outcome:
        """Run one tick over the inputs, in arrival order, and report it. `watch` hears the end of
        each step; of the inputs more than once, if there are many.

        Raises InputFailed when a handler raises; the machine is spoilt then.
        """
        self.tick += 1
        self.is_step = self.steps_left > 0
        self.steps_left = max(0, self.steps_left - 1)
        self.registry.begin_tick()
        news = self.market.happened
        self.market.begin_tick(self.tick)
        watch("open")
        self.market.release_stops()
        watch("stops")
        decided = self.house.decide(self.market, news)
        watch("house")
        self.results = []
        for start in range(0, len(inputs) or 1, INPUTS_AT_A_TIME):
            self.results += [self._perform(one) for one in inputs[start : start + INPUTS_AT_A_TIME]]
            watch("inputs")
        for act in decided:
            self._act_for_house(act)
        watch("house")
        self.market.hold_auctions()
        watch("auctions")
        self.market.move_prices()
        for split in self.market.log.splits:
            self.house.rescale(split.symbol, split.of / split.into)
        watch("prices")
        for account in self.market.call_margins():
            self.registry.go_bankrupt(account)
        watch("margin")
        candles = self.market.close_tick()
        watch("close")
        return self._report(candles, watch)

    def forget_tick(self) -> None:
        """Let go of what only telling of the last tick took; else the next tick does, in its own
        time.
        """
        self.results = []
        self.market.forget_tick()

    def needs_waking(self) -> bool:
        """Say whether the world stands still until an operator wakes it."""
        return self.is_paused and not self.steps_left

    # Inputs

    def _perform(self, input: Input) -> Result:
        id, type, _, account, is_quarantined = input
        if is_quarantined:
            verdict = Verdict(
                False, str(Code.INTERNAL), "This input made the exchange fail; it was set aside."
            )
        else:
            try:
                verdict = self.performers[type](input)
            except Refused as refused:
                verdict = Verdict(False, str(refused.code), refused.message)
            except Exception as error:
                raise InputFailed(input, error) from error
        return new_tuple(Result, (id, account, type, verdict))

    def _act(self, action: MarketAction, input: Input) -> Verdict:
        id, _, parameters, account, _ = input
        self.registry.allow(account)
        return action.handler(self.market, self.market.accounts[account or 0], parameters, id)

    def _settle_house(self) -> None:
        """Let the house agents live in a new world."""
        self.house.found(self.market, self.switches.house)
        prefix = uuid_prefix(self.market.streams.derive("house"))
        for one in self.house.inhabitants:
            id = uuid_of(prefix, one.account)
            self.registry.admit(one.account, id=id, name=one.name, role=HOUSE_ROLE, is_house=True)

    def _act_for_house(self, act: Act) -> None:
        """Perform what a house agent decided; what it may not do, it does not do."""
        with suppress(Refused):
            self.registry.allow(act.account)
            account = self.market.accounts[act.account]
            self.actions[act.type].handler(self.market, account, act.parameters, "")

    def _register(self, input: Input) -> Verdict:
        """Admit an agent and endow its account, as its role has it."""
        assert input.account is not None and input.account >= FIRST_AGENT_ACCOUNT
        given: Parameters = input.parameters
        role = self.rules.agents.role(given["role"])
        self.registry.admit(input.account, id=given["agent"], name=given["name"], role=role.name)
        account = self.market.open_account(
            input.account,
            given["name"],
            cash=given.get("cash", role.capital_cents),
            leverage=given.get("leverage", role.leverage),
            fee_bps=self.taker_fee_bps if role.pays_fees else 0,
        )
        for symbol, shares in sorted(given.get("holdings", {}).items()):  # jsonb keeps no order
            company = self.market.companies[symbol]
            self.market.give_shares(PUBLIC, account.id, company, shares, kind="endowment")
        account.endowment = account.close_equity = account.equity
        return Verdict(True)

    def _operate(self, act: Performer, input: Input) -> Verdict:
        if input.account is not None:
            raise Refused(Code.FORBIDDEN, "Only an operator may do that.")
        return act(input)

    def _pause(self, input: Input) -> Verdict:
        self.is_paused, self.steps_left = True, 0
        return Verdict(True, message="The world stands still after this tick.")

    def _resume(self, input: Input) -> Verdict:
        self.is_paused, self.steps_left = False, 0
        return Verdict(True)

    def _step(self, input: Input) -> Verdict:
        """Run so many ticks, then stand still: this one is the first of them, unless it is run for
        an earlier step.
        """
        ticks = input.parameters["ticks"]
        assert ticks >= 1
        self.steps_left += ticks if self.is_step else ticks - 1
        self.is_paused = self.is_step = True
        return Verdict(True)

    def _halt(self, input: Input) -> Verdict:
        """Halt a company, or all of them when none is named, for so many ticks or until resumed."""
        given = input.parameters
        ticks = given.get("ticks")
        until = self.tick + ticks if ticks else halts.UNTIL_RESUMED
        note = given.get("reason", "")
        if symbol := given.get("symbol"):
            company = self._company(symbol)
            halts.halt(self.market, company, until=until, reason=halts.OPERATOR, note=note)
        else:
            halts.halt_all(self.market, until=until, reason=halts.OPERATOR, note=note)
        return Verdict(True)

    def _unhalt(self, input: Input) -> Verdict:
        """Let trading resume by this tick's auction, in one company or in all."""
        symbol = input.parameters.get("symbol")
        companies = [self._company(symbol)] if symbol else self.market.companies.values()
        for company in companies:
            if company.is_halted:
                company.reopens_tick = halts.auction_at(self.market, self.tick)
        return Verdict(True)

    def _restrict_shorts(self, input: Input) -> Verdict:
        company = self._company(input.parameters["symbol"])
        halts.restrict_shorts(self.market, company, input.parameters.get("reason", ""))
        return Verdict(True)

    def _set_bands(self, input: Input) -> Verdict:
        """Set the bands of a company, or of all, for so many ticks or until they are freed."""
        given = input.parameters
        ticks = given.get("ticks")
        halts.override_bands(
            self.market,
            self._company_or_all(given),
            given["bps"],
            until=self.tick + ticks if ticks else halts.UNTIL_RESUMED,
            note=given.get("reason", ""),
        )
        return Verdict(True)

    def _free_bands(self, input: Input) -> Verdict:
        given = input.parameters
        halts.free_bands(self.market, self._company_or_all(given), given.get("reason", ""))
        return Verdict(True)

    def _inject(self, input: Input) -> Verdict:
        """Let a market event happen, to a company, a sector or all."""
        given = input.parameters
        if symbol := given.get("symbol"):
            self._company(symbol)
        self.market.inject(
            given["event"],
            symbol=symbol,
            sector=given.get("sector"),
            impact=given["impact"],
            duration=given["duration"],
        )
        return Verdict(True)

    def _set_fee(self, input: Input) -> Verdict:
        """Set the taker's fee of everyone who pays one, and who registers later."""
        self.taker_fee_bps = input.parameters["bps"]
        for account, member in self.registry.members.items():
            if self.rules.agents.role(member.role).pays_fees:
                self.market.accounts[account].fee_bps = self.taker_fee_bps
        return Verdict(True)

    def _company_or_all(self, given: Parameters) -> Company | None:
        symbol = given.get("symbol")
        return self._company(symbol) if symbol else None

    def _company(self, symbol: str) -> Company:
        company = self.market.companies.get(symbol)
        if company is None:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
        return company

    # The report

    def _report(self, candles: list[Any], watch: Watch) -> Outcome:
        told = self._concerned(self.results)
        for account in told:
            self.market.accounts[account].tape_seq += 1
        market = self.market.end_tick(candles)
        watch("report")
        outcome = Outcome(
            tick=self.tick,
            moment=self.market.moment,
            digest="",
            results=self.results,
            market=market,
            members=list(self.registry.changed.values()),
            standings=self.market.standings(self.registry.active()),
            told=told,
            regime=self.market.regime,
            is_paused=self.is_paused,
            steps_left=self.steps_left,
            deeds=list(self.house.deeds),
        )
        self.reported = market.companies
        self.digest = _digest(self.digest, outcome)
        watch("report")
        return outcome._replace(digest=self.digest)

    def _concerned(self, results: list[Result]) -> list[int]:
        """Return the agents whose orders, cash, holdings or inputs this tick touched."""
        log, members = self.market.log, self.registry.members
        concerned = {order.account.id for order in log.orders.values()} | set(log.accounts)
        concerned |= {result.account for result in results if result.account is not None}
        concerned |= {alert.account for alert in log.alerts}
        return sorted(id for id in concerned if id in members and not members[id].is_house)


def _digest(previous: str, outcome: Outcome) -> str:
    """Chain the tick's decisions to the last digest: every order, trade, movement, balance, price
    and standing.
    """
    market = outcome.market
    numbers = [_TICK.pack(market.index, outcome.is_paused, outcome.steps_left)]
    numbers += [
        _ORDER.pack(o.number, o.account, o.quantity, o.limit or 0, o.stop or 0, o.filled, o.value)
        for o in market.orders
    ]
    numbers += [
        _TRADE.pack(t.number, t.price, t.quantity, t.buyer, t.seller, t.fee) for t in market.trades
    ]
    numbers += [_ENTRY.pack(e.debit or 0, e.credit, e.cents, e.shares) for e in market.entries]
    numbers += [
        _ACCOUNT.pack(*account[:10], account.call_deadline or 0, account.tape_seq)
        for account in market.accounts
    ]
    numbers += [_HOLDING.pack(h.account, h.quantity, h.cost) for h in market.holdings]
    numbers += [_COMPANY.pack(*_company_numbers(c)) for c in market.companies]
    numbers += [_MEMBER.pack(m.account, m.reputation) for m in outcome.members]
    words = [outcome.regime, *(f"{r.id} {r.verdict.code}" for r in outcome.results)]
    words += [f"{o.id} {o.symbol} {o.intent} {o.status} {o.reason}" for o in market.orders]
    words += [trade.symbol for trade in market.trades]
    words += [f"{entry.kind} {entry.symbol}" for entry in market.entries]
    words += [holding.symbol for holding in market.holdings]
    words += [f"{member.status}" for member in outcome.members]
    words += [f"{h.symbol} {h.reason} {h.until}" for h in market.halts]
    words += [f"{alert.account} {alert.kind}" for alert in market.alerts]
    words += [f"{event.symbol} {event.kind}" for event in market.events]
    chained = blake2b(bytes.fromhex(previous), digest_size=32)
    chained.update(b"".join(numbers))
    chained.update("\x1f".join(words).encode())
    return chained.hexdigest()


def _company_numbers(c: CompanyState) -> tuple[int, ...]:
    prices = (c.price, c.previous_close, c.last or 0, c.bid or 0, c.ask or 0)
    day = (c.day_open, c.day_high, c.day_low, c.day_volume, c.day_ago_volume)
    halt = (c.is_trading, c.reopens_tick or 0, c.low_band, c.high_band, c.restricted_through)
    return (*prices, *day, *halt, c.shares, c.shorted)
