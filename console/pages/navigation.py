"""The pages that can be reached from every page: the header, the keyboard and the keyboard's help list these."""

from msgspec import Struct


class Page(Struct, frozen=True, kw_only=True):
    """An entry of the navigation."""

    name: str  # the view's
    path: str
    title: str
    key: str  # pressed after `g`
    help: str


PAGES = (
    Page(name="overview", path="/", title="Fleet", key="f", help="Go to the fleet"),
    Page(name="sims", path="/sims", title="SIMs", key="s", help="Go to the SIMs"),
    Page(name="jobs", path="/jobs", title="Jobs", key="j", help="Go to the jobs"),
    Page(name="carrier", path="/carrier", title="1NCE", key="o", help="Go to 1NCE"),
)
