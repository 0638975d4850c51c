"""Why the exchange says no: one code each, as the wire shows them."""

from enum import StrEnum


class Code(StrEnum):
    OK = "OK"
    BAD_REQUEST = "BAD_REQUEST"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    CONFLICT = "CONFLICT"
    INTERNAL = "INTERNAL"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    INSUFFICIENT_SHARES = "INSUFFICIENT_SHARES"
    INVALID_SYMBOL = "INVALID_SYMBOL"
    INVALID_PRICE = "INVALID_PRICE"
    ORDER_TOO_LARGE = "ORDER_TOO_LARGE"
    TOO_MANY_ORDERS = "TOO_MANY_ORDERS"
    MARKET_HALTED = "MARKET_HALTED"
    LOCATE_FAILED = "LOCATE_FAILED"
    POSITION_CONFLICT = "POSITION_CONFLICT"
    WOULD_TAKE = "WOULD_TAKE"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    AGENT_SUSPENDED = "AGENT_SUSPENDED"
    AGENT_IMPRISONED = "AGENT_IMPRISONED"
    AGENT_BANKRUPT = "AGENT_BANKRUPT"
    AGENT_FLED = "AGENT_FLED"
    INVALID_TARGET = "INVALID_TARGET"
    INSUFFICIENT_REPUTATION = "INSUFFICIENT_REPUTATION"
    ALREADY_ANSWERED = "ALREADY_ANSWERED"
    NOT_YOUR_CASE = "NOT_YOUR_CASE"
    DUPLICATE = "DUPLICATE"


class Refused(Exception):
    """An action that the rules do not allow; nothing has changed."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


MESSAGES: dict[str, str] = {
    Code.FORBIDDEN: "You are charged with a crime: only orders that close a position are taken.",
    Code.INSUFFICIENT_FUNDS: "Your buying power does not cover the order's highest possible cost.",
    Code.INSUFFICIENT_SHARES: "Not enough shares that are not committed to open orders.",
    Code.INVALID_PRICE: "Shorts are restricted: give a limit above the best bid.",
    Code.TOO_MANY_ORDERS: "You have the most open orders allowed; cancel one first.",
    Code.MARKET_HALTED: "The company is not trading; IOC, FOK and postOnly cannot wait.",
    Code.LOCATE_FAILED: "Not enough shares are available to borrow.",
    Code.POSITION_CONFLICT: "You cannot be long and short in one company, open orders included.",
    Code.WOULD_TAKE: "The order would have traded at once, and it was post-only.",
    Code.NO_LIQUIDITY: "The book has no more at an allowed price; the rest was cancelled.",
}
