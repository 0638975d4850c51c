"""Supervisord: its configuration, starting and stopping it, and asking it about its processes."""

import http.client
import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import SIGTERM
from threading import Thread
from typing import Any

from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError
from wallstreetsim.stack.children import die_with_parent, record, stop_signal
from wallstreetsim.stack.privileges import is_root

GROUPS = {
    "stores": ("postgres", "redis"),
    "exchange": ("web", "beat", "floor", "courier"),
    "once": ("compiler",),
}
STOP_SECONDS = 4.3  # what is not down by then is killed
WAKE_SECONDS = 0.2
RPC_SECONDS = 2.0

# Paths are relative to the data directory, where supervisord works, so they need no quoting.
# Groups stop last one first, the processes of a group together.
CONFIG = """\
[supervisord]
nodaemon=true
silent=true
{user}
logfile=logs/supervisord.log
logfile_maxbytes=10MB
logfile_backups=2
pidfile=supervisord.pid

[unix_http_server]
file=%(ENV_WSS_SUPERVISOR_SOCKET)s
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

GROUP = """
[group:{name}]
programs={programs}
priority={priority}
"""

PROGRAM = """
[program:{name}]
command=python -m wallstreetsim.stack.child {name}
directory=%(ENV_WSS_CODE_DIR)s
stdout_logfile=logs/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
redirect_stderr=true
autostart=false
stopsignal={signal}
stopwaitsecs=3
killasgroup=true
"""

# To supervisor whatever has started runs; what "does not start" it would try more and more rarely.
# How soon a process starts again is its own affair (`children.wait_for_turn`).
KEPT_ALIVE = """\
autorestart=true
startsecs=0
startretries=1000000000
"""

ONCE = """\
autorestart=false
startsecs=0
stopasgroup=true
"""


def configuration() -> str:
    """Return the text of supervisord's configuration file."""
    parts = [CONFIG.format(user="user=root" if is_root() else "")]
    for priority, (group, names) in enumerate(GROUPS.items()):
        parts.append(GROUP.format(name=group, programs=",".join(names), priority=priority))
        for name in names:
            kind = ONCE if group == "once" else KEPT_ALIVE
            parts.append(PROGRAM.format(name=name, signal=stop_signal(name).name[3:]) + kind)
    return "".join(parts)


class Supervisor:
    """A running supervisord, and so the processes it keeps alive."""

    def __init__(self, places: Places, code: Path) -> None:
        """Start supervisord on `places`, with no process of its own as yet."""
        self._rpc = xmlrpc.client.ServerProxy(
            "http://localhost", transport=_UnixTransport(places.supervisor_socket)
        )
        places.supervisor_config.write_text(configuration())
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(places.supervisor_config)],
            cwd=places.data,
            env=os.environ
            | {"WSS_SUPERVISOR_SOCKET": str(places.supervisor_socket), "WSS_CODE_DIR": str(code)},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for the launcher, which stops things in order
            preexec_fn=partial(die_with_parent, SIGTERM),
        )
        record(places.pids, "supervisord", self._process.pid)
        assert self._process.stderr is not None
        Thread(target=pass_on, args=(self._process.stderr,), daemon=True).start()

    def answers(self) -> bool:
        if self._process.poll() is not None:
            raise StackError("supervisord ended as soon as it had started")
        try:
            self._rpc.supervisor.getState()
        except OSError:
            return False
        return True

    def start(self, process: str) -> None:
        """Start `process`, named "group:name"."""
        self._rpc.supervisor.startProcess(process, False)

    def has_failed(self, process: str) -> bool:
        """Tell whether `process` has ended since it was first started, or could not be started."""
        info: Any = self._rpc.supervisor.getProcessInfo(process)
        return bool(info["stop"] or info["spawnerr"])

    def wait(self) -> None:
        """Wait until supervisord ends by itself, and keep it prompt until then."""
        while self._process.poll() is None:
            time.sleep(WAKE_SECONDS)
            self._wake()

    def stop(self) -> None:
        """Stop everything in order, and supervisord last."""
        self._ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
            self._wake()
        self._process.kill()
        self._process.wait()

    def _ask_to_stop(self) -> None:
        try:
            self._rpc.supervisor.shutdown()
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            self._process.send_signal(SIGTERM)

    def _wake(self) -> None:
        """Make supervisord see to its processes now; left alone it may take a second to."""
        with suppress(OSError, xmlrpc.client.Error, http.client.HTTPException):
            self._rpc.supervisor.getState()


def pass_on(complaints: Iterable[str]) -> None:
    """Say each complaint once, and without its traceback.

    While the disk is full, supervisord has one with every line that it cannot log.
    """
    said: set[str] = set()
    for line in complaints:
        if line[0].isspace() or line.startswith("Traceback") or line in said:
            continue
        said.add(line)
        with suppress(OSError):  # the terminal is gone; whoever complains must not wait for us
            print(f"supervisord: {line.rstrip()}", file=sys.stderr, flush=True)


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=RPC_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(RPC_SECONDS)
        self.sock.connect(str(self._path))
