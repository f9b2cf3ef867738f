"""The archive: unpacked and read back, described, the same bytes again, harmless names."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rocrate.rocrate import ROCrate

from pxcore.data.csv_guard import unguarded
from pxcore.reports.archive import METADATA, report_archive
from pxcore.types.reports import Report, ReportFile, ReportSection, ReportTable
from tests.reports.made_reports import drawn_of, made_report, nasty_result

FILES = (
    ReportFile(name="order_list.csv", text="marker,tests\nCD3,2\n", what="Order list"),
    ReportFile(name="../../etc/passwd", text="no", what="A way out"),
    ReportFile(name="/abs/<x>.exe", text="no", what="A program"),
)


@lru_cache(maxsize=1)
def packed() -> tuple[Report, dict[str, pd.DataFrame], bytes]:
    """Return a hostile report, the tables behind it, and its archive."""
    found = nasty_result()
    report = replace(made_report(found), files=FILES)
    raw = dict(drawn_of(found).tables)
    return report, raw, report_archive(report, raw)


def opened() -> dict[str, bytes]:
    """Return the files of the archive."""
    with zipfile.ZipFile(io.BytesIO(packed()[2])) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_a_user_takes_away_is_there() -> None:
    report, raw, _ = packed()
    files = opened()
    assert {"report.html", "report.pdf", "methods.txt", "recreate.json", METADATA} <= set(files)
    assert files["report.pdf"].startswith(b"%PDF-")
    assert files["methods.txt"].decode().strip() == report.methods
    assert files["bench/order_list.csv"] == b"marker,tests\nCD3,2\n"
    for section in report.sections:
        for figure in section.figures:
            assert b"<svg" in files[f"figures/{figure.name}.svg"]
        for table in section.tables:
            assert f"tables/{table.name}.csv" in files
            assert f"tables/{table.name}.parquet" in files
    assert {f"tables/{name}.parquet" for name in raw} <= set(files)


def test_names_stay_inside_and_are_plain() -> None:
    for name in opened():
        assert re.fullmatch(r"(?:(?:bench|figures|tables)/)?[A-Za-z0-9][\w.-]*", name), name
        assert not name.endswith((".exe", ".svg.html"))
    assert {"bench/etc_passwd.txt", "bench/abs_x_.exe.txt"} <= set(opened())


def test_csv_and_parquet_hold_the_same_and_csv_runs_nothing() -> None:
    files = opened()
    tables = sorted(name for name in files if name.endswith(".csv") and name.startswith("tables/"))
    assert len(tables) > 12
    guarded = 0
    for name in tables:
        parquet = pd.read_parquet(io.BytesIO(files[name.replace(".csv", ".parquet")]))
        if parquet.empty:
            continue
        csv = pd.read_csv(io.BytesIO(files[name]), keep_default_na=False, dtype=str)
        assert [unguarded(str(one)) for one in csv.columns] == list(parquet.columns)
        assert len(csv) == len(parquet)
        for place, column in enumerate(parquet.columns):
            own, other = csv.iloc[:, place], parquet[column]
            assert not own.str.match(r"[=+@]|-[^\d.]").any(), name
            if other.dtype.kind == "f":
                values = [float(one) if one else np.nan for one in own]
                np.testing.assert_allclose(values, other.to_numpy(), equal_nan=True)
            elif other.dtype.kind in "OUT":
                texts = ["" if pd.isna(one) else str(one) for one in other]
                read = [unguarded(one).replace("\r\n", "\n") for one in own]
                assert read == texts, name
                guarded += sum(a != b for a, b in zip(own, texts, strict=True))
    assert guarded > 3


def test_the_crate_describes_every_file(tmp_path: Path) -> None:
    report, _, content = packed()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    crate = ROCrate(str(tmp_path))
    there = {one.name for one in tmp_path.rglob("*") if one.is_file()} - {METADATA}
    files = [one for one in crate.get_entities() if one.type == "File"]
    assert {one.id.rpartition("/")[2] for one in files} == there
    for one in files:
        data = (tmp_path / one.id).read_bytes()
        assert one["contentSize"] == str(len(data))
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
        assert one["encodingFormat"]
        assert one["description"]
    action = crate.dereference("#analysis")
    assert action is not None
    assert action["instrument"].id == "#pxcore"
    assert crate.root_dataset["datePublished"] == report.made
    cells = crate.dereference("#cells")
    assert cells is not None
    assert cells["identifier"] == dict(report.facts)["Fingerprint"]
    json.loads((tmp_path / METADATA).read_text())


def test_equal_reports_are_equal_bytes() -> None:
    report, raw, content = packed()
    assert report_archive(report, raw) == content


def test_each_of_several_runs_has_its_own_file_to_make_it_anew() -> None:
    told = {"form": "pxcore plan", "runs": [{"form": "pxcore run", "run_id": n} for n in "ab"]}
    report = replace(made_report(), sections=(), recreate=json.dumps(told))
    with zipfile.ZipFile(io.BytesIO(report_archive(report))) as archive:
        runs = [json.loads(archive.read(f"runs/{name}.json")) for name in "ab"]
        crate = json.loads(archive.read(METADATA))["@graph"]
    assert runs == told["runs"]
    said = {one["@id"]: one.get("description", "") for one in crate}
    assert "run --from" not in said["recreate.json"]
    assert said["runs/a.json"].endswith("run --from runs/a.json")


@pytest.mark.parametrize("columns", [("a", "a", "a (2)"), ("=x", "<b>", "a\nb")])
def test_columns_may_have_any_name(columns: tuple[str, ...]) -> None:
    rows = ((1, "=cmd", None), (None, None, True))
    table = ReportTable(name="../t", title="T", columns=columns, rows=rows)
    report = replace(made_report(), sections=(ReportSection(title="S", tables=(table,)),))
    with zipfile.ZipFile(io.BytesIO(report_archive(report))) as archive:
        frame = pd.read_parquet(io.BytesIO(archive.read("tables/t.parquet")))
        text = archive.read("tables/t.csv").decode()
    assert len(set(frame.columns)) == 3
    assert frame.iloc[0, 1] == "=cmd"
    assert "'=cmd" in text
