"""ICCIDs as people type them and as 1NCE wants them."""

import pytest

from console.once.iccid import InvalidIccid, check_digit, known, parse

SIM = "8988228066605682328"


@pytest.mark.parametrize(
    "typed",
    [
        SIM,
        SIM + check_digit(SIM),
        f" {SIM} ",
        "8988 2280 6660 5682 328",
        "8988-2280-6660-5682-328",
        SIM + "F",
        SIM + "f",
    ],
)
def test_an_iccid_is_understood_however_it_is_typed(typed: str) -> None:
    assert parse(typed) == SIM


def test_the_check_digit_is_the_one_of_luhns_rule() -> None:
    assert check_digit("7992739871") == "3"


@pytest.mark.parametrize("digit", sorted(set("0123456789") - {check_digit(SIM)}))
def test_a_wrong_check_digit_is_told_with_the_right_one(digit: str) -> None:
    with pytest.raises(InvalidIccid, match=f"should be {check_digit(SIM)}"):
        parse(SIM + digit)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("898822806660568232", "18"),
        (SIM + "12", "21"),
        ("89882280666056823x8", "digits only"),
        ("８988228066605682328", "digits only"),
        ("../../v1/orders/12345", "digits only"),
    ],
)
def test_what_is_no_iccid_is_refused_in_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(InvalidIccid, match=says):
        parse(typed)


def test_a_device_with_a_name_of_its_own_tells_no_iccid() -> None:
    assert known("Pump 7") is None
    assert known(None) is None
    assert known(SIM) == SIM
