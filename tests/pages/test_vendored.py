"""Files that others made are the very ones that were published, with their licences beside them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

CODE = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("directory", ["static/vendor", "tests/browser/vendor"])
def test_vendored_files_are_as_published_and_carry_their_licence(directory: str) -> None:
    place = CODE / directory
    listed = json.loads((place / "vendored.json").read_text())
    licences = {entry["licenceFile"] for entry in listed.values()}
    assert {file.name for file in place.iterdir()} == {*listed, *licences, "vendored.json"}
    for name, entry in listed.items():
        assert sha256((place / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert {"package", "version", "licence", "from"} <= entry.keys()
        assert (place / entry["licenceFile"]).stat().st_size > 1_000
