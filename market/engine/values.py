"""The market's units, and the few roundings they need.

Money is whole cents, quantities whole shares, rates whole basis points. Dollars exist only on the wire.
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


def share_of(amount: Cents, rate: Bps) -> Cents:
    """Return `rate` of a non-negative `amount`, rounded half up to the cent."""
    return (amount * rate + BPS_IN_ONE // 2) // BPS_IN_ONE


def ceil_div(numerator: int, denominator: int) -> int:
    """Divide, rounding towards positive infinity."""
    return -(-numerator // denominator)


def uuid_in_sequence(salt: int, number: int) -> str:
    """Name the `number`-th thing of a world from its salt: a valid version 8 UUID, equal on every replay.

    Source: RFC 9562, section 5.8 (custom UUIDs).
    """
    digits = f"{salt >> 64 & 0xFFFFFFFFFFFF0FFF | 0x8000:016x}{number | 1 << 63:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
