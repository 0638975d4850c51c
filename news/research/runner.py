"""The desk beside the floor: it reads the tape past its cursor, folds, and commits what it says.

An entry's rows, its entry of the stream `research` and the cursor are one transaction, under an
advisory lock: whoever is killed leaves all of it or nothing. The desk in a process's memory is only
a cache, as the machine is the floor's: after a failure it is taken from the newest kept state, and
led on over the tape.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from threading import Lock
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Subquery

from market import tape
from market.common.bulk import execute_beside, send
from market.engine.rules import MarketRules
from market.engine.values import Tick
from market.models import Company, TapeEntry
from market.tape import PUBLIC_STREAM, RESEARCH_STREAM, Entry, PackedEntry
from news.models import ResearchAggregate, ResearchState
from news.research import rows, states
from news.research.alerting import Admission, AlertManager
from news.research.companies import Listed
from news.research.desk import Folded, ResearchDesk
from news.research.events import Item, ResearchEvent
from news.research.rules import RESEARCH_RULES, ResearchRules

log = logging.getLogger(__name__)

RESEARCH_LOCK = 0x52_44_53  # the advisory lock of the desk, held for its transactions
PAGE = 20  # entries folded in one transaction
STATE_TICKS = 60  # between two states that are kept: so much is folded again after a failure
CHANNEL = "research"


class Cursor(NamedTuple):
    """Up to which tick the desk has read the tape, and the last seq of what it said there."""

    epoch: int
    tick: Tick
    seq: int


class Page(NamedTuple):
    """What one transaction committed: how many entries were folded, what became of their alerts,
    the entries of the stream `research`, and where the desk stands since.
    """

    folded: int
    admission: Admission
    entries: list[Entry]
    cursor: Cursor


Publish = Callable[[Page], None]

_NOTHING = Page(0, Admission((), (), 0), [], Cursor(0, 0, 0))


def listed() -> list[Listed]:
    """Return the companies as the desk is made with them. One query."""
    fields = ("symbol", "name", "sector", "volatility")
    return [Listed(*row) for row in Company.objects.order_by("symbol").values_list(*fields)]


def hold_still() -> None:
    """Keep every desk from going on until this transaction ends: for who rewrites the past."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RESEARCH_LOCK])


class Runner:
    """One process's desk. It goes on from wherever any process's was.

    `publish` tells whoever listens of a committed page, `announce` that it has alerts for Discord;
    neither may spoil anything: a failure of theirs is logged.
    """

    def __init__(
        self,
        market: MarketRules,
        *,
        rules: ResearchRules = RESEARCH_RULES,
        publish: Publish = lambda page: None,
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        self.market = market
        self.rules = rules
        self.publish = publish
        self.announce = announce
        self._turn = Lock()
        self._desk: ResearchDesk | None = None  # as of a committed cursor, or none
        self._cursor: Cursor | None = None

    def catch_up(self) -> int:
        """Fold what the floor has committed, and return how many entries that were; none while
        another process or thread is at it. Raises what keeps a page from being committed.
        """
        if not self._turn.acquire(blocking=False):
            return 0
        folded = 0
        try:
            while count := self._send_page():
                folded += count
                if self._has_read_all():
                    break
        except BaseException:
            self._desk = None
            raise
        finally:
            self._turn.release()
        return folded

    def _has_read_all(self) -> bool:
        """Say whether the tape has nothing new; who asks for a page to see that has to wait for a
        transaction.
        """
        assert self._cursor is not None
        epoch, tick, _ = self._cursor
        new = TapeEntry.objects.filter(epoch=epoch, stream=PUBLIC_STREAM, seq__gt=tick)
        return not new.exists()

    def _send_page(self) -> int:
        """Commit a page, then tell of it; return how many entries were folded."""
        page = _NOTHING

        def commit() -> Admission:
            nonlocal page
            page = self._commit_page()
            return page.admission

        def publish() -> None:
            if page.folded:
                self.publish(page)

        AlertManager(publish, self.announce).send(commit)
        return page.folded

    def _commit_page(self) -> Page:
        with transaction.atomic():
            page = self._fold_page() if _try_lock() else _NOTHING
        if page.folded:
            self._cursor = page.cursor
        return page

    def _fold_page(self) -> Page:
        """Fold the next entries, and write what the desk says of them and where it stands: in three
        statements if it says nothing, with the lock's.
        """
        before, entries = _next_page()
        if not entries:
            return _NOTHING
        epoch, desk = before.epoch, self._desk_at(before)
        said = [(entry, desk.hear(entry.tick, entry.select)) for entry in entries]
        spoken = [(entry, its.events) for entry, its in said if its.events]
        new = entries_of(spoken, epoch=epoch, after=before.seq)
        cursor = Cursor(epoch, entries[-1].tick, before.seq + len(new))
        self._write(desk, before, cursor, new)
        rows.write((entry.tick, events) for entry, events in spoken)
        if spoken:
            _write_aggregates(desk)
        return Page(len(entries), _summed(its for _, its in said), new, cursor)

    def _write(
        self, desk: ResearchDesk, before: Cursor, cursor: Cursor, entries: list[Entry]
    ) -> None:
        is_kept = not before.tick or cursor.tick // STATE_TICKS > before.tick // STATE_TICKS
        state = states.packed(desk) if is_kept else None
        with connection.cursor() as sender:
            execute_beside(sender, _MOVE, [cursor.tick, *cursor, state])
            if entries:
                send(sender, tape.append(entries))

    def _desk_at(self, cursor: Cursor) -> ResearchDesk:
        """Return the desk as of the cursor: the one at hand, or the newest kept, led on."""
        if self._desk is None or self._cursor != cursor:
            self._desk = ResearchDesk(self.rules, self.market, listed())
            restore(self._desk, cursor)
            self._cursor = cursor
        return self._desk


def prune(market: MarketRules, rules: ResearchRules = RESEARCH_RULES) -> int:
    """Drop rows that are too old, and the kept states from which the tape leads no further: all
    before the last that is older than the tape; return how many rows went.
    """
    tick = ResearchState.objects.order_by("-tick").values_list("tick", flat=True).first() or 0
    before_tape = ResearchState.objects.filter(tick__lte=tick - tape.KEPT_TICKS)
    last = before_tape.order_by("-tick").values_list("tick", flat=True)[:1]
    ResearchState.objects.filter(tick__lt=Subquery(last)).delete()
    return rows.prune(before=tick - rules.alerts.kept_days * market.session.day_ticks)


# Where the desk stands


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [RESEARCH_LOCK])
        return bool(cursor.fetchone()[0])


# Where the desk stands and what the tape has after that, of the world's epoch. One statement of its
# own: what it sees must not be older than the lock.
_NEXT = f"""
    SELECT world.epoch, desk.epoch, desk.tick, desk.seq,
        {", ".join(f"entry.{name}" for name in tape.PACKED_COLUMNS)}
    FROM (SELECT epoch FROM market_world ORDER BY id LIMIT 1) AS world
    LEFT JOIN LATERAL (
        SELECT epoch, tick, seq FROM news_researchstate ORDER BY tick DESC LIMIT 1
    ) AS desk ON true
    LEFT JOIN LATERAL (
        SELECT * FROM market_tapeentry
        WHERE stream = {PUBLIC_STREAM} AND epoch = world.epoch AND seq > coalesce(desk.tick, 0)
        ORDER BY seq LIMIT %s
    ) AS entry ON true
    ORDER BY entry.seq
"""

# The newest row is the cursor; of those before, the ones that keep no state are of no use.
_MOVE = """
    WITH gone AS (DELETE FROM news_researchstate WHERE tick < %s AND state IS NULL)
    INSERT INTO news_researchstate (epoch, tick, seq, state) VALUES (%s, %s, %s, %s)
"""


def _next_page() -> tuple[Cursor, list[PackedEntry]]:
    """Return where the desk stands, and the next entries for it."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [PAGE])
        found = cursor.fetchall()
    if not found:  # there is no world
        return _NOTHING.cursor, []
    epoch, *newest = found[0][:4]
    stands = Cursor(*newest) if newest[0] is not None else Cursor(epoch, 0, 0)
    if stands.epoch != epoch:
        stands = _follow(stands, epoch)
    return stands, [PackedEntry(*row[4:]) for row in found if row[4] is not None]


def _follow(cursor: Cursor, epoch: int) -> Cursor:
    """Return the cursor, moved to this epoch: what was said after the tick to which the world was
    taken back goes, and is said again if it happens again.
    """
    log.info("the research desk follows the world to epoch %d", epoch)
    later = TapeEntry.objects.filter(stream=RESEARCH_STREAM, epoch=epoch)
    later.filter(tick__gt=cursor.tick).delete()
    rows.reopen_after(cursor.tick)
    ResearchAggregate.objects.all().delete()
    ResearchState.objects.update(epoch=epoch)
    return cursor._replace(epoch=epoch)


def restore(desk: ResearchDesk, cursor: Cursor) -> None:
    """Load the newest kept state into a fresh desk, and fold what it had read since."""
    kept = ResearchState.objects.exclude(state=None).order_by("-tick").first()
    if kept is None or kept.state is None:
        return
    try:
        desk.load(states.unpacked(kept.state)[0])
    except ValueError as error:
        log.warning("the research desk begins anew at tick %d: %s", cursor.tick, error)
        sums = ResearchAggregate.objects.values_list("subject", "kind", "data")
        desk.load_aggregates(sums)
        return
    since = kept.tick
    while since < cursor.tick:
        page = tape.read_packed(
            epoch=cursor.epoch, stream=PUBLIC_STREAM, since=since, limit=PAGE, upto=cursor.tick
        )
        if not page:  # the tape has lost them
            return
        for entry in page:
            desk.hear(entry.tick, entry.select)
        since = page[-1].tick


# Entries


def entries_of(
    spoken: Iterable[tuple[PackedEntry, Iterable[ResearchEvent]]], *, epoch: int, after: int
) -> list[Entry]:
    """Return the entries of the stream `research` after a seq, for the public ones that the desk
    had something to say of.
    """
    return [
        Entry(epoch, RESEARCH_STREAM, seq, entry.tick, entry.claimed_at, encoded(events))
        for seq, (entry, events) in enumerate(spoken, start=after + 1)
    ]


def encoded(events: Iterable[ResearchEvent]) -> bytes:
    """Return what a tick said as the events of a tape entry: one of each type, with its items."""
    items: dict[str, list[Item]] = defaultdict(list)
    for event in events:
        items[event.type].append(event.as_item())
    return tape.encode(
        [{"type": type, "channel": CHANNEL, "data": data} for type, data in items.items()]
    )


def _summed(folded: Iterable[Folded]) -> Admission:
    admissions = [one.admission for one in folded]
    return Admission(
        sent=tuple(chain.from_iterable(one.sent for one in admissions)),
        repeated=tuple(chain.from_iterable(one.repeated for one in admissions)),
        omitted=sum(one.omitted for one in admissions),
    )


def _write_aggregates(desk: ResearchDesk) -> None:
    """Write the sums of all that was ever said, as the desk remembers them."""
    ResearchAggregate.objects.bulk_create(
        [
            ResearchAggregate(subject=subject, kind=kind, data=data)
            for subject, kind, data in desk.aggregates()
        ],
        update_conflicts=True,
        unique_fields=["subject", "kind"],
        update_fields=["data"],
    )
