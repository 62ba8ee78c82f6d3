"""The environment of the children: what the person has set stays, the rest is made up and kept."""

from pathlib import Path

import pytest

from console.trial.environment import KEPT, for_children, given, keep_for_commands, kept_for_commands
from console.trial.faults import EmbeddedFault
from console.trial.folder import FolderLock


def environment_of(folder: Path, environment: dict[str, str], simulator_port: int | None = 9000) -> dict[str, str]:
    """The environment of the children for a person's own."""
    return for_children(
        environment,
        folder,
        8000,
        database_url="postgresql+asyncpg://here",
        database_owner_url="postgresql+asyncpg://owner@here",
        redis_url="redis://here",
        simulator_port=simulator_port,
    )


def test_everything_is_made_up_for_a_person_who_sets_nothing(tmp_path: Path) -> None:
    children = environment_of(tmp_path, {"PATH": "/bin"})
    assert children["PATH"] == "/bin"
    assert children["APP_ENV"] == "development"
    assert children["DATABASE_URL"] == "postgresql+asyncpg://here"
    assert children["DATABASE_OWNER_URL"] == "postgresql+asyncpg://owner@here"
    assert children["REDIS_URL"] == "redis://here"
    assert children["PUBLIC_ORIGIN"] == "http://127.0.0.1:8000,http://localhost:8000"
    assert children["ONCE_BASE_URL"] == "http://127.0.0.1:9000/management-api"
    assert (children["ONCE_CLIENT_ID"], children["ONCE_CLIENT_SECRET"]) == ("demo", "demo-secret")
    assert len(children["SECRET_KEY"]) == len(children["STREAMER_PASSWORD"]) == 64


def test_secrets_are_the_same_at_the_next_start_and_for_their_owner_alone(tmp_path: Path) -> None:
    first, second = environment_of(tmp_path, {}), environment_of(tmp_path, {})
    assert first["SECRET_KEY"] == second["SECRET_KEY"] != first["STREAMER_PASSWORD"]
    assert tmp_path.joinpath("secret_key").stat().st_mode & 0o777 == 0o600


def test_an_interrupted_secret_is_made_anew(tmp_path: Path) -> None:
    tmp_path.joinpath("secret_key").touch()
    assert len(environment_of(tmp_path, {})["SECRET_KEY"]) == 64


def test_what_a_person_sets_stays(tmp_path: Path) -> None:
    own = {"DATABASE_URL": "theirs", "SECRET_KEY": "theirs", "PUBLIC_ORIGIN": "theirs", "STREAMER_USERNAME": "theirs"}
    children = environment_of(tmp_path, own)
    assert {name: children[name] for name in own} == own
    assert "STREAMER_PASSWORD" not in children
    assert children["REDIS_URL"] == "redis://here"


@pytest.mark.parametrize(
    ("own", "rate_limit"),
    [
        ({}, "50"),
        ({"ONCE_REQUESTS_PER_SECOND": ""}, "50"),
        ({"ONCE_REQUESTS_PER_SECOND": "7"}, "7"),
        ({"ONCE_REQUESTS_PER_SECOND_FILE": "/run/rate"}, None),
    ],
)
def test_the_rate_is_made_up_only_when_it_is_not_set_in_any_form(
    tmp_path: Path, own: dict[str, str], rate_limit: str | None
) -> None:
    assert environment_of(tmp_path, own).get("ONCE_REQUESTS_PER_SECOND") == rate_limit


def test_what_is_kept_for_commands_names_nothing_that_the_person_has_set(tmp_path: Path) -> None:
    own = {"DATABASE_URL": "postgresql://me:secret@there/db", "SECRET_KEY": "theirs"}
    keep_for_commands(own, {**own, "REDIS_URL": "redis://here"}, tmp_path)
    assert (tmp_path / KEPT).stat().st_mode & 0o777 == 0o600
    lock = FolderLock(tmp_path)
    with pytest.raises(EmbeddedFault, match="No console runs"):
        kept_for_commands(tmp_path)
    lock.acquire()
    assert kept_for_commands(tmp_path) == {"REDIS_URL": "redis://here"}
    (tmp_path / KEPT).unlink()
    with pytest.raises(EmbeddedFault, match="still starting"):
        kept_for_commands(tmp_path)
    lock.release()
    with pytest.raises(EmbeddedFault, match="No console runs"):
        kept_for_commands(tmp_path / "nowhere")


def test_a_secret_in_a_file_counts_as_set(tmp_path: Path) -> None:
    children = environment_of(tmp_path, {"SECRET_KEY_FILE": "/run/secrets/key"})
    assert "SECRET_KEY" not in children
    assert given("SECRET_KEY", {"SECRET_KEY_FILE": "/run/secrets/key"})
    assert not given("SECRET_KEY", {"SECRET_KEY": " "})


def test_a_real_account_is_passed_on_untouched(tmp_path: Path) -> None:
    own = {"ONCE_CLIENT_ID": "them", "ONCE_CLIENT_SECRET_FILE": "/run/secrets/once"}
    children = environment_of(tmp_path, own, simulator_port=None)
    assert {name: children[name] for name in own} == own
    assert "ONCE_BASE_URL" not in children
    assert "ONCE_CLIENT_SECRET" not in children
