"""How a device is on the air: the radio technology and the cell, as 1NCE numbers them."""

from msgspec import Struct

RAT_NAMES = {1: "3G", 2: "2G", 5: "HSPA+", 6: "LTE", 8: "NB-IoT", 9: "CAT-M"}


def rat_name(number: str | int | None, text: str | None = None) -> str | None:
    """The radio technology: "LTE", "NB-IoT", ... An unknown number is called "RAT 7"; the text counts without one.

    The number goes first because 1NCE's texts are at odds with it in its own examples.
    """
    if number is None or number == "":
        return text or None
    try:
        return RAT_NAMES.get(int(number)) or f"RAT {int(number)}"
    except ValueError:
        return text or str(number)


class Cell(Struct, gc=False):
    """A cell, by any of the numbers that 1NCE may give: LAC and CI up to 3G, TAC and ECI from LTE on."""

    lac: str | int | None = None
    ci: str | int | None = None
    tac: str | int | None = None
    eci: str | int | None = None
    cgi: "Cell | None" = None


def cell_name(place: Cell | None) -> str | None:
    """The cell as "area/cell" (TAC/ECI, else LAC/CI), or None if half of it is missing."""
    if place is None:
        return None
    inner = place.cgi or place
    return _pair(place.tac, place.eci) or _pair(inner.lac, inner.ci)


def _pair(area: str | int | None, cell: str | int | None) -> str | None:
    return None if area in (None, "") or cell in (None, "") else f"{area}/{cell}"
