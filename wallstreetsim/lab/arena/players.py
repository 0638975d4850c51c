"""Bots as processes: each is sent its briefing, and has so long to reply."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, NamedTuple, NoReturn

import orjson

from wallstreetsim.machine.rules import RULES
from webhooks.engine.delivery import LARGEST_REPLY
from webhooks.engine.reply import NOTHING, Reply, parse_reply

START_SECONDS = 60.0  # until the first reply: a program has to start
END_SECONDS = 2.0


class Turn(NamedTuple):
    """What came of a turn: the reply, or why there is none."""

    reply: Reply = NOTHING
    lost: str = ""  # late, dead, nonsense; "" for a turn that counts
    why: str = ""


class Player:
    """A bot's process. A thread of its own talks to it, so that it keeps nobody waiting.

    A reply that is late is read and thrown away when it comes; until then its bot has no turn. A
    bot that has died stays dead.
    """

    def __init__(self, command: Sequence[str], directory: Path, *, seconds: float) -> None:
        self.seconds = seconds
        self._briefings: Queue[bytes | None] = Queue()
        self._replies: Queue[bytes | None] = Queue()
        self._is_owed = False  # a reply, since the last turn
        self._may_reply = False  # in this turn
        self._has_replied = False
        self._death = ""
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                command,
                cwd=directory,
                env=os.environ | {"PYTHONHASHSEED": "0"},  # else sets of strings have any order
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            self._process, self._death = None, f"it cannot be started: {error.strerror}"
            return
        self._thread = Thread(target=self._talk, args=(self._process,), daemon=True)
        self._thread.start()

    def send(self, briefing: Any) -> None:
        """Begin a turn, unless the reply of an earlier one has not come yet."""
        if self._is_owed:
            self._take_late_reply()
        if not self._death and not self._is_owed:
            self._briefings.put(orjson.dumps(briefing) + b"\n")
            self._is_owed = True
            self._may_reply = True
        else:
            self._may_reply = False

    def reply(self) -> Turn:
        """Return what came of the turn."""
        if self._death:
            return Turn(lost="dead", why=self._death)
        if not self._may_reply:
            return Turn(lost="late", why="its last reply has not come yet")
        try:
            line = self._replies.get(timeout=self._patience())
        except Empty:
            return Turn(lost="late", why=f"no reply within {self._patience():g} s")
        self._is_owed, self._has_replied = False, True
        return self._judged(line)

    def end(self) -> None:
        """Let the process end, and make it if it does not."""
        if self._process is None:
            return
        self._briefings.put(None)
        try:
            self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()

    def _patience(self) -> float:
        return self.seconds if self._has_replied else max(self.seconds, START_SECONDS)

    def _take_late_reply(self) -> None:
        try:
            line = self._replies.get_nowait()
        except Empty:
            return
        self._is_owed = False
        if line is None or not line.endswith(b"\n"):
            self._judged(line)

    def _judged(self, line: bytes | None) -> Turn:
        if line is None or not line.endswith(b"\n"):
            self._death = self._why_dead() if not line else "its reply is too long"
            return Turn(lost="dead", why=self._death)
        try:
            reply = parse_reply(json.loads(line, parse_float=Decimal, parse_constant=_no_constant))
        except (ValueError, RecursionError) as fault:  # a MalformedReply among them
            return Turn(lost="nonsense", why=f"the reply is not understood: {fault}")
        if len(reply.actions) > RULES.agents.actions_per_request:
            return Turn(lost="nonsense", why=f"at most {RULES.agents.actions_per_request} actions")
        return Turn(reply)

    def _why_dead(self) -> str:
        assert self._process is not None
        try:
            return f"it ended with exit code {self._process.wait(timeout=END_SECONDS)}"
        except subprocess.TimeoutExpired:
            return "it closed its output"

    def _talk(self, process: subprocess.Popen[bytes]) -> None:
        """Send briefings and read replies, until either ends; a None says that none comes."""
        assert process.stdin is not None and process.stdout is not None
        try:
            while (briefing := self._briefings.get()) is not None:
                process.stdin.write(briefing)
                process.stdin.flush()
                line = process.stdout.readline(LARGEST_REPLY + 1)
                self._replies.put(line or None)
                if not line.endswith(b"\n"):
                    return
            process.stdin.close()
        except OSError:
            pass
        self._replies.put(None)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
