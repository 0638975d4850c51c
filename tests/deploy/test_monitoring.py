"""Rules for alerts and the dashboard: sound to promtool, and about figures that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from django.conf import settings

MONITORING = settings.BASE_DIR / "deploy/monitoring"
PARTS = ("", "_total", "_bucket", "_sum", "_count")  # of a family, where it is not a gauge
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def series_of(expressions: list[str]) -> set[str]:
    """Return every series of ours that is named."""
    return {name for expression in expressions for name in re.findall(r"\bwss_\w+", expression)}


def missing_from(figures: str) -> set[str]:
    """Return which series a page of figures lacks: of the rules each must have a value, of the
    dashboard one may have none yet.
    """
    lines = figures.splitlines()
    values = {re.split(r"[{ ]", line)[0] for line in lines if line[:1] != "#"}
    families = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    known = values | {f"{name}{part}" for name in families for part in PARTS}
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    shown = series_of([target["expr"] for panel in panels for target in panel["targets"]])
    return (series_of([rule["expr"] for rule in rules()]) - values) | (shown - known)


@needs_promtool
@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "--lint-fatal", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
        ("check", "config", "prometheus.yml"),
    ],
)
def test_promtool_finds_nothing_wrong(words: tuple[str, ...]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *words], cwd=MONITORING, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_missing_is_found() -> None:
    assert "wss_world_age_seconds" in missing_from("# wss_world_age_seconds 1\nwss_tick 1\n")
    assert "wss_world_age_seconds" not in missing_from("wss_world_age_seconds 1\n")


def test_a_page_of_the_runbook_is_there() -> None:
    for rule in rules():
        if page := rule["annotations"].get("runbook"):
            assert (settings.BASE_DIR / page).is_file()
