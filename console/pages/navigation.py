"""The pages that can be reached from every page: rail, keyboard, its help and the search for pages list these."""

from msgspec import Struct


class Page(Struct, frozen=True, kw_only=True):
    """An entry of the navigation."""

    name: str  # the view's
    path: str
    title: str
    key: str  # pressed after `g`
    help: str
    icon: str  # a symbol of templates/_icons.html
    group: str = "Fleet"


# In the order of the groups. A narrow screen has room for the first five.
PAGES = (
    Page(name="overview", path="/", title="Overview", key="f", help="Go to the overview", icon="overview"),
    Page(name="sims", path="/sims", title="SIMs", key="s", help="Go to the SIMs", icon="mark"),
    Page(name="actions", path="/actions", title="Actions", key="c", help="Go to the actions", icon="next"),
    Page(name="carrier", path="/carrier", title="1NCE", key="o", help="Go to 1NCE", icon="carrier", group="System"),
    Page(name="jobs", path="/jobs", title="Jobs", key="j", help="Go to the jobs", icon="jobs", group="System"),
    Page(
        name="api", path="/api/v1/docs", title="API", key="a", help="Go to the API's page", icon="code", group="System"
    ),
)
