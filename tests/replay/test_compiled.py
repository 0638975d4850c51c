"""The compiled machine: the same as its sources, and never older than they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.replay.test_pure import GOLDEN_DIGEST
from tests.stack.running import eventually
from wallstreetsim.machine import world
from wallstreetsim.stack import compiled


def run(*words: str, **environment: str) -> str:
    """Run a module of the project and return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=compiled.CODE,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_sources_make_the_same_history() -> None:
    assert run("tests.replay.history", WSS_ENGINE_DIR="off").split()[-1] == GOLDEN_DIGEST


def test_the_machine_is_compiled_where_it_can_be() -> None:
    compiler = shutil.which(str(sysconfig.get_config_var("CC")).split()[0])
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    if compiled.home() is None or compiler is None or not headers.exists():
        assert Path(str(world.__file__)).suffix == ".py"
        pytest.skip("there is no C compiler, or it is not wanted")
    assert compiled.IN_USE, "make compile"
    assert Path(str(world.__file__)).suffix == ".so"


def test_what_was_compiled_of_other_sources_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in compiled.sources():
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(compiled.CODE / source, tmp_path / source)
    monkeypatch.setattr(compiled, "CODE", tmp_path)
    assert compiled.directory() == compiled.expected

    with (tmp_path / "market/engine/book.py").open("a") as book:
        book.write("# changed\n")

    assert compiled.directory() != compiled.expected


def test_half_a_machine_of_each_kind_is_never_run() -> None:
    assert not compiled.prefer(), "the engines have been imported"


def test_where_they_cannot_be_kept_the_sources_serve(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = run(
        "wallstreetsim.stack.compiling", CC=sys.executable, WSS_ENGINE_DIR=f"{tmp_path}/file/x"
    )
    assert said.startswith("The engines cannot be kept in") and said.count("\n") == 1


def test_who_stops_the_compiler_finds_nothing_left_of_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "wallstreetsim.stack.compiling"]
    environment = os.environ | {"CC": sys.executable, "WSS_ENGINE_DIR": str(tmp_path)}
    with subprocess.Popen(words, cwd=compiled.CODE, env=environment) as compiler:
        eventually(lambda: any(tmp_path.glob(".making-*")))
        compiler.terminate()
    assert not any(tmp_path.glob(".making-*"))


def test_without_a_compiler_the_sources_serve(tmp_path: Path) -> None:
    said = run("wallstreetsim.stack.compiling", CC="nowhere/cc", WSS_ENGINE_DIR=str(tmp_path))
    assert said == "There is no C compiler: the engines run from their sources, slower.\n"
    assert list(tmp_path.iterdir()) == []
