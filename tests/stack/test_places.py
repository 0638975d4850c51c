"""Where a run keeps its things, and that they are nobody else's business."""

from pathlib import Path

import pytest

from wallstreetsim.environment.places import LONGEST_SOCKET_NAME, SOCKET_PATH_LIMIT, Places
from wallstreetsim.stack import StackError, preflight

SHALLOW = Places(Path("/home/ann/wallstreetsim/.data"))
DEEP = Places(Path("/home/ann") / "/".join(["a-rather-deep-directory"] * 6))


def test_sockets_lie_in_the_data_directory() -> None:
    assert SHALLOW.run.parent == SHALLOW.data


def test_sockets_of_a_deep_data_directory_still_have_short_paths_of_their_own() -> None:
    deeper = Places(DEEP.data / "still")
    assert len(bytes(DEEP.run / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT
    assert DEEP.run != deeper.run


def test_the_directories_and_the_secret_key_are_closed_to_others(data: Path) -> None:
    places = Places(data)
    preflight.make_directories(places)
    preflight.make_keys(places)
    assert [places.data.stat().st_mode & 0o777, places.run.stat().st_mode & 0o777] == [0o700] * 2
    assert places.secret_key.stat().st_mode & 0o777 == 0o600
    assert places.webhook_key.stat().st_mode & 0o777 == 0o600
    assert places.webhook_key.read_text() != places.secret_key.read_text()


def test_the_secret_key_stays_the_same_from_run_to_run(data: Path) -> None:
    places = Places(data)
    preflight.make_directories(places)
    preflight.make_keys(places)
    key = places.secret_key.read_text()
    preflight.make_keys(places)
    assert places.secret_key.read_text() == key
    assert len(key) > 50


def test_an_empty_secret_key_is_none(data: Path) -> None:
    places = Places(data)
    preflight.make_directories(places)
    places.secret_key.touch()
    preflight.make_keys(places)
    assert len(places.secret_key.read_text()) > 50


def test_a_directory_of_sockets_that_is_open_to_others_is_refused(data: Path) -> None:
    places = Places(data)
    preflight.make_directories(places)
    places.run.chmod(0o777)
    with pytest.raises(StackError, match="closed to others"):
        preflight.make_directories(places)
