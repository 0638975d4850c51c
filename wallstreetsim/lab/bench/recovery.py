"""Recovery: a page of what somebody missed, through the same doors as in earnest."""

from __future__ import annotations

import json
from functools import partial
from itertools import islice, pairwise
from time import perf_counter
from typing import Any

import psutil
import zstandard
from websockets.sync.client import ClientConnection, connect

from agents.models import Agent
from market import tape
from market.models import TapeEntry
from wallstreetsim.feed import selectors
from wallstreetsim.feed.channels import PUBLIC
from wallstreetsim.feed.publishing import publish
from wallstreetsim.feed.recovery_cache import Reader, lines_after, position_after
from wallstreetsim.feed.selectors import Position
from wallstreetsim.lab.bench.actions import web_process
from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.lab.bench.ticks import fresh_floor

MISSED = 1_000  # ticks
ROUNDS = 8
HARMS = 40  # of each kind a round


def recovery() -> Figure:
    """Recover `MISSED` ticks over HTTP's own way, a sample a page; and over one WebSocket."""
    fresh_floor_of(MISSED)
    agent = Agent.objects.get(name="quant0")
    pages, entries = _pages(agent)
    with web_process() as port:
        over_socket, batches = _over_socket(port)
    return Figure(
        "recovery",
        "ms",
        pages,
        Baseline("a page by the ORM and json", [1000 * _plain(len(pages)) for _ in range(3)]),
        {
            "entries": entries,
            "pages": len(pages),
            "WebSocket, all of it, s": round(over_socket, 2),
            "batches": batches,
        },
    )


def fresh_floor_of(ticks: int) -> None:
    floor = fresh_floor(agents=24)
    for _ in range(ticks):
        assert floor.tick()


def _pages(agent: Agent) -> tuple[list[float], int]:
    position: Position | None = Position(1, 0, 0)
    reader = Reader(frozenset(PUBLIC), agent.id, str(agent.public_id))
    samples, entries = [], 0
    while position:
        started = perf_counter()
        standing = selectors.standing()
        assert standing and not any(selectors.gap_after(position, agent.id))
        lines = lines_after(position, reader, upto=standing.tick, entries=500, size=1_000_000)
        samples.append(1000 * (perf_counter() - started))
        entries += len(lines)
        position = position_after(lines, position) if lines else None
    return samples[:-1], entries


def _plain(pages: int) -> float:
    """Read one page's rows as instances, and decode and encode them as anybody would."""
    size = MISSED // pages
    return seconds(partial(_plain_page, size))


def _plain_page(size: int) -> str:
    rows = TapeEntry.objects.filter(epoch=1, stream=tape.PUBLIC_STREAM).order_by("seq")
    items = []
    for row in islice(rows.iterator(), size):
        events = json.loads(zstandard.decompress(row.events))
        wanted = [event for event in events if event["channel"] in PUBLIC]
        items.append({"stream": "public", "seq": row.seq, "tick": row.tick, "events": wanted})
    return json.dumps(items)


def _over_socket(port: int) -> tuple[float, int]:
    """Return how long it takes until a spectator has all prices it missed, and in how many
    batches they came.
    """
    with connect(f"ws://127.0.0.1:{port}/ws", max_size=None) as socket:
        socket.recv()
        _ask(socket, {"type": "subscribe", "channels": ["market:all"]})
        started, batches = perf_counter(), 0
        _ask(socket, {"type": "resume", "epoch": 1, "since": {"public": 1}})
        while (frame := socket.recv())[:27] != '{"type":"recovery:complete"':
            batches += frame[:24] == '{"type":"recovery:batch"'
        return perf_counter() - started, batches


def _ask(socket: ClientConnection, message: dict[str, Any]) -> None:
    socket.send(json.dumps(message))


# What harm leaves behind


def feed_memory() -> Figure:
    """Do all kinds of harm to a web process, round after round: a sample is what its memory grew
    by in a round, after the first few. Beside it, its size after each.
    """
    floor = fresh_floor(agents=1)
    floor.publish = publish
    kinds = {
        "megabyte frames": _send_megabyte,
        "endless messages": _send_without_end,
        "empty fragments": _send_empty_fragments,
        "not UTF-8": _send_no_text,
        "floods": _flood,
        "never reads": _never_read,
        "come and go": _come_and_go,
    }
    grown: list[float] = []
    extra: dict[str, Any] = {}
    with web_process(WSS_SOCKETS_PER_ADDRESS="100000") as port:
        web = _daphne_on(port)
        idle = [_growth(web, lambda: floor.tick()) for _ in range(ROUNDS)]
        for name, harm in kinds.items():
            sizes = []
            for _ in range(ROUNDS + 1):
                _do_harm(port, harm, floor.tick)
                sizes.append(_megabytes(web))
            extra[f"{name}, MB"] = " ".join(f"{size:.1f}" for size in sizes)
            grown += [1000 * (b - a) for a, b in pairwise(sizes[ROUNDS // 2 :])]
    return Figure("feed_memory", "kB", grown, Baseline("a tick with nobody there", idle), extra)


def _daphne_on(port: int) -> psutil.Process:
    for child in psutil.Process().children():
        if str(port) in child.cmdline():
            return child
    raise RuntimeError("the web process is not ours")


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def _growth(process: psutil.Process, act: Any) -> float:
    before = _megabytes(process)
    act()
    return 1000 * (_megabytes(process) - before)


def _do_harm(port: int, harm: Any, tick: Any) -> None:
    sockets = [
        connect(f"ws://127.0.0.1:{port}/ws", close_timeout=0.1, max_queue=1) for _ in range(HARMS)
    ]
    for socket in sockets:
        try:
            harm(socket)
        except Exception:  # which is what it is here for
            continue
    for _ in range(3):
        tick()
    for socket in sockets:
        socket.close()
    tick()


def _send_megabyte(socket: ClientConnection) -> None:
    socket.send("x" * (1 << 20))


def _send_without_end(socket: ClientConnection) -> None:
    socket.send("x" * 1_000 for _ in range(1_000))


def _send_empty_fragments(socket: ClientConnection) -> None:
    socket.send("x" if n == 0 else "" for n in range(10_000))


def _send_no_text(socket: ClientConnection) -> None:
    socket.protocol.send_text(b"\xff\xfe")
    for data in socket.protocol.data_to_send():
        socket.socket.sendall(data)


def _flood(socket: ClientConnection) -> None:
    for _ in range(250):
        _ask(socket, {"type": "subscribe", "channels": ["market:all"]})


def _never_read(socket: ClientConnection) -> None:
    for _ in range(30):
        _ask(socket, {"type": "subscribe", "channels": ["market:all", "leaderboard"]})


def _come_and_go(socket: ClientConnection) -> None:
    _ask(socket, {"type": "resume", "epoch": 1, "since": {"public": 0}})
    socket.close()
