from collections.abc import Iterator

from market.common.bulk import Write
from tests.toy.engine import ToyReport
from tests.toy.record import counts


def writes(report: ToyReport) -> Iterator[Write]:
    yield Write("DELETE FROM toy_greetingcount", [])
    yield counts(report)
