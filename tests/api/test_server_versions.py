"""The versions with which what tames Daphne, Autobahn and Twisted was tried.

It builds on what is inside of them, so another version is tried before it is allowed: the tests in
tests/feed and tests/api/test_daphne.py, and `make bench ONLY=feed_1000`.
"""

from __future__ import annotations

from importlib.metadata import version
from tomllib import loads
from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerProtocol
from daphne.server import Server  # type: ignore[import-untyped]
from daphne.ws_protocol import WebSocketProtocol  # type: ignore[import-untyped]
from django.conf import settings
from packaging.requirements import Requirement
from packaging.version import Version
from twisted.internet.abstract import FileDescriptor
from twisted.internet.tcp import Connection

TRIED = {"daphne": "4.2.3", "autobahn": "26.10.2", "twisted": "26.10.0"}


@pytest.fixture(scope="module")
def bounds() -> dict[str, Requirement]:
    project = loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    wanted = map(Requirement, project["dependencies"])
    return {requirement.name: requirement for requirement in wanted}


@pytest.mark.parametrize("name", TRIED)
def test_what_is_installed_was_tried(name: str) -> None:
    assert version(name) == TRIED[name]


@pytest.mark.parametrize("name", TRIED)
def test_nothing_newer_than_was_tried_is_allowed(name: str, bounds: dict[str, Requirement]) -> None:
    tried = Version(TRIED[name])
    allowed = bounds[name].specifier
    following = f"{tried.major}.{tried.minor + 1}" if name == "daphne" else f"{tried.major + 1}.0"
    assert allowed.contains(tried) and not allowed.contains(following)


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (Server, ("handle_reply",)),
        (WebSocketProtocol, ("onAutoPingTimeout", "sendCloseFrame", "registerProducer")),
        (WebSocketServerProtocol, ("onFrameBegin", "onFrameData", "sendData", "dataReceived")),
        (Connection, ("writeSomeData", "getHandle", "dataBuffer")),
        (FileDescriptor(), ("_tempDataBuffer", "_tempDataLen")),
    ],
)
def test_what_is_built_upon_is_there(owner: Any, names: tuple[str, ...]) -> None:
    assert [name for name in names if not hasattr(owner, name)] == []
