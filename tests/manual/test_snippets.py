"""Every snippet of the manual is run, as it stands, against a server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.manual.exchange import python
from wallstreetsim.api import manual

if TYPE_CHECKING:
    from tests.manual.exchange import Exchange

pytestmark = pytest.mark.django_db

FENCED = re.compile(r"```(\w+)\n(.*?)```", re.S)
LANGUAGES = {"sh", "python", "javascript", "json"}


def snippets(language: str, origin: str = "http://testserver") -> list[str]:
    return [text for found, text in FENCED.findall(manual.manual(origin)) if found == language]


def test_the_snippets_of_a_language_make_a_program_that_runs(exchange: Exchange) -> None:
    """All three at once, over the same ticks."""
    directory, origin = exchange.directory, exchange.address
    programs = [
        ["sh", "-euc", "\n".join(snippets("sh", origin))],
        python("\n".join(snippets("python", origin)), directory, "manual.py"),
    ]
    node = shutil.which("node")
    if node:
        (directory / "manual.mjs").write_text("\n".join(snippets("javascript", origin)))
        flags = ["--experimental-websocket"] if _knows_no_websocket(node) else []
        programs.append([node, *flags, str(directory / "manual.mjs")])
    said = exchange.run(*programs)
    for one in said:
        assert one.code == 0, one.output
    shell = said[0].output
    assert '"success": false' not in shell and '"success":false' not in shell, shell
    asked = [line for line in " ".join(programs[0]).splitlines() if line.startswith("curl")]
    of_tools = [line for line in asked if "/mcp " in line]
    assert shell.count('"success":true') >= len(asked) - len(of_tools) - 1
    assert shell.count('"isError":false') == len(of_tools) == 1
    assert "OK" in said[1].output
    assert "filled 10" in said[1].output
    # It comes back to a private history that it has read: its fills are not told again.
    missed = [line for line in said[1].output.splitlines() if line.startswith("missed agent:")]
    assert not [line for line in missed if "order:filled" in line]
    if not node:
        pytest.skip("no node here: the JavaScript was not run")


def test_the_samples_are_json_and_there_are_snippets_of_each_language() -> None:
    text = manual.manual("http://testserver")
    assert {language for language, _ in FENCED.findall(text)} == LANGUAGES
    for sample in snippets("json"):
        try:
            json.loads(sample)
        except ValueError:
            for line in sample.splitlines():
                json.loads(line)


def _knows_no_websocket(node: str) -> bool:
    asked = subprocess.run([node, "-p", "typeof WebSocket"], capture_output=True, text=True)
    return asked.stdout.strip() == "undefined"
