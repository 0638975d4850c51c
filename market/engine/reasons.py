"""Why an order is not what its owner asked for: a code each, and what it means.

What was refused has the code of the refusal. A note beside the code says what the code cannot: the
figures behind it, or what an operator has written.
"""

from enum import StrEnum

from market.engine.refusals import MESSAGES, Code


class Reason(StrEnum):
    """Why an order that was accepted has ended before it was filled."""

    BY_OWNER = "BY_OWNER"
    BY_OPERATOR = "BY_OPERATOR"
    SELF_TRADE = "SELF_TRADE"
    DAY_ENDED = "DAY_ENDED"
    EQUITY_TOO_LOW = "EQUITY_TOO_LOW"
    LIQUIDATION = "LIQUIDATION"
    BANKRUPTCY = "BANKRUPTCY"
    SPLIT = "SPLIT"
    REQUOTED = "REQUOTED"


MEANINGS: dict[str, str] = {
    **MESSAGES,
    Code.AGENT_SUSPENDED: "Its owner was suspended from trading.",
    Code.AGENT_IMPRISONED: "Its owner went to prison.",
    Code.AGENT_BANKRUPT: "Its owner went bankrupt.",
    Code.AGENT_FLED: "Its owner fled.",
    Reason.BY_OWNER: "Its owner cancelled it.",
    Reason.BY_OPERATOR: "An operator cancelled it.",
    Reason.SELF_TRADE: "It met an order of the same account.",
    Reason.DAY_ENDED: "The day ended.",
    Reason.EQUITY_TOO_LOW: "Its account's equity no longer covered the worst it could do.",
    Reason.LIQUIDATION: "The exchange closed positions of its account.",
    Reason.BANKRUPTCY: "Its account was written off.",
    Reason.SPLIT: "A split left nothing of it.",
    Reason.REQUOTED: "The market maker replaced its quotes.",
}
