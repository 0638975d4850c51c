"""The inbox: every action of an agent, wherever it comes from, enters here.

What can be known at once is checked at once; what passes waits for the next tick, whose verdict
counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction

from agents.engine.actions import target_of
from agents.engine.agent_state import AgentStatus, allow, status_at
from agents.engine.batch import ActionTable, MalformedAction, ParsedAction, client_ids_of
from agents.ids import new_id
from agents.models import Agent, Input, Source
from agents.selectors import MOST_WAITING, AccountSnapshot, snapshot_of
from agents.services import repeats
from agents.services.repeats import Repeatable
from market import wire
from market.engine import clearing, margin
from market.engine.action import MONEY, NO_DATA, Action, Actor, Verdict
from market.engine.actions import MARKET
from market.engine.orders import Account
from market.engine.parameters import Parameters
from market.engine.pre_trade_check import PreTradeCheck
from market.engine.refusals import Code, Refused
from market.engine.sessions import closed_early
from market.engine.values import Tick

POLLS_A_TICK = 10
NO_DETAILS: Mapping[str, str] = {}

# What the apps above know, from the rows, of what these engines' actions check, for an agent.
Views: TypeAlias = Callable[[Agent, Sequence[ParsedAction]], Mapping[str, Any]]


class Receipt(NamedTuple):
    """What became of an action so far. `id` is None for one that was not taken, `details` are the
    faults of one without its form, by field. The verdict is the tick's if it `is_performed`.
    """

    action: str | None
    id: str | None
    verdict: Verdict
    details: Mapping[str, str] = NO_DETAILS
    is_performed: bool = False

    @property
    def is_final(self) -> bool:
        """Say that the verdict stands: the tick's, or that nothing was done."""
        return self.is_performed or not self.verdict.success


class Taken(NamedTuple):
    """A received batch: one receipt an action, in order."""

    tick: Tick
    receipts: list[Receipt]


def take(
    *,
    agent: Agent,
    asked: Sequence[ParsedAction | MalformedAction],
    table: ActionTable,
    views: Views,
    source: Source,
    repeatable: Repeatable | None = None,
    request_id: str = "",
) -> Taken:
    """Take what the next tick is not bound to refuse: a fixed number of statements, however many
    actions there are and whomever they name.

    A repeatable request, four, is taken once: its repetition is answered as it was. Raises
    OtherRequest when its key was used for another.
    """
    if repeatable is None:
        return _take(agent, asked, table, views, source, request_id)
    with transaction.atomic(), connection.cursor() as cursor:
        kept = repeats.claim(cursor, agent, repeatable)
        if kept is not None:
            return _taken_of(kept)
        taken = _take(agent, asked, table, views, source, request_id)
        repeats.keep(cursor, agent, repeatable, taken)
        return taken


def try_out(
    *,
    agent: Agent,
    asked: Sequence[ParsedAction | MalformedAction],
    table: ActionTable,
    views: Views,
) -> Taken:
    """Say what would become of actions, one after the other, and do nothing: no more
    statements than taking them.

    What an order would cost and leave is in the receipt's data: as if it were filled, whole, at its
    limit or else at the price.
    """
    formed = [action for action in asked if isinstance(action, ParsedAction)]
    door = _Door(agent, formed, table, views)
    account, receipts = door.snapshot.account, []
    for one in asked:
        if isinstance(one, MalformedAction):
            receipts.append(_refuse(one))
            continue
        before = account.margin_available
        receipt = door.receive(one)
        verdict = receipt.verdict
        data: dict[str, Any] = {"dryRun": True}
        if verdict.success:
            data |= {
                "fee": 0.0,
                "marginAvailableBefore": before / 100,
                "marginAvailableAfter": account.margin_available / 100,
                "liquidationPrice": None,
            }
            if one.action.places_order:
                data |= _cost_of(door.pre_trade, account, one.parameters)
            verdict = verdict._replace(message="The action would be accepted; this was a dry run.")
        receipts.append(Receipt(receipt.action, None, verdict._replace(data=data)))
    return Taken(door.snapshot.tick, receipts)


def await_verdicts(taken: Taken, *, intervals: int) -> Taken:
    """Return the tick's verdicts on what was taken, if they come within so many ticks."""
    waiting = [receipt.id for receipt in taken.receipts if receipt.id]
    if not waiting:
        return taken
    deadline = time.monotonic() + intervals * settings.TICK_SECONDS
    while time.monotonic() < deadline:
        if not connection.in_atomic_block:
            connection.close()  # back to the pool, for those who do not wait
        time.sleep(settings.TICK_SECONDS / POLLS_A_TICK)
        rows = Input.objects.performed().filter(public_id__in=waiting).select_related("verdict")
        performed = {str(row.public_id): row for row in rows}
        if len(performed) == len(waiting):
            return _with_verdicts(taken, performed)
    return taken


def _take(
    agent: Agent,
    asked: Sequence[ParsedAction | MalformedAction],
    table: ActionTable,
    views: Views,
    source: Source,
    request_id: str,
) -> Taken:
    formed = [action for action in asked if isinstance(action, ParsedAction)]
    door = _Door(agent, formed, table, views)
    pairs = [(action, door.receive(action)) for action in formed]
    inserted = _insert(agent, pairs, source, request_id)
    received = iter([_unless_used(receipt, inserted) for _, receipt in pairs])
    receipts = [next(received) if isinstance(a, ParsedAction) else _refuse(a) for a in asked]
    return Taken(door.snapshot.tick, receipts)


def _refuse(malformed: MalformedAction) -> Receipt:
    field, message = malformed.field, malformed.message
    sentence = f"{field}: {message}" if field else f"An action {message}."
    verdict = Verdict(False, Code.BAD_REQUEST, sentence)
    return Receipt(malformed.type, None, verdict, {field: message} if field else NO_DETAILS)


def _taken_of(kept: Any) -> Taken:
    """Return what was taken, from the lists in which it is kept."""
    tick, receipts = kept
    return Taken(tick, [Receipt(action, id, Verdict(*v), *d) for action, id, v, *d in receipts])


def _pre_trade_check(snapshot: AccountSnapshot, table: ActionTable) -> PreTradeCheck:
    """Return the next tick as far as the agent's waiting actions make it."""
    rules = settings.RULES.market
    pre_trade = PreTradeCheck(
        rules,
        snapshot.tick + 1,
        snapshot.account,
        snapshot.companies,
        snapshot.open,
        snapshot.placed,
    )
    for waiting in snapshot.waiting:
        action = table.get(waiting.type)
        if action is not None and action.engine == MARKET:
            try:
                actor = Actor(snapshot.account.id, "", "", 0, snapshot.tick + 1, 0)
                action.perform(pre_trade, actor, waiting.parameters, waiting.id)
            except Refused:
                continue  # it changes nothing then
    return pre_trade


class _Door:
    """What an agent's actions are judged by: the world after the last tick, and those of its own
    actions that wait.
    """

    def __init__(
        self, agent: Agent, asked: Sequence[ParsedAction], table: ActionTable, views: Views
    ) -> None:
        self.snapshot = snapshot_of(agent, asked)
        self.pre_trade = _pre_trade_check(self.snapshot, table)
        self._agent = agent
        self._tick = self.snapshot.tick + 1
        self._status = status_at(AgentStatus(agent.status), agent.status_until, self._tick)
        self._known = views(agent, [one for one in asked if one.action.engine != MARKET])
        self._received = len(self.snapshot.waiting)
        self._altered: set[str] = set()
        for waiting in self.snapshot.waiting:
            if waiting.type in table:
                self._altered |= _altered_by(table[waiting.type])

    def receive(self, asked: ParsedAction) -> Receipt:
        """Judge the next action."""
        id, action = str(new_id()), asked.action
        actor = Actor(
            *(self._agent.id, self._agent.role, self._status, self._agent.reputation),
            *(self._tick, self._received),
        )
        self._received += 1
        try:
            allow(self._status, action)
            if asked.refusal is not None:
                raise asked.refusal
            _check_place(self.snapshot, asked)
            if action.engine == MARKET:
                verdict = action.perform(self.pre_trade, actor, asked.parameters, id)
            else:
                self._check(actor, asked)
                verdict = Verdict(True)
        except Refused as refused:
            verdict = Verdict(False, refused.code, refused.message)
        if not verdict.success:
            return Receipt(action.type, None, verdict._replace(data=NO_DATA))
        self._altered |= _altered_by(action)
        self.snapshot.used_client_ids.update(client_ids_of([asked]))
        data: dict[str, Any] = {"actionId": id, **verdict.data}
        if action.places_order:
            data |= _wait_of(self.pre_trade, self.snapshot, asked.parameters["symbol"])
        return Receipt(action.type, id, Verdict(True, message="Taken.", data=data))

    def _check(self, actor: Actor, asked: ParsedAction) -> None:
        """Raise Refused where the tick is bound to refuse, too.

        An action before it that waits may change what this one is judged by: then the tick decides,
        but for a target that there is not.
        """
        view, parameters = self._known[asked.action.engine], asked.parameters
        try:
            asked.action.check(view, actor, parameters)
        except Refused:
            if self._altered.isdisjoint(asked.action.judged_by):
                raise
            if "target" in parameters:
                target_of(view, actor, parameters)


def _altered_by(action: Action) -> frozenset[str]:
    """Return what an action may change for the better; an order or a cancellation may free cash."""
    return frozenset({MONEY}) if action.engine == MARKET else action.alters


def _wait_of(pre_trade: PreTradeCheck, snapshot: AccountSnapshot, symbol: str) -> dict[str, Any]:
    """Say for how long an order will wait for the auction that resumes trading, if it must."""
    moment, rules = pre_trade.moment, settings.RULES.market.session
    company = pre_trade.companies[symbol]
    if not moment.is_open or (not snapshot.is_open and not moment.opens_now):
        return {"ticksUntilOpen": closed_early(moment, rules).ticks_until_open + 1}
    if company.is_halted and not company.is_trading:
        return {"reopensTick": wire.known_tick(company.reopens_tick)}
    return {}


def _check_place(snapshot: AccountSnapshot, asked: ParsedAction) -> None:
    """Raise Refused when the inbox has no place for an action."""
    if len(snapshot.waiting) >= MOST_WAITING:
        raise Refused(
            Code.TOO_MANY_ORDERS,
            "Too many of your actions are waiting for the tick; try again after it.",
        )
    if not snapshot.used_client_ids.isdisjoint(client_ids_of([asked])):
        raise _duplicate()


def _cost_of(pre_trade: PreTradeCheck, account: Account, parameters: Parameters) -> dict[str, Any]:
    """Return the taker's fee on an order, and the price that would liquidate its position."""
    order = pre_trade.placed[-1]
    price = order.company.price
    paid = parameters.get("limit") or parameters.get("stop") or price
    fee = clearing.taker_fee(order.quantity * paid, account.fee_bps)
    held = account.quantity_of(order.company.symbol)
    # One that rests or waits is not in the position yet.
    more = 0 if order.id not in account.orders else order.side * order.quantity
    after = Account(account.id, account.name, account.kind, leverage=account.leverage)
    after.cash = account.cash - more * paid - fee
    after.long_value = account.long_value + price * (max(0, held + more) - max(0, held))
    after.short_value = account.short_value + price * (max(0, -held - more) - max(0, -held))
    rules, rate = settings.RULES.market.margin, account.margin_rate(order.company)
    after.long_margin = account.long_margin + rate * (after.long_value - account.long_value)
    after.short_margin = account.short_margin + rate * (after.short_value - account.short_value)
    limit = margin.liquidation_price(after, held + more, price, rate, rules)
    return {"fee": fee / 100, "liquidationPrice": wire.optional_dollars(limit)}


def _insert(
    agent: Agent,
    pairs: Iterable[tuple[ParsedAction, Receipt]],
    source: Source,
    request_id: str,
) -> set[str]:
    """Append what is taken to the inbox and return the ids of what got in: one statement.

    Two requests with one clientOrderId may pass each other until here, where the first one wins.
    """
    rows = [
        (
            UUID(receipt.id),
            agent.id,
            asked.action.type,
            orjson.dumps(asked.parameters).decode(),
            source.value,
            next(iter(client_ids_of([asked])), None),
            asked.rationale,
            request_id,
        )
        for asked, receipt in pairs
        if receipt.id
    ]
    if not rows:
        return set()
    values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, now(), false)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agents_input (public_id, account, type, parameters, source,"
            " client_order_id, rationale, request_id, received_at, is_quarantined)"
            f" VALUES {values} ON CONFLICT (account, client_order_id)"
            " WHERE client_order_id IS NOT NULL DO NOTHING RETURNING public_id::text",
            [value for row in rows for value in row],
        )
        return {id for (id,) in cursor.fetchall()}


def _unless_used(receipt: Receipt, inserted: set[str]) -> Receipt:
    if receipt.id is None or receipt.id in inserted:
        return receipt
    refused = _duplicate()
    return Receipt(receipt.action, None, Verdict(False, refused.code, refused.message))


def _duplicate() -> Refused:
    return Refused(Code.DUPLICATE, "This clientOrderId is already used.")


def _with_verdicts(taken: Taken, performed: dict[str, Input]) -> Taken:
    tick = max(row.verdict.tick for row in performed.values())
    receipts = []
    for receipt in taken.receipts:
        if receipt.id:
            given = performed[receipt.id].verdict
            data = _ticks_later(receipt.verdict.data, given.tick - taken.tick)
            data = {**data, **(given.data or {})}
            verdict = Verdict(given.success, given.code, given.message, data)
            receipt = receipt._replace(verdict=verdict, is_performed=True)
        receipts.append(receipt)
    return Taken(tick, receipts)


def _ticks_later(data: Mapping[str, Any], ticks: Tick) -> Mapping[str, Any]:
    """Return the receipt of an action as it is so many ticks later."""
    if "ticksUntilOpen" not in data:
        return data
    return {**data, "ticksUntilOpen": max(0, data["ticksUntilOpen"] - ticks)}
