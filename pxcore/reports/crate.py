"""What is in an archive and how it came about, as RO-Crate metadata.

Source: RO-Crate (https://w3id.org/ro/crate) with the profile Process Run Crate: one action that
made the files, its instrument (this program) and its object (the cells, by their fingerprint).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from pxcore import __version__
from pxcore.plots.text import one_line
from pxcore.types.reports import Report

__all__ = ["Described", "crate_json"]

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENCE = "No licence was chosen: the data and results belong to the lab that made them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One file of an archive."""

    name: str
    content: bytes
    what: str
    kind: str
    """Its media type."""


def crate_json(report: Report, files: Sequence[Described]) -> bytes:
    """Return ``ro-crate-metadata.json``: the same bytes for the same report and files."""
    crate = ROCrate(gen_preview=False)
    root = crate.root_dataset
    crate.name = one_line(report.title, 300)
    crate.description = one_line(report.verdict, 2000)
    crate.license = LICENCE
    root["datePublished"] = report.made
    root["conformsTo"] = {"@id": PROFILE}
    root["mainEntity"] = {"@id": "report.html"}
    crate.add(_entity(crate, PROFILE, "CreativeWork", name="Process Run Crate", version="0.5"))
    for one in files:
        crate.add_file(dest_path=one.name, properties=_file(one))
    facts = dict(report.facts)
    cells = _entity(
        crate,
        "#cells",
        "Dataset",
        name=facts.get("Data set", "Cells"),
        identifier=facts.get("Fingerprint", report.subject),
        description=facts.get("Cells", ""),
    )
    program = _entity(
        crate,
        "#pxcore",
        "SoftwareApplication",
        name="pxcore",
        softwareVersion=__version__,
        description="Ranks the channels of imaging cytometry by what classifiers lose",
    )
    action = _entity(
        crate,
        "#analysis",
        "CreateAction",
        name=f"{report.kind} {report.subject}",
        description=one_line(report.methods, 20_000),
        endTime=report.made,
        instrument={"@id": program.id},
        object=[{"@id": cells.id}, {"@id": "recreate.json"}],
        result=[{"@id": one.name} for one in files if one.name != "recreate.json"],
    )
    for entity in (cells, program, action):
        crate.add(entity)
    root["mentions"] = {"@id": action.id}
    text = json.dumps(crate.metadata.generate(), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _file(one: Described) -> dict[str, str]:
    return {
        "name": one.name.rpartition("/")[2],
        "description": one_line(one.what, 2000),
        "encodingFormat": one.kind,
        "contentSize": str(len(one.content)),
        "sha256": hashlib.sha256(one.content).hexdigest(),
    }


def _entity(crate: ROCrate, at: str, kind: str, /, **told: object) -> ContextEntity:
    return ContextEntity(crate, at, properties={"@type": kind, **told})
