"""The check of fresh worlds counts who is convicted, and holds nobody guilty who is not."""

from wallstreetsim.lab.surveillance.worlds import (
    Conviction,
    Found,
    FreshWorld,
    Schemes,
    lines,
    passes,
    run_job,
)


def world(*convictions: Conviction) -> Found:
    schemes = {"spoofing": Schemes(finished=3, accused=2, convicted=1)}
    return Found(seed="fresh/0", schemes=schemes, convictions=list(convictions))


def conviction(*, honest: bool = False, outside: bool = False) -> Conviction:
    return Conviction(
        tick=400, crime="spoofing", symbol="APEX", name="ann", outside=outside, honest=honest
    )


def test_nine_of_ten_worlds_must_convict_somebody_and_nobody_who_is_honest() -> None:
    convicting = [world(conviction()) for _ in range(9)]
    assert passes([*convicting, world()])
    assert not passes([*convicting[1:], world(), world()])
    assert not passes([*convicting, world(conviction(honest=True))])


def test_the_table_names_who_was_convicted_and_how_many_of_them_are_honest() -> None:
    _, line, *_, last = lines([world(conviction(honest=True, outside=True))])
    assert "spoofing in APEX: ann, an outsider, who is honest" in line
    assert last == ("somebody was convicted in 1 of 1 worlds; of the honest 1, 1 of them outsiders")


def test_the_table_counts_schemes_and_whose_crook_was_found_by_crime() -> None:
    assert "spoofing                 6         4         2         2" in list(
        lines([world(), world()])
    )


def test_a_world_is_run_for_two_days_with_its_crooks() -> None:
    found = run_job(FreshWorld(seed="short", companies=6, house=24))
    assert sum(one["finished"] for one in found["schemes"].values()) > 0
    convicted = {one["crime"] for one in found["convictions"]}
    schemes = found["schemes"].items()
    assert {crime for crime, one in schemes if one["convicted"]} == convicted
    assert all(one["finished"] >= one["accused"] >= one["convicted"] for _, one in schemes)
    assert not [one for one in found["convictions"] if one["outside"]]
