"""deploy/compose.prod.yml fits to docker-compose.yml, and lets nginx ask for the replicas."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

TREE = Path(__file__).parents[2]


class Loader(yaml.SafeLoader):
    """As Compose reads: `!reset` takes away what the file before says."""


def _reset(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> tuple[str, list[Any]]:
    return "reset", loader.construct_sequence(node)


Loader.add_constructor("!reset", _reset)


def _services(path: str) -> dict[str, Any]:
    services: dict[str, Any] = yaml.load((TREE / path).read_text(), Loader)["services"]
    return services


def test_what_it_changes_is_there_and_only_nginx_is_new() -> None:
    base, production = _services("docker-compose.yml"), _services("deploy/compose.prod.yml")
    assert {*production} - {*base} == {"nginx"}
    assert production["web"]["ports"] == ("reset", []), "three servers can't have one port of the machine"
    assert "container_name" not in base["web"]
    assert [production[name]["deploy"]["replicas"] for name in ("web", "worker")] == [3, 2]


def test_nginx_asks_for_the_replicas_under_the_name_that_people_open(tmp_path: Path) -> None:
    shell, option, text = _services("deploy/compose.prod.yml")["nginx"]["command"]
    made = tmp_path / "default.conf"
    source = TREE / "deploy" / "nginx" / "sim-console.conf"
    command = text.replace("$$", "$").partition(" && exec nginx")[0]
    command = command.replace("/sim-console.conf >", f"{source} >").replace("/etc/nginx/conf.d/default.conf", str(made))
    known = {**os.environ, "SERVER_NAME": "sims.acme.example"}
    subprocess.run([shell, option, command], check=True, env=known)
    lines = [line.strip() for line in made.read_text().splitlines()]
    assert "resolver 127.0.0.11 valid=5s;" in lines
    assert "server web:8000 resolve max_fails=1 fail_timeout=5s;" in lines
    assert lines.count("server_name sims.acme.example;") == source.read_text().count("server_name console.example.com;")
    assert "ssl_certificate     /etc/ssl/console/fullchain.pem;" in lines
    assert not any("127.0.0.1:8000" in line or "console.example" in line for line in lines if not line.startswith("#"))
