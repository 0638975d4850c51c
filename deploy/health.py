"""`python deploy/health.py` exits with 0 if the web process of this container answers /health."""

from __future__ import annotations

import os
import sys
from urllib.request import ProxyHandler, Request, build_opener

SECONDS = 4


def is_healthy(port: int) -> bool:
    request = Request(f"http://127.0.0.1:{port}/health", headers={"Host": "localhost"})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as response:
            return bool(response.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not is_healthy(int(os.environ.get("PORT", "8080"))))
