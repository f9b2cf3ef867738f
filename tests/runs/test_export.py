"""The files of a run that has everything: figures and tables of what stands beside rankings."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.runs import export as export_module
from pxcore.runs import tables as tables_module
from pxcore.runs.export import export
from pxcore.store.home import Store
from pxcore.types import Panel, Role, RunResult

BESIDE = {
    "where": ("csv", "svg"),
    "redundancy": ("csv",),
    "association": ("svg",),
    "drops_together": ("svg",),
    "joint_drops": ("svg",),
    "interactions": ("svg",),
    "gates": ("csv",),
    "leakage": ("csv", "svg"),
    "left_out": ("csv", "svg"),
}
"""Files that a run has only where it was asked for more than rankings."""


def written(
    result: RunResult, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return the text of every file of a result, by name."""
    for module in (export_module, tables_module):
        monkeypatch.setattr(module, "result", lambda *_: result)
    monkeypatch.setattr(export_module, "progress", lambda *_: ex.progress())
    monkeypatch.setattr(tables_module, "stories", lambda *_: ())
    return {path.name: path.read_text() for path in export(store, "r", folder)}


def test_everything_beside_the_rankings_is_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ev.result()
    files = written(result, store, tmp_path, monkeypatch)
    wanted = {f"{name}.{kind}" for name, kinds in BESIDE.items() for kind in kinds}
    assert wanted <= set(files)
    for name in wanted:
        if name.endswith(".svg"):
            assert files[name].count("<svg") == 1
    for name in ("where.svg", "association.svg", "drops_together.svg"):
        assert all(channel in files[name] for channel in result.panel.names)
    assert "interchangeable" in files["redundancy.csv"]


def test_a_run_of_rankings_has_rankings_only(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = written(ex.result(), store, tmp_path, monkeypatch)
    assert {"ranking.csv", "confusion.svg", "run.json"} <= set(files)
    assert not {name.partition(".")[0] for name in files} & set(BESIDE)


def test_redundancy_without_groups_and_pairs_has_its_matrices(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = replace(ev.redundancy(), groups=(), pairs=())
    files = written(replace(ev.result(), redundancy=none), store, tmp_path, monkeypatch)
    assert {"association.svg", "drops_together.svg"} <= set(files)
    assert not {"joint_drops.svg", "interactions.svg", "redundancy.csv"} & set(files)


def test_leakage_and_left_out_hold_every_number(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ev.result()
    first = replace(result.left_out[0].drop, folds=(None, 0.1, 0.2))
    result = replace(
        result, left_out=(replace(result.left_out[0], drop=first), *result.left_out[1:])
    )
    files = written(result, store, tmp_path, monkeypatch)
    told = json.loads(files["run.json"])
    leakage = pd.read_csv(io.StringIO(files["leakage.csv"])).set_index("split")
    assert list(leakage.index) == list(told["leakage"])
    for split, value in told["leakage"].items():
        row = leakage.loc[split]
        assert [row["f1_macro"], row["f1_macro_low"], row["f1_macro_high"]] == pytest.approx(
            [value["mean"], value["low"], value["high"]]
        )
        assert row[["training_1", "training_2", "training_3"]].tolist() == pytest.approx(
            value["folds"]
        )
    left_out = pd.read_csv(io.StringIO(files["left_out.csv"]))
    for (_, row), value in zip(left_out.iterrows(), told["left_out"], strict=True):
        assert row["channels"] == ", ".join(value["channels"])
        assert [row["f1_macro"], row["drop"], row["drop_low"], row["drop_high"]] == pytest.approx(
            [value["f1_macro"]["mean"], *(value["drop"][k] for k in ("mean", "low", "high"))]
        )
    assert left_out["drop_training_1"].isna().tolist() == [True, False]
    assert left_out["drop_training_2"].tolist()[0] == 0.1


@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_are_text_in_every_file(
    shift: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among them names in a script that the drawing font lacks: no warning, and kept as text."""
    names = [ex.HOSTILE[(i + shift) % len(ex.HOSTILE)] for i in range(7)]
    channels = [replace(c, name=n) for c, n in zip(ex.PANEL.channels, names[:4], strict=True)]
    result = ev.result(Panel(tuple(channels)), tuple(names[4:]))
    files = written(result, store, tmp_path, monkeypatch)
    for name, text in files.items():
        if name.endswith(".svg"):
            assert not re.search(r"<(?:script|img|b|i)\b|javascript:alert[^<]*\"", text), name
        elif name.endswith(".csv") and text.strip():
            read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
            assert not [v for v in read.to_numpy().ravel() if v[:1] in tuple("=+@")], name
    if ex.HOSTILE[7] in names[:4]:
        assert "名前 é" in files["where.svg"]
        assert "名前 é" in files["association.svg"]
    decoys = [c.name for c in result.panel.channels if c.role is Role.DECOY]
    assert all(name in files["where.csv"] for name in decoys)
