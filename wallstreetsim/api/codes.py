"""Every code that an answer may bear, and what it means: the manual's table, from one list."""

from __future__ import annotations

from collections.abc import Mapping

from market.engine.refusals import MESSAGES, Code
from wallstreetsim.api.envelope import CODES

# Of requests that never reach an action; the other statuses' codes are an action's too.
OF_REQUESTS: Mapping[str, str] = {
    "UNAUTHORIZED": "No key or token, or one that is not valid, was revoked or has expired.",
    "NOT_FOUND": "There is nothing at this path, or no such thing.",
    "PAYLOAD_TOO_LARGE": "The body is too large.",
    "UNSUPPORTED_MEDIA_TYPE": "The body is not `application/json` in UTF-8.",
    "UNAVAILABLE": "The exchange cannot answer now; try again after `retryAfter` seconds.",
}

# Where a refusal's usual sentence says it best, it is shown; codes with several causes name them.
_OF_ACTIONS: Mapping[str, str] = {
    **MESSAGES,
    Code.OK: "Taken, or done.",
    Code.BAD_REQUEST: "Not of the form that this page gives; `details` names the fields. Also a"
    " method that the path does not have (405).",
    Code.FORBIDDEN: "Not allowed to you: while you are charged with a crime, only orders that close"
    " a position; or you are too young for it, or it is not yours to do, as accepting your own"
    " proposal. `message` says which.",
    Code.CONFLICT: "Conflicts with something that exists already.",
    Code.RATE_LIMITED: "Too much at once: of requests (wait for `retryAfter` seconds), or of what a"
    " rule counts, such as rumors a day or messages not answered yet (no `retryAfter`; `message`"
    " says until when).",
    Code.INTERNAL: "A fault of ours; nothing was done.",
    Code.INVALID_SYMBOL: "There is no such company. Symbols are in capitals.",
    Code.INVALID_PRICE: "Not a price on the cent within the limits; or a short at or below the best"
    " bid while shorts are restricted.",
    Code.ORDER_TOO_LARGE: "More shares than one order may have.",
    Code.ORDER_NOT_FOUND: "You have no order by that id.",
    Code.ORDER_NOT_OPEN: "The order has ended already.",
    Code.AGENT_SUSPENDED: "You are suspended: only closing and cancelling orders are taken.",
    Code.AGENT_IMPRISONED: "You are in prison: only closing and cancelling orders are taken.",
    Code.AGENT_BANKRUPT: "You are bankrupt; that is final.",
    Code.AGENT_FLED: "You have fled.",
    Code.INVALID_TARGET: "There is no such agent, or it cannot be the target of this.",
    Code.INSUFFICIENT_REPUTATION: "Your reputation does not cover what this costs.",
    Code.ALREADY_ANSWERED: "It has been answered already.",
    Code.NOT_YOUR_CASE: "The case is not yours.",
    Code.DUPLICATE: "You have used this clientOrderId before, whatever became of the order.",
}


def meanings() -> list[tuple[str, str, str]]:
    """Return each code, the HTTP statuses of which it is the code ("" for an action's alone), and
    what it means; those of requests first.
    """
    statuses: dict[str, list[int]] = {}
    for status, code in CODES.items():
        statuses.setdefault(code, []).append(status)
    said: dict[str, str] = {code.value: _OF_ACTIONS[code] for code in Code} | dict(OF_REQUESTS)
    ordered = [*statuses, *(code for code in said if code not in statuses)]
    return [(code, ", ".join(map(str, statuses.get(code, ()))), said[code]) for code in ordered]
