"""What must not change what surveillance finds does not; what takes the crime away does."""

import pytest

from wallstreetsim.lab.surveillance.metamorphic import Change, changes, run_job


def compared(play: str, change: str) -> dict[str, object]:
    return dict(run_job(Change(play=play, change=change, seed=f"metamorphic/{play}/0")))


@pytest.mark.parametrize(
    ("play", "change"),
    [
        ("march", "agents renamed"),
        ("wash_by_oneself", "split over two allied accounts"),
        ("pump_openly", "prices doubled, shares halved"),
    ],
)
def test_what_is_found_does_not_depend_on(play: str, change: str) -> None:
    found = compared(play, change)
    assert (found["before"], found["after"], found["holds"]) == ("caught", "caught", True)


@pytest.mark.parametrize(
    ("play", "change"),
    [
        ("wash_by_ring", "one leg of the ring removed"),
        ("spoof_at_touch", "the spoof fills"),
    ],
)
def test_the_alert_goes_away_with_the_crime(play: str, change: str) -> None:
    found = compared(play, change)
    assert (found["before"], found["holds"]) == ("caught", True)


def test_every_change_is_tried_on_every_type_of_crime() -> None:
    jobs = changes(1)
    assert len({(job["play"], job["change"]) for job in jobs}) == len(jobs) == 5 * 6 + 2
