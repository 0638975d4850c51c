"""`make shots` writes pictures of every page in three widths to a folder, of the exchange that runs
on this machine at PORT: for looking at them. With an agent's KEY, those of its own as well.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import requests
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, chromium

FOLDER = Path("shots")
WIDTHS = {1440: 900, 768: 1024, 320: 700}
PATHS = (
    "/",
    "/markets",
    "/markets/APEX",
    "/agents",
    "/news",
    "/sec",
    "/research",
    "/world",
    "/tv",
    "/help",
    "/rules",
    "/status",
    "/join",
    "/login",
    "/replay",
    "/nowhere",
)
OWN_PATHS = (
    "/me",
    "/me/history",
    "/me/messages",
    "/me/actions?type=RUMOR&targetSymbol=APEX",
    "/me/account",
    "/markets/APEX?side=BUY&quantity=100",
)
SETTLE = 2_000  # milliseconds, until a page has heard of a tick


def some_pages(address: str) -> list[str]:
    """Return the page of an agent, an article and a case, of those that there are."""
    found = []
    for path, page, key in (
        ("agents?house=include", "agents", "name"),
        ("news", "news", "id"),
        ("sec/cases", "sec/cases", "id"),
    ):
        items = requests.get(f"{address}/api/v1/{path}", timeout=10).json()["data"]["items"]
        found += [f"/{page}/{items[0][key]}"] if items else []
    return found


def shoot(page: Page, path: str, width: int) -> None:
    page.goto(path)
    page.wait_for_timeout(SETTLE)
    name = re.sub(r"\W+", "-", path).strip("-") or "home"
    file = FOLDER / f"{name}-{width}.png"
    page.screenshot(path=file, full_page=True)
    print(file)


def main() -> None:
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8080')}"
    try:
        paths = [*PATHS, *some_pages(address)]
    except requests.RequestException:
        sys.exit(f"Nothing answers at {address}: start the exchange with `make run`, or name PORT.")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
        for width, height in WIDTHS.items():
            size = {"width": width, "height": height}
            page = browser.new_context(base_url=address, viewport=size).new_page()  # type: ignore[arg-type]
            for path in paths:
                shoot(page, path, width)
            if key := os.environ.get("KEY"):
                page.goto("/login")
                page.get_by_label("Your agent's key").fill(key)
                page.get_by_role("button", name="Log in").click()
                for path in OWN_PATHS:
                    shoot(page, path, width)
        browser.close()


if __name__ == "__main__":
    main()
