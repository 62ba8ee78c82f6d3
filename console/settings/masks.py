"""How settings are shown: secrets masked, and passwords within addresses, however these are written."""

import re
from urllib.parse import unquote, urlsplit, urlunsplit

SECRETS = frozenset(
    {
        "secret_key",
        "audit_key",
        "backup_key",
        "once_client_secret",
        "streamer_password",
        "oidc_client_secret",
        "metrics_token",
        "sentry_dsn",
    }
)
SECRET_PARAMETERS = ("pass", "pwd", "secret", "token", "key", "options", "auth", "credential")
PARAMETER = re.compile(r"(?P<name>[^\s&;,?#=]+)(?P<equals>\s*=\s*)(?P<value>'(?:[^'\\]|\\.)*'?|\"[^\"]*\"?|[^\s&;,#]*)")


def masked(name: str, value: object) -> object:
    """A setting as people may see it: a secret is masked, as is a password within an address."""
    if isinstance(value, tuple):
        return [masked(name, one) for one in value]
    if value is None or not isinstance(value, str):
        return value
    if name in SECRETS:
        return "***"
    return _masked_address(value) if "://" in value else _masked_text(value)


def _masked_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "***"
    login, at, host = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    if at and not colon and parts.scheme in ("http", "https"):  # a token
        user = "***"
    shown = parts._replace(netloc=f"{user}{':***' if colon else ''}{at}{host}", query="", fragment="")
    rest = "".join(
        mark + PARAMETER.sub(_masked_parameter, text)
        for mark, text in (("?", parts.query), ("#", parts.fragment))
        if text
    )
    return urlunsplit(shown) + rest


def _masked_text(text: str) -> str:
    """`user:password@host` without a scheme, and libpq's `host=db password=...`."""
    login, at, rest = text.rpartition("@")
    if at and not PARAMETER.match(text):
        user, colon, _ = login.partition(":")
        return f"{user}:***@{rest}" if colon else f"***@{rest}"
    return PARAMETER.sub(_masked_parameter, text)


def _masked_parameter(found: "re.Match[str]") -> str:
    name = unquote(found["name"]).lower()
    return f"{found['name']}{found['equals']}***" if any(word in name for word in SECRET_PARAMETERS) else found[0]
