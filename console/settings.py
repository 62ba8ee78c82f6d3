"""What an operator can set from outside: read once from the environment, checked as a whole, passed in as data."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

ONCE_BASE_URL = "https://api.1nce.com/management-api"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SECRETS = frozenset(
    {"secret_key", "once_client_secret", "streamer_password", "database_url", "redis_url", "sentry_dsn"}
)
DEFAULT_SECRETS = frozenset({"change-me" * 4, "0" * 32, "secret" * 6, "development-only-secret-key-0000"})


class SettingsError(Exception):
    """One or more settings are missing or wrong; the text names every one of them."""

    def __init__(self, faults: list[str]) -> None:
        """Keep each fault, for `console doctor`."""
        self.faults = faults
        super().__init__("Settings are wrong:\n" + "\n".join(f"  - {fault}" for fault in faults))


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting of the console, as contract and README name them (in lower case)."""

    database_url: str
    redis_url: str
    secret_key: str
    app_env: str = "development"
    public_origin: tuple[str, ...] = ()
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

    @property
    def production(self) -> bool:
        """Whether this is a real installation, where nothing may be lax."""
        return self.app_env == "production"

    @property
    def secure_cookies(self) -> bool:
        """Whether every address people use is https, so that cookies may insist on it."""
        return bool(self.public_origin) and all(origin.startswith("https://") for origin in self.public_origin)

    def shown(self) -> dict[str, object]:
        """The settings with every secret masked, for people to look at."""
        return {name: _masked(name, getattr(self, name)) for name in self.__struct_fields__}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings, or a SettingsError that names every wrong one. `NAME_FILE` reads the value of NAME from a file."""
    faults: list[str] = []
    texts = {name: _read(name, environment, faults) for name in Settings.__struct_fields__}
    known: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
    for name in ("database_url", "redis_url", "secret_key"):
        if name not in known and not any(fault.startswith(name.upper()) for fault in faults):
            faults.append(f"{name.upper()} is missing")
    known = {name: READ[name](text, faults) if name in READ else text for name, text in known.items()}
    for one, other in (("once_client_id", "once_client_secret"), ("streamer_username", "streamer_password")):
        if (one in known) != (other in known):
            faults.append(f"{one.upper()} and {other.upper()} go together: set both or none")
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
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{upper}_FILE can't be read: {getattr(error, 'strerror', None) or 'it is not text'} ({path})")
        return None


def _postgres(url: str, faults: list[str]) -> str:
    scheme, colon, rest = url.partition("://")
    if not colon or scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
        faults.append("DATABASE_URL must begin with postgresql://")
    return f"postgresql+asyncpg://{rest}"


def _redis(url: str, faults: list[str]) -> str:
    if urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        faults.append("REDIS_URL must begin with redis://, rediss:// or unix://")
    return url


def _secret_key(key: str, faults: list[str]) -> str:
    if len(key) < 32:
        faults.append(f"SECRET_KEY must have 32 characters or more (it has {len(key)})")
    return key


def _app_env(name: str, faults: list[str]) -> str:
    if name not in ("development", "production"):
        faults.append(f"APP_ENV must be development or production, not {name!r}")
    return name


def _log_level(text: str, faults: list[str]) -> str:
    if text.upper() not in LEVELS:
        faults.append(f"LOG_LEVEL must be one of {', '.join(LEVELS)}, not {text!r}")
    return text.upper()


def _base_url(text: str, faults: list[str]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        faults.append(f"ONCE_BASE_URL must be an http(s) address, not {text!r}")
    return text.rstrip("/")


def _origins(text: str, faults: list[str]) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            faults.append(f"PUBLIC_ORIGIN must be like https://console.example.com, not {origin!r}")
    return origins


def _number(name: str, least: float) -> Callable[[str, list[str]], float]:
    def read(text: str, faults: list[str]) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not (least <= value < float("inf")):
            faults.append(f"{name} must be a number of at least {least:g}, not {text!r}")
        return value

    return read


READ: dict[str, Callable[[str, list[str]], Any]] = {
    "database_url": _postgres,
    "redis_url": _redis,
    "secret_key": _secret_key,
    "app_env": _app_env,
    "log_level": _log_level,
    "once_base_url": _base_url,
    "public_origin": _origins,
    "once_requests_per_second": _number("ONCE_REQUESTS_PER_SECOND", 0.01),
    "undo_seconds": _number("UNDO_SECONDS", 0.0),
}


def _production_faults(known: Mapping[str, Any]) -> list[str]:
    faults = []
    key = str(known.get("secret_key", ""))
    if key in DEFAULT_SECRETS or (key and len(set(key)) < 8):
        faults.append("SECRET_KEY is a well-known or too simple secret: make one with `openssl rand -hex 32`")
    if not known.get("public_origin"):
        faults.append("PUBLIC_ORIGIN is missing: production needs the exact address that people open")
    base = urlsplit(str(known.get("once_base_url", ONCE_BASE_URL)))
    local = (base.hostname or "") in ("localhost", "::1", "simulator") or (base.hostname or "").startswith("127.")
    if base.scheme != "https" or local or known.get("once_client_secret") == "demo-secret":
        faults.append("ONCE_BASE_URL points at a simulated 1NCE: production speaks to the real one over https")
    return faults


def _masked(name: str, value: object) -> object:
    if value is None or name not in SECRETS:
        return list(value) if isinstance(value, tuple) else value
    if name.endswith("_url") and isinstance(value, str):
        parts = urlsplit(value)
        return value.replace(f":{parts.password}@", ":***@") if parts.password else value
    return "***"
