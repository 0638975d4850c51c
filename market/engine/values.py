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


class Side(IntEnum):
    """Which way an order goes; its value is the sign of the shares it moves."""

    BUY = 1
    SELL = -1


BUY, SELL = Side.BUY, Side.SELL


class OrderKind(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(StrEnum):
    GTC = "GTC"


class OrderStatus(StrEnum):
    PENDING = "pending"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


FINAL_STATUSES = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED})


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
