"""A web process of the tests' own, over the test database, that may be killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

START_SECONDS = 60


class Web:
    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self.address = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "daphne", "--bind", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*command, "wallstreetsim.asgi:application"],
                cwd=settings.BASE_DIR,
                env=os.environ | {"DATABASE_URL": _database_url()},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _database_url() -> str:
    database = connection.settings_dict
    user, host = quote(database["USER"]), quote(database["HOST"], safe="")
    password = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{user}{password}@{host}{port}/{database['NAME']}"
