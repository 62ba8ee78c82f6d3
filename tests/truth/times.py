"""The times that a page shows, against their moments: in the reader's zone, with day and year where they are others."""

from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.async_api import Page

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TIMES = """async () => {
    const from = document.querySelector("script[type=module]").src;
    const { serverDate } = await import(new URL("server_time.js", from).href);
    const seen = [...document.querySelectorAll("main time[data-style]")].filter((time) => time.checkVisibility());
    const times = seen.map((time) => [time.dataset.style, time.dateTime, time.textContent.trim()]);
    return [serverDate().toISOString(), times];
}"""
LATEST_SECONDS = 8.0  # ages are written anew every five seconds
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


async def wrong_times(page: Page, zone: str) -> list[str]:
    """Those that say another time than theirs."""
    try:
        said, times = await page.evaluate(TIMES)
    except Exception as error:
        return [str(error).splitlines()[0]]
    now = datetime.fromisoformat(said)
    return [
        f"{style} of {moment} says {text!r} at {said} in {zone}"
        for style, moment, text in times
        if not right(style, datetime.fromisoformat(moment), text, now, zone)
    ]


def right(style: str, moment: datetime, text: str, now: datetime, zone: str) -> bool:
    """Whether a text of this style says this moment, `now`."""
    there, here = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if style == "clock":
        just_before = (
            here.replace(second=0) if here.second < LATEST_SECONDS and (here.hour, here.minute) == (0, 0) else here
        )
        return text == _clock(there, here) or ((just_before != here or here.hour == 0) and text == f"{there:%H:%M:%S}")
    if style == "hour":
        return text in (f"{there:%H:%M}", _clock(there, here)) and (len(text) == 5) == (there.date() == here.date())
    if style == "axis":
        return text == f"{there:%H:%M}"
    if style in ("date", "utc-date"):
        shown = there if style == "date" else moment
        return text == f"{shown.day} {MONTHS[shown.month - 1]} {shown.year}"
    if text in ("now", "0 s", "due now"):
        return (moment - now).total_seconds() < LATEST_SECONDS and (
            style in ("until", "due") or (now - moment).total_seconds() < 5 + LATEST_SECONDS
        )
    number, unit, *_ = text.removeprefix("in ").replace(",", "").split(" ")
    span = (moment - now if text.startswith("in ") else now - moment).total_seconds()
    length = UNITS[unit]
    if style in ("ahead", "due") and span > 0 and text.startswith("in "):  # rounded, seconds up
        return abs(span - int(number) * length) <= (1 if length == 1 else length / 2) + LATEST_SECONDS
    return int(number) * length - LATEST_SECONDS <= span < (int(number) + 1) * length + LATEST_SECONDS


def _clock(there: datetime, here: datetime) -> str:
    day = f"{there.day} {MONTHS[there.month - 1]}"
    if there.year != here.year:
        return f"{day} {there.year} {there:%H:%M}"
    return f"{day} {there:%H:%M}" if there.date() != here.date() else f"{there:%H:%M:%S}"
