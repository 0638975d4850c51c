"""`python -m wallstreetsim.stack.compiling` compiles the machine by mypyc, once for a state of it.

Without a C compiler it says so and fails nothing: the sources serve.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from wallstreetsim.stack import compiled

KEPT = 5  # states of the sources, for branches and for processes that still run an older one
# A fused multiply-add rounds once where the interpreter rounds twice: another world, in the end.
C_FLAGS = ["-ffp-contract=off"]


def main() -> None:
    home, directory = compiled.home(), compiled.directory()
    if home is None or directory is None or directory.is_dir():
        return
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    if shutil.which(compiler.split()[0]) is None:
        _say("There is no C compiler: the engines run from their sources, slower.")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and leave nothing half made behind
    try:
        _compile(home, directory)
    except OSError as error:
        _say(f"The engines cannot be kept in {home}, and run from their sources, slower: {error}")


def _compile(home: Path, directory: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    _say("Compiling the engines: a minute or two, once for each state of their sources.")
    with TemporaryDirectory(prefix=".making-", dir=home) as scratch:
        log = home / "compiling.log"
        with log.open("w") as output:
            done = subprocess.run(
                [sys.executable, "-m", "wallstreetsim.stack.compiling", scratch],
                cwd=compiled.CODE,
                env=os.environ | {"WSS_ENGINE_DIR": compiled.OFF},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if done.returncode:
            _say(f"They could not be compiled, and run from their sources, slower: see {log}")
            return
        _install(Path(scratch) / "modules", directory)
    _forget_old(home)


def make(scratch: Path) -> None:
    """Compile the sources into `scratch`/modules. Raises whatever the compilers do."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    options = ["--strict", "--explicit-package-bases", "--config-file=", f"--cache-dir={scratch}/c"]
    options += ["--follow-imports=silent", "--ignore-missing-imports"]  # Django has no types
    extensions = mypycify(
        [*options, *map(str, compiled.sources())],
        opt_level="1",  # 2 and 3 take longer and gain nothing: the time goes into Python's objects
        debug_level="0",
        multi_file=True,  # for the memory that a C compiler needs
        target_dir=str(scratch / "generated"),
        group_name="wallstreetsim_machine",
    )
    for extension in extensions:
        extension.extra_compile_args += C_FLAGS
    command = Distribution({"ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(scratch / "modules"), str(scratch / "objects")
    command.ensure_finalized()
    command.run()


def _install(made: Path, directory: Path) -> None:
    try:
        made.rename(directory)
    except OSError:  # another was first
        if not directory.is_dir():
            raise


def _forget_old(home: Path) -> None:
    kept = sorted(
        (entry for entry in home.iterdir() if entry.is_dir() and entry.name[0] != "."),
        key=lambda entry: entry.stat().st_mtime,
    )
    for entry in kept[:-KEPT]:
        shutil.rmtree(entry, ignore_errors=True)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        make(Path(sys.argv[1]))
    else:
        main()
