"""How a user wants the console shown: kept for them on every device. And where they begin after signing in."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from console.organizations.preferences import Preferences
from console.organizations.rules import Caller
from console.pages.navigation import offered


class PreferencesForm(Struct):
    """What is chosen; what a form leaves out stays as it was."""

    zone: str | UnsetType = UNSET
    week_start: str | UnsetType = UNSET
    number_format: str | UnsetType = UNSET
    density: str | UnsetType = UNSET
    sim_columns: str | UnsetType = UNSET
    start_page: str | UnsetType = UNSET


def differing(chosen: Preferences, form: PreferencesForm) -> dict[str, str]:
    """What the form chooses otherwise, by name."""
    before, after = asdict(chosen), asdict(form)
    return {name: value for name, value in after.items() if value is not UNSET and value != before[name]}


@get("/start")
async def start(caller: NamedDependency[Caller]) -> Redirect:
    """The page that this user begins with; the overview where they have chosen none, or may not open it any more."""
    chosen = caller.preferences.start_page
    there = any(page.path == chosen for page in offered(caller.permissions))
    return Redirect(chosen if there else "/", status_code=303)
