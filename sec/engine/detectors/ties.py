"""Who is linked to whom, as long as it may matter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from market.engine.engine import Plain
from market.engine.values import Tick
from sec.engine.records import LinkSeen

REFRESHED_EVERY = 50  # ticks


class Ties:
    """Links between accounts: of one origin, allied, or one has answered the other. One that has
    ended counts for a window yet, so that nobody parts just before.
    """

    def __init__(self, linked: Callable[[int, int], bool], window_ticks: Tick) -> None:
        self._linked = linked
        self.window_ticks = window_ticks
        self.last: dict[int, dict[int, Tick]] = {}  # by account and the other: when last seen
        self.of_origin: dict[str, list[int]] = {}
        self.origins: dict[int, str] = {}

    def admit(self, account: int, origin: str) -> None:
        """Note where an account was registered from."""
        if origin and account not in self.origins:
            self.origins[account] = origin
            self.of_origin.setdefault(origin, []).append(account)

    def note(self, one: int, other: int, tick: Tick) -> None:
        """Note that two may be linked now."""
        if self._linked(one, other):
            self.last.setdefault(one, {})[other] = tick
            self.last.setdefault(other, {})[one] = tick

    def refresh(self, tick: Tick) -> None:
        """Look again, now and then, at who is linked yet, and forget old links."""
        if tick % REFRESHED_EVERY:
            return
        for one, others in list(self.last.items()):
            for other, last in list(others.items()):
                if self._linked(one, other):
                    others[other] = tick
                elif last <= tick - self.window_ticks:
                    del others[other]
            if not others:
                del self.last[one]

    def linked(self, one: int, other: int) -> bool:
        """Say whether two accounts are linked; each is to itself."""
        if one == other or other in self.last.get(one, ()):
            return True
        origin = self.origins.get(one)
        return origin is not None and origin == self.origins.get(other)

    @property
    def is_empty(self) -> bool:
        return not self.last and not self.of_origin

    def has(self, account: int) -> bool:
        """Say whether an account is linked to anyone."""
        if account in self.last:
            return True
        origin = self.origins.get(account)
        return origin is not None and len(self.of_origin[origin]) > 1

    def partners(self, account: int) -> list[int]:
        """Return those whom an account is linked to, in order."""
        found: Collection[int] = self.last.get(account, ())
        origin = self.origins.get(account)
        if origin is not None:
            found = {*found, *self.of_origin[origin]} - {account}
        return sorted(found)

    def among(self, account: int, others: Collection[int]) -> list[int]:
        """Return those of others whom an account is linked to, in order, itself left out."""
        if not others or not self.has(account):
            return []
        return [one for one in self.partners(account) if one in others]

    def size(self) -> int:
        return sum(len(others) for others in self.last.values())

    def dump(self) -> Plain:
        return {
            "last": [
                [one, [list(item) for item in others.items()]] for one, others in self.last.items()
            ],
            "origins": [list(item) for item in self.origins.items()],
        }

    def load(self, state: Plain) -> None:
        self.last = {one: dict(others) for one, others in state["last"]}
        self.origins, self.of_origin = {}, {}
        for account, origin in state["origins"]:
            self.admit(account, origin)


def link_seen(accounts: Sequence[int], ties: Ties, tick: Tick) -> tuple[LinkSeen, ...]:
    """Return the links among accounts as evidence."""
    return tuple(
        LinkSeen(f"{one}-{other}", tick, one, other)
        for one in accounts
        for other in accounts
        if one < other and ties.linked(one, other)
    )


def tied_to(first: Iterable[int], others: Iterable[int], ties: Ties) -> list[int]:
    """Return the first and those of the others to whom links lead from them, in order."""
    first = list(first)
    return sorted(groups_of(first, {*first, *others}, ties))


def groups_of(first: Iterable[int], accounts: Collection[int], ties: Ties) -> dict[int, int]:
    """Return the number of the group of each of the first and of those it is in a group with:
    accounts are in one if links lead from the one to the other through accounts that are given.
    """
    groups: dict[int, int] = {}
    for account in first:
        if account in groups:
            continue
        groups[account] = account
        waiting = [account]
        while waiting:
            for one in ties.partners(waiting.pop()):
                if one in accounts and one not in groups:
                    groups[one] = account
                    waiting.append(one)
    return groups
