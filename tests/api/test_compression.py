"""Answers over a kilobyte come compressed to who takes them so."""

from __future__ import annotations

import gzip
import json

import pytest
from django.test import Client

from tests.api.desk import Desk


@pytest.mark.parametrize("path", ["/market/stocks", "/config", "/openapi.json", "/"])
def test_what_is_long_comes_compressed_to_who_takes_it(desk: Desk, path: str) -> None:
    desk.tick()
    plain = Client().get(path)
    packed = Client().get(path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert "Content-Encoding" not in plain
    assert (packed["Content-Encoding"], packed["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert gzip.decompress(packed.content) == plain.content


def test_what_is_short_comes_as_it_is(desk: Desk) -> None:
    answer = Client().get("/world/tick", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer
    assert json.loads(answer.content)["success"]


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "x-gzip2"])
def test_who_does_not_take_it_is_sent_it_as_it_is(desk: Desk, accepted: str) -> None:
    answer = Client().get("/market/stocks", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer
    assert answer["Vary"] == "Accept-Encoding"


def test_static_files_come_compressed_too(db: None) -> None:
    answer = Client().get("/static/terminal.css", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
