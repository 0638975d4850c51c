"""The market's units, and the few roundings they need.

Money is whole cents, quantities whole shares, rates whole basis points. Dollars exist only on the
wire.
"""

from enum import IntEnum, StrEnum
from typing import TypeAlias

Cents: TypeAlias = int
Shares: TypeAlias = int
Bps: TypeAlias = int
Tick: TypeAlias = int

BPS_IN_ONE = 10_000

# Makes a named tuple of all its fields at a quarter of its constructor's cost, which is a function
# written in Python: for the kinds of which a tick makes hundreds or thousands.
new_tuple = tuple.__new__


class Side(IntEnum):
    """Which way an order goes; its value is the sign of the shares it moves."""

    BUY = 1
    SELL = -1


BUY, SELL = Side.BUY, Side.SELL


class Intent(StrEnum):
    """What an order does to its account's position: BUY and SHORT open one, SELL and COVER close
    one.
    """

    BUY = "BUY"
    SELL = "SELL"
    SHORT = "SHORT"
    COVER = "COVER"


SIDE_OF = {Intent.BUY: BUY, Intent.SELL: SELL, Intent.SHORT: SELL, Intent.COVER: BUY}


class OrderKind(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"  # a market order once its stop is touched
    STOP_LIMIT = "STOP_LIMIT"  # a limit order once its stop is touched


class TimeInForce(StrEnum):
    GTC = "GTC"  # good till cancelled
    DAY = "DAY"  # expires at the close
    IOC = "IOC"  # immediate or cancel
    FOK = "FOK"  # fill or kill


class SelfTrade(StrEnum):
    """What happens when an incoming order meets a resting one of the same account."""

    ALLOW = "allow"
    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    CANCEL_BOTH = "cancel_both"
    DECREMENT = "decrement"  # the smaller is cancelled, the larger cut by its size


# A dict finds a member in a fifth of an Enum's time, and a busy tick has ten thousand orders.
INTENTS = {member.value: member for member in Intent}
KINDS = {member.value: member for member in OrderKind}
TIMES_IN_FORCE = {member.value: member for member in TimeInForce}
SELF_TRADES = {member.value: member for member in SelfTrade}


class OrderStatus(StrEnum):
    PENDING = "pending"  # an untriggered stop, or queued for an auction
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


FINAL_STATUSES = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)


def ceil_div(numerator: int, denominator: int) -> int:
    """Divide, rounding towards positive infinity."""
    return -(-numerator // denominator)


def uuid_prefix(salt: int) -> str:
    """Return what the UUIDs of one kind of thing begin with, from 128 bits of salt.

    A prefix and twelve hexadecimal digits of a number make a valid version 8 UUID, equal on every
    replay. Source: RFC 9562, section 5.8 (custom UUIDs).
    """
    digits = f"{salt:032x}"
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-"


def uuid_of(prefix: str, number: int) -> str:
    """Name the `number`-th thing, counted up to 2⁴⁸."""
    return f"{prefix}{number:012x}"
