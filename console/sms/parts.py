"""A message as 1NCE takes and counts it: one call a part, coded as GSM-7 where that can say it, else as UCS-2.

A single message holds 160 GSM-7 septets or 70 UCS-2 code units (3GPP TS 23.038); in a long one the user data header
leaves 153 or 67 to each part (3GPP TS 23.040, section 9.2.3.24.1). Each part counts as one SMS of the quota. What is
counted beside a form while somebody types (static/js/sms_text.js) is held to the same table of cases.
"""

from msgspec import Struct

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # an escape stands before each: two septets
DCS_GSM_7, DCS_UCS_2 = 0, 8
ROOM = {DCS_GSM_7: (160, 153), DCS_UCS_2: (70, 67)}
MOST_PARTS = 10


class SmsTooLong(Exception):
    """A text that can't be sent as a message: empty, or of too many parts."""


class SmsPart(Struct, frozen=True):
    """One call: the text of the part, its coding, and the header that joins it to the others, as hex."""

    payload: str
    dcs: int
    udh: str | None = None


class SmsCount(Struct, frozen=True, kw_only=True):
    """How a text counts: its coding, the septets or code units that it takes, and its parts."""

    dcs: int
    used_units: int
    parts: int
    because: str | None = None  # the first character that GSM-7 does not have


def because(text: str) -> str | None:
    """The first character that makes the text UCS-2; None if GSM-7 can say it."""
    return next((one for one in text if one not in GSM_7 and one not in EXTENDED), None)


def coding(text: str) -> int:
    """The data coding scheme that the text needs."""
    return DCS_GSM_7 if because(text) is None else DCS_UCS_2


def length(text: str, dcs: int) -> int:
    """The septets or code units that the text takes."""
    if dcs == DCS_GSM_7:
        return len(text) + sum(one in EXTENDED for one in text)
    return len(text.encode("utf-16-be")) // 2


def divided(text: str, dcs: int) -> list[str]:
    """The texts of the parts; an escape sequence or a surrogate pair is never divided."""
    single, joined = ROOM[dcs]
    if length(text, dcs) <= single:
        return [text]
    texts, used = [""], 0
    for one in text:
        if used + (size := length(one, dcs)) > joined:
            texts.append("")
            used = 0
        texts[-1] += one
        used += size
    return texts


def counted(text: str) -> SmsCount:
    """How this text counts, however long it is."""
    dcs = coding(text)
    parts = len(divided(text, dcs)) if text else 0
    return SmsCount(dcs=dcs, used_units=length(text, dcs), parts=parts, because=because(text))


def parts_of(text: str, reference: int = 0) -> list[SmsPart]:
    """The parts of a message. `reference` (0 to 255) is the same in all parts of one message.

    Raises SmsTooLong for an empty text, a NUL, and for more than MOST_PARTS parts.
    """
    if not text.strip() or "\0" in text:
        raise SmsTooLong("A message needs a text")
    dcs = coding(text)
    texts = divided(text, dcs)
    if len(texts) == 1:
        return [SmsPart(text, dcs)]
    if len(texts) > MOST_PARTS:
        raise SmsTooLong(f"A message has at most {MOST_PARTS} parts; this would be {len(texts)}")
    header = f"050003{reference % 256:02X}{len(texts):02X}"
    return [SmsPart(part, dcs, f"{header}{number:02X}") for number, part in enumerate(texts, start=1)]
