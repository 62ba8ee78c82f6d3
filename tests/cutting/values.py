"""The raw values that a page shows, by name: what static/js/verify.js collects in a browser."""

import html as entities
import re

from tests.cutting.screen import TAG, VOID

ATTRIBUTE = re.compile(r'(?:^|\s)([a-z-]+)(?:="([^"]*)")?(?=\s|/|$)')
WANTED = ("data-rev=", "data-value=", "data-verified", " id=")
MAIN = re.compile(r"<main\b.*</main>", re.DOTALL)
PANELS = ("section", "p")
FIRST_ROWS = 20


def values(html: str) -> dict[str, str]:
    """Revisions of things, raw values, and the ids of the first rows of lists."""
    found: dict[str, str] = {}
    rows: dict[str, list[str]] = {}
    open_: list[tuple[str, str, str]] = []  # tag, id of a panel, and id of a list whose rows are named
    main = MAIN.search(html)
    assert main is not None
    for closing, name, text in TAG.findall(main[0]):
        if closing:
            while open_ and open_.pop()[0] != name:
                pass
            continue
        given = dict(ATTRIBUTE.findall(text)) if any(part in text for part in WANTED) else {}
        id_ = given.get("id", "")
        if id_ and "data-rev" in given:
            found[id_] = given["data-rev"]
        if "data-value" in given and "data-watch" in given:
            nearest = (id_ if name in PANELS else "") or next(one for _, one, _ in reversed(open_) if one)
            found[f"{nearest}/{entities.unescape(given['data-watch'])}"] = entities.unescape(given["data-value"])
        if id_ and open_ and open_[-1][2] and "data-outside" not in given:
            rows[open_[-1][2]].append(id_)
        list_ = id_ if "data-verified" in given else ""
        if list_:
            rows[list_] = []
        if name not in VOID and not text.endswith("/"):
            open_.append((name, id_ if name in PANELS else "", list_))
    return found | {list_: " ".join(ids[:FIRST_ROWS]) for list_, ids in rows.items()}
