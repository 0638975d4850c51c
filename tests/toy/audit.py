from collections.abc import Iterator

from django.db.backends.utils import CursorWrapper

from market.common.auditing import Check, differences, rows_of
from tests.toy.engine import ToyEngine


def checks(cursor: CursorWrapper, engine: ToyEngine | None) -> Iterator[Check]:
    if engine is not None:
        rows = dict(rows_of(cursor, "SELECT account, greetings FROM toy_greetingcount"))
        found = list(differences("greetings of account", rows, engine.counts))
        yield Check("greetings are counted", found)
