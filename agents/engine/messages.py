"""Messages: who may write to whom, how often, and who has answered."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from agents.engine.rules import MessageRules
from market.engine.refusals import Code, Refused
from market.engine.values import Tick

Plain: TypeAlias = Any


class MessageSent(NamedTuple):
    """A message, as the tick that performed it delivers it."""

    id: str
    tick: Tick
    sender: int
    recipient: int
    text: str
    is_first: bool  # from a stranger


class BlockChange(NamedTuple):
    """An agent wants to hear no more from another, or again."""

    owner: int
    other: int
    tick: Tick
    is_lifted: bool


class Contact(NamedTuple):
    """What has passed between two agents, in whichever direction."""

    first: int  # who wrote first
    tick: Tick  # and when
    is_answered: bool
    today: int  # messages of the day of `last`
    day: int  # the trading day of the last message


class Received(NamedTuple):
    """The messages that an agent has received in a trading day."""

    total: int
    from_strangers: int


NOTHING = Received(0, 0)


def check_message(
    contact: Contact | None,
    received: Received,
    sender: int,
    tick: Tick,
    day_ticks: Tick,
    rules: MessageRules,
) -> None:
    """Check that a message may be sent now. Raises Refused."""
    is_first = contact is None
    if contact is not None and not contact.is_answered and contact.first == sender:
        if tick - contact.tick < rules.contact_days * day_ticks:
            raise Refused(
                Code.RATE_LIMITED, "Your first message is not answered yet: wait for the answer."
            )
        is_first = True
    elif contact is not None:
        today = contact.today if contact.day == tick // day_ticks else 0
        if today >= rules.per_pair_day:
            raise Refused(
                Code.RATE_LIMITED,
                f"You and this agent have exchanged {rules.per_pair_day} messages today.",
            )
    if received.total >= rules.received_day:
        raise Refused(Code.RATE_LIMITED, "This agent has received enough messages today.")
    if is_first and received.from_strangers >= rules.from_strangers_day:
        raise Refused(Code.RATE_LIMITED, "This agent has heard from enough strangers today.")


class Mail:
    """What has passed between the agents, and who has blocked whom."""

    def __init__(self) -> None:
        self.contacts: dict[tuple[int, int], Contact] = {}  # by both accounts, the lower first
        self.day = -1
        self.received: dict[int, Received] = {}  # of that day
        self.blocked: dict[int, dict[int, Tick]] = {}  # by owner: whom, and since when
        self.sent: list[MessageSent] = []  # in this tick
        self.block_changes: list[BlockChange] = []

    def begin_tick(self, day: int) -> None:
        self.sent, self.block_changes = [], []
        if day != self.day:
            self.day, self.received = day, {}

    def contact(self, one: int, other: int) -> Contact | None:
        return self.contacts.get((one, other) if one < other else (other, one))

    def received_today(self, account: int) -> Received:
        return self.received.get(account, NOTHING)

    def blocks(self, owner: int, other: int) -> bool:
        """Say whether an agent wants to hear nothing from another."""
        return other in self.blocked.get(owner, {})

    def answered(self, one: int, other: int) -> bool:
        """Say whether one of the two has answered the other's message."""
        contact = self.contact(one, other)
        return contact is not None and contact.is_answered

    def is_first(self, sender: int, recipient: int) -> bool:
        """Say whether a message is a stranger's: nothing that was answered has passed before."""
        contact = self.contact(sender, recipient)
        return contact is None or (not contact.is_answered and contact.first == sender)

    def send(self, message: MessageSent) -> None:
        """Deliver a message that was checked."""
        tick, sender, recipient = message.tick, message.sender, message.recipient
        pair = (sender, recipient) if sender < recipient else (recipient, sender)
        before = self.contacts.get(pair)
        total, strangers = self.received_today(recipient)
        if message.is_first:
            self.contacts[pair] = Contact(sender, tick, False, 1, self.day)
            strangers += 1
        else:
            assert before is not None
            today = before.today + 1 if before.day == self.day else 1
            self.contacts[pair] = Contact(before.first, before.tick, True, today, self.day)
        self.received[recipient] = Received(total + 1, strangers)
        self.sent.append(message)

    def forget(self, before: Tick) -> None:
        """Forget the first contacts before a tick that were never answered."""
        self.contacts = {
            pair: contact
            for pair, contact in self.contacts.items()
            if contact.is_answered or contact.tick >= before
        }

    def block(self, owner: int, other: int, tick: Tick) -> None:
        self.blocked.setdefault(owner, {})[other] = tick
        self.block_changes.append(BlockChange(owner, other, tick, False))

    def unblock(self, owner: int, other: int, tick: Tick) -> None:
        since = self.blocked[owner].pop(other)
        self.block_changes.append(BlockChange(owner, other, since, True))

    def standing_blocks(self) -> list[BlockChange]:
        """Return every block that stands."""
        return [
            BlockChange(owner, other, since, False)
            for owner, others in self.blocked.items()
            for other, since in others.items()
        ]

    def dump(self) -> Plain:
        return {
            "contacts": [[*pair, *contact] for pair, contact in self.contacts.items()],
            "day": self.day,
            "received": [[account, *counts] for account, counts in self.received.items()],
            "blocked": [
                [owner, other, since]
                for owner, others in self.blocked.items()
                for other, since in others.items()
            ],
        }

    def load(self, plain: Plain) -> None:
        self.contacts = {(row[0], row[1]): Contact(*row[2:]) for row in plain["contacts"]}
        self.day = plain["day"]
        self.received = {row[0]: Received(row[1], row[2]) for row in plain["received"]}
        for owner, other, since in plain["blocked"]:
            self.blocked.setdefault(owner, {})[other] = since
