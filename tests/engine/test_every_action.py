"""All that agents may do to each other, in any order and any number at once, with trading, arrests,
flights, falls, operators and restarts in between: after each tick the books hold, and every cap.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from agents.engine.alliances import OPEN, PENDING, STANDING
from agents.engine.inputs import Input
from agents.engine.rules import INVESTIGATOR, POINT
from market.engine.accounts import ESCROW
from market.engine.action import Family
from market.engine.rules import SessionRules, Switches
from market.engine.values import Cents
from news.engine.desk import NewsDesk
from sec.engine.engine import SecEngine
from sec.engine.rules import CRIME_NAMES
from tests.cast import UNMOVED, Player, Stage, dollars, listing
from tests.engine.brute_force import Record, audit
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.world import World

DAY = 9
SEC = UNMOVED.sec
RULES = replace(  # as they are, but that days are short and justice is swift
    UNMOVED,
    market=replace(UNMOVED.market, session=SessionRules(open_ticks=6, closed_ticks=3)),
    news=replace(
        UNMOVED.news, rumors=replace(UNMOVED.news.rumors, author_age_ticks=DAY, judged_ticks=30)
    ),
    agents=replace(
        UNMOVED.agents,
        fled_ticks=25,
        alliances=replace(UNMOVED.agents.alliances, proposal_ticks=20, remembered_ticks=30),
    ),
    sec=replace(
        SEC,
        bribes=replace(SEC.bribes, least_odds=0.3, most_odds=0.3, pair_ticks=DAY, answer_ticks=15),
        cases=replace(
            SEC.cases,
            active_after=2,
            dismissed_after=40,
            trial_ticks=8,
            appeal_window_ticks=20,
            appeal_ticks=10,
            settle_ticks=40,
            investigator_ticks=0,
            remembered_ticks=30,
        ),
        penalties=replace(SEC.penalties, ticks_a_year=6),
    ),
)
PLAYERS = [
    Player("ann", "10,000.00", leverage=2, role="retail_trader", holds={"APEX": 100}),
    Player("bob", "30,000.00", leverage=10, role="hedge_fund_manager", holds={"APEX": 4_000}),
    Player("cid", "50,000.00", role="ceo", holds={"APEX": 500}),
    Player("eve", "25,000.00", role="whistleblower", holds={"APEX": 10}),
    Player("inf", "100,000.00", leverage=2, role="influencer", holds={"NOVA": 300}),
    Player("ivy", "100,000.00", role=INVESTIGATOR),
    Player("ida", "90,000.00", role=INVESTIGATOR),
    Player("max", "90,000,000.00", leverage=5, holds={"APEX": 60_000, "NOVA": 40_000}),
]
NAMES = [player.name for player in PLAYERS]
SYMBOLS = ["APEX", "NOVA"]
WORDS = "I have seen it with my own eyes."
RUMORS = [
    "A fraud scandal is about to ruin it, I hear.",
    "Record profits and very strong growth ahead!",
    "The company held a meeting yesterday.",
]
FREE_BRIBES = RULES.agents.gifts.free_bribes_cents  # in a life, from below the endowment
EXAMPLES = {"check": 40, "deep": 1_000}[os.environ.get("HYPOTHESIS_PROFILE", "check")]
NOTHING = "00000000-0000-4000-8000-00000000dead"

names, symbols = st.sampled_from(NAMES), st.sampled_from(SYMBOLS)


class Dealings(RuleBasedStateMachine):
    """Agents that act, several in one tick. What has been performed is counted in `performed`."""

    performed: Counter[str] = Counter()  # by type and code, over all examples

    @initialize(maker=st.booleans(), walk=st.booleans())
    def found(self, maker: bool, walk: bool) -> None:
        companies = [listing(symbol, "10.00") for symbol in SYMBOLS]
        switches = Switches(maker=maker, walk=walk)
        self.stage = Stage(*PLAYERS, companies=companies, rules=RULES, switches=switches)
        self.record = Record()
        self.record.take(self.stage.founded.market)
        self.waiting: list[Input] = []
        self.together = 1
        self.gifts: dict[tuple[int, int], Cents] = defaultdict(int)  # by receiver and day
        self.bribed: dict[str, Cents] = defaultdict(int)  # what one has given as bribes
        self.messages: Counter[tuple[str, int, int, int]] = Counter()  # by kind, agents and day
        self.tips: Counter[tuple[int, int]] = Counter()  # by informer and day
        self.before = {name: self.worth(name) for name in NAMES}
        self.check()

    # Time

    def act(self, name: str, type: str, **wire: Any) -> None:
        """Act as one does over the wire, in one tick with others' acts."""
        self.submit(self.stage.input(name, type, ACTIONS[type].parse(wire)))

    def submit(self, *inputs: Input) -> None:
        self.waiting += inputs
        if len(self.waiting) >= self.together:
            self.tick()

    def tick(self) -> None:
        self.before = {name: self.worth(name) for name in NAMES}
        self.stage.submit(*self.waiting)
        self.waiting = []
        self.check()

    @rule(together=st.sampled_from([1, 1, 2, 6]))
    def gather(self, together: int) -> None:
        """Let so many acts share each of the next ticks."""
        self.together = together

    @rule(ticks=st.sampled_from([1, 3, DAY, 2 * DAY]))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()

    @rule()
    def restart(self) -> None:
        """The machine of a checkpoint goes on as the one it was made of would have."""
        old = self.stage.world
        kept = json.dumps(old.dump())
        self.stage.world = World.load(old.rules, json.loads(kept))
        assert json.dumps(self.stage.world.dump()) == kept
        digest = old.advance(self.waiting).digest
        self.tick()
        assert self.stage.outcome.digest == digest

    @rule(seed=st.integers(0, 2**32))
    def rush(self, seed: int) -> None:
        """Let much happen, of all kinds, in one draw."""
        random = Random(seed)
        for _ in range(15):
            self.doing(random)()

    def doing(self, random: Random) -> Callable[[], None]:
        """Return something that somebody might do now."""
        name, other = random.choice(NAMES), random.choice(NAMES)
        nth, symbol = random.choice([0, 0, 1]), random.choice(SYMBOLS)
        crime = random.choice(CRIME_NAMES)
        court = random.choice(["RESPOND", "SETTLE", "APPEAL", "APPEAL", "SUBPOENA"])
        block, answer = random.choice(["BLOCK", "UNBLOCK"]), random.choice(["KEEP", "REPORT"])
        doings: list[Callable[[], None]] = [
            partial(self.gain_or_lose, name, 2_000, random.choice([-4, -4, 4])),
            partial(self.wash, name, 6),
            partial(self.write, name, other),
            partial(self.block, name, random.choice([other, "ann"]), block),
            partial(self.propose, name, other, random.choice([0, 10, 40, 100])),
            partial(self.answer, nth, random.choice(["ALLY_ACCEPT", "ALLY_ACCEPT", "ALLY_REJECT"])),
            partial(self.answer, nth, "ALLY_ACCEPT"),
            partial(self.answer_of_another, name, other, "ALLY_ACCEPT"),
            partial(self.dissolve, nth, random.random() < 0.3),
            partial(self.spread, name, symbol, random.choice(RUMORS)),
            partial(self.bribe, name, random.choice(["ivy", "ida"]), random.choice([1_000, 9_000])),
            partial(self.bribe, name, random.choice(["ivy", "ida"]), 1_000),
            partial(self.bribe, name, other, 1_000),
            partial(self.answer_bribe, nth, answer),
            partial(self.answer_bribe, nth, answer),
            partial(self.answer_bribe_of_another, name, answer),
            partial(self.tell, other, name, "wash_trading"),
            partial(self.tell, name, other, crime),
            partial(self.tell_of_a_company, name, symbol, crime),
            partial(self.go_to_court, nth, court),
            partial(self.go_to_court, nth, court),
            partial(self.go_to_anothers_court, name, court),
            partial(self.flee, nth),
            partial(self.open_case, name, crime),
            partial(self.decide_case, nth, random.choice(["DISMISS_CASE", "OVERRULE_CASE"])),
            partial(self.wait, random.choice([1, 1, 3, DAY])),
        ]
        return random.choice(doings)

    # Trading

    @rule(
        name=names,
        verb=st.sampled_from(["BUY", "SELL", "SHORT", "COVER"]),
        shares=st.sampled_from([1, 50, 900, 5_000]),
        symbol=symbols,
        percent=st.integers(-3, 3),
    )
    def order(self, name: str, verb: str, shares: int, symbol: str, percent: int) -> None:
        self.submit(*self.stage.inputs(f"{name} {verb} {shares} {self.limit(symbol, percent)}"))

    def gain_or_lose(self, name: str, shares: int, percent: int) -> None:
        """Buy of the rich far from the price, and win or lose the difference."""
        at = self.limit("APEX", percent)
        self.submit(*self.stage.inputs(f"max SELL {shares} {at}\n{name} BUY {shares} {at} IOC"))

    def wash(self, name: str, times: int) -> None:
        for _ in range(times):
            at = self.limit("APEX", 0)
            script = f"{name} SELL 90 {at}\n{name} BUY 90 {at} allow"
            self.waiting += self.stage.inputs(script)
            self.tick()

    @rule(symbol=symbols, percent=st.sampled_from([-60, -20, 25, 80]))
    def jump(self, symbol: str, percent: int) -> None:
        price = self.stage.company(symbol).price
        self.stage.reprice(dollars(max(100, price + price * percent // 100)), symbol)
        self.tick()

    def limit(self, symbol: str, percent: int) -> str:
        price = self.stage.company(symbol).price
        return f"{symbol} @ {dollars(max(1, price * (100 + percent) // 100))}"

    # Agents among each other

    def write(self, name: str, other: str) -> None:
        self.act(name, "MESSAGE", targetAgent=other, content="How do you do?")

    def block(self, name: str, other: str, type: str) -> None:
        self.act(name, type, targetAgent=other)

    def propose(self, name: str, other: str, percent: int) -> None:
        self.act(name, "ALLY", targetAgent=other, proposal=WORDS, profitSharePercent=percent)

    def answer(self, nth: int, type: str) -> None:
        """Answer one of the proposals that wait."""
        alliances = self.stage.world.registry.alliances.by_id.values()
        for alliance in [a for a in alliances if a.status is PENDING][nth : nth + 1]:
            self.act(self.stage.names[alliance.partner], type, allianceId=alliance.id)

    def answer_of_another(self, name: str, other: str, type: str) -> None:
        self.act(name, type, targetAgent=other)

    def dissolve(self, nth: int, now: bool) -> None:
        alliances = self.stage.world.registry.alliances.by_id.values()
        for alliance in [a for a in alliances if a.status in STANDING][nth : nth + 1]:
            name = self.stage.names[alliance.partner]
            self.act(name, "ALLY_DISSOLVE", allianceId=alliance.id, now=now)

    def spread(self, name: str, symbol: str, content: str) -> None:
        self.act(name, "RUMOR", targetSymbol=symbol, content=content)

    @rule(name=names, other=names, type=st.sampled_from(["MESSAGE", "RUMOR", "BRIBE", "ALLY"]))
    def flood(self, name: str, other: str, type: str) -> None:
        """Do the same to one and all, in one tick."""
        wires: dict[str, dict[str, Any]] = {
            "MESSAGE": {"content": "Well?"},
            "RUMOR": {"targetSymbol": "APEX", "content": RUMORS[1]},
            "BRIBE": {"amount": 6_000},
            "ALLY": {"proposal": WORDS, "profitSharePercent": 40},
        }
        given = wires[type]
        for target in [*NAMES, *[other] * 24]:
            wire = given if type == "RUMOR" else {**given, "targetAgent": target}
            self.waiting.append(self.stage.input(name, type, ACTIONS[type].parse(wire)))
        self.tick()

    # Bribes, tips and cases

    def bribe(self, name: str, other: str, amount: int) -> None:
        self.act(name, "BRIBE", targetAgent=other, amount=amount, request="Look away.")

    def answer_bribe(self, nth: int, answer: str) -> None:
        for bribe in list(self.sec.bribes.offered.values())[nth : nth + 1]:
            self.act(self.stage.names[bribe.target], f"{answer}_BRIBE", bribeId=bribe.id)

    def answer_bribe_of_another(self, name: str, answer: str) -> None:
        self.act(name, f"{answer}_BRIBE", bribeId=next(iter(self.sec.bribes.offered), NOTHING))

    def tell(self, name: str, other: str, crime: str) -> None:
        self.act(name, "WHISTLEBLOW", targetAgent=other, crimeType=crime, evidence=WORDS)

    def tell_of_a_company(self, name: str, symbol: str, crime: str) -> None:
        now = self.stage.world.tick
        ticks = {"fromTick": max(0, now - 9), "toTick": now}
        self.act(name, "WHISTLEBLOW", symbol=symbol, crimeType=crime, evidence=WORDS, **ticks)

    def go_to_court(self, nth: int, type: str) -> None:
        """Do in a case what its accused, or its investigator, may do as it stands."""
        wanted = {"convicted"} if type == "APPEAL" else {"active", "charged"}
        cases = self.sec.book.cases.values()
        open = [(c, a) for c in cases for a in c.accused.values() if a.status.value in wanted]
        for case, accused in open[nth : nth + 1]:
            more = {"content": "It was not me."} if type == "RESPOND" else {}
            account = case.investigator if type == "SUBPOENA" else accused.account
            if account in self.stage.names:
                self.act(self.stage.names[account], type, investigationId=case.id, **more)

    def go_to_anothers_court(self, name: str, type: str) -> None:
        more = {"content": "It was not me."} if type == "RESPOND" else {}
        case = next(iter(self.sec.book.cases), NOTHING)
        self.act(name, type, investigationId=case, **more)

    def flee(self, nth: int) -> None:
        pending = [name for name in NAMES if self.sec.is_under_case(self.stage.ids[name])]
        for name in pending[nth : nth + 1]:
            self.act(name, "FLEE", destination="the sea")

    def open_case(self, name: str, crime: str) -> None:
        given = {"agent": name, "crime": crime, "reason": "a test"}
        self.submit(self.stage.input(None, "OPEN_CASE", given))

    def decide_case(self, nth: int, type: str) -> None:
        for id in list(self.sec.book.cases)[nth : nth + 1]:
            self.submit(self.stage.input(None, type, {"case": id, "reason": "a test"}))

    @rule(name=names, ticks=st.integers(1, 30))
    def suspend(self, name: str, ticks: int) -> None:
        given = {"agent": name, "ticks": ticks, "reason": "a test"}
        self.submit(self.stage.input(None, "SUSPEND", given))

    # What must hold

    @property
    def sec(self) -> SecEngine:
        engine = self.stage.world.by_name["sec"]
        assert isinstance(engine, SecEngine)
        return engine

    def worth(self, name: str) -> Cents:
        account = self.stage.account(name)
        return account.equity - account.endowment

    def check(self) -> None:
        """Check the books after a tick, and what moved in it against every cap."""
        stage = self.stage
        stage.world.check(full=True)
        audit(stage.world.market)
        self.record.take(stage.outcome.market, stage.outcome.told)
        day = stage.world.tick // DAY
        for result in stage.outcome.results:
            self.performed[f"{result.type} {result.verdict.code}"] += 1
            if result.type == "WHISTLEBLOW" and result.verdict.success:
                self.tips[result.account or 0, day] += 1
        for entry in stage.outcome.market.entries:
            if entry.kind in ("bribe_kept", "profit_share"):
                self.gifts[entry.credit, day] += entry.cents
        for message in stage.world.registry.mail.sent:
            pair = (message.sender, message.recipient)
            self.messages["pair", min(pair), max(pair), day] += not message.is_first
            self.messages["all", message.recipient, 0, day] += 1
            self.messages["strangers", message.recipient, 0, day] += message.is_first
        self.check_money(day)
        self.check_words(day)

    def check_money(self, day: int) -> None:
        """Nobody receives more than its caps, or gives away what it has not gained."""
        market, of_tick = self.stage.world.market, self.stage.outcome.market
        assert sum(account.cash for account in market.accounts.values()) == 0
        assert market.accounts[ESCROW].cash >= 0
        for name in NAMES:
            id, endowment = self.stage.ids[name], self.stage.account(name).endowment
            assert self.gifts[id, day] * 100 <= endowment
            assert sum(v for (to, _), v in self.gifts.items() if to == id) * 5 <= endowment
            given = sum(
                entry.cents
                for entry in of_tick.entries
                if entry.kind in ("bribe_escrow", "bribe_forfeited") and entry.debit == id
            )
            may_give = max(0, self.before[name]) + max(0, FREE_BRIBES - self.bribed[name])
            if not any(id in (trade.buyer, trade.seller) for trade in of_tick.trades):
                received = sum(e.cents for e in of_tick.entries if e.credit == id)
                assert given <= may_give + received, f"{name} gives away what is not its own"
            self.bribed[name] += given

    def check_words(self, day: int) -> None:
        """Nobody says, promises or claims more than it may."""
        registry, news = self.stage.world.registry, self.stage.world.by_name["news"]
        limits = RULES.agents.messages
        most = {
            "pair": limits.per_pair_day,
            "all": limits.received_day,
            "strangers": limits.from_strangers_day,
        }
        assert all(number <= most[key[0]] for key, number in self.messages.items())
        assert all(number <= RULES.sec.tips.a_day for number in self.tips.values())
        assert isinstance(news, NewsDesk)
        moved: dict[tuple[str, int, int], float] = defaultdict(float)
        for rumor in news.book.rumors:
            moved[rumor.symbol, rumor.sign, rumor.day] += abs(rumor.impact)
        for (symbol, _, _), impact in moved.items():
            sigma = self.stage.company(symbol).pricing.sigma
            assert impact <= RULES.news.rumors.budget_sigmas * sigma * (1 + 1e-9)
        by_day = Counter((rumor.account, rumor.day) for rumor in news.book.rumors)
        assert all(number <= RULES.news.rumors.rumors_a_day for number in by_day.values())
        for name in NAMES:
            id, member = self.stage.ids[name], registry.members[self.stage.ids[name]]
            open = registry.open_alliances(id)
            standing = [alliance for alliance in open if alliance.status in STANDING]
            assert len(standing) <= 3
            assert sum(alliance.percent for alliance in standing) <= 100
            assert sum(a.status is PENDING and a.proposer == id for a in open) <= 10
            assert len({alliance.other(id) for alliance in open}) == len(open)
            assert all(alliance.status in OPEN for alliance in open)
            assert 0 <= member.reputation <= 100 * POINT
            if not member.is_living:
                assert not open
                assert not list(self.sec.book.pending_against(id))
            if member.status != "active":
                assert not any(o.opens for o in self.stage.account(name).orders.values())


def test_nobodys_money_is_made_and_every_cap_holds() -> None:
    Dealings.performed = Counter()
    run_state_machine_as_test(
        Dealings,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            phases=[Phase.explicit, Phase.generate],  # shrinking so much takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    for seed in range(300):  # what has not been drawn by chance
        if not missing():
            break
        if seed % 20 == 0:
            dealings = Dealings()
            dealings.found(maker=True, walk=True)
        dealings.rush(seed)
    assert missing() == set()
    codes = {one.split()[1] for one in Dealings.performed}
    assert codes >= {"AGENT_IMPRISONED", "AGENT_FLED"}, "by verdicts"


def missing() -> set[str]:
    """Return the actions beside trading that have never succeeded."""
    others = {a.type for a in ACTIONS.values() if a.family is not Family.TRADING}
    return {type for type in others if not Dealings.performed[f"{type} OK"]}
