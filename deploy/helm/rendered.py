"""Renders the chart for each set of values on standard input, and checks what comes out by the schemas of Kubernetes.

Runs in an environment of its own (requirements.lock: 350 MB): reads a JSON object of values by name, and writes for
each name either `{"manifests": [...], "faults": [...]}` or `{"refused": "why"}`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import helm_python  # type: ignore[import-not-found]
import kubernetes_validate  # type: ignore[import-not-found]
import yaml

CHART = Path(__file__).parent / "sim-console"
VERSIONS = ("1.30", "1.34", "1.37")
FOREIGN = ("ServiceMonitor", "PrometheusRule")  # of Prometheus' operator: Kubernetes has no schema of them


def rendered(values: dict[str, Any]) -> dict[str, Any]:
    """The manifests, and what is wrong with them."""
    report = helm_python.lint(str(CHART), values, strict=True, kube_version="v1.30.0")
    faults = [str(one) for one in report["messages"] if one["severity"] > 1] + [str(one) for one in report["errors"]]
    try:
        with helm_python.Chart.load(str(CHART)) as chart:
            texts = chart.render(values, name="demo", namespace="fleet", is_install=True)
    except helm_python.HelmError as error:
        return {"refused": str(error)}
    manifests = [
        one for name, text in texts.items() if name.endswith(".yaml") for one in yaml.safe_load_all(text) if one
    ]
    for manifest in manifests:
        if manifest["kind"] in FOREIGN:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{manifest['kind']} {manifest['metadata']['name']}, {version}: {error.message}")
    return {"manifests": manifests, "faults": faults}


if __name__ == "__main__":
    json.dump({name: rendered(values) for name, values in json.load(sys.stdin).items()}, sys.stdout)
