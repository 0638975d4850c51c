"""`/recover`: what an agent missed of the tape, a page at a time."""

from __future__ import annotations

from typing import Any, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import orjson
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.request_agent import agent_of
from agents.models import Agent
from market.common.fields import Number, Pattern, Query, Text
from market.common.view import APIView
from market.models import World
from market.selectors import one_instant
from wallstreetsim.feed import channels, selectors
from wallstreetsim.feed.frames import PublicEntry, agent_snapshot
from wallstreetsim.feed.recovery_cache import Line, Lost, Reader, lines_after, position_after
from wallstreetsim.feed.selectors import Gap, Position, Standing

MOST_ENTRIES = 500
MOST_BYTES = 1_000_000  # of a page
LARGEST = (1 << 63) - 1


class RecoverQuery(Query):
    since = Number(
        min_value=0,
        max_value=LARGEST,
        required=False,
        help_text="The last public seq that you have.",
    )
    sinceAgent = Number(
        min_value=0,
        max_value=LARGEST,
        required=False,
        help_text="Your last seq of the agent's own stream; by default that of the tick `since`.",
    )
    sinceResearch = Number(
        min_value=0,
        max_value=LARGEST,
        required=False,
        help_text="The research desk's last seq that you have; by default, where its channels are"
        " asked for, that of the tick `since`.",
    )
    sinceTick = Number(
        min_value=0,
        max_value=LARGEST,
        required=False,
        help_text="Instead of all: the last tick that you have.",
    )
    epoch = Number(
        min_value=1,
        max_value=LARGEST,
        required=False,
        help_text="The epoch to which the seqs belong.",
    )
    cursor = Pattern(
        r"\A[0-9]{1,9}\.[0-9]{1,18}\.[0-9]{1,18}(\.[0-9]{1,18})?\Z",
        required=False,
        help_text="Instead of all these: the `nextCursor` of the page before.",
    )
    limit = Number(min_value=1, max_value=MOST_ENTRIES, default=MOST_ENTRIES)
    channels = Text(
        required=False,
        help_text="Names between commas, such as tick,book:APEX; else all public ones but those"
        " of single companies, and `research` with `sinceResearch`.",
    )


class MissedEntry(TypedDict):
    """One tick's events on one stream."""

    stream: str
    seq: int
    tick: int
    timestamp: str
    events: list[dict[str, Any]]


class Recovered(TypedDict):
    """Entries of the tape, oldest first, a tick's public one before the agent's own.

    Where something is lost, or its row is damaged, `gap` is true and `snapshot` shows how all
    stands now instead: the items go on from there. The research desk has no snapshot: its items
    go on with what is left of them. `since`, `sinceAgent` and, where the research desk is asked
    for, `sinceResearch` say where a page ends.
    """

    epoch: int
    items: list[MissedEntry]
    gap: bool
    snapshot: list[dict[str, Any]] | None
    since: int
    sinceAgent: int
    sinceResearch: NotRequired[int]
    nextCursor: str | None


class RecoverView(APIView):
    permission_classes = (IsAuthenticated,)
    is_heavy = True

    def cost_of(self, request: Request) -> int:
        """A page counts for what there is to read and to show on it."""
        limit = request.query_params.get("limit", "")
        entries = int(limit) if limit.isdecimal() and len(limit) < 4 else MOST_ENTRIES
        books = request.query_params.get("channels", "").count(":")
        return 1 + min(entries, MOST_ENTRIES) * (25 + min(books, 100)) // 1_000

    @extend_schema(operation_id="recover", parameters=[RecoverQuery], responses=Recovered)
    def get(self, request: Request, id: UUID | None = None) -> Response:
        """Return what was missed since a seq, a tick or a cursor: give one of `since`, `sinceTick`
        and `cursor`. `sinceAgent` goes with `since`, and `epoch` with no `cursor`, which names its
        own. The id is your agent's; `/recover/me` is the same. Go on until `nextCursor` is null: a
        page may be empty before.
        """
        agent = agent_of(request)
        if id is not None and agent.public_id != id:
            raise PermissionDenied("Only the agent itself can recover what it missed.")
        query = RecoverQuery.read(request)
        names = _channels_in(query, str(agent.public_id))
        with one_instant():
            standing = selectors.standing()
            if standing is None:
                raise World.DoesNotExist
            position = _position_in(query, agent, standing, names)
            page = _recover(agent, position, standing, names, query)
        return Response(_answer(page))


class _Page(NamedTuple):
    position: Position
    gap: Gap
    snapshot: list[bytes]
    lines: list[Line]
    has_more: bool


def _channels_in(query: dict[str, Any], agent: str) -> frozenset[str]:
    """Return the public channels that are asked for; the agent's own may be named, and comes
    anyway.
    """
    if "channels" not in query:
        more = [channels.RESEARCH] if "sinceResearch" in query or _of_research(query) else []
        return frozenset([*channels.PUBLIC, *more])
    names = frozenset(filter(None, query["channels"].split(",")))
    symbols = selectors.symbols()
    for name in sorted(names):
        if why := channels.refusal(name, symbols=symbols, agent=agent):
            raise ValidationError({"channels": [f"{name[:50]}: {why}"]})
    return names - {channels.of_agent(agent)}


def _of_research(query: dict[str, Any]) -> bool:
    """Say whether a cursor is one of the research desk's stream, too."""
    return str(query.get("cursor", "")).count(".") == 3


def _position_in(
    query: dict[str, Any], agent: Agent, standing: Standing, names: frozenset[str]
) -> Position:
    given = [name for name in ("since", "sinceTick", "cursor") if name in query]
    if len(given) != 1:
        raise ValidationError("Give one of since, sinceTick and cursor.")
    if "sinceAgent" in query and "since" not in query:
        raise ValidationError({"sinceAgent": ["Goes with since only."]})
    if "sinceResearch" in query and "since" not in query:
        raise ValidationError({"sinceResearch": ["Goes with since only."]})
    if "epoch" in query and "cursor" in query:
        raise ValidationError({"epoch": ["The cursor names its own."]})
    if "cursor" in query:
        return Position(*map(int, query["cursor"].split(".")))
    epoch: int = query.get("epoch", standing.epoch)
    tick: int = query["since"] if "since" in query else query["sinceTick"]
    if "since" in query and "sinceAgent" in query:
        own = query["sinceAgent"]
    else:
        own = selectors.agent_seq_at(epoch=epoch, account=agent.id, tick=tick)
    return Position(epoch, tick, own, _research_seq_in(query, epoch, tick, names))


def _research_seq_in(
    query: dict[str, Any], epoch: int, tick: int, names: frozenset[str]
) -> int | None:
    if not any(map(channels.is_research, names)):
        return None
    if "sinceResearch" in query:
        return int(query["sinceResearch"])
    return selectors.research_seq_at(epoch=epoch, tick=tick)


def _recover(
    agent: Agent,
    position: Position,
    standing: Standing,
    names: frozenset[str],
    query: dict[str, Any],
) -> _Page:
    gap = lost = selectors.gap_after(position, agent.id)
    reader = Reader(names, agent.id, str(agent.public_id))
    while True:
        position = _after_gap(position, lost, agent, standing)
        try:
            lines = lines_after(
                position, reader, upto=standing.tick, entries=query["limit"], size=MOST_BYTES
            )
            break
        except Lost as damaged:
            lost = damaged.gap
            gap = gap.joined(lost)
    end = position_after(lines, position)
    own_head = selectors.agent_seq_at(epoch=end.epoch, account=agent.id, tick=standing.tick)
    head: int | None = None
    if position.research is not None:
        head = selectors.research_seq_at(epoch=standing.epoch, tick=standing.tick)
    heads = (standing.tick, own_head, head)
    return _Page(end, gap, _snapshot(gap, agent, standing, names), lines, end[1:] != heads)


def _after_gap(position: Position, lost: Gap, agent: Agent, standing: Standing) -> Position:
    """Return where somebody goes on who has lost what followed its position on these streams."""
    if lost.research:
        after = selectors.research_after_gap(position, standing.epoch)
        position = position._replace(research=after)
    if lost.agent:
        own = selectors.agent_seq_at(epoch=standing.epoch, account=agent.id, tick=standing.tick)
        position = position._replace(agent=own)
    if lost.public:
        position = position._replace(epoch=standing.epoch, public=standing.tick)
    return position


def _snapshot(gap: Gap, agent: Agent, standing: Standing, names: frozenset[str]) -> list[bytes]:
    """Return the frames that stand for what is lost: how all stands now."""
    frames = _public_snapshot(standing, names) if gap.public else []
    if gap.agent:
        own = selectors.agent_standing(agent.id)
        frame = agent_snapshot(own, channels.of_agent(str(agent.public_id)), own.data)
        frames.append(frame.encode())
    return frames


def _public_snapshot(standing: Standing, names: frozenset[str]) -> list[bytes]:
    newest = selectors.public_entry(epoch=standing.epoch, seq=standing.tick)
    if newest is None:
        return []
    entry = PublicEntry.of(newest)
    frames = [entry.snapshot(name) for name in sorted(names) if not channels.book_of(name)]
    books = {name: book for name in sorted(names) if (book := channels.book_of(name))}
    frames += [
        entry.frame_of("snapshot", name, selectors.order_book_of(symbol))
        for name, symbol in books.items()
    ]
    return [frame.encode() for frame in frames if frame]


def _answer(page: _Page) -> dict[str, Any]:
    epoch, public, own, research = page.position
    asked = {} if research is None else {"sinceResearch": research}
    cursor = ".".join(str(part) for part in page.position if part is not None)
    return {
        "epoch": epoch,
        "items": [orjson.Fragment(line.text) for line in page.lines if line.text],
        "gap": any(page.gap),
        "snapshot": [orjson.Fragment(frame) for frame in page.snapshot] if any(page.gap) else None,
        "since": public,
        "sinceAgent": own,
        **asked,
        "nextCursor": cursor if page.has_more else None,
    }
