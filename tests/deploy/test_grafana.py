"""Dashboards are what their code builds, and each of their queries meets series and labels that the console exposes."""

import json
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from console import metrics
from tests.deploy.test_prometheus import exposed, rules

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana"
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
OWN = {"le", "instance"}  # of a histogram, and given by Prometheus


def panels(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["panels"]
    return found


def queries() -> list[str]:
    return [target["expr"] for path in DASHBOARDS for panel in panels(path) for target in panel["targets"]]


def labels() -> dict[str, set[str]]:
    """The labels of each metric of console/metrics.py, by its name without the ending of a sample."""
    every = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    return {one._name: set(one._labelnames) for one in every}


def test_the_files_are_what_the_code_builds() -> None:
    ran = subprocess.run([sys.executable, FOLDER / "build.py", "--check"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert len(DASHBOARDS) == 4


def test_each_query_meets_series_and_labels_that_are_exposed() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    known = labels()
    for query in queries():
        named = set(re.findall(r"\b(?:console|process)[:_][a-z0-9_:]+", query))
        assert named, query
        assert named <= exposed() | recorded, query
        allowed = set(OWN)
        for name in named:
            allowed |= known.get(re.sub("_(bucket|count|sum|total)$", "", name), set())
        grouped = {label.strip() for by in re.findall(r"\bby \(([^)]*)\)", query) for label in by.split(",")}
        matched = set(re.findall(r"[{,]\s*(\w+)\s*[=!]", query))
        assert grouped | matched <= allowed, query


def test_each_series_name_has_the_labels_that_it_draws() -> None:
    known = labels()
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                drawn = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
                grouped = re.search(r"\bby \(([^)]*)\)", target["expr"])
                of = known.get(target["expr"], set()) | {"instance"}
                assert drawn <= ({one.strip() for one in grouped[1].split(",")} if grouped else of), target["expr"]


def test_panels_lie_side_by_side() -> None:
    for path in DASHBOARDS:
        places = [panel["gridPos"] for panel in panels(path)]
        assert len({panel["id"] for panel in panels(path)}) == len(places)
        assert all(one["x"] + one["w"] <= 24 for one in places)
        for one, other in pairwise(places):
            assert other["x"] == one["x"] + one["w"] or (other["x"], other["y"] > one["y"]) == (0, True)


def test_promtool_understands_each_query(tmp_path: Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("There is no promtool (Debian's package prometheus)")
    read = [query.replace("$__rate_interval", "5m") for query in queries()]
    file = tmp_path / "queries.yml"
    listed = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(read)]
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": listed}]}))
    ran = subprocess.run([program, "check", "rules", file], check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
