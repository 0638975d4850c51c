"""The real stack under a real Chromium: a web process, and a floor that ticks when a test says so.

Django is not set up yet when this is read, so what needs it is imported where it is used.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import (
    Browser,
    Error,
    Page,
    Playwright,
    WebSocketRoute,
    expect,
    sync_playwright,
)

if TYPE_CHECKING:
    from tests.browser.web import Web
    from tests.floor.hall import Hall

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Each window prepares two pages for what its address bar may suggest, which takes three times as
# long as all else of it. Only the last flag of this name counts: the others are Playwright's.
WITHOUT = [
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    f"--disable-features={','.join(WITHOUT)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Chromium gives up whatever it is asking for when a network interface of the machine gets another
# address, and says so. That is nothing a page did.
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"

# A busy machine may take longer between two ticks of a test than a world that is at work.
MAY_TICK_LATE = {"wallstreetsim.api.health.LATE_INTERVALS": 600.0}
PATIENCE = 120_000  # milliseconds: the machine may be busy
expect.set_options(timeout=PATIENCE)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's event loop runs in this thread beside the test, which is not in it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        program = chromium(playwright)
        if program is None:
            pytest.skip("no Chromium here: install one, or run `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def chromium(playwright: Playwright) -> str | None:
    own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@pytest.fixture
def hall(
    browser: Browser, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hall]:
    """The world founded, ann and bob in it, and a floor that publishes."""
    from tests.floor.hall import Hall
    from wallstreetsim.feed.publishing import publish
    from wallstreetsim.floor.shell import Floor

    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    hall = Hall("ann", "bob")
    hall.floor = Floor(publish=publish)
    yield hall


@pytest.fixture
def web(hall: Hall, free_port: int, tmp_path: Path) -> Iterator[Web]:
    from tests.browser.web import Web

    web = Web(free_port, tmp_path / "web.log", waits=MAY_TICK_LATE)
    yield web
    web.kill()


@pytest.fixture
def open_page(browser: Browser, web: Web) -> Iterator[OpenPage]:
    """Open pages, each as if by another spectator; none may complain in its console in the end.

    What the page's security policy forbids is among the complaints.
    """
    contexts, complaints = [], []

    def complain(text: str) -> None:
        if NETWORK_CHANGED not in text:
            complaints.append(text)

    def open_one(
        path: str = "/",
        *,
        intercept: Callable[[WebSocketRoute], None] | None = None,
        unreachable: Mapping[str, int] | None = None,
        may_complain: bool = False,
        own_clock: bool = False,
        **options: Any,
    ) -> Page:
        """Open a page; `own_clock` is one that a test may put forward, `page.clock`. What is
        `unreachable` fails for so many requests, by the end of its path.
        """
        context = browser.new_context(base_url=web.address, **options)
        contexts.append(context)
        page = context.new_page()
        if intercept:
            page.route_web_socket("**/ws", intercept)
        for end, times in (unreachable or {}).items():
            page.route(f"**/{end}*", lambda route: route.abort("internetdisconnected"), times=times)
        if not may_complain:
            page.on("console", lambda said: complain(f"{said.type}: {said.text}"))
            page.on("pageerror", lambda error: complain(str(error)))
        if own_clock:
            page.clock.install()
        load(page, path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def load(page: Page, path: str) -> None:
    """Go to a page, anew as long as the machine's network changes while it loads."""
    lost = [True]
    page.on(
        "requestfailed", lambda one: lost.append(True) if one.failure == NETWORK_CHANGED else None
    )
    while lost:
        lost.clear()
        try:
            page.goto(path)
        except Error as error:
            if NETWORK_CHANGED not in error.message:
                raise
            lost.append(True)
