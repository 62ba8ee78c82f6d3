"""Which lists of ETags name one: RFC 9110, 8.8.3 and 13.1."""

import pytest

from console.http.etag import matches

ETAG = 'W/"5f2a"'


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (ETAG, True),
        ('"5f2a"', True),
        ('"other", W/"5f2a"', True),
        ('"other","5f2a" , "third"', True),
        ("*", True),
        (" * ", True),
        ('"other"', False),
        ('"a,*,b"', False),
        ('"a, 5f2a, b"', False),
        ("5f2a", False),
        ('"5f2a', False),
        ("", False),
    ],
)
def test_a_list_names_an_etag(wanted: str, named: bool) -> None:
    assert matches(wanted, ETAG) is named
