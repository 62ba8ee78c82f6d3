"""The pages that can be reached from every page: rail, keyboard, its help and the search for pages list these."""

from collections.abc import Collection

from msgspec import Struct

from console.organizations.rules import Permission


class Page(Struct, frozen=True, kw_only=True):
    """An entry of the navigation."""

    name: str  # the view's
    path: str
    title: str
    key: str  # pressed after `g`
    help: str
    icon: str  # a symbol of templates/parts/_icons.html
    group: str = "Fleet"
    permission: Permission | None = Permission.SIMS_READ  # without which it is not offered


# In the order of the groups. A narrow screen has room for the first five.
PAGES = (
    Page(name="overview", path="/", title="Overview", key="f", help="Go to the overview", icon="overview"),
    Page(
        name="alerts",
        path="/alerts",
        title="Alerts",
        key="l",
        help="Go to the alerts",
        icon="critical",
        permission=Permission.ALERTS_READ,
    ),
    Page(name="sims", path="/sims", title="SIMs", key="s", help="Go to the SIMs", icon="mark"),
    Page(name="events", path="/events", title="Events", key="v", help="Go to the network events", icon="events"),
    Page(name="actions", path="/actions", title="Actions", key="c", help="Go to the actions", icon="actions"),
    Page(name="usage", path="/usage", title="Usage", key="h", help="Go to the usage", icon="usage"),
    Page(name="quotas", path="/quotas", title="Quotas", key="q", help="Go to the quotas", icon="quotas"),
    Page(name="sms", path="/sms", title="SMS", key="m", help="Go to the SMS", icon="sms"),
    Page(name="wall", path="/wall", title="Wall", key="w", help="Go to the wall", icon="wall"),
    Page(name="carrier", path="/carrier", title="1NCE", key="o", help="Go to 1NCE", icon="carrier", group="System"),
    Page(name="jobs", path="/jobs", title="Jobs", key="j", help="Go to the jobs", icon="jobs", group="System"),
    Page(
        name="orders", path="/orders", title="Orders", key="d", help="Go to the orders", icon="orders", group="System"
    ),
    Page(
        name="tickets",
        path="/tickets",
        title="Tickets",
        key="i",
        help="Go to the tickets",
        icon="tickets",
        group="System",
    ),
    Page(
        name="api", path="/api/v1/docs", title="API", key="a", help="Go to the API's page", icon="code", group="System"
    ),
    Page(
        name="silences",
        path="/silences",
        title="Silences",
        key="e",
        help="Go to the silences",
        icon="silence",
        group="System",
        permission=Permission.ALERTS_READ,
    ),
    Page(
        name="handover",
        path="/handover",
        title="Handover",
        key="z",
        help="Go to the shift handover",
        icon="copy",
        group="System",
        permission=Permission.ALERTS_READ,
    ),
    Page(
        name="on-call",
        path="/on-call",
        title="On call",
        key="1",
        help="Go to who is on call",
        icon="bell",
        group="System",
        permission=Permission.ALERTS_READ,
    ),
    Page(
        name="notification-channels",
        path="/notification-channels",
        title="Notifications",
        key="b",
        help="Go to the notifications",
        icon="send",
        group="System",
        permission=Permission.ALERTS_WRITE,
    ),
    Page(
        name="reports",
        path="/reports",
        title="Reports",
        key="p",
        help="Go to the reports",
        icon="report",
        group="System",
    ),
    Page(
        name="users",
        path="/users",
        title="Users",
        key="u",
        help="Go to the users",
        icon="user",
        group="Team",
        permission=Permission.ADMIN,
    ),
    Page(
        name="api-keys",
        path="/api-keys",
        title="API keys",
        key="k",
        help="Go to the API keys",
        icon="key",
        group="Team",
        permission=Permission.ADMIN,
    ),
    Page(
        name="organizations",
        path="/organizations",
        title="Organization",
        key="n",
        help="Go to the organization",
        icon="organization",
        group="Team",
        permission=Permission.ADMIN,
    ),
    Page(
        name="roles",
        path="/roles",
        title="Roles",
        key="r",
        help="Go to the roles",
        icon="roles",
        group="Team",
    ),
    Page(
        name="flags",
        path="/flags",
        title="Flags",
        key="x",
        help="Go to the flags",
        icon="disabled",
        group="Team",
        permission=Permission.ADMIN,
    ),
    Page(
        name="audit",
        path="/audit",
        title="Audit trail",
        key="t",
        help="Go to the audit trail",
        icon="audit",
        group="Team",
        permission=Permission.AUDIT_READ,
    ),
    Page(
        name="settings",
        path="/settings",
        title="Your account",
        key="y",
        help="Go to your account",
        icon="settings",
        group="Team",
        permission=None,
    ),
    Page(name="help", path="/help", title="Help", key="g", help="Go to the help", icon="unknown", group="Team"),
)


def offered(permissions: Collection[Permission]) -> list[Page]:
    """The pages that a caller with these permissions may open."""
    return [page for page in PAGES if page.permission is None or page.permission in permissions]
