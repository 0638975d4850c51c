"""Actions that nothing takes back: their forms ask once more, and say what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.http import HttpRequest

from agents.engine.rules import POINT
from market.engine.values import BPS_IN_ONE
from sec.engine.penalties import crime_rule
from sec.engine.rules import BRIBERY, SecRules
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.acting import OWN_FIELDS, PREVIEW, preview_of
from wallstreetsim.terminal.action_forms import FINAL, ActionForm


def terms(rules: SecRules) -> Mapping[str, str]:
    """Return what each of these actions costs, as the law has it, by its type."""
    cases, flight, bribes = rules.cases, rules.flight, rules.bribes
    bribery = crime_rule(BRIBERY, rules.penalties)
    return {
        "SETTLE": f"You pay {_percent(cases.settled_bps)} of the fine at once, and never less than"
        f" {_percent(cases.settled_gain_bps)} of what the conduct has gained. The case ends"
        " without prison and counts as a conviction against you; nobody gives the money back."
        f" You can settle once in {cases.settle_ticks:,} ticks.",
        "APPEAL": "The evidence of your conviction is checked again, by a stricter standard, in"
        f" {cases.appeal_ticks:,} ticks. A conviction has one appeal; it is final after it.",
        "FLEE": f"You escape with odds of {flight.base_odds:.0%} to {flight.most_odds:.0%}, the"
        " better the more you have. Then you trade no more until you are back, your positions are"
        f" closed, and {_percent(flight.forfeited_bps)} of what remains is forfeited. Who is caught"
        f" goes to prison for {flight.caught_years} years.",
        "KEEP_BRIBE": "What you may still receive in gifts is yours, and the rest goes back. It"
        f" costs you {bribes.keeper_loses_millionths // POINT} reputation, and it is bribery:"
        f" a case finds it for {bribes.remembered_ticks:,} ticks. A conviction means"
        f" {bribery.least_years} to {bribery.most_years} years in prison.",
    }


def question(request: HttpRequest, forms: list[ActionForm]) -> Mapping[str, Any] | None:
    """Return what is asked before the action in the address is taken: its terms, what the API's dry
    run says of it, and its fields as they will be sent; None if none is to be confirmed.
    """
    given = request.GET.dict()
    type = given.get("type", "")
    if PREVIEW not in given or type not in FINAL:
        return None
    fields = {name: text for name, text in given.items() if name not in OWN_FIELDS}
    shown = next(one.fields for one in forms if one.type == type)
    return {
        "type": type,
        "terms": TERMS[type],
        "result": preview_of(request, fields),
        "once": str(uuid4()),
        "fields": [
            {
                "name": one.name,
                "label": one.label,
                "value": fields[one.name],
                "words": dict(one.options).get(fields[one.name], fields[one.name]),
            }
            for one in shown
            if fields.get(one.name)
        ],
    }


def _percent(bps: int) -> str:
    return f"{100 * bps / BPS_IN_ONE:g}%"


TERMS = terms(RULES.sec)
