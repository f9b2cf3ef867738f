"""``stage``: more candidate markers than slots, measured in stages; the wizard at a terminal."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from pxcore.api import Lab, open_lab
from pxcore.commands.files import check_writable
from pxcore.commands.stage_candidates import (
    candidates_from,
    instrument_from,
    names_in,
    with_marks,
    with_prices,
)
from pxcore.commands.stage_words import (
    data_sets,
    merge_parts,
    offer_parts,
    outcome_parts,
    plan_parts,
    plans_table,
)
from pxcore.commands.terminal import ERR, OUT, text, when
from pxcore.errors import PanelError, StoreError
from pxcore.panel.noninferiority import check_margin
from pxcore.panel.staged.plans import default_top
from pxcore.runs.staged.decisions import MergeRule
from pxcore.runs.staged.steps import MERGE, RESULT
from pxcore.settings import Settings
from pxcore.types.panel import Constraints
from pxcore.types.staged import Override, PlanKind, StagedPlan
from pxcore.types.staged_views import Outcome

app = typer.Typer(
    help="Staged panels: more candidate markers than the instrument has slots.",
    no_args_is_help=True,
)
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="Id of a staged plan.")]


def _writable(file: str) -> str:
    """Refuse a file that could not be written before anything is done."""
    if file:
        check_writable(Path(file))
    return file


JsonFile = Annotated[
    str, typer.Option("--json", help="Where the plan goes as JSON.", callback=_writable)
]


@app.command("new")
def new(  # noqa: PLR0913, PLR0917 - one parameter an option
    title: Annotated[str, typer.Argument(help="Name of the plan.")],
    markers: Annotated[
        str, typer.Argument(help="File with markers or a panel sheet; - reads what is piped in.")
    ] = "",
    dataset: Annotated[str, typer.Option(help="Take the stains of this data set instead.")] = "",
    instrument: Annotated[
        str, typer.Option(help="Id of a known instrument, or other.")
    ] = "imagestream_12",
    slots: Annotated[int, typer.Option(help="Channels of another instrument.")] = 0,
    brightfield: Annotated[str, typer.Option(help="Its brightfield channels, such as 1,9.")] = "",
    darkfield: Annotated[str, typer.Option(help="Its darkfield channels.")] = "",
    always_on: Annotated[str, typer.Option(help="Markers in every run.")] = "",
    bridge: Annotated[str, typer.Option(help="Always-on markers that scale the runs.")] = "",
    must_keep: Annotated[str, typer.Option(help="Markers that the panel must have.")] = "",
    cost: Annotated[
        list[str] | None, typer.Option(help="Price of one test, such as CD3=1.20.")
    ] = None,
    json_file: JsonFile = "",
) -> None:
    """Start a staged plan from candidate markers. The last line of output is the plan's id."""
    with closing(open_lab()) as lab:
        candidates = candidates_from(lab, markers, dataset)
        candidates = with_marks(candidates, (must_keep, always_on, bridge))
        candidates = with_prices(candidates, cost or ())
        chosen = instrument_from(lab, instrument, slots, (brightfield, darkfield))
        plan = lab.staged.new(title, chosen, Settings().owner, candidates)
        _tell(lab, plan, json_file)


@app.command("plan")
def plan_runs(
    plan_id: PlanId,
    kind: Annotated[str, typer.Option(help="published or pair_cover; none compares them.")] = "",
    top: Annotated[int, typer.Option(help="Markers that each run sends on; 0 fits.")] = 0,
    final: Annotated[
        int, typer.Option(help="Simulate what is lost for a final panel of so many markers.")
    ] = 0,
    json_file: JsonFile = "",
) -> None:
    """Compare the plans that are possible, or choose one: its runs are dealt."""
    with closing(open_lab()) as lab:
        plan = lab.staged.plan(plan_id)
        top = top or (default_top(plan.candidates, plan.instrument) if plan.candidates else 1)
        if kind:
            plan = lab.staged.choose(plan, _kind(kind), top, who=Settings().owner)
        else:
            losses = lab.staged.losses(plan, top, final) if final else ""
            for part in offer_parts(lab.staged.offers(plan, top), top, losses):
                OUT.print(part)
        _tell(lab, plan, json_file)


@app.command("attach")
def attach(
    plan_id: PlanId,
    number: Annotated[int, typer.Argument(help="Number of the planned run.")],
    dataset: Annotated[str, typer.Option(help="Data set that was measured.")] = "",
    run: Annotated[str, typer.Option(help="Finished run that ranked its channels.")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Take off what is attached.")] = False,  # noqa: FBT002
    json_file: JsonFile = "",
) -> None:
    """Attach a data set and its ranking to a planned run; without either, list what fits."""
    with closing(open_lab()) as lab:
        plan, who = lab.staged.plan(plan_id), Settings().owner
        if detach:
            plan = lab.staged.detach(plan, number, who=who)
        elif dataset or run:
            found = dataset or lab.progress(run).spec.dataset_id
            plan = lab.staged.attach(plan, number, found, run, who=who)
        else:
            fitting = lab.staged.runs_for(plan, number)
            OUT.print(data_sets(lab.staged.datasets_for(plan, number), number))
            named = ", ".join(row.id for row in fitting)
            OUT.print(text(f"Finished runs that fit: {named or 'none yet'}"))
        _tell(lab, plan, json_file)


@app.command("merge")
def merge(  # noqa: PLR0913, PLR0917 - one parameter an option
    plan_id: PlanId,
    top: Annotated[int, typer.Option(help="Markers that each run sends on; 0 as it is.")] = 0,
    by_verdict: Annotated[
        bool | None,
        typer.Option("--by-verdict/--by-rank", help="Informative ones, or the top of each run."),
    ] = None,
    method: Annotated[str, typer.Option(help="Whose ranking is merged.")] = "",
    take: Annotated[str, typer.Option(help="Markers taken by hand.")] = "",
    leave: Annotated[str, typer.Option(help="Markers left out by hand.")] = "",
    by_rule: Annotated[str, typer.Option(help="Markers left to the rule again.")] = "",
    finish: Annotated[bool, typer.Option("--finish", help="Fix the final run.")] = False,  # noqa: FBT002
    json_file: JsonFile = "",
) -> None:
    """Bring the rankings together: which candidates go into the final run, and why."""
    said = ((take, Override.TAKE), (leave, Override.LEAVE), (by_rule, None))
    hands = tuple((marker, what) for names, what in said for marker in names_in(names))
    rule = None
    if top or by_verdict is not None or method:
        rule = MergeRule(top or None, by_verdict, method or None)
    with closing(open_lab()) as lab:
        plan, who = lab.staged.plan(plan_id), Settings().owner
        if finish or not (rule or hands):
            lab.staged.merged(plan)  # refuses before anything is saved
        if rule or hands:
            plan = lab.staged.decide(plan, rule, hands, who=who)
        if plan.step >= MERGE:
            for part in merge_parts(lab.staged.merged(plan)):
                OUT.print(part)
        if finish:
            plan = lab.staged.finish_merge(plan, who=who)
        _tell(lab, plan, json_file)


@app.command("show")
def show(
    plan_id: Annotated[str, typer.Argument(metavar="PLAN", help="None lists the plans.")] = "",
    version: Annotated[int, typer.Option(help="As it stood at a version; 0 for now.")] = 0,
    margin: Annotated[float, typer.Option(help="F1-macro the panel may lose.")] = 0.02,
    to: Annotated[str, typer.Option(help="Folder for run sheets and lists.")] = "",
    json_file: JsonFile = "",
) -> None:
    """Show a plan, its runs, its result and the trail of every decision; or list the plans."""
    check_margin(margin, Constraints().class_floor)
    with closing(open_lab()) as lab:
        if not plan_id:
            OUT.print(plans_table(lab.staged.plans()))
            return
        plan = lab.staged.plan(plan_id, version or None)
        files = dict(lab.staged.downloads(plan)) if to else {}
        if plan.step == MERGE:
            for part in merge_parts(lab.staged.merged(plan)):
                OUT.print(part)
        found = None
        if plan.step == RESULT:
            found = lab.staged.outcome(plan, margin)
            for part in outcome_parts(found):
                OUT.print(part)
            files |= lab.staged.outcome_files(plan, found) if to else {}
        for line in plan.trail:
            OUT.print(text(f"{when(line.at)}  {line.who or 'somebody'}  {line.step}: {line.what}"))
        _write_all(Path(to), files)
        _tell(lab, plan, json_file, found)


def _tell(lab: Lab, plan: StagedPlan, json_file: str, found: Outcome | None = None) -> None:
    """Print how a plan stands, its id in the last line, and write it."""
    for part in plan_parts(plan, lab.staged.rehearsal(plan)):
        OUT.print(part)
    OUT.print(plan.id)
    if json_file:
        _write(Path(json_file), lab.staged.json(plan, found))


def _kind(word: str) -> PlanKind:
    try:
        return PlanKind(word.replace("-", "_"))
    except ValueError as error:
        message = f"--kind is {word!r}; there is {', '.join(PlanKind)}"
        raise PanelError(message) from error


def _write_all(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / name, content)
    if files:
        ERR.print(text(f"{len(files)} files written to {folder.absolute()}"), soft_wrap=True)


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}"
        raise StoreError(message) from error
