"""`manage.py scenario`, as it is typed: with no database, no Redis and no clock."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.scenarios.helpers import EXAMPLES, told

CODE = EXAMPLES.parents[1]
STORY = EXAMPLES / "partial-fills.yaml"


def typed(*words: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a fresh shell that knows of no exchange."""
    nowhere = {"PATH": os.environ["PATH"], "WSS_DATA_DIR": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "manage.py", "scenario", *map(str, words)],
        cwd=CODE,
        env=nowhere | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def called(*words: object) -> str:
    printed = StringIO()
    call_command("scenario", *map(str, words), stdout=printed)
    return printed.getvalue()


def refused(*words: object) -> CommandError:
    with pytest.raises(CommandError) as raised:
        called(*words)
    return raised.value


def test_it_runs_where_nothing_else_does_and_prints_one_object() -> None:
    done = typed(STORY)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == told("partial-fills")


def test_the_result_does_not_depend_on_how_python_hashes() -> None:
    story = EXAMPLES / "trading-day.yaml"
    printed = {typed(story, PYTHONHASHSEED=seed).stdout for seed in ("0", "4242")}
    assert len(printed) == 1


def test_a_bad_file_gets_one_line_and_exit_code_2(tmp_path: Path) -> None:
    story = tmp_path / "bad.yaml"
    story.write_text("ticks: 5\nagents:\n  - {name: ann, cash: much}\n")
    done = typed(story)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"CommandError: {story}, line 3: agents[0].cash: must be a number\n"


def test_no_file_is_a_bad_file(tmp_path: Path) -> None:
    missing, directory = refused(tmp_path / "none.yaml"), refused(tmp_path)
    assert (missing.returncode, directory.returncode) == (2, 2)
    assert "No such file" in str(missing)
    assert "Is a directory" in str(directory)


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    assert "larger than 8 MB" in str(refused("/dev/zero"))


def test_ticks_and_seed_may_be_given_instead() -> None:
    result = json.loads(called(STORY, "--ticks", 2, "--seed", "x"))
    assert result["ticks"] == 2
    assert len(result["trades"]) == 2
    assert result["digest"] == told("partial-fills", ticks=2, seed="x")["digest"]


@pytest.mark.parametrize("ticks", ["0", "-1", "many", "1.5", "10000001", "٣", "9" * 5000])
def test_ticks_must_be_a_number_that_can_be_run(ticks: str) -> None:
    assert "--ticks: give a whole number" in str(refused(STORY, f"--ticks={ticks}"))


def test_the_result_may_go_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    out.write_text("an older and much longer result" * 1000)
    assert called(STORY, "--out", out) == ""
    assert json.loads(out.read_text()) == told("partial-fills")


def test_a_place_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    assert "No such file" in str(refused(STORY, "--out", tmp_path / "none" / "result.json"))


def test_a_file_runs_with_many_seeds_side_by_side() -> None:
    lines = called(STORY, "--seeds", 2).splitlines()
    assert [json.loads(line)["digest"] for line in lines] == [
        json.loads(called(STORY, "--seed", seed))["digest"] for seed in (1, 2)
    ]
