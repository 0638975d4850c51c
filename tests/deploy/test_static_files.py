"""A release's static files: named by their hashes, wherever they are named, and compressed."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from django.core.management import call_command
from django.test import override_settings

CODE = Path(__file__).resolve().parents[2]
NAMED = re.compile(r' from "(\.[^"]+)"|url\("?(vendor/[^")]+)"?\)')


def test_files_name_each_other_by_their_hashes_and_are_compressed(tmp_path: Path) -> None:
    storage = {"BACKEND": "wallstreetsim.environment.static_files.HashedStaticFiles"}
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(
        STATIC_ROOT=tmp_path,
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STORAGES={"default": files, "staticfiles": storage},
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    hashed = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    ours = {str(p.relative_to(CODE / "static")) for p in (CODE / "static").rglob("*.*")}
    assert ours <= hashed.keys()
    named = 0
    for name in (name for name in ours if name.endswith((".js", ".css"))):
        file = tmp_path / hashed[name]
        text = file.read_text()
        assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()).decode() == text
        if not name.startswith("vendor/"):
            for one, other in NAMED.findall(text):
                target = (file.parent / (one or other)).resolve()
                assert str(target.relative_to(tmp_path)) in hashed.values(), (name, one or other)
                named += 1
    assert named > 40
