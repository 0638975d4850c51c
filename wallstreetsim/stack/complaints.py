"""Finding, in what a program has said, the one line that tells what is wrong."""

from pathlib import Path

MARKS = ("error:", "FATAL:", "PANIC:")


def complaint_in(output: str) -> str:
    """Return the last line that is marked as an error; without any, the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if any(mark in line for mark in MARKS)]
    return (marked or lines or ["it said nothing"])[-1]


def complaint_in_log(log: Path) -> str:
    return complaint_in(log.read_text(errors="replace")) if log.exists() else "it has no log"
