"""The courier of a process: claims what is due, prepares the requests, sends them all at once, and
records the results.

One thread sends and receives everything; others read and write the record. However slow an
endpoint is, only its own request waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import NamedTuple
from uuid import UUID

import aiohttp
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from webhooks.briefings import PreparedRequest, RequestBuilder
from webhooks.courier.exchange import Answer, exchange, open_session
from webhooks.engine.circuit import Outcome
from webhooks.metrics import count_results
from webhooks.models import DeliveryKind
from webhooks.services import claims
from webhooks.services.replies import Intake, act_on
from webhooks.services.results import Result, write_results

log = logging.getLogger(__name__)

BATCH_SIZE = 250
MOST_IN_FLIGHT = 4_000  # requests of one process, of some kilobytes each
STARTED_AT_A_TIME = 50  # exchanges, before what has arrived meanwhile is looked at
READERS = 4  # threads that act on replies
GATHER_SECONDS = 0.03  # for which results are gathered before they are written
PATIENCE_SECONDS = 15.0  # with a database that is away


class _Exchanged(NamedTuple):
    """A request that has been answered, or has not."""

    request: PreparedRequest
    answer: Answer
    sent_at: datetime


class Courier:
    """The courier of this process. `deliver` may be called from any thread."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._builder = RequestBuilder()
        self._mutex = threading.Lock()
        self._is_running = self._is_wanted_again = self._is_closed = False
        self._in_flight: dict[UUID, int] = {}  # requests by claim
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, "reply")
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        for name, work in (("exchanges", self._run_loop), ("results", self._write_results)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def deliver(self) -> int:
        """Send all that is due and nobody else has claimed; return how many requests went out.

        A call while it is at work only makes it look once more.
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
        """Release what is claimed and not answered: another courier may take it at once."""
        with self._mutex:
            self._is_closed = True
            held = list(self._in_flight)
        with contextlib.suppress(DatabaseError, InterfaceError):
            if held:
                claims.release(held)
            connection.close()

    def has_requests_in_flight(self) -> bool:
        """Say whether requests are out whose results are not written yet."""
        return self._count_in_flight() > 0

    # Out

    def _deliver_all(self) -> int:
        sent = 0
        while (room := MOST_IN_FLIGHT - self._count_in_flight()) > 0 and not self._is_closed:
            claim = claims.claim(min(BATCH_SIZE, room))
            if claim is None:
                break
            requests = self._prepare(claim)
            sent += len(requests)
            if requests:
                sending = asyncio.run_coroutine_threadsafe(self._send(requests), self._loop)
                sending.add_done_callback(_log_failure)
        return sent

    def _prepare(self, claim: UUID) -> list[PreparedRequest]:
        try:
            requests = self._builder.requests(claim)
        except BaseException:
            claims.release([claim])
            raise
        if not requests:
            claims.release([claim])
            return requests
        with self._mutex:
            self._in_flight[claim] = len(requests)
        return requests

    def _count_in_flight(self) -> int:
        with self._mutex:
            return sum(self._in_flight.values())

    # There and back, in the loop's thread

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _send(self, requests: list[PreparedRequest]) -> None:
        if self._session is None:
            self._session = open_session()
        for number, request in enumerate(requests, start=1):
            if number % STARTED_AT_A_TIME == 0:
                await asyncio.sleep(0)  # or connections would be made and nobody would notice
            if not request.body:
                failed = Answer(Outcome.FAILED, None, 0, "the exchange could not write to you")
                self._results.put(_result(_Exchanged(request, failed, timezone.now())))
                continue
            task = self._loop.create_task(self._exchange(self._session, request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _exchange(self, session: aiohttp.ClientSession, request: PreparedRequest) -> None:
        sent_at = timezone.now()
        answer = await exchange(session, request)
        done = _Exchanged(request, answer, sent_at)
        is_reply = request.kind is DeliveryKind.BRIEFING and answer.reply.strip() != b""
        if is_reply and answer.outcome is Outcome.DELIVERED and not answer.error:
            self._readers.submit(self._read, done)
        else:
            self._results.put(_result(done))

    # In

    def _read(self, done: _Exchanged) -> None:
        """Act on a reply. It came in time: while the database is away, wait for it."""
        result = _result(done)
        try:
            for _ in _tries():
                try:
                    result = act_on(
                        result, done.answer.reply, self._intake, symbols=self._builder.symbols
                    )
                    break
                except (OperationalError, InterfaceError) as error:
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
                log.exception(
                    "one of %d results cannot be written; writing each alone", len(results)
                )
                self._write_each(results)
            self._forget(results)

    def _write_each(self, results: list[Result]) -> None:
        """Write results one by one, so that a bad one is lost alone; its claim ends by itself."""
        for result in results:
            with contextlib.suppress(Exception):
                self._write([result])

    def _write(self, results: list[Result]) -> None:
        for _ in _tries():
            try:
                states = write_results(results)
                break
            except (OperationalError, InterfaceError) as error:
                log.warning("results wait for the database: %s", error)
            finally:
                connection.close()
        else:
            return
        count_results(results)
        for next_state in states:
            if next_state.alert:
                self._alert(next_state.result.request.endpoint.agent_id, next_state.alert)
            if next_state.next.wait_seconds:
                self._deliver_in(next_state.next.wait_seconds)

    def _alert(self, account: int, message: str) -> None:
        try:
            self._intake.alert(account, message)
        except (DatabaseError, InterfaceError) as error:
            log.warning("an owner is not alerted: %s", error)
        finally:
            connection.close()

    def _forget(self, results: list[Result]) -> None:
        with self._mutex:
            for result in results:
                claim = result.request.endpoint.claim
                assert claim is not None
                self._in_flight[claim] -= 1
                if not self._in_flight[claim]:
                    del self._in_flight[claim]

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


def _log_failure(sending: Future[None]) -> None:
    if error := sending.exception():
        log.error("requests could not be sent; their claims end by themselves", exc_info=error)


def _result(done: _Exchanged) -> Result:
    answer = done.answer
    return Result(
        done.request,
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
