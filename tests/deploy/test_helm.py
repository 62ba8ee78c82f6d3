"""The Helm chart renders what Kubernetes accepts, keeps secrets where they belong, and refuses wrong values."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.settings import Settings

pytestmark = pytest.mark.xdist_group("helm")  # one process alone renders the chart
TREE = Path(__file__).parents[2]
FOLDER = TREE / "deploy" / "helm"
LEAST = {
    "existingSecret": "console",
    "existingOwnerSecret": "console-owner",
    "publicOrigin": "https://console.example.com",
    "trustedProxies": "10.42.0.0/16",
}
ALL = {
    **LEAST,
    "image": {"digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"LOG_LEVEL": "WARNING", "OIDC_ISSUER": "https://id.example.com"},
    "ingress": {"enabled": True, "tlsSecret": "console-tls"},
    "monitoring": {"serviceMonitor": True, "prometheusRule": True, "labels": {"release": "prometheus"}},
    "backup": {"enabled": True, "existingClaim": "backups"},
}
BUCKET = {**LEAST, "backup": {"enabled": True, "target": "s3://backups/console"}, "settings": {"AWS_REGION": "eu-1"}}
REFUSED: dict[str, dict[str, Any]] = {
    "no secret": {**LEAST, "existingSecret": ""},
    "a plain origin": {**LEAST, "publicOrigin": "http://console.example.com"},
    "no proxy": {**LEAST, "trustedProxies": ""},
    "an unknown value": {**LEAST, "replicas": 3},
    "a secret among settings": {**LEAST, "settings": {"SECRET_KEY": "x"}},
    "the newest image": {**LEAST, "image": {"tag": "latest"}},
    "an ingress without TLS": {**LEAST, "ingress": {"enabled": True}},
    "backups without a place": {**LEAST, "backup": {"enabled": True}},
    "a bucket that is none": {**LEAST, "backup": {"enabled": True, "target": "/mnt"}},
}


@pytest.fixture(scope="module")
def rendered() -> dict[str, Any]:
    """What Helm and Kubernetes' schemas say of each set of values."""
    python = Path(os.environ.get("HELM_ENV", TREE / ".helm-env")) / "bin" / "python"
    if not python.exists():
        needed = f"{python} is missing: python3 -m venv, then pip install -r deploy/helm/requirements.lock"
        assert os.environ.get("REQUIRE_HELM") != "1", needed
        pytest.skip(needed)
    asked = json.dumps({"least": LEAST, "all": ALL, "bucket": BUCKET, **REFUSED})
    command = [str(python), str(FOLDER / "rendered.py")]
    ran = subprocess.run(command, input=asked, check=False, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def manifests(rendered: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """By kind and the last part of their names."""
    return {
        f"{one['kind']} {one['metadata']['name'].removeprefix('demo-sim-console').strip('-')}".strip(): one
        for one in rendered[name]["manifests"]
    }


def pods(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each pod's specification, by what makes it."""
    specifications = {}
    for name, one in found.items():
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if one["kind"] == "Pod":
            specifications[name] = spec
        elif "template" in spec:
            specifications[name] = spec["template"]["spec"]
    return specifications


def test_kubernetes_accepts_all_that_is_rendered(rendered: dict[str, Any]) -> None:
    assert [rendered[name]["faults"] for name in ("least", "all", "bucket")] == [[], [], []]
    assert sorted(manifests(rendered, "least")) == sorted(
        "ConfigMap|Deployment web|Deployment worker|HorizontalPodAutoscaler web|Job migrate|NetworkPolicy|Pod test"
        "|PodDisruptionBudget web|PodDisruptionBudget worker|Service web|Service worker".split("|")
    )
    more = set(manifests(rendered, "all")) - set(manifests(rendered, "least"))
    assert more == {
        "CronJob backup", "CronJob drill", "Ingress web",
        "PrometheusRule", "ServiceMonitor web", "ServiceMonitor worker",
    }  # fmt: skip


def test_wrong_values_are_refused(rendered: dict[str, Any]) -> None:
    assert {name for name in REFUSED if "refused" not in rendered[name]} == set()


def test_every_pod_may_do_as_little_as_the_image_needs(rendered: dict[str, Any]) -> None:
    found = pods(manifests(rendered, "all"))
    assert len(found) == 6
    for name, pod in found.items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert container["image"].endswith("@sha256:" + "0" * 64), name
        assert {"requests", "limits"} <= set(container["resources"]), name


def test_only_what_owns_the_tables_gets_the_owners_secret(rendered: dict[str, Any]) -> None:
    found = pods(manifests(rendered, "all"))
    owners = {name for name, pod in found.items() if "console-owner" in json.dumps(pod)}
    assert owners == {"Deployment worker", "Job migrate", "CronJob backup", "CronJob drill"}


def test_backups_go_to_a_disk_or_to_a_bucket(rendered: dict[str, Any]) -> None:
    for name, target, volumes in (("all", "/backups", {"backups", "tmp"}), ("bucket", "s3://backups/console", {"tmp"})):
        found = manifests(rendered, name)
        assert found["ConfigMap"]["data"]["BACKUP_TARGET"] == target
        pod = pods(found)["CronJob backup"]
        assert {one["name"] for one in pod["volumes"]} == volumes
        assert {one["name"] for one in pod["containers"][0]["volumeMounts"]} == volumes


def test_settings_are_those_that_the_console_knows(rendered: dict[str, Any]) -> None:
    given = manifests(rendered, "all")["ConfigMap"]["data"]
    assert {name.lower() for name in given} <= set(Settings.__struct_fields__)


def test_sockets_are_asked_to_come_back_before_the_pod_is_killed(rendered: dict[str, Any]) -> None:
    web = pods(manifests(rendered, "least"))["Deployment web"]
    drained = web["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert web["terminationGracePeriodSeconds"] >= drained + 4 + 10  # requests get four seconds to end
    ingress = manifests(rendered, "all")["Ingress web"]
    assert int(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 3600
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["console.example.com"]


def test_the_chart_has_the_rules_of_deploy() -> None:
    own = FOLDER / "sim-console" / "files" / "rules.yml"
    assert own.read_text() == (TREE / "deploy" / "prometheus" / "rules.yml").read_text()
