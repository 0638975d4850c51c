"""How tests fill in the pages' forms, and read what comes of it."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.test import Client

MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"


def act(client: Client, type: str, back: str = "/me/actions", **fields: str) -> str:
    """Send an action's form, and return the page that follows."""
    sent = {"type": type, "back": back, **fields}
    return text(client.post("/me/act", sent, follow=True))


def order(client: Client, follow: bool = True, **fields: str) -> Any:
    given = {"side": "BUY", "symbol": "APEX", "quantity": "100", "orderType": "MARKET"}
    sent = {"back": "/markets/APEX", **given, **fields}
    return client.post("/me/act", sent, follow=follow)


def by_script(client: Client, path: str, fields: dict[str, str]) -> Any:
    return client.post(path, fields, headers={"Accept": "application/json"})


def text(answer: Any) -> str:
    return unescape(answer.content.decode())
