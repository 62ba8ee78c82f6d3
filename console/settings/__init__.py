"""What an operator can set from outside: read once from the environment, checked as a whole, passed in as data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from console.settings.masks import masked
from console.settings.origins import split
from console.settings.values import is_loopback, read, weakness

LONGEST_FILE = 65_536  # characters
ONCE_BASE_URL = "https://api.1nce.com/management-api"


class SettingsError(Exception):
    """One or more settings are missing or wrong; the text names every one of them."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("Settings are wrong:\n" + "\n".join(f"  - {fault}" for fault in faults))


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting of the console; the environment has the same names in upper case."""

    database_url: str  # the application's role
    database_owner_url: str | None = None  # the owner's role, which migrates and prunes; None: the application's own
    database_read_url: str | None = None  # a streaming replica for exports and charts
    redis_url: str
    secret_key: str  # several by comma while it is rotated, the newest first
    audit_key: tuple[str, ...] = ()  # id:key, the one that seals first
    app_env: str = "development"
    public_origin: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    sockets_per_address: int = 10_000  # in one web process
    once_base_url: str = ONCE_BASE_URL
    once_client_id: str | None = None
    once_client_secret: str | None = None
    once_requests_per_second: float = 10.0
    streamer_username: str | None = None
    streamer_password: str | None = None
    log_level: str = "INFO"
    sentry_dsn: str | None = None
    otel_exporter_otlp_endpoint: str | None = None
    undo_seconds: float = 5.0
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_groups_claim: str = "groups"
    smtp_url: str | None = None
    mail_from: str | None = None
    webhook_loopback: bool = False  # webhooks may go to this machine, without TLS too
    metrics_token: str | None = None
    metrics_port: int | None = None
    backup_target: str | None = None  # the folder that has the backups
    backup_key: tuple[str, ...] = ()  # id:key, the one that encrypts first
    backup_days: int = 30  # after which a backup is deleted, once there is a newer one

    @property
    def secure_cookies(self) -> bool:
        """Whether every address people use is https, so that cookies may insist on it."""
        return bool(self.public_origin) and all(origin.startswith("https://") for origin in self.public_origin)

    @property
    def owner_url(self) -> str:
        """The address of the database for whoever owns its tables."""
        return self.database_owner_url or self.database_url

    def shown(self) -> dict[str, object]:
        """The settings with every secret masked, for people to look at."""
        return {name: masked(name, getattr(self, name)) for name in self.__struct_fields__}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings, or a SettingsError that names every wrong one. `NAME_FILE` reads the value of NAME from a file."""
    faults: list[str] = []
    texts = {name: _read(name, environment, faults) for name in Settings.__struct_fields__}
    known: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
    for name in ("database_url", "redis_url", "secret_key"):
        if name not in known and not any(fault.startswith(name.upper()) for fault in faults):
            faults.append(f"{name.upper()} is missing")
    known = {name: read(name, text, faults) for name, text in known.items()}
    for one, other in (("once_client_id", "once_client_secret"), ("streamer_username", "streamer_password")):
        if (one in known) != (other in known):
            faults.append(f"{one.upper()} and {other.upper()} go together: set both or none")
    oidc = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
    if 0 < sum(name in known for name in oidc) < len(oidc):
        faults.append("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together: set all or none")
    if ("smtp_url" in known) != ("mail_from" in known):
        faults.append("SMTP_URL and MAIL_FROM go together: set both or none")
    if known.get("app_env") == "production":
        faults += _production_faults(known)
    if faults:
        raise SettingsError(faults)
    return Settings(**known)


def _read(name: str, environment: Mapping[str, str], faults: list[str]) -> str | None:
    upper = name.upper()
    path = environment.get(f"{upper}_FILE", "").strip()
    if not path:
        return environment.get(upper, "").strip() or None
    if environment.get(upper, "").strip():
        faults.append(f"{upper} and {upper}_FILE are both set: keep one")
    return _read_file(upper, path, faults)


def _read_file(name: str, path: str, faults: list[str]) -> str | None:
    """The text of a setting that is kept in a file, without blanks around it; None if there is none."""
    try:
        with Path(path).open(encoding="utf-8") as file:  # a device may never end
            text = file.read(LONGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}_FILE can't be read: {getattr(error, 'strerror', None) or 'it is not text'} ({path})")
        return None
    if len(text) > LONGEST_FILE:
        faults.append(f"{name}_FILE is too long for a setting ({path})")
        return None
    return text.strip() or None


def _production_faults(known: Mapping[str, Any]) -> list[str]:
    secrets = [("secret_key", key) for key in str(known.get("secret_key", "")).split(",") if key]
    keys = ("audit_key", "backup_key")
    secrets += [(name, pair.partition(":")[2]) for name in keys for pair in known.get(name, ())]
    secrets += [(name, known[name]) for name in ("streamer_password", "metrics_token") if name in known]
    faults = [f"{name.upper()} {why}" for name, secret in secrets if (why := weakness(name, secret))]
    if not known.get("audit_key"):
        faults.append("AUDIT_KEY is missing: production seals its audit trail; like 2026:key (`openssl rand -hex 32`)")
    if not known.get("public_origin"):
        faults.append("PUBLIC_ORIGIN is missing: production needs the exact address that people open")
    for origin in known.get("public_origin", ()):
        parts = split(origin)
        if parts is not None and parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            faults.append(f"PUBLIC_ORIGIN must begin with https:// in production, not {origin!r}")
    if known.get("webhook_loopback"):
        faults.append("WEBHOOK_LOOPBACK is for development: in production webhooks go to public addresses alone")
    if str(known.get("oidc_issuer", "https://")).startswith("http://"):
        faults.append("OIDC_ISSUER must begin with https:// in production")
    base = split(str(known.get("once_base_url", ONCE_BASE_URL)))
    host = (base and base.hostname) or ""
    simulated = base is None or base.scheme != "https" or is_loopback(host) or host == "simulator"
    if simulated or known.get("once_client_secret") == "demo-secret":
        faults.append("ONCE_BASE_URL points at a simulated 1NCE: production speaks to the real one over https")
    return faults
