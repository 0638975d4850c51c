from collections.abc import Callable, Iterator
from functools import partial

from market.common.bulk import Write, insertion, upsert
from tests.toy.engine import ToyReport


def counts(report: ToyReport) -> Write:
    return upsert(
        "toy_greetingcount",
        {"account": "bigint", "greetings": "bigint"},
        ("account",),
        report.counts.items(),
    )


def writes(tick: int, report: ToyReport) -> Iterator[tuple[str, Callable[[], Write]]]:
    rows = [(tick, greeting.account) for greeting in report.greetings]
    yield "write toys", partial(insertion, "toy_greetingrow", ("tick", "account"), rows)
    yield "write toys", partial(counts, report)
