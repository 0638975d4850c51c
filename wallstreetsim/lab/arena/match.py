"""A match: the world is run, and each tick every bot has a turn.

A turn gives a bot the briefing that an endpoint would be sent, and takes what an endpoint would
answer. All bots think at the same time; their actions arrive in the order of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.refusals import Code
from market.engine.values import Cents, Tick
from sec.engine.tips import TipStatus
from wallstreetsim.floor.briefings_in_memory import Briefer
from wallstreetsim.lab.arena.file import ArenaFile, Bot
from wallstreetsim.lab.arena.players import Player, Turn
from wallstreetsim.lab.scenarios.intake import Intake
from wallstreetsim.machine.actions import action_table
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import REGISTER, Outcome, World
from webhooks.engine.briefing import SentAction
from webhooks.engine.delivery import EXCHANGE_SECONDS

RIGHT_TIPS = (TipStatus.CHARGED, TipStatus.RIGHT)


@dataclass
class Career:
    """One bot's match, tick by tick."""

    bot: Bot
    account: int
    equity: list[Cents] = field(default_factory=list)
    endowment: Cents = 0
    fills: int = 0
    violations: set[str] = field(default_factory=set)  # the cases in which it is accused
    tips_right: set[str] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)
    lost_turns: Counter[str] = field(default_factory=Counter)
    why_lost: str = ""  # the first one
    status: str = ""
    sent: list[SentAction] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """What a match came to."""

    ticks: Tick
    seed: str
    digest: str
    careers: list[Career]

    @property
    def is_reproducible(self) -> bool:
        """Say whether the same bots would play the same match again: no clock has decided."""
        return not any(career.lost_turns["late"] for career in self.careers)


def play(
    arena: ArenaFile,
    *,
    ticks: Tick,
    seed: str,
    directory: Path,
    seconds: float = EXCHANGE_SECONDS,
    rules: Rules = RULES,
    watch: Callable[[Tick], None] = lambda tick: None,
) -> Match:
    """Run a match of so many ticks; commands run in `directory`. `watch` hears of each tick."""
    world = World(rules, seed, arena.switches)
    world.found(arena.companies)
    careers = [
        Career(bot, account) for account, bot in enumerate(arena.bots, start=FIRST_AGENT_ACCOUNT)
    ]
    intake = Intake(action_table(rules), {one.bot.name: one.account for one in careers})
    briefer = Briefer(world)
    with ExitStack() as stack:
        players = [Player(bot.command, directory, seconds=seconds) for bot in arena.bots]
        for player in players:
            stack.callback(player.end)
        inputs = [_birth(career) for career in careers]
        for tick in range(1, ticks + 1):
            briefer.before_tick()
            outcome = world.advance(inputs)
            briefer.after_tick(outcome)
            for career in careers:
                _note(career, world, outcome)
            inputs = _turns(careers, players, briefer, intake) if tick < ticks else []
            watch(tick)
    for career in careers:
        career.status = world.registry.members[career.account].status.value
    return Match(ticks, seed, world.digest, careers)


def _birth(career: Career) -> Input:
    bot = career.bot
    id = f"00000000-0000-8000-8001-{career.account:012d}"
    given = {"agent": id, "name": bot.name, "role": bot.role}
    return Input(f"{REGISTER} {bot.name}", REGISTER, given, career.account)


def _note(career: Career, world: World, outcome: Outcome) -> None:
    """Note what a tick meant to a bot."""
    account = world.market.accounts[career.account]
    career.endowment = account.endowment
    career.equity.append(account.equity - account.transfers)
    career.fills += sum(
        career.account in (trade.buyer, trade.seller) for trade in outcome.market.trades
    )
    sec = outcome.sec
    career.violations |= {one.case for one in sec.accused if one.account == career.account}
    career.tips_right |= {
        tip.id for tip in sec.tips if tip.account == career.account and tip.status in RIGHT_TIPS
    }
    for result in outcome.results:
        if result.account == career.account and not result.verdict.success:
            career.refusals[result.verdict.code] += 1


def _turns(
    careers: Sequence[Career], players: Sequence[Player], briefer: Briefer, intake: Intake
) -> list[Input]:
    """Give every bot its turn, and return what they do."""
    for career, player in zip(careers, players, strict=True):
        settings = career.settings
        player.send(
            briefer.brief(
                career.account,
                sent=career.sent,
                symbols=settings.get("symbols", ()),
                wants_news=settings.get("includeNews", True),
                wants_order_books=settings.get("includeOrderBook", False),
            )
        )
    inputs: list[Input] = []
    for career, player in zip(careers, players, strict=True):
        turn = player.reply()
        if turn.lost:
            career.lost_turns[turn.lost] += 1
            career.why_lost = career.why_lost or turn.why
        career.settings |= turn.reply.settings
        inputs += _take(career, turn, intake)
    return inputs


def _take(career: Career, turn: Turn, intake: Intake) -> list[Input]:
    """Make inputs of a reply's actions, and note what its next briefing says of them."""
    career.sent, inputs = [], []
    for action in turn.reply.actions:
        type = action.get("type") if isinstance(action, dict) else None
        if not isinstance(type, str):
            career.sent.append(SentAction(None, _said(None, Code.BAD_REQUEST, "No action.")))
            continue
        attempt = intake.attempt(career.bot.name, action)
        if isinstance(attempt, Input):
            inputs.append(attempt)
            data = {"actionId": attempt.id}
            said = {"action": type, "success": True, "code": "OK", "message": "", "data": data}
            career.sent.append(SentAction(attempt.id, said))
        else:
            career.refusals[attempt.code] += 1
            career.sent.append(SentAction(None, _said(type, attempt.code, attempt.message)))
    return inputs


def _said(type: str | None, code: str, message: str) -> dict[str, Any]:
    return {"action": type, "success": False, "code": code, "message": message, "data": {}}
