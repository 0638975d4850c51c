"""What becomes of an exchange that began before its engines were compiled."""

import shutil
from pathlib import Path

import psutil
import pytest

from tests.stack.conftest import StartRun
from tests.stack.running import eventually, kill
from wallstreetsim.stack import compiled


@pytest.mark.skipif(not compiled.IN_USE, reason="nothing has been compiled")
def test_the_floor_takes_them_up_when_they_are_there(
    start: StartRun,
    data: Path,
    free_port: int,
    tmp_path: Path,
) -> None:
    assert compiled.expected is not None
    run = start(data, free_port, WSS_ENGINE_DIR=str(tmp_path / "engines")).opened()
    before = run.pids()
    assert not runs_compiled(before["floor"])
    eventually(lambda: (run.places.pids / "compiler").exists())

    (tmp_path / "engines").mkdir(exist_ok=True)
    shutil.copytree(compiled.expected, tmp_path / "arriving")
    (tmp_path / "arriving").rename(tmp_path / "engines" / compiled.expected.name)

    eventually(lambda: runs_compiled(before["floor"]))
    eventually(lambda: len(psutil.Process(before["floor"]).children()) == 1)
    assert run.pids() == before
    kill(run.pid("floor"))
    eventually(run.is_open)


def runs_compiled(relay: int) -> bool:
    """Say whether a process that a relay runs uses compiled engines."""
    try:
        maps = [m for one in psutil.Process(relay).children() for m in one.memory_maps()]
    except psutil.NoSuchProcess:
        return False
    return any("wallstreetsim_machine" in Path(area.path).name for area in maps)
