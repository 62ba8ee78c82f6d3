"""How the text of each setting is read, and which secrets are too weak for production."""

import itertools
import re
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from typing import Any

from console.settings.backups import audit_key, backup_key, whole_number
from console.settings.masks import masked
from console.settings.origins import origin_of, split
from console.settings.outgoing import mail_from, otlp_endpoint, sentry_dsn, smtp_url, webhook_loopback

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DEFAULT_SECRETS = frozenset({"change-me" * 4, "0" * 32, "secret" * 6, "development-only-secret-key-0000"})
LEAST_CHARACTERS = {"secret_key": 32, "audit_key": 32, "backup_key": 32, "streamer_password": 12, "metrics_token": 16}
# User and password of the Redis servers, sentinels by comma, the primary's name, database; the sentinels' own login.
SENTINELS = re.compile(
    r"redis\+sentinel://([^:@/?#]*(:[^@/?#]*)?@)?[A-Za-z0-9._-]+(:[0-9]{1,5})?(,[A-Za-z0-9._-]+(:[0-9]{1,5})?)*"
    r"/[A-Za-z0-9._-]+(/[0-9]{1,4})?(\?(sentinel_(username|password)=[^&#]*&?)*)?"
)
# What people write where a secret should be: of a random text hardly any of its characters belong to such words.
WORDS = re.compile(
    "secret|pass(?:word|wort|wd)?|change.?me|admin|root|user|streamer|console|default|example|test|demo|letmein|welcome"
    "|token|production|metrics|super|key|1nce|sim|qwert[yz]|uiop|asdf|ghjkl|[zy]xcv|vbnm|(?:19|20)[0-9]{2}|0*12345*"
)


def read(name: str, text: str, faults: list[str]) -> Any:
    """The value of a setting; what is wrong with it is added to the faults."""
    return READERS[name](text, faults) if name in READERS else text


def is_loopback(host: str) -> bool:
    """Whether a host name always means this machine."""
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")


def weakness(name: str, secret: str) -> str | None:
    """Why a secret could be guessed, in words; None if nothing speaks against it."""
    least = LEAST_CHARACTERS.get(name, 1)
    if len(secret) < least:
        return f"must have {least} characters or more in production (it has {len(secret)})"
    steps = [ord(second) - ord(first) for first, second in itertools.pairwise(secret)]
    in_order = sum(step in (-1, 0, 1) for step in steps) > len(steps) / 2
    repeated = any(secret[size:] == secret[:-size] for size in range(1, len(secret) // 2 + 1))
    left = "".join(filter(str.isalnum, WORDS.sub("", secret.lower())))
    if secret in DEFAULT_SECRETS or in_order or repeated or len(set(secret)) < min(8, least) or len(left) < least / 2:
        return "is a well-known or too simple secret: make one with `openssl rand -hex 32`"
    return None


def _postgres(name: str, url: str, faults: list[str]) -> str:
    scheme, colon, rest = url.partition("://")
    if not colon or scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
        faults.append(f"{name} must begin with postgresql://")
    hosts = re.split("[/?]", rest.rpartition("@")[2], maxsplit=1)[0]
    for host in hosts.split(","):  # several: of which the primary is asked
        port = re.sub(r"\A\[[^]]*\]", "", host).partition(":")[2]
        if port and not _is_port(port):
            faults.append(f"{name} has a port between 1 and 65535 after each host, not {masked('', port)!r}")
    return f"postgresql+asyncpg://{rest}"


def _redis(url: str, faults: list[str]) -> str:
    parts = split(url)
    if url.startswith("redis+sentinel://"):
        if not SENTINELS.fullmatch(url):
            faults.append("REDIS_URL must be like redis+sentinel://:password@host:26379,host:26379/mymaster/0")
    elif parts is None or parts.scheme not in ("redis", "rediss", "unix"):
        faults.append("REDIS_URL must begin with redis://, rediss://, unix:// or redis+sentinel://")
    elif parts.scheme != "unix" and not re.fullmatch(r"/?|/[0-9]{1,4}/?", parts.path):
        faults.append("REDIS_URL ends with the number of a database, like redis://host:6379/0, or has none")
    return url


def _secret_key(text: str, faults: list[str]) -> str:
    """One key, or several while it is rotated: the newest first."""
    keys = [key.strip() for key in text.split(",")]
    if (least := min(map(len, keys))) < 32:
        of = "must have" if len(keys) == 1 else "holds several keys by comma, each of which must have"
        faults.append(f"SECRET_KEY {of} 32 characters or more (it has {least})")
    if len(set(keys)) < len(keys):
        faults.append("SECRET_KEY holds the same key twice")
    return ",".join(keys)


def _app_env(name: str, faults: list[str]) -> str:
    if name not in ("development", "production"):
        faults.append(f"APP_ENV must be development or production, not {name!r}")
    return name


def _log_level(text: str, faults: list[str]) -> str:
    if text.upper() not in LEVELS:
        faults.append(f"LOG_LEVEL must be one of {', '.join(LEVELS)}, not {masked('', text)!r}")
    return text.upper()


def _base_url(text: str, faults: list[str]) -> str:
    parts = split(text)
    if (
        parts is None
        or origin_of(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}") is None
        or parts.query
        or parts.fragment
    ):
        faults.append(f"ONCE_BASE_URL must be an http(s) address, not {masked('once_base_url', text)!r}")
    return text.rstrip("/")


def _issuer(text: str, faults: list[str]) -> str:
    """An issuer's identifier (OpenID Connect Core, 1.2) as the provider writes it: it is compared letter by letter."""
    parts = split(text)
    local = parts is not None and parts.scheme == "http" and is_loopback(parts.hostname or "")
    if parts is None or not parts.hostname or not (parts.scheme == "https" or local):
        faults.append("OIDC_ISSUER must begin with https:// (http:// on this machine alone)")
    elif "@" in parts.netloc or "?" in text or "#" in text or not text.isprintable() or " " in text:
        faults.append("OIDC_ISSUER is an address without user, query and fragment, as the provider writes it")
    return text


def _origins(text: str, faults: list[str]) -> tuple[str, ...]:
    """Origins as browsers write them (RFC 6454, section 6.2): lower case, ASCII host, no default port."""
    origins = []
    for part in (part.strip().rstrip("/") for part in text.split(",") if part.strip()):
        origin = origin_of(part)
        if origin is None:
            faults.append(f"PUBLIC_ORIGIN must be like https://console.example.com, not {masked('', part)!r}")
        else:
            origins.append(origin)
    return tuple(dict.fromkeys(origins))


def _number(name: str, least: float, most: float, text: str, faults: list[str]) -> float:
    try:
        value = float(text) if text.isascii() else float("nan")
    except ValueError:
        value = float("nan")
    if not (least <= value <= most):
        faults.append(f"{name} must be a number between {least:g} and {most:g}, not {text[:80]!r}")
    return value


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= 65_535


def _port(text: str, faults: list[str]) -> int:
    if not _is_port(text):
        faults.append(f"METRICS_PORT must be a port between 1 and 65535, not {masked('', text)!r}")
        return 0
    return int(text)


def _networks(text: str, faults: list[str]) -> tuple[str, ...]:
    """Addresses and networks, as networks; `none` for none. All addresses at once would let anybody forge theirs."""
    networks = []
    for part in (part.strip() for part in text.split(",") if part.strip() and text != "none"):
        try:
            network = ip_network(part)
        except ValueError:
            network = None
        if network is None or not network.prefixlen:
            faults.append(
                f"TRUSTED_PROXIES must be addresses or networks like 10.0.0.5, 172.30.0.0/24, not {masked('', part)!r}"
            )
        else:
            networks.append(str(network))
    return tuple(dict.fromkeys(networks))


READERS: dict[str, Callable[[str, list[str]], Any]] = {
    "database_url": partial(_postgres, "DATABASE_URL"),
    "database_owner_url": partial(_postgres, "DATABASE_OWNER_URL"),
    "database_read_url": partial(_postgres, "DATABASE_READ_URL"),
    "redis_url": _redis,
    "secret_key": _secret_key,
    "audit_key": audit_key,
    "backup_key": backup_key,
    "backup_days": partial(whole_number, "BACKUP_DAYS", "of days ", 3_650),
    "app_env": _app_env,
    "log_level": _log_level,
    "once_base_url": _base_url,
    "public_origin": _origins,
    "oidc_issuer": _issuer,
    "trusted_proxies": _networks,
    "metrics_port": _port,
    "sentry_dsn": sentry_dsn,
    "otel_exporter_otlp_endpoint": otlp_endpoint,
    "smtp_url": smtp_url,
    "mail_from": mail_from,
    "webhook_loopback": webhook_loopback,
    "once_requests_per_second": partial(_number, "ONCE_REQUESTS_PER_SECOND", 0.01, 1_000.0),
    "undo_seconds": partial(_number, "UNDO_SECONDS", 0.0, 3_600.0),
    "sockets_per_address": partial(whole_number, "SOCKETS_PER_ADDRESS", "", 1_000_000),
}
