"""Stories told by files."""

from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from wallstreetsim.lab.scenarios import read, run

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "docs" / "examples"
ARENA = EXAMPLES / "bots.yaml"  # the one example that is no story
STORIES = sorted({*EXAMPLES.glob("*.yaml"), *HERE.glob("*.yaml")} - {ARENA})

Told: TypeAlias = dict[str, Any]


@cache
def told(name: str, **instead: Any) -> Told:
    """Run a story by its name, once, and return the JSON object it prints."""
    (path,) = (story for story in STORIES if story.stem == name)
    return tell(path.read_bytes(), **instead)


def tell(source: bytes | str, **instead: Any) -> Told:
    if isinstance(source, str):
        source = source.encode()
    return dict(orjson.loads(orjson.dumps(run(read(source, **instead)).as_wire())))


def orders(told: Told) -> dict[str, str]:
    """Return what became of each named order: its status and how much of it was filled."""
    return {
        order["clientOrderId"]: f"{order['status']} {order['filledQuantity']}/{order['quantity']}"
        for order in told["orders"]
        if order["clientOrderId"]
    }


def trades(told: Told) -> list[str]:
    return [
        f"{t['tick']}: {t['buyer']} bought {t['quantity']} {t['symbol']} from {t['seller']}"
        f" @ {t['price']:.2f}"
        for t in told["trades"]
    ]


def codes(told: Told) -> list[str]:
    return [result["code"] for result in told["results"]]
