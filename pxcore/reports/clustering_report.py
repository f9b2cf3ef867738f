"""A clustering as a report: whether its clusters can be trusted, their cells, what they rest on."""

from __future__ import annotations

from collections.abc import Iterator

from pxcore.plots import unlabelled_notes as notes
from pxcore.plots import unlabelled_words as words
from pxcore.plots.numbers import count, listed, score
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_codes import unit_names
from pxcore.reports.clustering_figures import LARGEST, NEAREST, Pictured, thinned
from pxcore.reports.clustering_methods import clustering_methods
from pxcore.reports.parts import Drawn
from pxcore.types.reports import Report, ReportSection, ReportTable
from pxcore.types.unlabelled_views import ClusterRanking, ClusterResult

__all__ = ["clustering_report"]


def clustering_report(found: ClusterResult, pictured: Pictured, drawn: Drawn) -> Report:
    """Return the report of a finished clustering: its page, whole and frozen."""
    sections = (*_clusters(found, pictured, drawn), *_meaning(found, drawn), *_ran(found, drawn))
    return Report(
        kind="clustering",
        subject=found.run.id,
        title=found.run.title or found.run.dataset_title,
        verdict=words.answer(found),
        facts=_facts(found),
        sections=tuple(one for one in sections if one.paragraphs or one.figures or one.tables),
        methods=clustering_methods(found),
        recreate=drawn.recreate,
        made=drawn.made,
        files=drawn.files,
    )


def _facts(found: ClusterResult) -> tuple[tuple[str, str], ...]:
    """Return what the clustering rests on, name and value."""
    names = [one_line(name, 40) for name in unit_names(found.panel, found.planes)]
    channels = listed(names) if len(names) <= LARGEST else ""
    told, trust = dict(found.details), found.trust
    how = "the smallest BIC" if found.bic else "as many as asked for"
    agree = f"{score(trust.agreement)}; drawn without clusters: {score(trust.by_chance)}"
    facts = [
        ("Data set", one_line(found.dataset.title, 120)),
        ("Fingerprint", found.dataset.id),
        ("Cells", f"{len(found.cells):,}"),
        ("Channels", f"{len(names)}{f': {channels}' if channels else ''}"),
        ("Clusters", f"{len(found.sizes)}, {how}"),
        ("Cells in each", ", ".join(f"{size:,}" for size in found.sizes)),
        ("Agreement of seeds", agree),
        ("Network", told.get("Autoencoder", found.ask.model)),
        ("Run", f"{found.run.id}, finished {found.run.finished[:10] or 'on an unknown day'}"),
    ]
    if trust.nuisance_together is not None:
        alone = f"{score(trust.nuisance_together)}, guessing {score(trust.guess)}"
        facts.insert(7, ("Told by place and size", alone))
    return tuple(facts)


def _clusters(found: ClusterResult, pictured: Pictured, drawn: Drawn) -> Iterator[ReportSection]:
    """Yield whether to trust the clusters, where their codes lie, and their cells."""
    yield ReportSection(
        title="Whether the clusters can be trusted",
        paragraphs=(*words.reasons(found), words.centred_words(found)),
        tables=drawn.table("clusters", "Clusters, the largest first"),
    )
    yield ReportSection(
        title="The map of codes",
        paragraphs=(f"{notes.DISTANCES} {notes.placed(thinned(found))}".strip(),),
        figures=drawn.figure("codes", "Every dot a cell, coloured by cluster"),
    )
    cells = drawn.figure("cells", f"The {NEAREST} cells nearest to the middle of each cluster")
    maps = drawn.figure("maps", f"Where in a cell its cluster shows, over {pictured.behind}")
    yield ReportSection(
        title="The cells of each cluster",
        paragraphs=(*_part(found), notes.nearest(found)) if cells else (),
        figures=cells,
    )
    calls = "" if found.calls is None else found.calls.said
    yield ReportSection(
        title="Where in a cell its cluster shows",
        paragraphs=tuple(filter(None, (calls, notes.MAPS if maps else pictured.no_maps))),
        figures=maps,
    )


def _part(found: ClusterResult) -> tuple[str, ...]:
    """Return that only the largest clusters are pictured, where that is so."""
    rest = len(found.sizes) - LARGEST
    if rest <= 0:
        return ()
    are = count(rest, "smaller one is", "smaller ones are")
    return (f"The {LARGEST} largest clusters; {are} not pictured.",)


def _meaning(found: ClusterResult, drawn: Drawn) -> Iterator[ReportSection]:
    """Yield what clusters are among known classes, and which channels they rest on."""
    if found.against is not None and len(found.sizes) > 1:
        yield ReportSection(
            title="Against the known classes",
            paragraphs=(words.match_words(found.against), notes.KNOWN),
            figures=drawn.figure("classes", "Known class and cluster", table="classes"),
            tables=drawn.table("classes", "Cells of each class in each cluster"),
        )
    for ranking in found.rankings if len(found.sizes) > 1 else ():
        yield _ranking(found, ranking, drawn)
    if checked := words.mask_said(found):
        yield ReportSection(
            title="Whether these places alone tell the clusters apart",
            paragraphs=checked,
            tables=drawn.table("masks", "Mask check, every fold"),
        )


def _ranking(found: ClusterResult, ranking: ClusterRanking, drawn: Drawn) -> ReportSection:
    """Return one ranking of the channels on the clusters."""
    doubtful = found.trust.verdict != "stable"
    name, warning = f"ranking_{ranking.method}", ranking.warning.rstrip(". ")
    said = (words.ranking_words(ranking, doubtful=doubtful), f"{warning}." if warning else "")
    return ReportSection(
        title=f"Which stains the clusters rest on. {ranking.label}",
        paragraphs=(*filter(None, said), notes.spoilt(ranking)),
        figures=drawn.figure(name, "1 − F1 of the clusters found again", table=name),
        tables=drawn.table(name, "Ranking, and what each cluster loses"),
    )


def _ran(found: ClusterResult, drawn: Drawn) -> Iterator[ReportSection]:
    """Yield how many clusters there are, how the network learnt, and what exactly ran."""
    yield ReportSection(
        title="How many clusters?",
        paragraphs=(notes.BIC if found.bic else notes.given(found),),
        figures=drawn.figure("bic", "BIC of each number of clusters", table="bic"),
        tables=drawn.table("bic", "BIC"),
    )
    shown = drawn.figure("redrawn", "Cells as they are, and drawn again from their codes")
    redrawn = found.live.redrawn
    yield ReportSection(
        title="How the network learnt",
        paragraphs=(notes.redrawn(redrawn.epoch),) if shown and redrawn is not None else (),
        figures=(*drawn.figure("loss", "Loss of each epoch", table="loss"), *shown),
        tables=drawn.table("loss", "Training loss"),
    )
    rows = tuple(words.ran(found))
    table = ReportTable(name="details", title="Details", columns=("what", "value"), rows=rows)
    yield ReportSection(title="What ran", tables=(table,))
