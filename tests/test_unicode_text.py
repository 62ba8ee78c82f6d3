"""Joiners are let through where writing needs them, and nothing else that can't be seen."""

import unicodedata
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings import Settings
from console.sims.annotations_rules import AnnotationChanges, Annotations, fold_tag, merged
from console.store.database import Database
from console.unicode_text import JOINERS, is_visible, visible
from tests.api.test_watching import operator_key
from tests.cast import ADAS_SIM, Cast
from tests.cli.test_organizations import org
from tests.serving import Served

WRITTEN = {
    "a family": "👨\u200d👩\u200d👧\u200d👦",
    "an astronaut of a colour": "👩🏽\u200d🚀",
    "a head that shakes": "🙂\u200d↔️",
    "Persian": "می\u200cخواهم",
    "Persian with a number": "۱۲\u200cساله",
    "Sinhala": "ශ්\u200dරී ලංකා",
    "Devanagari": "क्\u200dष",
    "Malayalam, a chillu at the end": "അവന്\u200d വന്നു",
}
REFUSED = {
    "alone": "\u200d",
    "first": "\u200cpump",
    "last": "pump\u200d",
    "beside a blank": "pump \u200d7",
    "two": "a\u200c\u200cb",
    "beside ASCII's own signs": "a-\u200db",
    "zero width space": "a\u200bb",
    "override": "a\u202eb",
    "isolate": "a\u2066b",
    "mark of direction": "a\u200fb",
    "soft hyphen": "a\u00adb",
    "control": "a\x1bb",
    "end of a line": "a\u2028b",
    "joined to an override": "a\u200d\u202eb",
    "private": "a\ue000b",
}
JOINED = st.one_of(
    st.characters(categories=["L", "Nd", "So"], min_codepoint=0x80), st.sampled_from("abcXYZ09👩👧🚀ی\u0dca\u093f️🏽")
).filter(str.isprintable)
HIDDEN = st.characters(categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]).filter(lambda one: one not in JOINERS)
JOINER = st.sampled_from(sorted(JOINERS))
PLAIN = st.one_of(JOINED, st.sampled_from(" -_.,€"))


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_with_joiners_is_visible(text: str) -> None:
    assert is_visible(text)
    assert visible(text, "?") == text


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_joins_nothing_is_refused(text: str) -> None:
    assert not is_visible(text)
    assert is_visible(visible(text, "?"))


@given(st.lists(st.tuples(JOINED, st.one_of(JOINER, st.just(""))), min_size=1), JOINED)
def test_joiners_stand_between_letters_and_emoji(pairs: Sequence[tuple[str, str]], last: str) -> None:
    assert is_visible("".join(one + joiner for one, joiner in pairs) + last)


@given(st.text(st.one_of(PLAIN, JOINER)), HIDDEN, st.text(st.one_of(PLAIN, JOINER)))
def test_nothing_else_that_can_t_be_seen_passes(before: str, hidden: str, after: str) -> None:
    assert not is_visible(before + hidden + after)
    assert hidden not in visible(before + hidden + after, "?")


@given(st.text(st.one_of(PLAIN, JOINER, HIDDEN)))
def test_what_is_made_visible_is_visible_and_says_the_same(text: str) -> None:
    found = visible(text, "?")
    assert is_visible(found)
    assert len(found) == len(text)
    assert all(one in (other, "?") for one, other in zip(found, text, strict=True))
    assert is_visible(text) == (found == text)
    assert is_visible(text) or not text.isprintable()


@given(st.text(st.one_of(PLAIN, JOINER, st.sampled_from("\u200b\u202e\u2066\u00ad\ufeff"))))
def test_a_note_keeps_the_joiners_that_join_and_nothing_hidden(written: str) -> None:
    note = merged(Annotations(), msgspec.convert({"note": written}, AnnotationChanges)).note or ""
    assert is_visible(note)
    if is_visible(written):
        assert note == unicodedata.normalize("NFC", written).strip()


def test_fields_keep_joiners_and_tags_are_the_same_without_them() -> None:
    changes = msgspec.convert({"custom_fields": {"site": WRITTEN["Persian"]}}, AnnotationChanges)
    assert merged(Annotations(), changes).custom_fields == {"site": WRITTEN["Persian"]}
    assert fold_tag(WRITTEN["Persian"]) == fold_tag(WRITTEN["Persian"].replace("\u200c", ""))


@pytest.mark.one_edition
@pytest.mark.parametrize("text", [WRITTEN["a family"], WRITTEN["Persian"], REFUSED["override"], REFUSED["last"]])
async def test_the_api_pages_and_commands_take_the_same_texts(
    web: Served, cast: Cast, db: Database, settings: Settings, text: str
) -> None:
    good = text in WRITTEN.values()
    text = f"Test {text}"
    seen = '{"label":"pump-1"}'
    form = {"kind": "label", "after": "0", "label": text, "reason": text, "seen": seen}
    asked = {"label": text, "reason": text}
    async with web.program(await operator_key(db, cast.acme)) as program, web.signed_in("otto") as otto:
        by_page = await otto.post(f"/sims/{ADAS_SIM}/actions", data=form, headers={"HX-Request": "true"})
        by_api = await program.post(f"/sims/{ADAS_SIM}/label", json=asked, headers={"Idempotency-Key": "one"})
        view = await program.post("/saved-views", json={"name": text, "query": "country=DE", "shared": True})
        shown = (await otto.get(f"/sims/{ADAS_SIM}")).text
    assert (by_page.status_code, by_api.status_code, view.status_code) == (
        (200, 202, 201) if good else (422, 422, 422)
    ), by_api.text + view.text
    assert (text in shown) == good
    named = org(settings, "set", "acme", "--name", text)
    assert named.returncode == (0 if good else 1), named.stderr
    assert (text in org(settings, "list").stdout) == good
