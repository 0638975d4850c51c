"""The scorecard: what the runs come to, as figures, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from sec.engine.rules import COORDINATION, INSIDER_TRADING
from wallstreetsim.lab.surveillance.catalogue import (
    CRIMES,
    LOOK_ALIKES,
    STYLES,
    TYPES,
    families,
    generator_hash,
)
from wallstreetsim.lab.surveillance.measure import (
    BACKGROUND,
    TOGETHER,
    Alert,
    Job,
    Played,
    Result,
)
from wallstreetsim.lab.surveillance.stage import COMPANIES, EVASIVE, HOUSE, TICKS

# What the scorecard is held against.
LEAST_RECALL, LEAST_EVASIVE_RECALL, LEAST_PRECISION = 0.95, 0.85, 0.95
LEAST_CONVICTION_PRECISION = 0.98
MOST_MEDIAN_LATENCY, MOST_P95_LATENCY = 10, 50
MOST_FALSE_PER_1200 = 3

PUBLISHED = Path(__file__).parents[3] / "sec" / "scorecard.json"  # what the page shows
LOOK_ALIKE_SEEDS = 5  # times as many as of each script
NO_NAIVE_RULE = frozenset({COORDINATION, INSIDER_TRADING})

Json: TypeAlias = dict[str, Any]


def jobs(
    half: str, seeds: int, types: Sequence[str] = TYPES, *, innocent: bool = True
) -> list[Job]:
    """Return the runs of a scorecard: of each script as many as there are seeds, and of each kind
    of look-alike five times as many.
    """
    planned: list[Job] = []
    for crime in types:
        for style in STYLES:
            for number, play in enumerate(CRIMES[half][crime][style]):
                planned += [
                    Job(
                        half=half,
                        crime=crime,
                        style=style,
                        number=number,
                        kinds=[],
                        ticks=TICKS,
                        seed=f"{half}/{play.__name__}/{seed}",
                    )
                    for seed in range(seeds)
                ]
    if innocent:
        for seed in range(LOOK_ALIKE_SEEDS * seeds):
            kinds = list(LOOK_ALIKES[half])
            Random(f"{half}/{seed}").shuffle(kinds)
            for start in range(0, len(kinds), TOGETHER):
                some = kinds[start : start + TOGETHER]
                planned.append(
                    Job(
                        half=half,
                        crime="",
                        style="",
                        number=0,
                        kinds=some,
                        ticks=TICKS,
                        seed=f"{half}/look-alikes/{seed}/{start}",
                    )
                )
    return planned


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The figures of one half, as plain data."""

    figures: Json

    @property
    def passes(self) -> bool:
        return not self.figures["shortfalls"]

    def as_text(self) -> str:
        """Return the tables as people read them."""
        figures = self.figures
        lines = [
            f"{figures['half']} scripts, {figures['runs']} runs; generators"
            f" {figures['generatorHash']}, engine {figures['engineVersion']}"
            f" ({figures['engineHash']})",
            "",
            f"{'type':18} {'recall':>7} {'plain':>7} {'disg.':>7} {'evasive':>7} {'precis.':>8}"
            f" {'F1':>6} {'n':>4} {'latency':>9} {'by count':>9} {'exact':>6}"
            "   naive: recall, precision",
        ]
        for row in figures["types"]:
            latency = f"{_number(row['latencyMedian'])}/{_number(row['latencyP95'])}"
            by_count = "/".join(map(_number, row["latencyByCount"]))
            naive = row["naive"]
            compared = (
                f"{_share(naive['recall'])}, {_share(naive['precision'])}" if naive else "no rule"
            )
            styles = " ".join(f"{_share(row['recallBy'][style]):>7}" for style in STYLES)
            lines.append(
                f"{row['type']:18} {_share(row['recall']):>7} {styles}"
                f" {_share(row['precision']):>8} {_share(row['f1']):>6} {row['implants']:4}"
                f" {latency:>9} {by_count:>9} {_share(row['exact']):>6}   {compared}"
            )
        lines += ["", f"{'script':26} {'type':18} {'style':10} {'caught':>9} {'convicted':>9}"]
        for row in figures["scripts"]:
            lines.append(
                f"{row['script']:26} {row['type']:18} {row['style']:10}"
                f" {row['caught']:4}/{row['implants']:<4} {row['convicted']:4}/{row['implants']:<4}"
            )
        lines += ["", f"{'look-alike':26} {'runs':>5} {'false':>6} {'naive':>6}"]
        for row in figures["lookAlikes"]:
            lines.append(f"{row['kind']:26} {row['runs']:5} {row['false']:6} {row['naiveFalse']:6}")
        innocent, convictions = figures["innocent"], figures["convictions"]
        lines += [
            "",
            f"false alerts on {innocent['lookAlikes']} look-alikes: {innocent['false']}"
            f" ({innocent['per1200']:.1f} in 1,200; naive {innocent['naiveFalse']});"
            f" on the house {innocent['background']} (naive {innocent['naiveBackground']})",
            f"convictions: {convictions['convicted']}, of the innocent {convictions['wronged']},"
            f" precision {_share(convictions['precision'])}",
        ]
        lines += ["", "what falls short:" if figures["shortfalls"] else "nothing falls short"]
        lines += [f"  {one}" for one in figures["shortfalls"]]
        return "\n".join(lines)


def score(
    results: Sequence[Result],
    *,
    half: str,
    types: Sequence[str],
    seeds: int,
    engine_version: int,
    engine_hash: str,
    date: str,
) -> Scorecard:
    """Return the scorecard of these results."""
    rows = [_type_row(crime, results) for crime in types]
    kinds = [_kind_row(kind, results) for kind in LOOK_ALIKES[half]]
    count = sum(kind["runs"] for kind in kinds)
    false = sum(kind["false"] for kind in kinds)
    alerts = [alert for result in results for alert in result["alerts"]]
    convicted = sum(alert["convicted"] for alert in alerts)
    wronged = sum(alert["wronged"] for alert in alerts)
    figures: Json = {
        "half": half,
        "date": date,
        "engineVersion": engine_version,
        "engineHash": engine_hash,
        "generatorHash": generator_hash(),
        "seeds": seeds,
        "runs": len(results),
        "ticks": TICKS,
        "companies": COMPANIES,
        "house": HOUSE,
        "voids": sum(result["voids"] for result in results),
        "tunedOn": {crime: families("tuning", crime) for crime in types},
        "types": rows,
        "scripts": list(_script_rows(results, half, types)),
        "lookAlikes": kinds,
        "innocent": {
            "lookAlikes": count,
            "false": false,
            "per1200": 1_200 * false / count if count else 0.0,
            "naiveFalse": sum(kind["naiveFalse"] for kind in kinds),
            "background": sum(alert["about"] == BACKGROUND for alert in alerts),
            "naiveBackground": sum(
                alert["about"] == BACKGROUND for result in results for alert in result["naive"]
            ),
        },
        "convictions": {
            "convicted": convicted,
            "wronged": wronged,
            "precision": (convicted - wronged) / convicted if convicted else None,
        },
    }
    figures["shortfalls"] = list(_shortfalls(figures))
    return Scorecard(figures)


def _type_row(crime: str, results: Sequence[Result]) -> Json:
    implants = [
        (played, result)
        for result in results
        for played in result["played"]
        if played["crime"] == crime
    ]
    caught = [(played, _first_right(result["alerts"])) for played, result in implants]
    latencies = sorted(
        max(0, alert["tick"] - (played["proven"] or 0)) for played, alert in caught if alert
    )
    by_count = sorted(
        max(0, alert["tick"] - (played["counted"] or 0)) for played, alert in caught if alert
    )
    alerts = [a for result in results for a in result["alerts"] if a["crime"] == crime]
    naive = [a for result in results for a in result["naive"] if a["crime"] == crime]
    recall = _part(sum(alert is not None for _, alert in caught), len(caught))
    precision = _precision(alerts)
    naive_caught = sum(_first_right(result["naive"]) is not None for _, result in implants)
    return {
        "type": crime,
        "implants": len(implants),
        "recall": recall,
        "recallBy": {
            style: _part(
                sum(a is not None for p, a in caught if p["style"] == style),
                sum(p["style"] == style for p, _ in caught),
            )
            for style in STYLES
        },
        "precision": precision,
        "f1": _f1(recall, precision),
        "latencyMedian": _quantile(latencies, 0.5),
        "latencyP95": _quantile(latencies, 0.95),
        # The same from when the script counts its guilt as proven, and the verifier may not yet.
        "latencyByCount": [_quantile(by_count, 0.5), _quantile(by_count, 0.95)],
        "exact": _part(
            sum(bool(alert and alert["exact"]) for _, alert in caught),
            sum(alert is not None for _, alert in caught),
        ),
        "falseAlerts": sum(not (a["right"] or a["also"]) for a in alerts),
        "naive": None
        if crime in NO_NAIVE_RULE
        else {"recall": _part(naive_caught, len(implants)), "precision": _precision(naive)},
    }


def _script_rows(results: Sequence[Result], half: str, types: Sequence[str]) -> Iterator[Json]:
    for crime in types:
        for style in STYLES:
            for play in CRIMES[half][crime][style]:
                mine = [
                    result
                    for result in results
                    if any(_is(played, play.__name__) for played in result["played"])
                ]
                right = [[a for a in result["alerts"] if a["right"]] for result in mine]
                yield {
                    "script": play.__name__,
                    "type": crime,
                    "style": style,
                    "implants": len(mine),
                    "caught": sum(bool(alerts) for alerts in right),
                    "convicted": sum(any(a["charged"] for a in alerts) for alerts in right),
                }


def _is(played: Played, name: str) -> bool:
    return played["name"] == name and bool(played["crime"])


def _kind_row(kind: str, results: Sequence[Result]) -> Json:
    mine = [
        result
        for result in results
        if any(p["name"] == kind and not p["crime"] for p in result["played"])
    ]
    false = sum(a["about"] == kind for result in mine for a in result["alerts"])
    return {
        "kind": kind,
        "runs": len(mine),
        "false": false,
        "falseBy": {
            crime: n
            for crime in TYPES
            if (
                n := sum(
                    a["about"] == kind and a["crime"] == crime
                    for result in mine
                    for a in result["alerts"]
                )
            )
        },
        "rate": _part(
            sum(any(a["about"] == kind for a in result["alerts"]) for result in mine), len(mine)
        ),
        "naiveFalse": sum(any(a["about"] == kind for a in result["naive"]) for result in mine),
    }


def _shortfalls(figures: Json) -> Iterator[str]:
    """Say what is not as good as it should be."""
    for row in figures["types"]:
        type = row["type"].replace("_", " ")
        for style in STYLES:
            least = LEAST_EVASIVE_RECALL if style == EVASIVE else LEAST_RECALL
            found = row["recallBy"][style]
            if found is not None and found < least:
                yield f"{type}, {style}: recall {found:.2f}, less than {least}"
        if row["precision"] is not None and row["precision"] < LEAST_PRECISION:
            yield f"{type}: precision {row['precision']:.2f}, less than {LEAST_PRECISION}"
        if (row["latencyMedian"] or 0) > MOST_MEDIAN_LATENCY:
            yield f"{type}: median latency {row['latencyMedian']} ticks"
        if (row["latencyP95"] or 0) > MOST_P95_LATENCY:
            yield f"{type}: p95 latency {row['latencyP95']} ticks"
    if figures["innocent"]["per1200"] > MOST_FALSE_PER_1200:
        yield (
            f"{figures['innocent']['false']} false alerts on"
            f" {figures['innocent']['lookAlikes']} look-alikes"
        )
    precision = figures["convictions"]["precision"]
    if precision is not None and precision < LEAST_CONVICTION_PRECISION:
        yield f"convictions: precision {precision:.3f}, less than {LEAST_CONVICTION_PRECISION}"


def _first_right(alerts: Sequence[Alert]) -> Alert | None:
    return min((a for a in alerts if a["right"]), key=lambda alert: alert["tick"], default=None)


def _precision(alerts: Sequence[Alert]) -> float | None:
    right = sum(alert["right"] or alert["also"] for alert in alerts)
    return _part(right, len(alerts))


def _part(count: int, of: int) -> float | None:
    return count / of if of else None


def _f1(recall: float | None, precision: float | None) -> float | None:
    if recall is None or precision is None:
        return None
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def _quantile(values: Sequence[int], part: float) -> int | None:
    """Return a quantile of sorted values: one of them, the nearest rank."""
    return values[min(len(values) - 1, int(part * len(values)))] if values else None


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _number(value: int | None) -> str:
    return "—" if value is None else str(value)
