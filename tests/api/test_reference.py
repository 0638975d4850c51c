"""The documents are complete, their examples fit, and the page made of them is fresh."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]

from tests.api import contract
from wallstreetsim.api.asyncapi import document as asyncapi_document
from wallstreetsim.management.commands import api_reference

SCHEMA = Path(__file__).parent / "schemas" / "asyncapi-3.0.0.json"
# npm @asyncapi/specs 6.11.1, schemas/3.0.0-without-$id.json, less the examples of Kafka's bindings
SHA256 = "6f7d0a686c7bbc3f8cd5995cd9e46f2b3fdae20c0889db20df8ba2ff6d7cd755"


def test_every_request_and_answer_has_an_example_that_fits_and_says_who_may_ask() -> None:
    document = contract.document()
    components = document["components"]
    assert list(components["securitySchemes"]) == ["bearer"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["security"], (method, path)
            assert operation["description"], (method, path)
            answers = list(operation["responses"].values())
            body = operation.get("requestBody")
            for part in [*answers, *([body] if body else [])]:
                content = part["content"]["application/json"]
                schema = {**content["schema"], "components": components}
                faults = Draft202012Validator(schema).iter_errors(content["example"])
                assert not [fault.message for fault in faults], (method, path, content["example"])
            assert {"400", "429", "500", "503"} <= set(operation["responses"])


def test_the_websockets_description_is_valid_asyncapi() -> None:
    published = SCHEMA.read_bytes()
    assert hashlib.sha256(published).hexdigest() == SHA256
    validator = Draft7Validator(json.loads(published))
    document: Any = json.loads(asyncapi_document())
    assert [fault.message for fault in validator.iter_errors(document)] == []
    document["operations"]["say"]["action"] = "shout"
    assert not validator.is_valid(document)


def test_the_page_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("api_reference", "--check")
    for path in contract.document()["paths"]:
        assert path.removeprefix(contract.PREFIX) in api_reference.PAGE.read_text()
    monkeypatch.setattr(api_reference, "PAGE", tmp_path / "page.md")
    with pytest.raises(CommandError, match="is old"):
        call_command("api_reference", "--check")
    call_command("api_reference")
    call_command("api_reference", "--check")


@pytest.mark.django_db
def test_the_documentation_runs_no_script_of_its_own_page() -> None:
    answer = Client().get("/docs")
    page = answer.content.decode()
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert "<style" not in page and " style=" not in page and "onload" not in page
    sources = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.S)
    assert len(sources) == 3
    assert all("src=" in tag and not text for tag, text in sources)
    script = Client().get("/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/openapi.json" in script.content.decode()
    assert Client().get("/docs?page=1").status_code == 400
