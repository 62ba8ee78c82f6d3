"""The files of Compose in deploy/ fit to docker-compose.yml, to what they mount, and to each other."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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


def test_what_watches_finds_each_container_each_file_and_each_other() -> None:
    base, watching = _services("docker-compose.yml"), _services("deploy/compose.monitoring.yml")
    assert not {*base} & {*watching}
    for name, service in watching.items():
        mounted = [one.split(":")[0] for one in service["volumes"] if one.startswith("./")]
        assert mounted, name
        assert all((TREE / file).exists() for file in mounted), name
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    prometheus = yaml.safe_load((TREE / "deploy" / "prometheus" / "prometheus.yml").read_text())
    asked = [one for job in prometheus["scrape_configs"] for one in job["dns_sd_configs"]]
    found = [(name, one["type"], one["port"]) for one in asked for name in one["names"]]
    assert found == [("web", "A", 8000), ("worker", "A", 9100)]
    named = {target.partition(":")[0] for one in prometheus["alerting"]["alertmanagers"] for target in _targets(one)}
    for file in (TREE / "deploy" / "grafana" / "provisioning" / "datasources").iterdir():
        for source in yaml.safe_load(file.read_text())["datasources"]:
            named.add(str(urlsplit(source["url"]).hostname))
    shipped = (TREE / "deploy" / "loki" / "alloy.alloy").read_text()
    named |= {str(urlsplit(url).hostname) for url in re.findall(r'url = "(.*)"', shipped)}
    assert named == {"alertmanager", "prometheus", "loki"} <= {*watching}
    assert "METRICS_TOKEN" in _settings()


def _targets(one: dict[str, Any]) -> list[str]:
    return [target for config in one["static_configs"] for target in config["targets"]]


def _settings() -> dict[str, str]:
    read: dict[str, Any] = yaml.load((TREE / "docker-compose.yml").read_text(), Loader)
    settings: dict[str, str] = read["x-console"]["environment"]
    return settings
