"""An input: the only thing that changes the world from outside."""

from typing import NamedTuple

from market.engine.parameters import Parameters


class Input(NamedTuple):
    """One row of the inbox, as the machine sees it. An account is an agent's; an operator's act has
    none.

    A quarantined input made the machine raise when it was first performed; it is answered, and not
    performed again.
    """

    id: str
    type: str
    parameters: Parameters
    account: int | None = None
    is_quarantined: bool = False
