"""The rules for Prometheus are valid and name metrics that exist; each alert fires and has a section of the docs."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from console import metrics

TREE = Path(__file__).parents[2]
FOLDER = TREE / "deploy" / "prometheus"


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((FOLDER / "rules.yml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def exposed() -> set[str]:
    """Each name of a series that a web server or a worker can expose."""
    names: set[str] = set()
    for registry in (REGISTRY, metrics.installation):
        for family in registry.collect():
            endings = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}.get(family.type, ("",))
            names.update(family.name + ending for ending in endings)
    return names


def test_each_rule_reads_metrics_that_exist() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = {name for rule in rules() for name in re.findall(r"\bconsole[:_][a-z0-9_:]+", rule["expr"])}
    assert named
    assert named <= exposed() | recorded, named - exposed() - recorded


def test_each_alert_has_its_section_and_a_trial_in_which_it_fires() -> None:
    sections = re.findall(r"^## (\w+)$", (TREE / "docs" / "runbooks.md").read_text(), re.M)
    alerts = [rule for rule in rules() if "alert" in rule]
    assert [rule["alert"] for rule in alerts] == sections
    assert [rule["annotations"]["runbook"] for rule in alerts] == [
        f"docs/runbooks.md#{name.lower()}" for name in sections
    ]
    trials = yaml.safe_load((FOLDER / "tests.yml").read_text())["tests"]
    fired = [one["alertname"] for trial in trials for one in trial["alert_rule_test"] if one["exp_alerts"]]
    assert fired == sections


def test_promtool_accepts_the_rules_and_lets_each_alert_fire() -> None:
    program = shutil.which("promtool")
    if program is None:
        assert os.environ.get("REQUIRE_PROMETHEUS") != "1", "There is no promtool (Debian's package prometheus)"
        pytest.skip("There is no promtool (Debian's package prometheus)")
    for words in (("check", "rules", "rules.yml"), ("test", "rules", "tests.yml")):
        ran = subprocess.run([program, *words], check=False, cwd=FOLDER, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_prometheus_accepts_its_configuration_and_alertmanager_sends_each_severity_where_it_should() -> None:
    programs = [shutil.which("promtool"), shutil.which("amtool")]
    if None in programs:
        needed = "promtool and amtool are needed (Debian's packages prometheus and prometheus-alertmanager)"
        assert os.environ.get("REQUIRE_PROMETHEUS") != "1", needed
        pytest.skip(needed)
    promtool, amtool = map(str, programs)

    def said(*words: str) -> str:
        ran = subprocess.run(words, check=False, cwd=FOLDER, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    said(promtool, "check", "config", "--syntax-only", "prometheus.yml")
    said(amtool, "check-config", "alertmanager.yml")
    severities = {rule["labels"]["severity"] for rule in rules() if "alert" in rule}
    assert severities == {"page", "mail"}
    for severity, receiver in (("page", "page"), ("mail", "mail"), ("unheard-of", "page")):
        routed = said(amtool, "config", "routes", "test", "--config.file=alertmanager.yml", f"severity={severity}")
        assert routed.split() == [receiver]


def test_each_alert_that_inhibits_or_is_inhibited_is_one_of_the_rules() -> None:
    configuration = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    named = {
        name
        for rule in configuration["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
        for name in re.findall(r"Console\w+", matcher)
    }
    assert named
    assert named <= {rule.get("alert") for rule in rules()}
