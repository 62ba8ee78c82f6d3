"""Which SIMs are one alert: by operator, country, area or tag, whichever explains most of them."""

import pytest

from console.alerts.grouping import FLEET, MANY, NewSubject, Tags, grouped


def some(
    number: int, operator: str | None, country: str | None, first: int = 0, area: str | None = None
) -> list[NewSubject]:
    iccids = [str(first + n) for n in range(number)]
    return [NewSubject(subject=one, iccid=one, operator=operator, country=country, area=area) for one in iccids]


@pytest.mark.parametrize(
    ("found", "open_keys", "single", "expected"),
    [
        (some(MANY - 1, "A", "DE"), (), 0, dict.fromkeys(map(str, range(MANY - 1)), 1)),
        (some(5_000, "A", "DE"), (), 0, {"operator:DE/A": 5_000}),
        (some(1, "A", "DE"), ("operator:DE/A",), 0, {"operator:DE/A": 1}),
        (some(6, "A", "DE") + some(6, "B", "DE", 6), (), 0, {"country:DE": 12}),
        (some(12, None, None), (), 0, {FLEET: 12}),
        (some(1, "A", "DE"), (), 10, {FLEET: 1}),
    ],
)
def test_many_sims_are_one_alert(
    found: list[NewSubject], open_keys: tuple[str, ...], single: int, expected: dict[str, int]
) -> None:
    assert {key: len(sims) for key, sims in grouped(found, open_keys, single).items()} == expected


@pytest.mark.parametrize(
    ("found", "open_keys", "expected"),
    [
        (some(40, "A", "DE", area="31"), (), {"area:DE/A/31": 40}),
        (some(40, "A", "DE", area="31") + some(3, "A", "DE", 40, area="32"), (), {"area:DE/A/31": 40, "40": 1}),
        (some(20, "A", "DE", area="31") + some(20, "A", "DE", 20, area="32"), (), {"operator:DE/A": 40}),
        (some(1_204, "A", "DE") + some(5, "B", "DE", 1_204), (), {"operator:DE/A": 1_204, "1204": 1}),
        (some(40, "A", "DE", area="31") + some(40, "B", "FR", 40), (), {"operator:DE/A": 40, "operator:FR/B": 40}),
        (some(1, "A", "DE", area="31"), ("area:DE/A/31", "operator:DE/A"), {"area:DE/A/31": 1}),
        (some(20, "A", "DE") + some(2, None, None, 20), (FLEET,), {"operator:DE/A": 20, FLEET: 2}),
    ],
)
def test_what_explains_most_of_a_storm_is_its_alert(
    found: list[NewSubject], open_keys: tuple[str, ...], expected: dict[str, int]
) -> None:
    groups = grouped(found, open_keys, 0)
    assert {key: len(sims) for key, sims in groups.items() if key in expected} == expected
    assert sum(map(len, groups.values())) == len(found)


def spread(number: int) -> list[NewSubject]:
    """SIMs of as many operators and countries."""
    return [one for n in range(number) for one in some(1, f"O{n}", f"C{n}", n)]


def test_a_tag_explains_a_storm_if_its_sims_have_it_more_often_than_the_fleet() -> None:
    found = spread(30)
    of = {str(n): ["all", "pump"] if n < 25 else ["all"] for n in range(30)}
    keys = {key: len(sims) for key, sims in grouped(found, (), 0, Tags(of, {"all": 1.0, "pump": 0.1})).items()}
    assert keys["tag:pump"] == 25
    assert "tag:all" not in keys, "it says nothing: every SIM has it"
    keys = {key: len(sims) for key, sims in grouped(found, (), 0, Tags(of, {"all": 1.0, "pump": 0.8})).items()}
    assert keys == {FLEET: 30}
    joined = grouped(spread(1), ("tag:pump",), 0, Tags(of, {"all": 1.0, "pump": 0.8}))
    assert list(joined) == ["tag:pump"]
