"""Where recorded runs are kept: `spec/recordings`, a file for each; those of a protocol in a folder."""

from __future__ import annotations

import json

from tests.house.project import ROOT
from wireformat.derive.charts import Run, write_run

FOLDER = ROOT / "spec" / "recordings"


def keep(name: str, run: Run) -> None:
    """Write a run, such as `handshake/success`."""
    path = FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(write_run(run), indent=1, ensure_ascii=False) + "\n")


def kept(name: str) -> object:
    """What is kept of a run."""
    return json.loads((FOLDER / f"{name}.json").read_text())
