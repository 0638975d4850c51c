"""Where a stack keeps its things: all follows from the data directory, so everyone finds them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 103  # bytes a Unix socket's path may have on the least generous system (macOS)
LONGEST_SOCKET_NAME = "supervisor.sock.4194304"  # supervisor binds under its pid, then renames


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one data directory, which must be absolute."""

    data: Path

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def secret_key(self) -> Path:
        return self.data / "secret_key"

    @property
    def webhook_key(self) -> Path:
        return self.data / "webhook_key"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def pids(self) -> Path:
        return self.data / "pids"

    @property
    def supervisor_config(self) -> Path:
        return self.data / "supervisord.conf"

    @property
    def run(self) -> Path:
        """The private directory of sockets: in the data directory, unless it lies too deep."""
        inside = self.data / "run"
        if len(bytes(inside / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return inside
        return Path("/tmp") / f"wss-{hashlib.sha256(bytes(self.data)).hexdigest()[:16]}"

    @property
    def postgres_socket_dir(self) -> Path:
        return self.run / "pg"

    @property
    def redis_socket(self) -> Path:
        return self.run / "redis.sock"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"
