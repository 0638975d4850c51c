"""What supervisord says to whoever looks at the terminal."""

from io import StringIO

import pytest

from wallstreetsim.stack.supervisor import pass_on

FULL = """\
Traceback (most recent call last):
  File "/supervisor/loggers.py", line 109, in emit
    self.flush()
OSError: [Errno 28] No space left on device
"""


def test_a_complaint_is_passed_on_once_and_without_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pass_on(StringIO(FULL * 40 + "\nError: another thing\n" + FULL))
    assert capsys.readouterr().err == (
        "supervisord: OSError: [Errno 28] No space left on device\n"
        "supervisord: Error: another thing\n"
    )
