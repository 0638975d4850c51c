"""The image's scripts and the compose file, as far as they can be tested without a daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from wallstreetsim.environment.addresses import database_address, redis_address
from wallstreetsim.stack.child import procfile

DEPLOY = settings.BASE_DIR / "deploy"
SCRIPTS = ("install", "build.sh", "process", "secrets")
STORES = ("postgres", "redis")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(compose()["services"])


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_can_be_run_and_its_syntax_is_right(script: str) -> None:
    assert os.access(DEPLOY / script, os.X_OK)
    assert subprocess.run(["sh", "-n", DEPLOY / script]).returncode == 0


def test_the_build_takes_everything_that_the_code_consists_of() -> None:
    """Whatever is a package of ours, or is read from beside them, is copied into a release."""
    script = (DEPLOY / "build.sh").read_text()
    packages = [file.parent.name for file in settings.BASE_DIR.glob("*/__init__.py")]
    for needed in (*packages, "static", "templates", "requirements", "Procfile", "pyproject.toml"):
        assert f" {needed} " in script.replace("\\\n", " ")


def test_the_image_is_built_by_the_script_alone_and_does_not_run_as_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("RUN")] == [
        "RUN /source/deploy/build.sh /opt/wallstreetsim"
    ]
    assert sum(line.startswith("FROM") for line in lines) == 2
    assert "USER 10001:10001" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_every_process_of_the_procfile_has_a_service(services: dict[str, Any]) -> None:
    commands = [service.get("command") for service in services.values()]
    assert all([name] in commands for name in procfile())


def test_the_stores_are_on_an_internal_network_and_publish_nothing(
    services: dict[str, Any],
) -> None:
    for store in STORES:
        assert services[store]["networks"] == ["stores"]
        assert "ports" not in services[store]
    assert compose()["networks"]["stores"] == {"internal": True}
    published = [name for name, service in services.items() if "ports" in service]
    assert published == ["web"]
    assert all(str(port).startswith("127.0.0.1:") for port in services["web"]["ports"])


def test_no_secret_is_in_the_environment_of_a_container(services: dict[str, Any]) -> None:
    made = {Path(secret["file"]).name for secret in compose()["secrets"].values()}
    for service in services.values():
        assert not made & set(service.get("environment", {}))
        assert set(service["secrets"]) <= made


def test_the_secrets_fit_each_other_and_are_made_once(tmp_path: Path) -> None:
    made = [make_secrets(tmp_path) for _ in range(2)]
    assert made[0] == made[1]
    wanted = {Path(secret["file"]).name for secret in compose()["secrets"].values()}
    assert made[0].keys() == wanted
    database = database_address(made[0]["DATABASE_URL"])
    assert (database["HOST"], database["PASSWORD"]) == ("postgres", made[0]["postgres_password"])
    assert made[0]["redis_password"] in redis_address(made[0]["REDIS_URL"]).url
    assert len(set(made[0].values())) == len(made[0])


def make_secrets(directory: Path) -> dict[str, str]:
    """Run the script on a directory; return the secrets that are in it then."""
    assert subprocess.run([DEPLOY / "secrets", directory / "made"]).returncode == 0
    assert (directory / "made").stat().st_mode & 0o077 == 0
    return {file.name: file.read_text() for file in (directory / "made").iterdir()}


def test_a_process_is_told_where_its_secrets_are_and_runs_its_line(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copy(DEPLOY / "process", tmp_path / "deploy")
    (tmp_path / "Procfile").write_text(
        'web: printf "%s|" "${SECRET_KEY_FILE}" "${PORT:-8080}" "${DATABASE_URL_FILE:-none}"\n'
    )
    (tmp_path / "SECRET_KEY").write_text("a $HOME `id` 'key'\n")
    done = process(tmp_path, "web")
    assert done.stdout == f"{tmp_path}/SECRET_KEY|8080|none|"
    refused = process(tmp_path, "we")
    assert (refused.returncode, refused.stderr) == (2, "the Procfile has no process we\n")


def process(directory: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [directory / "deploy/process", name],
        env={"PATH": os.environ["PATH"], "SECRETS_DIR": str(directory)},
        capture_output=True,
        text=True,
    )
