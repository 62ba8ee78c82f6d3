"""Settings: every wrong one is named in one message, and production is strict."""

from pathlib import Path

import pytest

from console.settings import SettingsError, from_environment
from console.settings.masks import masked

GOOD = {
    "DATABASE_URL": "postgresql://console:hidden@db/console",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": "a5fz0k3l9q2w8e7r6t1y4u5i0o9p8a7s",
}
PRODUCTION = {
    **GOOD,
    "AUDIT_KEY": "1:q7w3e9r5t1y8u4i0o6p2a9s5d1f7g3h8",
    "APP_ENV": "production",
    "PUBLIC_ORIGIN": "https://console.example.com",
}


def faults(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        from_environment({**GOOD, **changes})
    return raised.value.faults


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        from_environment({"SECRET_KEY": "short", "LOG_LEVEL": "LOUD", "UNDO_SECONDS": "soon", "ONCE_CLIENT_ID": "x"})
    text = str(raised.value)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "LOG_LEVEL", "UNDO_SECONDS", "ONCE_CLIENT_SECRET"):
        assert name in text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_READ_URL": "replica:5432"}, "DATABASE_READ_URL"),
        ({"DATABASE_URL": "postgresql://console:hidden@db:99999/console"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://console:hidden@[::1]:0/console"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://console:hidden@one:5432,two:soon/console"}, "DATABASE_URL"),
        ({"REDIS_URL": "http://x"}, "REDIS_URL"),
        ({"ONCE_BASE_URL": "api.1nce.com"}, "ONCE_BASE_URL"),
        ({"ONCE_REQUESTS_PER_SECOND": "0"}, "ONCE_REQUESTS_PER_SECOND"),
        ({"ONCE_REQUESTS_PER_SECOND": "inf"}, "ONCE_REQUESTS_PER_SECOND"),
        *(
            ({"ONCE_BASE_URL": f"https://{rest}"}, "ONCE_BASE_URL")
            for rest in ("api.1nce.com/x?y=1", "api.1nce.com/#x", "0/", "2130706433/", "127.1/")
        ),
        ({"ONCE_REQUESTS_PER_SECOND": "1e9"}, "ONCE_REQUESTS_PER_SECOND"),
        ({"UNDO_SECONDS": "1e300"}, "UNDO_SECONDS"),
        ({"UNDO_SECONDS": "\u0665"}, "UNDO_SECONDS"),
        ({"REDIS_URL": "redis://localhost/cache"}, "REDIS_URL"),
        ({"REDIS_URL": "rediss://localhost:6379/0x1"}, "REDIS_URL"),
        ({"METRICS_TOKEN_FILE": "/dev/zero"}, "METRICS_TOKEN_FILE"),
        ({"PUBLIC_ORIGIN": "console.example.com"}, "PUBLIC_ORIGIN"),
        ({"PUBLIC_ORIGIN": "https://console.example.com/path"}, "PUBLIC_ORIGIN"),
        ({"PUBLIC_ORIGIN": "https://console.example.com:soon"}, "PUBLIC_ORIGIN"),
        ({"PUBLIC_ORIGIN": "https://ada:pw@console.example.com"}, "PUBLIC_ORIGIN"),
        *(
            ({"PUBLIC_ORIGIN": f"https://{host}"}, "PUBLIC_ORIGIN")
            for host in ("*.example.com", "a b", "ex%61mple.com", "127.1", "0x7f.1", "1.2.3.256", "a..b", "faß.example")
        ),
        ({"OIDC_ISSUER": "https://idp.example.com"}, "OIDC_CLIENT_ID"),
        *(
            ({"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "x"}, "OIDC_ISSUER")
            for issuer in (
                "http://idp.example.com",
                "idp",
                "https://a:b@idp.example",
                "https://idp.example?x",
                "ftp://x",
            )
        ),
        ({"METRICS_PORT": "70000"}, "METRICS_PORT"),
        ({"SMTP_URL": "smtp://mail.example.com"}, "MAIL_FROM"),
        ({"SMTP_URL": "mail.example.com", "MAIL_FROM": "a@example.com"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mail.example.com", "MAIL_FROM": "console\nBcc: x@example.com"}, "MAIL_FROM"),
        ({"WEBHOOK_LOOPBACK": "maybe"}, "WEBHOOK_LOOPBACK"),
        ({"APP_ENV": "staging"}, "APP_ENV"),
        ({"SECRET_KEY": GOOD["SECRET_KEY"] + ",short"}, "SECRET_KEY"),
        ({"SECRET_KEY": GOOD["SECRET_KEY"] + "," + GOOD["SECRET_KEY"]}, "SECRET_KEY"),
        ({"AUDIT_KEY": GOOD["SECRET_KEY"]}, "AUDIT_KEY"),
        ({"AUDIT_KEY": "1:short"}, "AUDIT_KEY"),
        ({"AUDIT_KEY": f"1:{GOOD['SECRET_KEY']},1:{GOOD['SECRET_KEY']}"}, "AUDIT_KEY"),
        ({"SECRET_KEY_FILE": "/nowhere/at/all"}, "SECRET_KEY_FILE"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(changes: dict[str, str], named: str) -> None:
    assert any(fault.startswith(named) or named in fault for fault in faults(**changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": "0" * 32}, "SECRET_KEY"),
        ({"SECRET_KEY": GOOD["SECRET_KEY"] + "," + "0" * 32}, "SECRET_KEY"),
        ({"AUDIT_KEY": "1:" + "0" * 32}, "AUDIT_KEY"),
        ({"AUDIT_KEY": ""}, "AUDIT_KEY"),
        ({"SECRET_KEY": "0123456789" * 4}, "SECRET_KEY"),
        ({"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789"}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 40}, "SECRET_KEY"),
        ({"SECRET_KEY": "my-super-secret-key-for-production"}, "SECRET_KEY"),
        ({"SECRET_KEY": "changemechangemechangemechangeme1"}, "SECRET_KEY"),
        ({"SECRET_KEY": "qwertyuiopasdfghjklzxcvbnm123456"}, "SECRET_KEY"),
        ({"STREAMER_USERNAME": "streamer", "STREAMER_PASSWORD": "a"}, "STREAMER_PASSWORD"),
        ({"STREAMER_USERNAME": "streamer", "STREAMER_PASSWORD": "1NCE-streamer-2026"}, "STREAMER_PASSWORD"),
        ({"METRICS_TOKEN": "metrics-token-123"}, "METRICS_TOKEN"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({"BACKUP_KEY": "2026:" + "a" * 32}, "BACKUP_KEY"),
        ({"BACKUP_KEY": "2026:short"}, "BACKUP_KEY"),
        ({"BACKUP_DAYS": "0"}, "BACKUP_DAYS"),
        ({"SOCKETS_PER_ADDRESS": "0"}, "SOCKETS_PER_ADDRESS must be a number between 1 and 1000000"),
        ({"SOCKETS_PER_ADDRESS": "many"}, "SOCKETS_PER_ADDRESS"),
        (
            {"OIDC_ISSUER": "http://localhost:9", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "x"},
            "OIDC_ISSUER must begin with https",
        ),
        ({"WEBHOOK_LOOPBACK": "yes"}, "WEBHOOK_LOOPBACK"),
        ({"PUBLIC_ORIGIN": ""}, "PUBLIC_ORIGIN"),
        ({"PUBLIC_ORIGIN": "https://console.example.com,http://console.example.com"}, "PUBLIC_ORIGIN"),
        ({"ONCE_BASE_URL": "http://127.0.0.1:8901/management-api"}, "simulated"),
        ({"ONCE_CLIENT_ID": "demo", "ONCE_CLIENT_SECRET": "demo-secret"}, "simulated"),
    ],
)
def test_production_refuses_what_a_trial_may_do(changes: dict[str, str], named: str) -> None:
    assert from_environment(PRODUCTION).app_env == "production"
    with pytest.raises(SettingsError, match=named):
        from_environment({**PRODUCTION, **changes})


def test_a_secret_can_come_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("a-secret-that-came-from-a-file-0123456789\n")
    known = from_environment({**GOOD, "SECRET_KEY": "", "SECRET_KEY_FILE": str(secret)})
    assert known.secret_key == "a-secret-that-came-from-a-file-0123456789"
    shown = str(known.shown())
    assert "came-from-a-file" not in shown
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("written", "as_browsers_do"),
    [
        ("https://Console.Example.com:443", ("https://console.example.com",)),
        ("HTTP://LOCALHOST:80/, https://b.example:8443", ("http://localhost", "https://b.example:8443")),
        ("https://bücher.example", ("https://xn--bcher-kva.example",)),
        ("http://[::1]:8000", ("http://[::1]:8000",)),
        ("https://a.example,https://A.example:443", ("https://a.example",)),
        ("https://[2001:DB8:0:0::1]:443", ("https://[2001:db8::1]",)),
        ("https://[::FFFF:192.0.2.1]:8443", ("https://[::ffff:c000:201]:8443",)),
        ("https://１92.0.2.1", ("https://192.0.2.1",)),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(written: str, as_browsers_do: tuple[str, ...]) -> None:
    assert from_environment({**GOOD, "PUBLIC_ORIGIN": written}).public_origin == as_browsers_do


def test_production_on_this_machine_alone_needs_no_tls() -> None:
    assert from_environment({**PRODUCTION, "PUBLIC_ORIGIN": "http://localhost:8000"}).app_env == "production"


def test_a_password_is_masked_wherever_an_address_has_it() -> None:
    changes = {
        "DATABASE_URL": "postgresql://console@db/console?ssl=require&password=hidden",
        "REDIS_URL": "redis://:hid:den@redis/0",
        "ONCE_BASE_URL": "https://ada:hidden@api.1nce.com/management-api",
        "METRICS_TOKEN": "hidden-token-of-metrics",
        "OIDC_ISSUER": "https://idp.example.com/realms/main",
        "OIDC_CLIENT_ID": "console",
        "OIDC_CLIENT_SECRET": "hidden-secret-of-the-client",
    }
    shown = from_environment({**GOOD, **changes}).shown()
    assert shown["database_url"] == "postgresql+asyncpg://console@db/console?ssl=require&password=***"
    assert shown["redis_url"] == "redis://:***@redis/0"
    assert shown["once_base_url"] == "https://ada:***@api.1nce.com/management-api"
    assert shown["metrics_token"] == shown["oidc_client_secret"] == "***"
    assert (shown["oidc_issuer"], shown["oidc_groups_claim"]) == ("https://idp.example.com/realms/main", "groups")
    assert "hid" not in str(shown)


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("otel_exporter_otlp_endpoint", "ada:hidden@collector:4317", "ada:***@collector:4317"),
        ("otel_exporter_otlp_endpoint", "ada:hid/d@en:x@collector:4317", "ada:***@collector:4317"),
        ("otel_exporter_otlp_endpoint", "hidden@collector", "***@collector"),
        ("otel_exporter_otlp_endpoint", "https://hidden@collector", "https://***@collector"),
        ("otel_exporter_otlp_endpoint", "collector:4317;api-key=hidden", "collector:4317;api-key=***"),
        ("redis_url", "redis:hidden@redis/0", "redis:***@redis/0"),
        ("redis_url", "unix:/run/redis?password=hidden", "unix:/run/redis?password=***"),
        ("redis_url", "redis://redis/0?db=1;p%61ssword=hidden", "redis://redis/0?db=1;p%61ssword=***"),
        ("redis_url", "redis://redis/0#token=hidden", "redis://redis/0#token=***"),
        ("database_url", "host=db user=ada password = 'hid den' dbname=x", "host=db user=ada password = *** dbname=x"),
        ("database_url", "host=db password=hidden@", "host=db password=***"),
        ("log_level", "INFO", "INFO"),
    ],
)
def test_an_address_without_a_scheme_is_masked_too(name: str, written: str, shown: str) -> None:
    assert masked(name, written) == shown


@pytest.mark.parametrize("written", ["https://ada:hidden@console.example", "ada:hidden@console"])
def test_a_fault_does_not_show_the_password_of_an_address(written: str) -> None:
    for name in ("PUBLIC_ORIGIN", "ONCE_BASE_URL", "TRUSTED_PROXIES", "LOG_LEVEL", "METRICS_PORT"):
        try:
            from_environment({**GOOD, name: written})
        except SettingsError as error:
            assert "hidden" not in str(error)
