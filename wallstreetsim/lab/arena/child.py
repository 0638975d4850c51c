"""The process in which a callable plays: a briefing a line on stdin, a reply a line on stdout.

python child.py module:function
"""

from __future__ import annotations

import importlib
import json
import sys


def main() -> None:
    module, _, function = sys.argv[1].partition(":")
    replies, sys.stdout = sys.stdout, sys.stderr  # what it prints is no reply
    sys.path[0] = ""  # modules of the directory in which the match is played
    decide = getattr(importlib.import_module(module), function)
    for line in sys.stdin:
        print(json.dumps(decide(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
