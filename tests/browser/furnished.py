"""A lab in use: people, a plan at its end, an advice, links of every kind, imports."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pxcore.api import Lab
from pxcore.people import accounts
from pxcore.runs import imports
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import ImportRequest
from pxcore.types.people import Person, Rank
from tests.runs.staged.measured_plans import measured_runs, with_result
from tests.tiny_lab import carry_on

ADA, PASSWORD = "Ada", "four words in a row"


def furnish(home: Path) -> dict[str, str]:
    """Return what addresses need of a new lab that Ada runs: ids, and tokens of links."""
    with closing(open_store(Settings(home=home, auth="password"))) as store:
        account = accounts.add(store, ADA, Rank.ADMIN, PASSWORD)
        accounts.add(store, "Bob", Rank.READER, PASSWORD)
        ada = Person(name=ADA, rank=Rank.ADMIN, id=account.id)
        file = ImportRequest(path=str(home / "nowhere.h5"), title="A file that went away")
        failed = imports.queue(store, file)
        measured = measured_runs(store)  # whose runner looks for the file too
        carry_on(store)
        waiting = imports.queue(store, replace(file, title="A file whose turn comes"))
        lab = Lab(store.seen_by(ada))
        plan = with_result(lab, measured)
        run, asked = measured.runs["first"], measured.runs["asked"]
        shared = {"comparison": f"{run},{measured.runs['second']}", "panel": asked, "plan": plan.id}
        tokens = {kind: lab.shares.make(kind, subject)[1] for kind, subject in shared.items()}
    ids = {"plan": plan.id, "run": run, "asked": asked, "failed": failed, "waiting": waiting}
    return ids | {f"shared_{kind}": token for kind, token in tokens.items()}
