"""How a text is divided into messages, as the standard counts them; the page's own counter does the same."""

import json
import os
import subprocess

import pytest
from msgspec import to_builtins

from console.sms.parts import DCS_GSM_7, DCS_UCS_2, MOST_PARTS, SmsTooLong, counted, length, parts_of
from tests.front.test_texts import NODE, ROOT

CASES = json.loads((ROOT / "tests/data/sms_parts.json").read_text(encoding="utf-8"))
TEXTS = [case.pop("text") * case.pop("repeat") for case in CASES]
PROGRAM = """
globalThis.document = {};
const { counted } = await import(`${process.argv[1]}/sms_text.js`);
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(counted)));
"""


def test_a_text_counts_as_the_table_says() -> None:
    assert [to_builtins(counted(text)) for text in TEXTS] == CASES


def test_the_browser_counts_as_the_table_says() -> None:
    if not NODE.exists():
        assert os.environ.get("REQUIRE_NODE") != "1", "There is no Node.js beside playwright"
        pytest.skip("There is no Node.js beside playwright")
    command = [str(NODE), "--input-type=module", "-e", PROGRAM, str(ROOT / "static/js"), json.dumps(TEXTS)]
    run = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert json.loads(run.stdout) == CASES


@pytest.mark.parametrize(
    ("text", "dcs", "lengths"),
    [
        ("a" * 160, DCS_GSM_7, [160]),
        ("a" * 161, DCS_GSM_7, [153, 8]),
        ("€" * 80, DCS_GSM_7, [160]),
        ("€" * 81, DCS_GSM_7, [152, 10]),  # an escape and its letter stay together
        ("a" * 306 + "b", DCS_GSM_7, [153, 153, 1]),
        ("ж" * 70, DCS_UCS_2, [70]),
        ("ж" * 71, DCS_UCS_2, [67, 4]),
        ("😀" * 36, DCS_UCS_2, [66, 6]),  # a pair of surrogates too
    ],
)
def test_a_text_is_divided_as_the_standard_counts(text: str, dcs: int, lengths: list[int]) -> None:
    parts = parts_of(text, 0xCC)
    assert {part.dcs for part in parts} == {dcs}
    assert [length(part.payload, dcs) for part in parts] == lengths
    assert "".join(part.payload for part in parts) == text
    headers = [part.udh for part in parts]
    assert headers == (
        [None] if len(parts) == 1 else [f"050003CC{len(parts):02X}{n:02X}" for n in range(1, len(parts) + 1)]
    )


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "a" * (153 * MOST_PARTS + 1)])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(SmsTooLong):
        parts_of(text)
