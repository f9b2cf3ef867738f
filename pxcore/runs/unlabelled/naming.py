"""Clusters that people have looked at become labels: a new data set of the same pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.errors import ClusteringError
from pxcore.people.rights import require_member
from pxcore.runs import datasets
from pxcore.runs.galleries import annotation_of, relabelled
from pxcore.runs.parts import Parts
from pxcore.runs.result import finished
from pxcore.runs.saved.clusters import load_cluster_story, load_clustered
from pxcore.runs.unlabelled.result import kept
from pxcore.store.home import Store
from pxcore.types import Dataset

ORIGIN = "the classes are clusters of run"
"""How the note begins that tells where labels come from."""
LONGEST = 80


def name(store: Store, run_id: str, names: Mapping[int, str | None], title: str = "") -> Dataset:
    """Return the data set whose classes are the named clusters; cells of others have no class.

    Parameters
    ----------
    names
        By number of the cluster, from 0. Clusters of one name become one class; None or an empty
        name leaves a cluster out, as does not naming it.
    title
        Empty for a title made of that of the cells.

    Raises
    ------
    ClusteringError
        For numbers of no cluster, or fewer than two names.
    RunError
        For a run that has not finished, or clusters nothing.
    AccessError
        For a reader.
    """
    require_member(store, "Saving named clusters")
    record = finished(store, run_id, clusters=True)
    folder = kept(Parts(store, record), "cluster")
    story, cells = load_cluster_story(folder), load_clustered(folder)
    given = _checked(names, len(story.sizes))
    classes = tuple(dict.fromkeys(given.values()))
    number = np.full(len(story.sizes), -1, dtype=np.int32)
    for cluster, called in given.items():
        number[cluster] = classes.index(called)
    before = annotation_of(store, record.dataset)
    annotation = Annotation(number[cells.cluster], before.groups, classes, before.group_names)
    told = _origin(run_id, story.trust.verdict, given, story.sizes)
    wanted = title.strip() or f"{record.dataset.title}, named clusters"
    return relabelled(store, record.dataset, annotation, (told,), wanted)


def named(store: Store, run_id: str) -> tuple[Dataset, ...]:
    """Return the data sets whose classes are clusters of a run, newest first."""
    mark = f"{ORIGIN} {run_id}:"
    return tuple(
        one
        for one in datasets.all_datasets(store)
        if one.report is not None and any(note.startswith(mark) for note in one.report.notes)
    )


def _checked(names: Mapping[int, str | None], n_clusters: int) -> dict[int, str]:
    """Return the clusters that are named, by number."""
    strange = [number for number in names if not 0 <= number < n_clusters]
    if strange:
        message = f"cluster {strange[0] + 1} was named; this run has clusters 1 to {n_clusters}"
        raise ClusteringError(message)
    given = {n: called.strip() for n, called in sorted(names.items()) if called and called.strip()}
    long = next((called for called in given.values() if len(called) > LONGEST), "")
    if long:
        message = f"the name {long[:20]!r}… has {len(long)} letters; at most {LONGEST} are kept"
        raise ClusteringError(message)
    if len(set(given.values())) < 2:
        told = ", ".join(sorted(set(given.values()))) or "none"
        message = (
            f"named clusters: {told}; expected at least two different names, as a classifier needs "
            "two classes: name another cluster, or ask for more clusters"
        )
        raise ClusteringError(message)
    return given


def _origin(run_id: str, verdict: str, given: Mapping[int, str], sizes: tuple[int, ...]) -> str:
    """Return where the labels come from, in words that stay with the data set."""
    listed = [f"{called!r} is cluster {n + 1} ({sizes[n]} cells)" for n, called in given.items()]
    out = [f"{n + 1} ({size})" for n, size in enumerate(sizes) if n not in given]
    left = f"; left out: {', '.join(out)}" if out else ""
    return (
        f"{ORIGIN} {run_id}: {', '.join(listed)}{left}. Verdict on the clusters: {verdict}. A "
        "classifier learns what the autoencoder already saw in the same pixels, so its scores say "
        "how well it repeats the clusters, not how true they are"
    )
