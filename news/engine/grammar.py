"""Words for values: whatever is put into a template stays good English.

Every number that a reader sees is written here, from the very figure that it reports.
"""

from __future__ import annotations

from collections.abc import Sequence

from market.engine.values import Cents

_LONGEST_NAME = 40
_MOST_WORDS = 3
_SOUNDS_LIKE_A_CONSONANT = ("uni", "use", "usu", "eu", "one", "ubi", "uti")
_SOUNDS_LIKE_A_VOWEL = ("hour", "honest", "heir", "sec ", "fda ", "mri")


def indefinite(phrase: str) -> str:
    """Return the phrase with "a" or "an" before it, by how it sounds."""
    return f"{'an' if _begins_with_a_vowel(phrase) else 'a'} {phrase}"


def _begins_with_a_vowel(phrase: str) -> bool:
    text = phrase.lstrip("+-$").lower()
    if text[:1].isdigit():
        leading = text.split(",")[0].split(".")[0].split("%")[0].split(" ")[0]
        return leading[:1] == "8" or leading in ("11", "18")
    if text.startswith(_SOUNDS_LIKE_A_CONSONANT):
        return False
    return text[:1] in ("a", "e", "i", "o", "u") or f"{text} ".startswith(_SOUNDS_LIKE_A_VOWEL)


def possessive(name: str) -> str:
    """Return whose: "Apex Technologies'", "Nova Health's"."""
    return f"{name}'" if name[-1:] in ("s", "S") else f"{name}'s"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number of things: "1 share", "2,000 shares"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """Return names in a row: "A", "A and B", "A, B and C"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def dollars(cents: Cents) -> str:
    """Return money: to the cent below a million dollars, else to a tenth of a million or more."""
    sign, size = ("-" if cents < 0 else ""), abs(cents)
    for unit, word in ((100_000_000_000_000, "trillion"), (100_000_000_000, "billion")):
        if size >= unit:
            return f"{sign}${_tenths(size, unit)} {word}"
    if size >= 100_000_000:
        tenths = _tenths(size, 100_000_000)
        return f"{sign}$1.0 billion" if tenths == "1,000.0" else f"{sign}${tenths} million"
    return f"{sign}${size // 100:,}.{size % 100:02d}"


def _tenths(size: int, unit: int) -> str:
    """Return size / unit to a tenth, rounded half up."""
    tenths = (20 * size + unit) // (2 * unit)
    return f"{tenths // 10:,}.{tenths % 10}"


def percent(fraction: float) -> str:
    """Return a size in percent, without its sign: a tenth is exact enough from one percent on."""
    size = abs(fraction) * 100.0
    return f"{size:,.1f}%" if size >= 0.995 else f"{size:.2f}%"


def signed_percent(fraction: float) -> str:
    """Return a change in percent with its sign; none where it rounds to zero."""
    text = percent(fraction)
    if text == "0.00%":
        return text
    return f"{'+' if fraction > 0 else '-'}{text}"


def rate(bps: int) -> str:
    """Return a rate of basis points in percent, exactly."""
    return f"{'-' if bps < 0 else ''}{abs(bps) // 100}.{abs(bps) % 100:02d}%"


def short_name(name: str, symbol: str) -> str:
    """Return what an article calls a company: its name, unless that would fill a headline."""
    fits = len(name) <= _LONGEST_NAME and 0 < len(name.split()) <= _MOST_WORDS
    return name if fits else symbol


def role_name(role: str) -> str:
    """Return a role as one says it: "SEC investigator", "hedge fund manager"."""
    return {"ceo": "chief executive", "sec_investigator": "SEC investigator"}.get(
        role, role.replace("_", " ")
    )


def crime_name(crime: str) -> str:
    """Return a type of crime as one says it: "pump and dump"."""
    return crime.replace("_", " ")
