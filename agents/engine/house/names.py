"""Names of house agents, which do not give away their strategies."""

SURNAMES = (
    "Abbott Ainsley Barlow Beckett Caldwell Carver Dalton Draper Ellison Fairfax Garrick Halstead "
    "Hollis Ingram Kessler Langley Merrick Norwood Ormond Pelham Quincey Radcliffe Sinclair "
    "Thorne Underhill Vaughn Whitlock Yardley"
).split()


def house_name(seat: int) -> str:
    """Return the name of the house agent in a seat, counted from zero; no two share one."""
    return f"{SURNAMES[seat % len(SURNAMES)]}-{seat + 1}"


def house_names(count: int) -> list[str]:
    """Return the names of a house of so many agents."""
    return [house_name(seat) for seat in range(count)]
