"""The courier of a process: claims what is due, writes the letters, sends them all at once, and
writes down what came of them.

One thread sends and receives everything; others read and write the record. However slow an
endpoint is, nobody waits for it but its own letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import NamedTuple
from uuid import UUID

import aiohttp
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from webhooks.briefings import Letter, Writer
from webhooks.courier.exchange import Answer, exchange, open_session
from webhooks.engine.circuit import Outcome
from webhooks.metrics import count_results
from webhooks.models import DeliveryKind
from webhooks.services import claims
from webhooks.services.replies import Door, act_on
from webhooks.services.results import Result, write_results

log = logging.getLogger(__name__)

LETTERS_AT_A_TIME = 250
MOST_UNDER_WAY = 4_000  # letters of one process, of some kilobytes each
READERS = 4  # threads that act on replies
GATHER_SECONDS = 0.03  # for which results are gathered before they are written
PATIENCE_SECONDS = 15.0  # with a database that is away


class _Done(NamedTuple):
    """A letter that has been answered, or has not."""

    letter: Letter
    answer: Answer
    sent_at: datetime


class Courier:
    """The courier of this process. `deliver` may be called from any thread."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._writer = Writer()
        self._mutex = threading.Lock()
        self._is_running = self._is_wanted_again = self._is_closed = False
        self._under_way: dict[UUID, int] = {}  # letters by claim
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, "reply")
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        for name, work in (("exchanges", self._run_loop), ("results", self._write_results)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def deliver(self) -> int:
        """Send all that is due and nobody else has claimed; return how many letters went out.

        Who is called while it is at work only has it look once more.
        """
        with self._mutex:
            if self._is_running or self._is_closed:
                self._is_wanted_again = True
                return 0
            self._is_running = True
        sent = 0
        try:
            while True:
                self._is_wanted_again = False
                sent += self._deliver_all()
                with self._mutex:
                    if not self._is_wanted_again:
                        self._is_running = False
                        return sent
        except BaseException:
            with self._mutex:
                self._is_running = False
            raise

    def close(self) -> None:
        """Let go of what is claimed and has not been answered: another courier has it at once."""
        with self._mutex:
            self._is_closed = True
            held = list(self._under_way)
        with contextlib.suppress(DatabaseError, InterfaceError):
            if held:
                claims.release(held)
            connection.close()

    def has_letters_under_way(self) -> bool:
        """Say whether letters are out whose results are not written yet."""
        return self._count_under_way() > 0

    # Out

    def _deliver_all(self) -> int:
        sent = 0
        while (room := MOST_UNDER_WAY - self._count_under_way()) > 0 and not self._is_closed:
            claim = claims.claim(min(LETTERS_AT_A_TIME, room))
            if claim is None:
                break
            letters = self._letters(claim)
            sent += len(letters)
            if letters:
                self._loop.call_soon_threadsafe(self._send, letters)
        return sent

    def _letters(self, claim: UUID) -> list[Letter]:
        try:
            letters = self._writer.letters(claim)
        except BaseException:
            claims.release([claim])
            raise
        with self._mutex:
            self._under_way[claim] = len(letters)
        return letters

    def _count_under_way(self) -> int:
        with self._mutex:
            return sum(self._under_way.values())

    # There and back, in the loop's thread

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _send(self, letters: list[Letter]) -> None:
        if self._session is None:
            self._session = open_session()
        for letter in letters:
            if not letter.body:
                failed = Answer(Outcome.FAILED, None, 0, "the exchange could not write to you")
                self._results.put(_result(_Done(letter, failed, timezone.now())))
                continue
            task = self._loop.create_task(self._exchange(self._session, letter))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _exchange(self, session: aiohttp.ClientSession, letter: Letter) -> None:
        sent_at = timezone.now()
        answer = await exchange(session, letter)
        done = _Done(letter, answer, sent_at)
        is_reply = letter.kind is DeliveryKind.BRIEFING and answer.reply.strip() != b""
        if is_reply and answer.outcome is Outcome.DELIVERED and not answer.error:
            self._readers.submit(self._read, done)
        else:
            self._results.put(_result(done))

    # In

    def _read(self, done: _Done) -> None:
        """Act on a reply. It came in time: while the database is away, wait for it."""
        result = _result(done)
        try:
            for _ in _tries():
                try:
                    result = act_on(
                        result, done.answer.reply, self._door, symbols=self._writer.symbols
                    )
                    break
                except (DatabaseError, InterfaceError) as error:
                    log.warning("a reply waits for the database: %s", error)
                finally:
                    connection.close()
        except Exception:
            log.exception("a reply could not be acted on")
        self._results.put(result)

    def _write_results(self) -> None:
        while True:
            results = [self._results.get()]
            time.sleep(GATHER_SECONDS)
            with contextlib.suppress(Empty):
                while True:
                    results.append(self._results.get_nowait())
            try:
                self._write(results)
            except Exception:
                log.exception("the results of %d deliveries are lost", len(results))
            self._let_go(results)

    def _write(self, results: list[Result]) -> None:
        for _ in _tries():
            try:
                sequels = write_results(results)
                break
            except (DatabaseError, InterfaceError) as error:
                log.warning("results wait for the database: %s", error)
            finally:
                connection.close()
        else:
            return
        count_results(results)
        for sequel in sequels:
            if sequel.alert:
                self._alert(sequel.result.letter.endpoint.agent_id, sequel.alert)
            if sequel.next.wait_seconds:
                self._deliver_in(sequel.next.wait_seconds)

    def _alert(self, account: int, message: str) -> None:
        try:
            self._door.alert(account, message)
        except (DatabaseError, InterfaceError) as error:
            log.warning("an owner is not alerted: %s", error)
        finally:
            connection.close()

    def _let_go(self, results: list[Result]) -> None:
        with self._mutex:
            for result in results:
                claim = result.letter.endpoint.claim
                assert claim is not None
                self._under_way[claim] -= 1
                if not self._under_way[claim]:
                    del self._under_way[claim]

    def _deliver_in(self, seconds: float) -> None:
        def deliver() -> None:
            self._readers.submit(self._deliver_again)

        self._loop.call_soon_threadsafe(self._loop.call_later, seconds + 0.01, deliver)

    def _deliver_again(self) -> None:
        try:
            self.deliver()
        except (DatabaseError, InterfaceError) as error:
            log.warning("a retry waits for the next tick: %s", error)
        finally:
            connection.close()


def _result(done: _Done) -> Result:
    answer = done.answer
    return Result(
        done.letter,
        answer.outcome,
        answer.status,
        answer.milliseconds,
        answer.error,
        done.sent_at,
    )


def _tries() -> Iterator[None]:
    """Go on every half second, until patience is at its end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(0.5)
