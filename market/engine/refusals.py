"""Why the exchange says no: one code each, as the wire shows them."""

from enum import StrEnum


class Code(StrEnum):
    OK = "OK"
    BAD_REQUEST = "BAD_REQUEST"
    FORBIDDEN = "FORBIDDEN"
    CONFLICT = "CONFLICT"
    INTERNAL = "INTERNAL"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    INSUFFICIENT_SHARES = "INSUFFICIENT_SHARES"
    INVALID_SYMBOL = "INVALID_SYMBOL"
    INVALID_PRICE = "INVALID_PRICE"
    TOO_MANY_ORDERS = "TOO_MANY_ORDERS"
    MARKET_HALTED = "MARKET_HALTED"
    POSITION_CONFLICT = "POSITION_CONFLICT"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    AGENT_SUSPENDED = "AGENT_SUSPENDED"
    AGENT_IMPRISONED = "AGENT_IMPRISONED"
    AGENT_BANKRUPT = "AGENT_BANKRUPT"
    AGENT_FLED = "AGENT_FLED"
    DUPLICATE = "DUPLICATE"


class Refused(Exception):
    """An action that the rules do not allow; nothing has changed."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
