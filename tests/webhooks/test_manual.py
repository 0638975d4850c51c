"""The manual's section names what a briefing really has."""

from __future__ import annotations

from tests.engine.test_webhook_briefing import of
from wallstreetsim.api.manual import manual
from webhooks.engine.delivery import HEADERS


def test_the_section_names_every_field_and_header() -> None:
    section = manual("http://testserver", "webhooks")
    missing = [name for name in {*of(), *HEADERS} - {"type"} if f"`{name}`" not in section]
    assert missing == []
    assert "tried again after 1, 2 and 4 s" in section
