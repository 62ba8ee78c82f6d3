#!/usr/bin/env python3
"""Builds Grafana's dashboards (Grafana 11.6 or later): `python deploy/grafana/build.py` writes them beside itself.

With `--check` it writes nothing, and fails if a file is not what would be written.
"""

import json
import sys
from pathlib import Path
from typing import Any

from panels import DASHBOARDS, Panel

FOLDER = Path(__file__).parent / "dashboards"
SCHEMA = 41  # of Grafana 11.6
WIDTH, HEIGHT = 24, 8
SOURCE = {"type": "prometheus", "uid": "${source}"}


def drawn(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    """A panel as Grafana has it."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.above is not None:
        steps.append({"color": "red", "value": panel.above})
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    options: dict[str, Any] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "value_and_name"}
    if panel.kind == "timeseries":
        shown = "line" if panel.above is not None else "off"
        defaults["custom"] = {"lineWidth": 1, "showPoints": "never", "thresholdsStyle": {"mode": shown}}
        options = {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    targets = [
        {"refId": chr(65 + at), "datasource": SOURCE, "expr": expr, "legendFormat": name, "range": True}
        for at, (expr, name) in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT if panel.kind == "timeseries" else HEIGHT // 2},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": targets,
    }


def dashboard(name: str) -> dict[str, Any]:
    """One dashboard as Grafana has it: panels from left to right, in rows."""
    title, panels = DASHBOARDS[name]
    placed, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y, row = 0, y + row, 0
        placed.append(drawn(number, panel, x, y))
        x, row = x + panel.width, max(row, placed[-1]["gridPos"]["h"])
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"console-{name}",
        "title": title,
        "tags": ["sim-console"],
        "schemaVersion": SCHEMA,
        "timezone": "utc",
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "links": [{"type": "dashboards", "title": "Console", "tags": ["sim-console"], "keepTime": True}],
        "panels": placed,
    }


def text(name: str) -> str:
    """The file of a dashboard."""
    return json.dumps(dashboard(name), indent=1) + "\n"


if __name__ == "__main__":
    files = {FOLDER / f"{name}.json": text(name) for name in DASHBOARDS}
    if "--check" in sys.argv:
        sys.exit(", ".join(path.name for path, written in files.items() if path.read_text() != written) or 0)
    for path, written in files.items():
        path.write_text(written)
