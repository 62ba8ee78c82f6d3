"""Megabytes to bytes, to the byte."""

from decimal import Decimal

import pytest

from console.once.wire.countries import COUNTRY_OF_NETWORK, country_code
from console.once.wire.radio import Cell, cell_name, rat_name
from console.once.wire.volumes import to_bytes, to_count


@pytest.mark.parametrize(
    ("megabytes", "bytes_"),
    [
        ("1", 1_048_576),
        ("0", 0),
        ("500", 524_288_000),
        ("435.787951", 456_956_787),
        ("-0.000001", -1),
        ("-12.5", -13_107_200),
        ("0.000001", 1),
        ("123456789.654321", 129_453_826_668_569),
    ],
)
def test_megabytes_become_bytes_exactly(megabytes: str, bytes_: int) -> None:
    assert to_bytes(Decimal(megabytes)) == bytes_


@pytest.mark.parametrize("nonsense", ["NaN", "Infinity", "1e999999999"])
def test_what_is_no_amount_is_an_error_and_costs_nothing(nonsense: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        to_bytes(Decimal(nonsense))
    with pytest.raises(ValueError, match="no amount"):
        to_count(Decimal(nonsense))


def test_messages_are_counted_whole_and_the_unknown_is_not_zero() -> None:
    assert to_count(Decimal("250.0")) == 250
    assert to_count(None) is None
    assert to_bytes(None) is None


@pytest.mark.parametrize(
    ("iso", "mcc", "country"),
    [("de", "247", "DE"), (None, "247", "LV"), ("", 262, "DE"), (None, "999", None), (None, None, None)],
)
def test_a_country_is_known_by_its_code_or_by_its_networks_number(
    iso: str | None, mcc: str | int | None, country: str | None
) -> None:
    assert country_code(iso, mcc) == country


def test_the_table_of_networks_is_well_formed() -> None:
    assert all(len(mcc) == 3 and mcc.isdigit() for mcc in COUNTRY_OF_NETWORK)
    assert all(len(iso) == 2 and iso.isupper() for iso in COUNTRY_OF_NETWORK.values())


@pytest.mark.parametrize(
    ("number", "text", "name"),
    [
        ("6", None, "LTE"),
        (8, "LTE", "NB-IoT"),
        ("2", "NB-IoT", "2G"),
        (7, None, "RAT 7"),
        (None, "5G", "5G"),
        ("", "", None),
    ],
)
def test_a_radio_technology_goes_by_its_number(number: str | int | None, text: str | None, name: str | None) -> None:
    assert rat_name(number, text) == name


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (Cell(tac=38402, eci=12), "38402/12"),
        (Cell(lac="40217", ci="12"), "40217/12"),
        (Cell(cgi=Cell(lac=1, ci=0)), "1/0"),
        (Cell(lac=1), None),
        (None, None),
    ],
)
def test_a_cell_is_named_by_area_and_number(cell: Cell | None, name: str | None) -> None:
    assert cell_name(cell) == name
