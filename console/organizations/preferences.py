"""How a user wants the console shown. It changes no page of anybody else."""

from msgspec import Struct

WEEK_STARTS = {"monday": 0, "sunday": 6, "saturday": 5}  # as Python numbers weekdays
# Each as it writes 1234.5, with what stands between thousands and before the tenths.
NUMBER_FORMATS = {"1,234.5": ",.", "1.234,5": ".,", "1 234,5": "\u202f,", "1’234.5": "’."}
DENSITIES = {"compact": "28 px", "usual": "34 px", "roomy": "44 px"}
SIM_COLUMNS = "label iccid connection status operator rat data left day sms seen confirmed".split()
ALWAYS = frozenset({"label", "iccid"})  # by these a SIM is known: the columns are never left out
LEFT_OUT = "-"  # before the name of a column


class Preferences(Struct, frozen=True, kw_only=True):
    """What a user has chosen, or the console chooses for them."""

    zone: str = "UTC"  # of the IANA database, or "local"
    week_start: str = "monday"
    number_format: str = "1,234.5"
    density: str = "usual"  # of the list of SIMs
    sim_columns: str = ""  # all of them in their order, those left out with LEFT_OUT before; "" for the console's
    start_page: str = "/"  # where they begin after signing in

    @property
    def separators(self) -> str:
        """What stands between thousands, and before the tenths."""
        return NUMBER_FORMATS.get(self.number_format, ",.")

    @property
    def first_weekday(self) -> int:
        """The day that a week begins with; 0 is Monday."""
        return WEEK_STARTS.get(self.week_start, 0)


NOTHING_CHOSEN = Preferences()


def are_columns(text: str) -> bool:
    """Whether this is an order of the columns of the list of SIMs: each once, and none left out that can't be."""
    asked = text.split(" ")
    left_out = {name.removeprefix(LEFT_OUT) for name in asked if name.startswith(LEFT_OUT)}
    return sorted(name.removeprefix(LEFT_OUT) for name in asked) == sorted(SIM_COLUMNS) and not left_out & ALWAYS
