"""What the sockets of the research desk say, as tables, for the manual and `/asyncapi.json`."""

from __future__ import annotations

from typing import NamedTuple

PLACE = ("timestamp", "stream", "seq", "tick", "prev")  # of every item


class ViewMessage(NamedTuple):
    """A type of message; an item has its place beside these fields."""

    type: str
    fields: tuple[str, ...]
    is_item: bool
    says: str


class ViewSocket(NamedTuple):
    """An address, and the types of the items that come there."""

    name: str
    address: str
    items: tuple[str, ...]
    says: str


MESSAGES = (
    ViewMessage(
        "alert",
        ("id", "alert_type", "source", "symbol", "content", "embed"),
        True,
        "A checker has seen something; `embed` is the alert in Discord's form.",
    ),
    ViewMessage(
        "signal",
        ("signal",),
        True,
        "A signal; `status` CLOSED: what became of one.",
    ),
    ViewMessage(
        "market_data",
        ("symbol", "data"),
        True,
        "The company's price update; it stands on the stream `public`.",
    ),
    ViewMessage("agent_insight", ("agent", "insight"), True, "What an analyst says by itself."),
    ViewMessage("narrative", ("narrative",), True, "What all analysts see, in one paragraph."),
    ViewMessage(
        "welcome",
        ("channel", "message", "epoch", *PLACE),
        False,
        "The first message, with `symbol` or `agent` where there is one: from here on all is told.",
    ),
    ViewMessage("pong", ("tick", "timestamp"), False, "The answer to `ping`."),
    ViewMessage(
        "recovery_start",
        ("epoch", "since", "gap", "timestamp"),
        False,
        "The answer to `resume`: what was missed follows; `gap`: the tape has lost some of it.",
    ),
    ViewMessage(
        "recovery_complete",
        ("epoch", "upto", "messages", "gap", "timestamp"),
        False,
        "What was missed has been told, but for what is lost, if `gap`; what follows is live."
        " `upto`: nothing before these seqs, by stream, is missing any more.",
    ),
    ViewMessage(
        "error",
        ("code", "message", "understood", "timestamp"),
        False,
        "A message that was not understood; `understood` names what is.",
    ),
)

SOCKETS = (
    ViewSocket(
        "unified",
        "/ws/unified",
        ("alert", "signal", "agent_insight", "narrative"),
        "Everything that the desk says.",
    ),
    ViewSocket(
        "market_symbol",
        "/ws/market/{symbol}",
        ("market_data", "alert", "signal", "agent_insight"),
        "What concerns one company, and its prices.",
    ),
    ViewSocket(
        "signals", "/ws/signals", ("signal", "alert"), "Signals, and alerts of their kinds."
    ),
    ViewSocket("agent_name", "/ws/agents/{agent_name}", ("agent_insight",), "One analyst."),
    ViewSocket("narrative", "/ws/narrative", ("narrative",), "The narrative."),
)

SAID = {"ping": (), "resume": ("epoch", "since")}  # by clients
