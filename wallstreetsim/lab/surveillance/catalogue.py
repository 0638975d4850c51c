"""Which scripts there are, by half: those that detectors may be tuned on, and those held out."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from wallstreetsim.lab.surveillance.further_families import FURTHER, FURTHER_LOOK_ALIKES
from wallstreetsim.lab.surveillance.held_out_families import HELD_OUT
from wallstreetsim.lab.surveillance.look_alikes import HELD_OUT_LOOK_ALIKES, TUNING_LOOK_ALIKES
from wallstreetsim.lab.surveillance.stage import DISGUISED, EVASIVE, PLAIN, Play
from wallstreetsim.lab.surveillance.tuning_families import TUNING

TUNING_HALF, HELD_OUT_HALF = "tuning", "held-out"
HALVES = (TUNING_HALF, HELD_OUT_HALF)
STYLES = (PLAIN, DISGUISED, EVASIVE)
CRIMES: Mapping[str, Mapping[str, Mapping[str, tuple[Play, ...]]]] = {
    TUNING_HALF: {
        crime: {
            style: (*plays, *FURTHER.get(crime, {}).get(style, ()))
            for style, plays in styles.items()
        }
        for crime, styles in TUNING.items()
    },
    HELD_OUT_HALF: HELD_OUT,
}
LOOK_ALIKES: Mapping[str, Mapping[str, Play]] = {
    TUNING_HALF: {**TUNING_LOOK_ALIKES, **FURTHER_LOOK_ALIKES},
    HELD_OUT_HALF: HELD_OUT_LOOK_ALIKES,
}
TYPES = tuple(HELD_OUT)

# What the published figures are measured on, and what that was set apart from. Families that came
# later to tune on are not among them: the hash stays, as long as the measure does.
_SOURCES = (
    "stage.py",
    "proofs.py",
    "tuning_families.py",
    "held_out_families.py",
    "look_alikes.py",
    "newsletter_readers.py",
)


def generator_hash() -> str:
    """Return the hash of the files that the scripts are written in."""
    hashed = blake2b(digest_size=16)
    for name in _SOURCES:
        hashed.update((Path(__file__).parent / name).read_bytes())
    return hashed.hexdigest()


def families(half: str, crime: str) -> list[str]:
    """Return the names of the scripts of a crime."""
    return [play.__name__ for plays in CRIMES[half][crime].values() for play in plays]
