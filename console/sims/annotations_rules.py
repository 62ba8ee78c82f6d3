"""What tags, notes and custom fields may be, how they are written, and how a change is merged. No database."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from msgspec import UNSET, Struct, UnsetType, field

from console.errors import Invalid
from console.facts.sims import SimState
from console.iccid import INVISIBLE
from console.unicode_text import JOINERS, joins, normal

MOST_TAGS = 20
LONGEST_TAG = 40  # characters
MOST_FIELDS = 30
LONGEST_FIELD = 200
LONGEST_NOTE = 2_000
CUSTOM = "field."  # how a custom field is written among other fields, in filters and sorts
EXCLUDES = "_not"  # how the name of a filter ends that excludes
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
IN_TAGS = frozenset("-_.:/+#&@")


class AnnotationRefused(Invalid):
    """A tag, note or custom field that can't be kept. The message is a sentence for whoever wrote it."""


class Annotations(Struct, frozen=True, kw_only=True):
    """What people added to a SIM. `edits` counts the changes."""

    tags: list[str] = field(default_factory=list)
    note: str | None = None
    custom_fields: dict[str, str] = field(default_factory=dict)
    edits: int = 0


class AnnotationChanges(Struct, frozen=True, kw_only=True):
    """What shall change: what is not given stays, null removes; custom fields are merged name by name (RFC 7396)."""

    tags: list[str] | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    custom_fields: dict[str, str | None] | UnsetType | None = UNSET


def written(annotated: Annotations | SimState) -> dict[str, object]:
    """What people added to it, for the audit trail."""
    return {"tags": annotated.tags, "note": annotated.note, "custom_fields": annotated.custom_fields}


def merged(current: Annotations, changes: AnnotationChanges) -> Annotations:
    """The annotations with these changes, checked and folded. Raises AnnotationRefused.

    `edits` is one higher if anything really differs.
    """
    tags, note, fields = current.tags, current.note, current.custom_fields
    if changes.tags is not UNSET:
        tags = checked_tags(changes.tags or ())
    if changes.note is not UNSET:
        note = checked_note(changes.note or "")
    if changes.custom_fields is not UNSET:
        fields = _merged_fields(fields, changes.custom_fields)
    if (tags, note, fields) == (current.tags, current.note, current.custom_fields):
        return current
    return Annotations(tags=tags, note=note, custom_fields=fields, edits=current.edits + 1)


def _merged_fields(current: Mapping[str, str], changes: Mapping[str, str | None] | None) -> dict[str, str]:
    if changes is None:
        return {}
    found = dict(current)
    for written, value in changes.items():
        name = field_name(written)
        text = field_value(value) if value is not None else ""
        if text:
            found[name] = text
        else:
            found.pop(name, None)
    if len(found) > MOST_FIELDS:
        raise AnnotationRefused(f"A SIM has at most {MOST_FIELDS} custom fields; these are {len(found)}.")
    return dict(sorted(found.items()))


def checked_tags(written: Iterable[str]) -> list[str]:
    """These tags folded and sorted, each once. Raises AnnotationRefused."""
    several = set(written)
    found = sorted({fold_tag(one) for one in several}) if len(several) <= 10 * MOST_TAGS else sorted(several)
    if len(found) > MOST_TAGS:
        raise AnnotationRefused(f"A SIM has at most {MOST_TAGS} tags; these are {len(found)}.")
    return found


def fold_tag(written: str) -> str:
    """A tag as it is stored: compatibility forms resolved (NFKC), lower case, hyphens for blanks."""
    text = "-".join(INVISIBLE.sub("", _line(written, "A tag", 4 * LONGEST_TAG)).casefold().split())
    if not text:
        raise AnnotationRefused("A tag has at least one character.")
    if len(text) > LONGEST_TAG:
        raise AnnotationRefused(f"A tag has at most {LONGEST_TAG} characters; {text[:20]}… has {len(text)}.")
    for character in text:
        if character not in IN_TAGS and unicodedata.category(character)[0] not in "LNM":
            raise AnnotationRefused(
                f"A tag has letters, digits and {' '.join(sorted(IN_TAGS))}; {text} has {character!r}."
            )
    return text


def field_name(written: str) -> str:
    """A custom field's name as it is stored: "Device model" becomes `device_model`. Raises AnnotationRefused."""
    name = re.sub(r"[\s-]+", "_", normal("NFKC", written).strip().lower())
    if not FIELD_NAME.fullmatch(name):
        raise AnnotationRefused(
            f"{written[:40]!r} can't name a custom field: letters a to z, digits and _, a letter first, 40 at most."
        )
    if name.endswith(EXCLUDES):
        raise AnnotationRefused(f"A custom field's name can't end with {EXCLUDES}: filters say so what they exclude.")
    return name


def field_value(written: str) -> str:
    """A custom field's value as it is stored: one line, without invisible characters. Raises AnnotationRefused."""
    return _line(written, "A custom field", LONGEST_FIELD)


def checked_note(written: str) -> str | None:
    """The note without invisible characters, lines ended by a line feed; None if nothing is left."""
    text = normal("NFC", written.replace("\r\n", "\n").replace("\r", "\n"))
    text = _clean(text, "The note").strip()
    if len(text) > LONGEST_NOTE:
        raise AnnotationRefused(f"The note has at most {LONGEST_NOTE:,} characters; this one has {len(text):,}.")
    return text or None


def _line(written: str, what: str, longest: int) -> str:
    text = " ".join(_clean(normal("NFKC", written), what).split())
    if len(text) > longest:
        raise AnnotationRefused(f"{what} has at most {longest} characters; this one has {len(text):,}.")
    return text


def _clean(written: str, what: str) -> str:
    """The text without direction marks and other invisible characters but joiners; a control character is refused."""
    text = INVISIBLE.sub(lambda found: found[0] if found[0] in JOINERS else "", written)
    text = INVISIBLE.sub(lambda found: found[0] if joins(found.string, found.start()) else "", text)
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r":
            raise AnnotationRefused(f"{what} has a control character (U+{ord(character):04X}).")
    return text
