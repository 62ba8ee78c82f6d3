"""ICCIDs as people type them and as 1NCE wants them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import BadRequest
from console.facts.topic_names import checked
from console.iccid import LENGTH, InvalidIccid, check_digit, known, parse

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
        "\ufeff8988\u200b228066605682328",
        "８９８８228066605682328",
        "8988\u00a02280\u20116660 5682328",
    ],
)
def test_an_iccid_is_understood_however_it_is_typed(typed: str) -> None:
    assert parse(typed) == SIM


def test_the_check_digit_is_the_one_of_luhns_rule() -> None:
    assert check_digit("7992739871") == "3"


@pytest.mark.parametrize("digit", sorted(set("0123456789") - {check_digit(SIM)}))
def test_a_wrong_check_digit_is_refused_with_the_right_one(digit: str) -> None:
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
        ("../../v1/orders/12345", "digits only"),
    ],
)
def test_what_is_no_iccid_is_refused_in_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(InvalidIccid, match=says):
        parse(typed)


def test_a_device_with_a_name_of_its_own_has_no_iccid() -> None:
    assert known("Pump 7") is None
    assert known(None) is None
    assert known(SIM) == SIM


@given(st.integers(min_value=0, max_value=10**LENGTH - 1).map(lambda number: f"{number:019d}"), st.integers(0, 9))
def test_exactly_one_of_the_ten_check_digits_is_accepted(digits: str, last: int) -> None:
    if str(last) == check_digit(digits):
        assert parse(f"{digits}{last}") == parse(digits) == digits
    else:
        with pytest.raises(InvalidIccid):
            parse(f"{digits}{last}")


def test_a_topic_names_its_sim_by_the_19_digits() -> None:
    assert checked(["fleet", f"sim:{SIM}{check_digit(SIM)}"]) == {"fleet", f"sim:{SIM}"}


def test_a_topic_with_a_wrong_check_digit_is_refused_with_the_reason() -> None:
    wrong = str((int(check_digit(SIM)) + 1) % 10)
    with pytest.raises(BadRequest, match="The check digit of"):
        checked([f"sim:{SIM}{wrong}"])
