"""The example of the learning environment runs; and so does what a wheel holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

CODE = Path(__file__).parents[2]
STORY = "docs/examples/partial-fills.yaml"


def test_both_policies_are_played_and_plotted(tmp_path: Path) -> None:
    page = tmp_path / "policies.png"
    words = ["docs/examples/gym_policies.py", "--ticks", "40", "--out", str(page)]
    done = subprocess.run(
        [sys.executable, *words], cwd=CODE, env=_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "market making: " in done.stdout and "in 40 ticks" in done.stdout
    assert page.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_wheel_has_all_that_experiments_need(tmp_path: Path) -> None:
    built, installed = tmp_path / "built", tmp_path / "installed"
    code = tmp_path / "code"
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CODE, capture_output=True, text=True, check=True
    )
    for name in filter(None, files.stdout.split("\0")):
        if (CODE / name).exists() and not name.startswith(("tests/", "static/")):
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            (code / name).write_bytes((CODE / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *offline, "-w", str(built), str(code)], check=True)
    [wheel] = built.glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(installed)
    program = (
        "import sys, gymnasium, wallstreetsim.lab.gym, wallstreetsim.__main__\n"
        "env = gymnasium.make('wallstreetsim/Trader-v0', ticks=2)\n"
        "env.reset(seed=1); print(env.step([0, 0, 0, 0])[1], wallstreetsim.__file__)\n"
        f"sys.argv = ['wallstreetsim', 'scenario', {str(CODE / STORY)!r}]\n"
        "wallstreetsim.__main__.main()\n"
    )
    environment = _environment() | {"PYTHONPATH": str(installed)}
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0.0 ") and str(installed) in done.stdout
    assert '"cashSumsToZero":true' in done.stdout


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(CODE), "WSS_ENGINE_DIR": "off"}
