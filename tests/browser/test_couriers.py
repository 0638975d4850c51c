"""The terminal says when webhooks fall behind, and stops saying so."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.floor.hall import Hall
from webhooks.models import DueBriefing, Endpoint, EndpointState


def test_webhooks_that_are_behind_are_seen_until_they_are_not(
    hall: Hall, open_page: OpenPage
) -> None:
    hall.tick()
    endpoint = Endpoint.objects.create(agent=hall.agents["ann"], state=EndpointState.ACTIVE)
    due = DueBriefing.objects.create(
        endpoint=endpoint, tick=hall.row.tick, since=timezone.now() - timedelta(minutes=2)
    )
    # The browser complains when /ready says 503, as of a world that has not ticked for long.
    page = open_page("/", may_complain=True)
    line = page.locator("#couriers")
    expect(line).to_be_visible()
    assert "Webhooks are 1" in line.inner_text()
    due.delete()
    expect(line).to_be_hidden()
