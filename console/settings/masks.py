"""How settings are shown: secrets masked, and passwords within addresses."""

from urllib.parse import urlsplit, urlunsplit

SECRETS = frozenset(
    {
        "secret_key",
        "audit_key",
        "once_client_secret",
        "streamer_password",
        "oidc_client_secret",
        "metrics_token",
        "sentry_dsn",
    }
)
SECRET_PARAMETERS = ("pass", "pwd", "secret", "token", "key", "options")


def masked(name: str, value: object) -> object:
    """A setting as people may see it: a secret is masked, as is a password within an address."""
    if isinstance(value, tuple):
        return [masked(name, one) for one in value]
    if value is None or not isinstance(value, str):
        return value
    if name in SECRETS:
        return "***"
    return _masked_address(value) if "://" in value else value


def _masked_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "***"
    login, at, host = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    query = "&".join(_masked_parameter(one) for one in parts.query.split("&"))
    return urlunsplit(parts._replace(netloc=f"{user}{':***' if colon else ''}{at}{host}", query=query))


def _masked_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}=***" if equals and any(word in name.lower() for word in SECRET_PARAMETERS) else parameter
