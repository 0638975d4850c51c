"""`make measure`: how fast the pages are, in a world of their own that this starts and ends.

It prints what a page takes of the server, warm and as of a new tick; when it is usable with the
processor slowed fourfold; and what a tab that is left open takes of the browser, tick by tick.
Nothing is asserted: the figures are to be read beside each other.
"""

from __future__ import annotations

import http.client
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.conftest import FLAGS, chromium

if TYPE_CHECKING:
    from psutil import Process

    from wallstreetsim.floor.shell import Floor

PATHS = (
    "/",
    "/markets",
    "/markets/APEX",
    "/agents",
    "/news",
    "/sec",
    "/world",
    "/tv",
    "/help",
    "/rules",
    "/status",
    "/replay",
)
EMPTY = "/nowhere"  # a page of a few words, that all others are held against
AGENTS, HOUSE = 200, 24
PAST_TICKS = 120  # before anything is measured
SAMPLES = 15
SLOWED = 4  # times
LEFT_OPEN = ("/", "/markets/APEX")
OPEN_TICKS, WARM_TICKS = 3_600, 600  # of the former, so many before the first look
TICKS_A_SECOND = 20
USABLE = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
    return Math.max(paint, page.domContentLoadedEventEnd);
}"""


def server_times(port: int, web: Process, floor: Floor) -> None:
    """Print what the first request of a page after a tick takes, how much of it the process works,
    and what one takes that follows it.
    """
    print(f"server, ms over {SAMPLES} ticks: as of a new tick, of it worked, then of the same tick")
    for path in PATHS:
        made, kept, worked = [], [], 0.0
        for _ in range(SAMPLES):
            floor.tick()
            time.sleep(0.2)  # for the process to hear of it, and be done
            before = _worked(web)
            made.append(_request(port, path))
            worked += _worked(web) - before
            kept.append(_request(port, path))
        work = 1000 * worked / SAMPLES
        print(
            f"  {path:16} {statistics.median(made):7.1f} {work:7.1f} {statistics.median(kept):7.1f}"
        )


def _worked(process: Process) -> float:
    """Return for how many seconds a process has had a processor."""
    times = process.cpu_times()
    return times.user + times.system


def _request(port: int, path: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    took = 1000 * (time.perf_counter() - started)
    assert answer.status == 200, (path, answer.status)
    connection.close()
    return took


def usable_after(browser: Browser, address: str) -> None:
    """Print when a page is painted and its scripts have run, in a browser that has nothing kept;
    and, with the processor as it is, for how long the page's process works until then.
    """
    print(f"usable, ms at the median of 5: slowed {SLOWED} times, × an empty page; work, unslowed")
    empty = 0.0
    for path in (EMPTY, *PATHS):
        took = statistics.median(_usable(browser, address, path, SLOWED)[0] for _ in range(5))
        work = statistics.median(_usable(browser, address, path, 1)[1] for _ in range(5))
        empty = empty or took
        print(f"  {path:16} {took:7.0f}  ×{took / empty:.1f} {work:7.0f}")


def _usable(browser: Browser, address: str, path: str, slowed: int) -> tuple[float, float]:
    """Return after how many ms a page was usable, and for how many its process has worked."""
    page = browser.new_page(base_url=address)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    before = _metrics(session)["ProcessTime"]
    page.goto(path)
    usable = float(page.evaluate(USABLE))
    work = 1000 * (_metrics(session)["ProcessTime"] - before)
    page.context.close()
    return usable, work


def _metrics(session: CDPSession) -> Mapping[str, float]:
    found: dict[str, Any] = session.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in found["metrics"]}


def left_open(browser: Browser, address: str, floor: Floor, path: str) -> None:
    """Print what a tab has grown by over the ticks, and what each tick costs it."""
    page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")  # from here on, durations add up
    page.goto(path)
    first = _run_ticks(floor, page, session, WARM_TICKS)
    started = time.monotonic()
    last = _run_ticks(floor, page, session, OPEN_TICKS - WARM_TICKS)
    seconds, ticks = time.monotonic() - started, OPEN_TICKS - WARM_TICKS
    spent = {name: 1000 * (last[name] - first[name]) / ticks for name in DURATIONS}
    print(f"left open, {path}: {OPEN_TICKS} ticks, {ticks / seconds:.1f} a second")
    for name, unit in (("JSHeapUsedSize", 2**20), ("Nodes", 1)):
        ratio = last[name] / first[name]
        print(f"  {name:16} {first[name] / unit:9.1f} → {last[name] / unit:9.1f}  ×{ratio:.3f}")
    costs = "  ".join(f"{name.removesuffix('Duration')} {ms:.1f}" for name, ms in spent.items())
    work = 1000 * (last["ProcessTime"] - first["ProcessTime"]) / ticks
    print(
        f"  a tick, ms: {costs}  together {sum(spent.values()):.1f}; the process works {work:.1f}"
    )
    page.context.close()


DURATIONS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def _run_ticks(floor: Floor, page: Page, session: CDPSession, ticks: int) -> Mapping[str, float]:
    """Run ticks as the clock says, in a thread of their own; return the tab's figures after."""
    is_over = Event()

    def run() -> None:
        from django.db import connection

        due = time.monotonic()
        for _ in range(ticks):
            floor.tick()
            floor.rest()
            due = max(due + 1 / TICKS_A_SECOND, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))
        connection.close()
        is_over.set()

    Thread(target=run).start()
    while not is_over.is_set():
        page.wait_for_timeout(100)
    page.wait_for_timeout(1_000)
    session.send("HeapProfiler.collectGarbage")
    return _metrics(session)


@contextmanager
def exchange() -> Iterator[tuple[int, Process, Floor]]:
    """Run a living world of 100 companies and a web process; yield its port, it, and the floor."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    from wallstreetsim.stack.temporary import servers

    with servers(settings.PLACES):
        django.setup()
        call_command("migrate", verbosity=0)
        from market.engine.rules import Switches
        from wallstreetsim.feed.publishing import publish
        from wallstreetsim.lab.bench.feed import web_process
        from wallstreetsim.lab.bench.ticks import fresh_floor

        floor = fresh_floor(agents=AGENTS, switches=Switches(events=True, house=HOUSE))
        floor.publish = publish
        for _ in range(PAST_TICKS):
            floor.tick()
        with web_process("wallstreetsim.asgi") as (port, process):
            yield port, process, floor


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="wss-measure-", dir="/tmp") as data:
        os.environ |= {"WSS_DATA_DIR": data, "WSS_LOG_LEVEL": "error", "SECRET_KEY": "measure"}
        os.environ |= {"WSS_WEBHOOK_KEY": "measure", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")
        with exchange() as (port, web, floor), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
            if "server" in names:
                server_times(port, web, floor)
            if "usable" in names:
                usable_after(browser, f"http://127.0.0.1:{port}")
            if "open" in names:
                for path in LEFT_OPEN:
                    left_open(browser, f"http://127.0.0.1:{port}", floor, path)
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:] or ["server", "usable", "open"])
