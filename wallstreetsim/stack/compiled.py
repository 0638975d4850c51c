"""The compiled machine: native modules that are imported instead of the sources they were made of.

`wallstreetsim.stack.compiling` makes them, in a directory named by a hash of the sources. Where
there is none, for the sources have changed or there is no C compiler, the sources serve: the same
machine, digest by digest, at half the speed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from hashlib import blake2b
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

CODE = Path(__file__).resolve().parents[2]
ENGINES = ("market/engine", "agents/engine", "sec/engine", "news/engine")
MACHINE = (
    "wallstreetsim/machine/actions.py",
    "wallstreetsim/machine/engines.py",
    "wallstreetsim/machine/rules.py",
    "wallstreetsim/machine/world.py",
)
TELLING = (
    "market/wire.py",
    "wallstreetsim/floor/tape_events.py",
)  # as long as the machine's own part
OFF = "off"


def sources() -> list[Path]:
    """Return what is compiled, relative to the code. A package's own file only gathers names."""
    found = [file for engine in ENGINES for file in (CODE / engine).rglob("*.py")]
    relative = [str(file.relative_to(CODE)) for file in found if file.name != "__init__.py"]
    return [Path(name) for name in sorted((*relative, *MACHINE, *TELLING))]


def home() -> Path | None:
    """Return where compiled engines are kept: in the Python environment, unless it is set."""
    given = os.environ.get("WSS_ENGINE_DIR", "")
    if given == OFF:
        return None
    return Path(given).resolve() if given else Path(sys.prefix) / "engines"


def directory() -> Path | None:
    """Return where the modules compiled of the present sources are, or would be."""
    return base / state_of_sources() if (base := home()) else None


def state_of_sources() -> str:
    state = blake2b(EXTENSION_SUFFIXES[0].encode(), digest_size=16)
    for source in sources():
        text = (CODE / source).read_bytes()
        state.update(f"{source} {len(text)} ".encode() + text)
    return state.hexdigest()


class Finder(MetaPathFinder):
    """Finds the compiled modules of a directory."""

    def __init__(self, directory: Path) -> None:
        suffix = EXTENSION_SUFFIXES[0]
        files = {file.relative_to(directory): file for file in directory.rglob(f"*{suffix}")}
        self.files = {
            str(name).removesuffix(suffix).replace(os.sep, "."): file
            for name, file in files.items()
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self.files.get(name)
        return spec_from_file_location(name, file) if file else None


def prefer() -> bool:
    """Let imports find the compiled modules first, if there are any, and say whether they will.

    Not once a source has been imported: half a machine of each kind would not run.
    """
    if expected is None or not expected.is_dir():
        return False
    finder = Finder(expected)
    if not finder.files.keys().isdisjoint(sys.modules):
        return False
    sys.meta_path.insert(0, finder)
    return True


def has_arrived() -> bool:
    """Say whether what this process runs from its sources has been compiled since it began."""
    return not IN_USE and expected is not None and expected.is_dir()


expected = directory()
IN_USE = prefer()
