"""The rules as they are published, and a world's rules changed by their published names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

from market import rule_names
from wallstreetsim.machine.rules import Rules

# Who of the house plays by the rules, and how often the others do not, is for agents to find out.
UNPUBLISHED_OF_HOUSE = ("roster", "roles", "social", "crime_rate", "insider_rate", "crook_noise")
_SECRET = frozenset(f"house.{rule_names.wire_name(name)[0]}" for name in UNPUBLISHED_OF_HOUSE)


def published(rules: Rules) -> dict[str, Any]:
    """Return the rules without what only operators may know, as the wire names them."""
    plain = asdict(rules)
    house = {k: v for k, v in plain["house"].items() if k not in UNPUBLISHED_OF_HOUSE}
    shown: dict[str, Any] = rule_names.wired(plain | {"house": house})
    return shown


def with_changes(rules: Rules, changes: Mapping[str, object]) -> Rules:
    """Return the rules with these changed, as `/config` names them under `rules`.

    Raises rule_names.BadRule.
    """
    return rule_names.changed(rules, changes, "", _SECRET)


def hash_of(rules: Rules) -> str:
    """Return a hash of all rules, those that are not published among them."""
    plain = json.dumps(asdict(rules), sort_keys=True, default=str)
    return blake2b(plain.encode(), digest_size=16).hexdigest()
