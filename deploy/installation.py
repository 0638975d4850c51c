"""`deploy/install --root DIR` writes what an operator's machine needs beside the code.

Everything in `deploy/files` goes to the same place under DIR, "/" on the machine itself, with the
machine's own values for what stands there as @NAME@. The code stays where it is. What holds keys is
never written twice.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

FILES = Path(__file__).resolve().parent / "files"
FIRST_PORT = 8081  # of the web processes
MOST_PROCESSES = 64
UNSEEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # by the units, which hide these
# Made here so that nothing has to wait for systemd-tmpfiles, which sets their owners.
DIRECTORIES = {
    "var/log/wallstreetsim": 0o750,
    "var/lib/wallstreetsim": 0o700,
    "var/backups/wallstreetsim": 0o700,
    "var/www/letsencrypt": 0o755,
}
ENVIRONMENT = "etc/wallstreetsim/environment"
MODES = {ENVIRONMENT: 0o600, "etc/letsencrypt/renewal-hooks/deploy/wallstreetsim": 0o755}
LINKS = {"etc/nginx/sites-enabled/wallstreetsim": "../sites-available/wallstreetsim"}
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
PLACE = re.compile(r"@([A-Z_]+|PROCFILE_[a-z]+)@")

NEXT = """\
Installed. As root, on the machine itself:
  systemd-sysusers && systemd-tmpfiles --create
  systemctl daemon-reload
  systemctl enable --now wallstreetsim.target wallstreetsim-backup.timer
docs/operating.md ("On a server") says what PostgreSQL, Redis, nginx and the firewall need."""


class InstallationError(Exception):
    """The files cannot be written, for the reason given."""


def procfile(code: Path) -> dict[str, str]:
    """Return the lines of the Procfile, by name."""
    lines = (code / "Procfile").read_text().splitlines()
    named = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): rest.strip() for name, _, rest in named}


def exec_start(line: str) -> str:
    """Return a Procfile's line as systemd's: the shell expands it, systemd must leave it alone."""
    escaped = line.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace("'", "\\'")
    return f"/bin/sh -c 'exec {escaped}'"


def values(
    code: PurePosixPath, processes: Mapping[str, str], options: argparse.Namespace
) -> dict[str, str]:
    """Return what stands for each @NAME@."""
    ports = range(FIRST_PORT, FIRST_PORT + options.web)
    couriers = range(1, options.courier + 1)
    return {
        "CODE": str(code),
        "HOST": options.host,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "WEBHOOK_KEY": secrets.token_urlsafe(50),
        "PROCESSES": str(options.web + options.courier + 2),  # beat and floor
        "WEB_UNITS": " ".join(f"wallstreetsim-web@{port}.service" for port in ports),
        "COURIER_UNITS": " ".join(f"wallstreetsim-courier@{n}.service" for n in couriers),
        "WEB_SERVERS": "\n".join(f"    server 127.0.0.1:{port} max_fails=0;" for port in ports),
        **{f"PROCFILE_{name}": exec_start(line) for name, line in processes.items()},
    }


def check_code(root: Path, code: PurePosixPath) -> Path:
    """Return the code as it lies under `root`. Raises InstallationError if units cannot run it."""
    if not code.is_absolute() or re.search(r"[^A-Za-z0-9._/+-]", str(code)):
        raise InstallationError(f"--code must be an absolute path of plain characters, not {code}")
    for hidden in UNSEEN:
        if code.is_relative_to(hidden):
            raise InstallationError(
                f"the code is in {code}, and the units do not see {hidden}: make a release"
                " elsewhere, with deploy/build.sh /opt/wallstreetsim, and install from there"
            )
    found = root / code.relative_to("/")
    for needed in ("Procfile", "manage.py", ".venv/bin/python"):
        if not (found / needed).exists():
            raise InstallationError(f"{found / needed} is missing: run deploy/build.sh {code}")
    return found


def install(root: Path, options: argparse.Namespace) -> Iterator[Path]:
    """Write every file under `root`; yield each that was written."""
    code = PurePosixPath(options.code)
    known = values(code, procfile(check_code(root, code)), options)
    for directory, mode in DIRECTORIES.items():
        (root / directory).mkdir(parents=True, exist_ok=True)
        (root / directory).chmod(mode)
    for source in sorted(file for file in FILES.rglob("*") if file.is_file()):
        name = str(source.relative_to(FILES))
        target = root / name
        if name == ENVIRONMENT and target.exists():
            target.chmod(MODES[name])
            continue
        write(
            target,
            PLACE.sub(lambda found: known[found[1]], source.read_text()),
            MODES.get(name, 0o644),
        )
        yield target
    for name, to in LINKS.items():
        link = root / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(to)
        yield link


def write(target: Path, text: str, mode: int) -> None:
    """Replace a file at once: never half of it, nor for a moment open to others."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.chmod(mode)
    unfinished.rename(target)


def count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST_PROCESSES}, not {number}")
    return number


def host(text: str) -> str:
    if not HOST.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(f"must be a name like exchange.example.org, not {text!r}")
    return text.lower()


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="deploy/install", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="/, or where to write it instead")
    parser.add_argument("--host", type=host, required=True, help="the public name of the site")
    parser.add_argument("--code", default=str(FILES.parents[1]), help="where the release is")
    parser.add_argument("--web", type=count, default=2, help="how many web processes")
    parser.add_argument("--courier", type=count, default=2, help="how many couriers")
    options = parser.parse_args(words)
    try:
        for file in install(options.root.resolve(), options):
            print(file)
    except (InstallationError, OSError) as error:
        sys.exit(f"deploy/install: {error}")
    print(NEXT)


if __name__ == "__main__":
    main(sys.argv[1:])
